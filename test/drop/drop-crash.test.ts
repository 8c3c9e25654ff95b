/** The publisher dies before every step there is, one after the other; the recipient sees nothing or all, and the next start ends the same. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { RunId } from '../../src/domain/run.ts';
import { firstRun, perLocationPlan, singlePlan, testNumbers } from '../support/drop-plans.ts';
import { dropOnDisk, newFolder, recipientReads, removeFolder, stagingFolders } from './drop-on-disk.ts';
import type { DropOnDisk } from './drop-on-disk.ts';

const folders: string[] = [];
const folder = (): string => {
  const dir = newFolder();
  folders.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of folders.splice(0)) removeFolder(dir);
});

const second: RunId = { ...firstRun, revision: 2 };

/** Works until the n-th step and changes nothing from there on, as if it had died; true if it got to its end. */
async function diesBefore(
  n: number,
  opened: DropOnDisk,
  work: (drop: DropOnDisk) => Promise<unknown>,
): Promise<boolean> {
  const from = opened.steps.length;
  opened.before = () => {
    if (opened.steps.length - from >= n) throw new Error('dead');
  };
  try {
    await work(opened);
    return true;
  } catch {
    return false;
  }
}

/** For every n a fresh folder brought to its state, the work cut off before its n-th step, and then what must hold. Returns how many. */
async function atEveryStep(
  prepare: (drop: DropOnDisk) => Promise<unknown>,
  work: (drop: DropOnDisk) => Promise<unknown>,
  mustHold: (dir: string) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    const opened = dropOnDisk(folder());
    await prepare(opened);
    const ended = await diesBefore(n, opened, work);
    await mustHold(opened.dir);
    if (ended) return n - 1;
  }
}

async function publishedOnce(): Promise<ReadonlyMap<string, string>> {
  const opened = dropOnDisk(folder());
  await opened.drop.publish(perLocationPlan());
  return recipientReads(opened.dir, firstRun)!;
}

async function endsTheSame(
  dir: string,
  expected: ReadonlyMap<string, string>,
  plan = perLocationPlan(),
): Promise<void> {
  const seen = recipientReads(dir, firstRun);
  if (seen !== null) expect(seen).toEqual(expected);
  await dropOnDisk(dir).drop.publish(plan);
  expect(recipientReads(dir, firstRun)).toEqual(expected);
  expect(readdirSync(dir)).toEqual([firstRun.businessDate]);
}

const unfinished = (opened: DropOnDisk): Promise<boolean> => {
  const manifestLink = 'link 2026-11-22/r1/manifest.json';
  opened.before = () => {
    if (opened.steps.includes(manifestLink)) throw new Error('dead');
  };
  return opened.drop.publish(perLocationPlan()).then(
    () => true,
    () => false,
  );
};

describe('a publisher that dies', () => {
  it('before any step: nothing or all is seen, and publishing again ends with the same bytes', async () => {
    const expected = await publishedOnce();
    const steps = await atEveryStep(
      () => Promise.resolve(),
      ({ drop }) => drop.publish(perLocationPlan()),
      (dir) => endsTheSame(dir, expected),
    );
    expect(steps).toBe(25);
  });

  it('before any step of finishing what another left', async () => {
    const expected = await publishedOnce();
    const steps = await atEveryStep(
      unfinished,
      ({ drop }) => drop.publish(perLocationPlan()),
      (dir) => endsTheSame(dir, expected),
    );
    expect(steps).toBeGreaterThan(25);
  });

  it('before any step of a rehearsal: nothing is seen, and publishing ends the same', async () => {
    const expected = await publishedOnce();
    await atEveryStep(
      () => Promise.resolve(),
      ({ drop }) => drop.rehearse(perLocationPlan()),
      async (dir) => {
        expect(existsSync(join(dir, firstRun.businessDate))).toBe(false);
        await endsTheSame(dir, expected);
      },
    );
  });

  it('before any step of unlinking: no manifest appears, and another plan may stand afterwards', async () => {
    const other = singlePlan(testNumbers(2));
    await atEveryStep(
      unfinished,
      ({ drop }) => drop.unlink(firstRun),
      async (dir) => {
        expect(recipientReads(dir, firstRun)).toBeNull();
        const { drop } = dropOnDisk(dir);
        await drop.unlink(firstRun);
        expect(await drop.look(firstRun)).toBe('nothing');
        await drop.publish(other);
        expect([...recipientReads(dir, firstRun)!.keys()]).toEqual(['manifest.json', 'nhs-numbers.csv']);
      },
    );
  });

  it('before any step of removing: each drop is whole or gone, and removing again ends it', async () => {
    await atEveryStep(
      async ({ drop }) => {
        await drop.publish(perLocationPlan());
        await drop.publish(perLocationPlan(second));
      },
      ({ drop }) => drop.remove(firstRun.businessDate),
      async (dir) => {
        const { drop } = dropOnDisk(dir);
        for (const run of [firstRun, second]) {
          expect([undefined, 3]).toContain(recipientReads(dir, run)?.size);
        }
        await drop.remove(firstRun.businessDate);
        expect(await drop.dates()).toEqual([]);
      },
    );
  });

  it('by SIGKILL in a process of its own, before every step', async () => {
    const plan = singlePlan(testNumbers(3));
    const whole = dropOnDisk(folder());
    await whole.drop.publish(plan);
    const seenFrom = whole.steps.lastIndexOf('flush-folder 2026-11-22/r1') + 1;

    const kill = async (n: number): Promise<string | null> => {
      const dir = folder();
      const script = `require(${JSON.stringify(join(__dirname, 'publish-and-die.ts'))})`;
      const args = ['--require', 'tsx/cjs', '--eval', script, dir, String(n)];
      const [, signal] = (await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')) as [
        number | null,
        string | null,
      ];
      expect(recipientReads(dir, firstRun) !== null).toBe(n >= seenFrom);
      await endsTheSame(dir, recipientReads(whole.dir, firstRun)!, plan);
      return signal;
    };

    const waiting = [...whole.steps.keys(), whole.steps.length].map((index) => index + 1);
    const signals = new Map<number, string | null>();
    const worker = async (): Promise<void> => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) signals.set(n, await kill(n));
    };
    await Promise.all([worker(), worker()]);
    expect(signals.get(whole.steps.length + 1)).toBeNull();
    expect([...signals.values()].filter((signal) => signal === 'SIGKILL')).toHaveLength(whole.steps.length);
  });
});

describe('a reader in a loop', () => {
  it('never sees a manifest whose files are missing or different (fault 21)', async () => {
    const runs = Array.from({ length: 8 }, (_, index) => ({ ...firstRun, revision: index + 1 }));
    const opened = dropOnDisk(folder());
    const seen = new Set<number>();
    let reads = 0;
    const readAll = (): void => {
      for (const run of runs) if (recipientReads(opened.dir, run) !== null) seen.add(run.revision);
      reads += 1;
    };
    opened.before = readAll;
    const publishing = { done: false };
    const reader = (async () => {
      while (!publishing.done) {
        readAll();
        await setImmediate();
      }
    })();
    for (const run of runs) {
      await opened.drop.publish(perLocationPlan(run));
      expect(seen.has(run.revision + 1)).toBe(false);
    }
    publishing.done = true;
    await reader;
    expect(seen.size).toBe(runs.length);
    expect(reads).toBeGreaterThan(opened.steps.length);
    expect(stagingFolders(opened.dir)).toEqual([]);
  });
});
