/**
 * The faults that the program must live through, each with the end it must come to; every one has a test that bears its number. None ends
 * in silence: a release, a hold, or an alarm that says why.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, it } from '@jest/globals';

const faults: Readonly<Record<number, string>> = {
  1: 'a list of choices that is missing, empty, old or of another length stops before asking',
  2: 'ids and numbers written otherwise are read only in documented forms',
  3: 'an opt-out between request and drop keeps its person back',
  4: 'the same person twice: out wins',
  5: 'an informed date that is none, or not past, makes nobody eligible',
  6: 'an answer to something else is filed and never used',
  7: 'two answers: the same changes nothing, another holds the run',
  8: 'a number that was not asked, twice or too many refuses the whole answer',
  9: 'what is no list is told apart and never taken for nobody',
  10: 'an answer cut at any byte is refused',
  11: 'a chunk that is missing, repeated or of another message is refused',
  12: 'what is not one whole gzip member is refused in bounded memory',
  13: 'an empty answer is held',
  14: 'no answer by the deadline is told, and nothing leaves on it',
  15: 'a message that arrived though nobody said so is found, or voided and asked anew',
  16: 'a crash anywhere ends with the same drop',
  17: 'an error of the disk at any call is told, and nothing is flushed twice',
  18: 'a folder that could not be flushed is flushed before its drop counts',
  19: 'a drop that is there is compared and never replaced',
  20: 'a place that others may write to, or a link, is refused at the start',
  21: 'whoever reads during publication sees nothing or all',
  22: 'a worker that was taken over changes nothing when it wakes',
  23: 'a Redis that lost all it knew costs no night and no second drop',
  24: 'a PostgreSQL that dies keeps what it confirmed, and the run goes on',
  25: 'whatever the clock does, every London date has one run',
  26: 'a run ends under the settings it began with, or stops and names them',
  27: 'of two on one machine the second is refused',
  28: 'an entry that cannot be written lets no further step be taken',
  29: 'what a crash tore off was never promised',
  30: 'anything altered in the log is found at its place',
  31: 'a log set back is refused beside what was shown of it',
  32: 'a signing key that is missing, open to others or another one signs nothing',
  33: 'without its anchors the export goes on for its days of grace, alarms, then stops',
  34: 'with the key of a year its look-ups end, and the log still verifies',
  35: 'an older backup signs nothing before two people have said what is lost',
  36: 'a number in any output fails the suite, in whatever form',
  37: 'what a provider is called stays text everywhere',
  38: 'nobody approves what they opened, nor twice with one signature',
  39: 'a drop of another size than usual is held',
  40: 'numbers outside the ranges that are issued are not asked about',
};

const folder = path.join(import.meta.dirname, '..');

const numbered = new Set(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?:\.test|contracts\/[a-z-]+)\.ts$/.test(name))
    .flatMap((name) => [
      ...readFileSync(path.join(folder, name), 'utf8').matchAll(/\(faults? ([0-9 and]+)\)['"`]/g),
    ])
    .flatMap(([, numbers = '']) => numbers.split(' and ').map(Number)),
);

it.each(Object.entries(faults))('fault %s, %s: a test bears its number', (number) => {
  expect(numbered).toContain(Number(number));
});

it('no test bears the number of a fault that is not in the table', () => {
  expect([...numbered].filter((number) => faults[number] === undefined)).toEqual([]);
});
