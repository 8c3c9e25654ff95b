/**
 * A campaign against the world beside the log: every kind of tampering, drawn by a seeded chance, is found, and at the right place. More of
 * it: `npm run -s tamper -- --world --count 2000 --seed 7`.
 */
import fs from 'node:fs';
import { expect, it } from '@jest/globals';
import { asFailure } from '../../src/domain/failure.ts';
import { diceOf } from '../support/chance.ts';
import { eventfulWorld } from '../support/eventful-world.ts';
import type { World } from '../support/gate-world.ts';
import { worldsEndWell } from '../support/gate-world.ts';
import { snapshot } from '../support/meddling.ts';
import { tamperings } from '../support/world-tampering.ts';

worldsEndWell();

const count = Number(process.env['TAMPER_COUNT'] ?? '160');
const seed = Number(process.env['TAMPER_SEED'] ?? '1');

interface Tally {
  tried: number;
  found: number;
  placed: number;
}

/** Places of everything that verifying names, whether it is the log itself that was altered or the world beside it. */
async function placesFound(world: World): Promise<readonly string[]> {
  try {
    return (await world.reconcile()).map(({ place }) => place);
  } catch (thrown) {
    const { code, detail } = asFailure(thrown);
    if (code !== 'audit-invalid') throw thrown;
    return [detail.place ?? ''];
  }
}

function table(tallies: ReadonlyMap<string, Tally>): string {
  const line = (kind: string, ...cells: readonly (string | number)[]): string =>
    `${kind.padEnd(50)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
  const rows = [...tallies].map(([kind, { tried, found, placed }]) => line(kind, tried, found, placed));
  return [line(`seed ${seed}`, 'tried', 'found', 'at place'), ...rows].join('\n');
}

it(
  `finds each of ${count} tamperings, at the right place`,
  async () => {
    const { world, removedDrop } = await eventfulWorld();
    const kept = await snapshot(world);
    const dice = diceOf(seed);
    const tallies = new Map(Object.keys(tamperings).map((kind) => [kind, { tried: 0, found: 0, placed: 0 }]));
    const missed: unknown[] = [];
    try {
      const kinds = Object.entries(tamperings);
      for (let at = 0; at < count; at++) {
        const [kind, tamper] = kinds[at % kinds.length]!;
        const tally = tallies.get(kind)!;
        const names = await tamper(world, dice);
        const places = await placesFound(world);
        tally.tried++;
        if (places.length > 0) tally.found++;
        if (names.some((name) => places.some((place) => place.includes(name)))) tally.placed++;
        else missed.push({ kind, at, names, places });
        await kept.restore();
      }
      process.stdout.write(`${table(tallies)}\n`);
      expect(missed).toEqual([]);
      world.meddled = false;
    } finally {
      kept.remove();
      fs.rmSync(removedDrop, { recursive: true });
    }
  },
  Math.max(600_000, count * 2_000),
);
