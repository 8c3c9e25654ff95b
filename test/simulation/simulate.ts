/**
 * `npm run simulate`: plays histories drawn from seeds through the whole pipeline, on every core, and judges each. Prints what was played and
 * found; for a fault its seed, the history made small, and the command that plays it again. Exit 1 if anything was found.
 */
import { fork } from 'node:child_process';
import os from 'node:os';

import { Command } from 'commander';

import { drawHistory } from './history.ts';
import { judge } from './judge.ts';
import { play } from './play.ts';
import { shrink } from './shrink.ts';

export interface Tally {
  histories: number;
  nights: number;
  readonly ends: Record<string, number>;
  readonly failures: Record<string, number>;
  readonly troubles: Record<string, number>;
  readonly found: { readonly seed: number; readonly faults: readonly string[] }[];
}

const nothing = (): Tally => ({ histories: 0, nights: 0, ends: {}, failures: {}, troubles: {}, found: [] });
const count = (counts: Record<string, number>, name: string, by = 1): void =>
  void (counts[name] = (counts[name] ?? 0) + by);

/** Plays these seeds in this process. */
export async function playSeeds(seeds: Iterable<number>, stopAtFirst: boolean): Promise<Tally> {
  const tally = nothing();
  for (const seed of seeds) {
    const history = drawHistory(seed);
    const seen = await play(history);
    const faults = await judge(history, seen);
    await seen.world.end();
    tally.histories += 1;
    tally.nights += history.nights.length;
    for (const run of seen.runs) count(tally.ends, [run.state, run.reason].filter(Boolean).join(' '));
    for (const [code, times] of Object.entries(seen.failures)) count(tally.failures, code, times);
    for (const { troubles } of history.nights) for (const { kind } of troubles) count(tally.troubles, kind);
    if (faults.length > 0) tally.found.push({ seed, faults });
    if (stopAtFirst && faults.length > 0) break;
  }
  return tally;
}

function joined(tallies: readonly Tally[]): Tally {
  const all = nothing();
  for (const tally of tallies) {
    all.histories += tally.histories;
    all.nights += tally.nights;
    for (const name of ['ends', 'failures', 'troubles'] as const)
      for (const [key, times] of Object.entries(tally[name])) count(all[name], key, times);
    all.found.push(...tally.found);
  }
  all.found.sort((a, b) => a.seed - b.seed);
  return all;
}

interface Share {
  readonly from: number;
  readonly to: number;
  readonly every: number;
  readonly stopAtFirst: boolean;
}

function* seedsOf({ from, to, every }: Share): Generator<number> {
  for (let seed = from; seed < to; seed += every) yield seed;
}

/** Next to nothing of a history outlives it: with little room a fifth of the time went into looking for what does. */
const roomForTheYoung = ['--max-semi-space-size=32', '--single-threaded-gc'];

/** Plays a share in a process of its own. */
const elsewhere = (share: Share): Promise<Tally> =>
  new Promise((resolve, reject) => {
    const child = fork(process.argv[1] ?? '', [], {
      env: { ...process.env, SHARE: JSON.stringify(share) },
      execArgv: [...process.execArgv, ...roomForTheYoung],
    });
    child.once('message', (tally) => {
      resolve(tally as Tally);
    });
    child.once('exit', (code) => {
      reject(new Error(`a process of the campaign ended with code ${String(code)}`));
    });
  });

async function main(): Promise<number> {
  const {
    count: wanted,
    seed,
    stopAtFirst,
    json,
    alone,
  } = new Command()
    .option('--count <n>', 'histories', '1000')
    .option('--seed <n>', 'the first seed', '1')
    .option('--stop-at-first', 'each process ends with the first fault', false)
    .option('--alone', 'in this process only', false)
    .option('--json', 'print the tally as JSON and shrink nothing', false)
    .parse()
    .opts<{ count: string; seed: string; stopAtFirst: boolean; json: boolean; alone: boolean }>();
  const began = performance.now();
  const [from, to] = [Number(seed), Number(seed) + Number(wanted)];
  const processes = alone ? 1 : Math.min(os.availableParallelism(), to - from);
  const tally = joined(
    processes <= 1
      ? [await playSeeds(seedsOf({ from, to, every: 1, stopAtFirst }), stopAtFirst)]
      : await Promise.all(
          Array.from({ length: processes }, (_, n) =>
            elsewhere({ from: from + n, to, every: processes, stopAtFirst }),
          ),
        ),
  );
  const seconds = (performance.now() - began) / 1_000;
  if (json) process.stdout.write(`${JSON.stringify({ ...tally, seconds })}\n`);
  else await report(tally, seconds);
  return tally.found.length === 0 ? 0 : 1;
}

async function report(tally: Tally, seconds: number): Promise<void> {
  const { found, ...counts } = tally;
  process.stdout.write(`${JSON.stringify({ ...counts, found: found.length, seconds }, null, 2)}\n`);
  for (const { seed, faults } of found.slice(0, 3)) {
    process.stdout.write(`\nseed ${seed}:\n  ${faults.slice(0, 5).join('\n  ')}\n`);
    process.stdout.write(`again: npm run -s simulate -- --seed ${seed} --count 1\n`);
    process.stdout.write(`made small: ${JSON.stringify(await shrink(seed))}\n`);
  }
}

const share = process.env['SHARE'];
if (share === undefined) process.exitCode = await main();
else {
  const mine = JSON.parse(share) as Share;
  process.send?.(await playSeeds(seedsOf(mine), mine.stopAtFirst));
}
