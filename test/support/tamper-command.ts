/**
 * `npm run tamper -- [--count 100000] [--seed 1] [--world]`: alters exported logs, and for every fortieth tampering ledger, drops, manifests
 * and person lists beside a log, at random, and prints what was found. `--world` does the latter alone, `--count` times; it is
 * test/pipeline/tampering-world.test.ts, longer than the suite runs it. Exit 1 if one was not found at its place.
 */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { tamper } from './tamper-campaign.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      world: { type: 'boolean', default: false },
    },
  });
  const count = Number(values.count);
  const beside = values.world ? count : Math.floor(count / 40);
  if (!values.world) process.exitCode = await tamperWithLogs(count - beside, values.seed);
  const env = { ...process.env, TAMPER_COUNT: String(beside), TAMPER_SEED: values.seed };
  const suite = ['jest', 'test/pipeline/tampering-world.test.ts'];
  const { status } = spawnSync('npx', suite, { env, stdio: 'inherit' });
  process.exitCode ||= status ?? 1;
}

async function tamperWithLogs(wanted: number, seed: string): Promise<0 | 1> {
  const from = performance.now();
  const tallies = await tamper(wanted, Number(seed), (kind, nth) =>
    process.stderr.write(`missed: ${kind}, number ${nth} of seed ${seed}\n`),
  );
  const width = Math.max(...tallies.map(({ kind }) => kind.length));
  const row = (kind: string, ...figures: unknown[]): string =>
    `${kind.padEnd(width)}  ${figures.map((figure) => String(figure).padStart(9)).join('')}\n`;
  const sum = (of: 'count' | 'found' | 'placed'): number =>
    tallies.reduce((total, tally) => total + tally[of], 0);
  process.stdout.write(row('kind', 'count', 'found', 'at place'));
  for (const { kind, count, found, placed } of tallies) process.stdout.write(row(kind, count, found, placed));
  process.stdout.write(row('all', sum('count'), sum('found'), sum('placed')));
  process.stdout.write(`seed ${seed}, ${Math.round((performance.now() - from) / 1000)} s\n`);
  return sum('placed') === sum('count') ? 0 : 1;
}

await main();
