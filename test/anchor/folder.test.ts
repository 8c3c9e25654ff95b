/** The second folder: its layout, what it refuses, and what is left of it wherever the machine stops. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createFolderAnchor } from '../../src/anchor/folder.ts';
import type { FailureCode } from '../../src/domain/failure.ts';
import type { StoredAnchoring } from '../../src/ports.ts';
import { createTestLog } from '../support/anchored-log.ts';
import type { TestLog } from '../support/anchored-log.ts';
import { outcomeOf } from '../support/contracts/anchor-contract.ts';

const unfired = new AbortController().signal;
const quickDisk = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

let base: string;
let folder: string;
let log: TestLog;
beforeEach(() => {
  base = fs.mkdtempSync(path.join(quickDisk, 'export-gate-folder-'));
  folder = path.join(base, 'second');
  fs.mkdirSync(folder, { mode: 0o700 });
  log = createTestLog();
});
afterEach(() => {
  fs.rmSync(base, { recursive: true });
});

const place = (name: string): string => path.join(folder, name);
const text = (name: string): string => fs.readFileSync(place(name), 'utf8');
const take = (
  shown: TestLog,
  anchored = 0,
  receipts: readonly StoredAnchoring[] = [],
): Promise<FailureCode | 'taken'> =>
  outcomeOf(createFolderAnchor({ folder }).take(shown.view(anchored, receipts), unfired));
const everything = (): string[] => fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

class Death extends Error {}

/** Takes the checkpoint and dies at the n-th step; false if it came to its end before. */
async function dieAt(n: number, anchored = 0): Promise<boolean> {
  let steps = 0;
  const announce = (): void => {
    steps += 1;
    if (steps > n) throw new Death();
  };
  try {
    await createFolderAnchor({ folder, announce }).take(log.view(anchored), unfired);
    return false;
  } catch (thrown) {
    if (thrown instanceof Death) return true;
    throw thrown;
  }
}

/** Whatever checkpoint the folder shows, the entries it covers are there. */
async function demandWhole(): Promise<number> {
  if (!fs.existsSync(place('checkpoint'))) return 0;
  const { size } = await log.view().readCheckpoint(text('checkpoint'));
  const names = fs.readdirSync(place('entries')).sort();
  const lines = Buffer.concat(names.map((name) => fs.readFileSync(place(`entries/${name}`))));
  const covered = Buffer.concat(log.lines.slice(0, size));
  expect(lines.subarray(0, covered.length).equals(covered)).toBe(true);
  return size;
}

describe('the folder', () => {
  it('is an exported log, for our account alone', async () => {
    log.grow(3);
    log.grow(999);
    const receipt = Buffer.from('a token');
    const token = { anchor: 'timestamp', target: '', size: 3, at: 0, receipt } as const;
    expect(await take(log, 0, [token])).toBe('taken');
    expect(everything()).toEqual([
      'anchors',
      'anchors/timestamp-000000000003',
      'checkpoint',
      'checkpoints',
      'checkpoints/000000000003',
      'checkpoints/000000001002',
      'entries',
      'entries/000000000000.jsonl',
      'entries/000000001000.jsonl',
      'verifier-keys',
    ]);
    expect(text('entries/000000001000.jsonl')).toBe(Buffer.concat(log.lines.slice(1000)).toString());
    expect(text('checkpoint')).toBe(text('checkpoints/000000001002'));
    expect(text('verifier-keys')).toBe(`1 ${log.verifierKey}\n`);
    expect(text('anchors/timestamp-000000000003')).toBe('a token');
    for (const name of everything()) {
      const stats = fs.lstatSync(place(name));
      expect(stats.mode & 0o777).toBe(stats.isDirectory() ? 0o700 : 0o600);
    }
  });

  it('gives back the checkpoint as it lies there', async () => {
    log.grow(2);
    const receipt = await createFolderAnchor({ folder }).take(log.view(), unfired);
    expect(Buffer.from(receipt).toString()).toBe(log.view().checkpoint.note);
  });

  it('keeps the first of two receipts for one checkpoint', async () => {
    log.grow(2);
    const token = (word: string): StoredAnchoring => ({
      ...{ anchor: 'timestamp', target: '', size: 2, at: 0 },
      receipt: Buffer.from(word),
    });
    await take(log, 0, [token('first')]);
    await take(log, 2, [token('first'), token('second')]);
    expect(text('anchors/timestamp-000000000002')).toBe('first');
  });
});

