/**
 * `npm run tamper -- [--count 100000] [--seed 1] [--world]`: the tamper campaign against exported logs, and a table of what was found; with
 * `--world` that against ledger and drops beside the log, which is test/pipeline/tampering-world.test.ts, longer than the suite runs it.
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
  if (values.world) {
    const env = { ...process.env, TAMPER_COUNT: values.count, TAMPER_SEED: values.seed };
    const suite = ['jest', 'test/pipeline/tampering-world.test.ts'];
    process.exitCode = spawnSync('npx', suite, { env, stdio: 'inherit' }).status ?? 1;
    return;
  }
  const from = performance.now();
  const tallies = await tamper(Number(values.count), Number(values.seed), (kind, nth) =>
    process.stderr.write(`missed: ${kind}, number ${nth} of seed ${values.seed}\n`),
  );
  const width = Math.max(...tallies.map(({ kind }) => kind.length));
  const row = (kind: string, ...figures: unknown[]): string =>
    `${kind.padEnd(width)}  ${figures.map((figure) => String(figure).padStart(9)).join('')}\n`;
  const sum = (of: 'count' | 'found' | 'placed'): number =>
    tallies.reduce((total, tally) => total + tally[of], 0);
  process.stdout.write(row('kind', 'count', 'found', 'at place'));
  for (const { kind, count, found, placed } of tallies) process.stdout.write(row(kind, count, found, placed));
  process.stdout.write(row('all', sum('count'), sum('found'), sum('placed')));
  process.stdout.write(`seed ${values.seed}, ${Math.round((performance.now() - from) / 1000)} s\n`);
  process.exitCode = sum('placed') === sum('count') ? 0 : 1;
}

await main();
