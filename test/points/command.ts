/**
 * `npm run points -- [--points 120] [--seed 1] [--only text]`: runs the real program, and at one call that changes something on the disk
 * kills it or lets the call fail; then runs it again. Every call and every fault, or a sample of them drawn from a seed. Needs gcc, and Linux.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { diceOf } from '../support/chance.ts';
import { bundlePrograms } from '../support/processes.ts';
import { faults, recordCalls, tryPoint } from './night-at-point.ts';
import type { Fault, Point } from './night-at-point.ts';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

interface Trial {
  readonly point: Point;
  readonly fault: Fault;
}

const nameOf = ({ point: { number, call, place }, fault }: Trial): string =>
  `${number} ${call} ${place}: ${fault}`;

function drawn(all: readonly Trial[], wanted: number): Trial[] {
  const dice = diceOf(Number(values.seed));
  const left = [...all];
  if (wanted === 0 || wanted >= left.length) return left;
  return Array.from({ length: wanted }, () => left.splice(dice.below(left.length), 1)[0]!);
}

function build(library: string): void {
  const source = path.join(import.meta.dirname, 'faulty-calls.c');
  const strict = ['-O2', '-Wall', '-Wextra', '-shared', '-fPIC'];
  try {
    execFileSync('gcc', [...strict, '-o', library, source, '-ldl', '-lpthread'], { stdio: 'pipe' });
  } catch (thrown) {
    const { stderr, message } = thrown as Error & { stderr?: Buffer };
    throw new Error(`gcc did not make the library; is it installed? ${String(stderr ?? message)}`, {
      cause: thrown,
    });
  }
}

async function main(): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'export-gate-points-'));
  const library = path.join(folder, 'faulty-calls.so');
  build(library);
  const programs = bundlePrograms();
  const tally = new Map<string, { tried: number; recovered: number }>();
  const found: string[] = [];
  try {
    const points = await recordCalls(programs, library);
    const every = points.flatMap((point) =>
      (Object.keys(faults) as Fault[])
        .filter((fault) => fault !== 'half written' || point.call.includes('write'))
        .map((fault): Trial => ({ point, fault })),
    );
    const trials = drawn(
      every.filter((trial) => nameOf(trial).includes(values.only)),
      Number(values.points),
    );
    process.stdout.write(`${points.length} calls, ${every.length} points, ${trials.length} tried\n`);
    const lane = async (): Promise<void> => {
      for (let trial = trials.shift(); trial !== undefined; trial = trials.shift()) {
        const verdict = await tryPoint(programs, library, trial.point, trial.fault);
        const row = tally.get(trial.fault) ?? { tried: 0, recovered: 0 };
        tally.set(trial.fault, row);
        row.tried += 1;
        if (typeof verdict === 'object') found.push(`${nameOf(trial)}: ${verdict.wrong}`);
        else row.recovered += 1;
      }
    };
    await Promise.all(Array.from({ length: os.availableParallelism() }, lane));
  } finally {
    programs.remove();
    rmSync(folder, { recursive: true });
  }
  for (const [fault, { tried, recovered }] of tally)
    process.stdout.write(`${fault.padEnd(16)} ${String(recovered).padStart(6)} of ${tried} recovered\n`);
  for (const each of found) process.stdout.write(`FOUND ${each}\n`);
  process.stdout.write(`${found.length} found\n`);
  return found.length === 0 ? 0 : 1;
}

process.exitCode = await main();