describe('a folder that cannot be written to', () => {
  it.each([
    [
      'is not there',
      (): void => {
        fs.rmdirSync(folder);
      },
    ],
    [
      'is a file',
      (): void => {
        fs.rmdirSync(folder);
        fs.writeFileSync(folder, '');
      },
    ],
    [
      'is a symbolic link',
      (): void => {
        fs.renameSync(folder, place('../real'));
        fs.symlinkSync(place('../real'), folder);
      },
    ],
    [
      'is open to others',
      (): void => {
        fs.chmodSync(folder, 0o722);
      },
    ],
  ])('because it %s is unreachable', async (_, spoil) => {
    log.grow(2);
    spoil();
    expect(await take(log)).toBe('anchor-unreachable');
  });

  it('because its files are open to others is unreachable', async () => {
    log.grow(2);
    await take(log);
    fs.chmodSync(place('entries/000000000000.jsonl'), 0o666);
    expect(await take(log, 2)).toBe('anchor-unreachable');
  });
});

describe('a folder that holds something else', () => {
  beforeEach(async () => {
    log.grow(40);
    log.grow(1000);
    await take(log);
  });
  const edit = (name: string, change: (text: string) => string): void => {
    fs.writeFileSync(place(name), change(text(name)));
  };

  it.each([
    ['an entry was altered', 'entries/000000000000.jsonl', (t: string) => t.replace('"at":7,', '"at":8,')],
    ['an entry was taken out', 'entries/000000000000.jsonl', (t: string) => t.replace(/^.*\n/, '')],
    [
      'two entries were exchanged',
      'entries/000000001000.jsonl',
      (t: string) =>
        t
          .split(/(?<=\n)/)
          .reverse()
          .join(''),
    ],
    ['the last entry was cut off', 'entries/000000001000.jsonl', (t: string) => t.replace(/[^\n]*\n$/, '')],
    ['an entry was put behind', 'entries/000000001000.jsonl', (t: string) => `${t}{"at":1040}\n`],
    [
      'an old checkpoint was altered',
      'checkpoints/000000000040',
      (t: string) => t.replace('\n40\n', '\n41\n'),
    ],
    ['the newest checkpoint is not ours', 'checkpoint', () => 'example.org/log\n7\n'],
    ['the verifier key was changed', 'verifier-keys', (t: string) => t.replace('1 ', '2 ')],
  ])('because %s refuses', async (_, name, change) => {
    edit(name, change);
    log.grow(1);
    expect(await take(log, 1040)).toBe('anchor-refused');
  });

  it('because a segment of another log lies there refuses', async () => {
    fs.writeFileSync(place('entries/000000002000.jsonl'), '{"at":2000}\n', { mode: 0o600 });
    expect(await take(log, 1040)).toBe('anchor-refused');
  });

  it('because a segment was replaced by a link refuses, and the link’s end is not touched', async () => {
    const outside = path.join(base, 'outside');
    fs.renameSync(place('entries/000000001000.jsonl'), outside);
    fs.symlinkSync(outside, place('entries/000000001000.jsonl'));
    const before = fs.readFileSync(outside, 'utf8');
    log.grow(5);
    expect(await take(log, 1040)).toBe('anchor-refused');
    expect(fs.readFileSync(outside, 'utf8')).toBe(before);
  });

  it('because its folder of entries was replaced by a link refuses', async () => {
    fs.renameSync(place('entries'), path.join(base, 'entries'));
    fs.symlinkSync(path.join(base, 'entries'), place('entries'));
    expect(await take(log, 1040)).toBe('anchor-refused');
  });

  it('because an older copy of it was put back refuses, for it once took more', async () => {
    const copy = path.join(base, 'copy');
    fs.cpSync(folder, copy, { recursive: true });
    log.grow(3);
    await take(log, 1040);
    fs.rmSync(folder, { recursive: true });
    fs.renameSync(copy, folder);
    expect(await take(log, 1043)).toBe('anchor-refused');
  });
});

