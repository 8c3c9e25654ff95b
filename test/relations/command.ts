/**
 * `npm run relations -- [--count 10000] [--nights 10000] [--seed 1]`: tries every relation between two nights that differ in one thing;
 * `--count` times those of the gate, `--nights` times those of the whole pipeline. Exit 1 if one does not hold.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { gateRelations } from './gate-relations.ts';
import { nightRelations } from './night-relations.ts';
import type { Relation } from './relation.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    nights: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
});

async function tryAll(relations: readonly Relation[], runs: number): Promise<void> {
  for (const { name, check } of relations) {
    const from = performance.now();
    const broken = await check(runs, Number(values.seed)).then(
      () => null,
      (thrown: unknown) => (thrown as Error).message,
    );
    const seconds = ((performance.now() - from) / 1_000).toFixed(1);
    const how = broken === null ? 'holds' : 'BROKEN';
    process.stdout.write(`${name.padEnd(84)}${String(runs).padStart(7)} ${how.padEnd(7)}${seconds} s\n`);
    if (broken === null) continue;
    process.stdout.write(`${broken}\n`);
    process.exitCode = 1;
  }
}

await tryAll(gateRelations, Number(values.count));
await tryAll(nightRelations, Number(values.nights));
