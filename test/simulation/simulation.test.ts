/** The simulation itself: its seeds repeat, its judge finds what is planted, and a few hundred histories hold. The long form: `npm run simulate`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { testNumbers } from '../support/drop-plans.ts';
import { drawHistory } from './history.ts';
import type { History } from './history.ts';
import { judge } from './judge.ts';
import { play } from './play.ts';
import type { Seen } from './play.ts';
import { plantedBugs, withoutSelfTest } from './planted-bugs.ts';
import { shrink } from './shrink.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** Plays, judges, and ends. `spoil` alters what was seen before it is judged. */
async function judged(
  history: History,
  spoil: (seen: Seen) => Seen = (seen) => seen,
): Promise<readonly string[]> {
  const seen = await play(history);
  try {
    return await judge(history, spoil(seen));
  } finally {
    await seen.world.end();
  }
}

it('the same seed is the same history, and ends the same way', async () => {
  expect(drawHistory(7)).toEqual(drawHistory(7));
  const ends = async (): Promise<unknown> => {
    const seen = await play(drawHistory(7));
    await seen.world.end();
    return [
      seen.entries.map(({ what, at, run }) => [what, at, run]),
      seen.publications.map(({ numbers }) => numbers),
    ];
  };
  expect(await ends()).toEqual(await ends());
});

it('sixty histories hold', async () => {
  const found: unknown[] = [];
  for (let seed = 1; seed <= 60; seed++) {
    const faults = await judged(drawHistory(seed));
    if (faults.length > 0) found.push({ seed, faults });
  }
  expect(found).toEqual([]);
}, 300_000);

it.each([
  [102929, 'the judge wanted to be told of a send whose outcome only its answer tells'],
  [8627, 'the judge forgot what was said here before the gate, once another intake stood in its place'],
])('the history of seed %i holds: %s', async (seed) => {
  expect(await judged(drawHistory(seed))).toEqual([]);
});

describe('the judge', () => {
  const calm = {
    ...drawHistory(3),
    nights: drawHistory(3).nights.map((night) => ({ ...night, troubles: [], answers: ['proper'] as const })),
  };

  it('says nothing of a calm history', async () => {
    expect(await judged(calm)).toEqual([]);
  });

  it.each<[string, (seen: Seen) => Seen, RegExp]>([
    [
      'somebody who was not asked about',
      (seen) => ({
        ...seen,
        publications: seen.publications.map((one) => ({
          ...one,
          numbers: [...one.numbers, String(testNumbers(900).at(-1))],
        })),
      }),
      /was not cleared/,
    ],
    [
      'a drop that became another',
      (seen) => ({
        ...seen,
        publications: [...seen.publications, ...seen.publications.map((one) => ({ ...one, text: '' }))],
      }),
      /became another/,
    ],
    [
      'a drop that the log does not tell of',
      (seen) => ({ ...seen, entries: seen.entries.filter(({ what }) => what !== 'run-released') }),
      /does not tell of/,
    ],
    [
      'totals that are not what left',
      (seen) => ({
        ...seen,
        publications: seen.publications.map((one) => ({ ...one, numbers: one.numbers.slice(1) })),
      }),
      /the total is not what left/,
    ],
    [
      'a request that nobody meant to send',
      (seen) => ({ ...seen, entries: seen.entries.filter(({ what }) => what !== 'request-intended') }),
      /nobody meant to send/,
    ],
    [
      'a number in the log',
      (seen) => ({ ...seen, entries: [...seen.entries, { what: 'heartbeat', by: '9990000018' }] }),
      /stands in the log/,
    ],
    [
      'a release past a hold',
      (seen) => ({
        ...seen,
        entries: seen.entries.flatMap((one) =>
          one['what'] === 'run-decided' ? [{ ...one, what: 'run-held' }, one] : [one],
        ),
      }),
      /past a hold/,
    ],
    [
      'a release while everything is stopped',
      (seen) => ({ ...seen, entries: [{ what: 'stop-set', provider: null }, ...seen.entries] }),
      /everything is stopped/,
    ],
  ])('sees %s', async (_what, spoil, words) => {
    expect((await judged(calm, spoil)).join('\n')).toMatch(words);
  });
});

it('a history that fails is made small and still fails', async () => {
  // Nobody is at fault here, so that nothing is smaller than nothing: every candidate is refused and the history stays.
  expect(await shrink(3, 5)).toEqual(drawHistory(3));
});

it.each([...withoutSelfTest, ...plantedBugs])(
  '$name: the bug to plant fits the program once',
  ({ file, find, replace }) => {
    expect(readFileSync(path.join(root, file), 'utf8').split(find).length - 1).toBe(1);
    expect(replace).not.toBe(find);
  },
);