describe('wherever the machine stops', () => {
  it('a first call leaves a folder that the next one brings to its end', async () => {
    log.grow(2);
    log.grow(1001);
    for (let n = 0; await dieAt(n); n += 1) {
      expect([0, 1003]).toContain(await demandWhole());
      expect(await take(log)).toBe('taken');
      expect(await demandWhole()).toBe(1003);
      expect(everything().filter((name) => name.includes('.part'))).toEqual([]);
      fs.rmSync(folder, { recursive: true });
      fs.mkdirSync(folder, { mode: 0o700 });
    }
    expect(await demandWhole()).toBe(1003);
  });

  it('a later call loses nothing that was taken, also if the log has grown meanwhile', async () => {
    log.grow(990);
    await take(log);
    let anchored = 990;
    for (let n = 0; ; n += 1) {
      log.grow(3);
      if (!(await dieAt(n, anchored))) break;
      const shown = await demandWhole();
      expect(shown).toBeGreaterThanOrEqual(anchored);
      log.grow(1);
      expect(await take(log, anchored)).toBe('taken');
      anchored = await demandWhole();
      expect(anchored).toBe(log.lines.length);
    }
  });

  it.each([
    ['cut', (line: string) => line.slice(0, 9)],
    ['full of zeros', () => '\0'.repeat(4096)],
    ['full of zeros and a line end', () => `${'\0'.repeat(4095)}\n`],
  ])('a line behind what was taken that is %s is written anew', async (_, torn) => {
    log.grow(3);
    await take(log);
    log.grow(2);
    const line = Buffer.from(log.lines[3]!).toString();
    fs.appendFileSync(place('entries/000000000000.jsonl'), torn(line));
    expect(await take(log, 3)).toBe('taken');
    expect(text('entries/000000000000.jsonl')).toBe(Buffer.concat(log.lines).toString());
  });

  it('a segment begun and never filled goes, where the log that began it was never signed so far', async () => {
    log.grow(3);
    await take(log);
    fs.writeFileSync(place('entries/000000001000.jsonl'), '{"at":10', { mode: 0o600 });
    expect(await take(log, 3)).toBe('taken');
    expect(fs.readdirSync(place('entries'))).toEqual(['000000000000.jsonl']);
  });

  it('any history of growing, dying and tearing ends in a whole copy', async () => {
    const event = fc.record({
      grow: fc.integer({ min: 1, max: 400 }),
      dies: fc.option(fc.integer({ min: 0, max: 30 })),
      torn: fc.integer({ min: 0, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 8 }), async (events) => {
        fs.rmSync(folder, { recursive: true, force: true });
        fs.mkdirSync(folder, { mode: 0o700 });
        log = createTestLog();
        let anchored = 0;
        for (const { grow, dies, torn } of events) {
          log.grow(grow);
          if (dies === null || !(await dieAt(dies, anchored))) {
            expect(await take(log, anchored)).toBe('taken');
            anchored = log.lines.length;
          } else tear(anchored, torn);
          expect(await demandWhole()).toBeGreaterThanOrEqual(anchored);
        }
        expect(await take(log, anchored)).toBe('taken');
        expect(await demandWhole()).toBe(log.lines.length);
        expect(everything().filter((name) => name.includes('.part'))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

/** Takes up to so many bytes off the last segment, as a write that never reached the disk, but none that a checkpoint covers. */
function tear(anchored: number, bytes: number): void {
  const last = fs.existsSync(place('entries')) ? fs.readdirSync(place('entries')).sort().at(-1) : undefined;
  if (last === undefined) return;
  const shown = fs.existsSync(place('checkpoints'))
    ? fs.readdirSync(place('checkpoints')).sort().at(-1)
    : undefined;
  const covered = Math.max(anchored, Number(shown ?? 0));
  const first = Number(last.slice(0, 12));
  const kept = Buffer.concat(log.lines.slice(first, Math.max(first, covered))).length;
  const { size } = fs.statSync(place(`entries/${last}`));
  fs.truncateSync(place(`entries/${last}`), Math.max(kept, size - bytes));
}
