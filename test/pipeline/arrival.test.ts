/** Whether what was released has arrived: by the recipient's mark, by somebody's word, and told where it has not. */
import fs from 'node:fs';
import path from 'node:path';

import { expect, it } from '@jest/globals';

import { hour } from '../../src/domain/calendar.ts';
import { noteCollected, sayCollected, uncollected } from '../../src/pipeline/arrival.ts';
import { healthOf } from '../../src/pipeline/health.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { residents } from '../support/residents.ts';

worldsEndWell();

async function released(
  settings: Record<string, string> = { DROP_COLLECTED_WITHIN_HOURS: '12' },
): Promise<World> {
  const world = await createWorld({ settings });
  world.intake({ choices: [], roster: residents(3) });
  await world.run();
  return world;
}

const waiting = async (world: World): Promise<string[]> =>
  (await uncollected(world.pipeline)).map(({ run }) => `${run.businessDate}/r${run.revision}`);
const toldOf = async (world: World): Promise<unknown[]> =>
  (await world.entries()).filter(({ what }) => what === 'drop-collected');
const mark = (world: World): void => {
  fs.writeFileSync(path.join(world.dropFolder(), 'collected'), 'by the recipient, on Sunday');
};

it('a drop that nobody collects is told of once its time is up, and no sooner', async () => {
  const world = await released();
  world.pass(11 * hour);
  expect(await waiting(world)).toEqual([]);
  world.pass(2 * hour);
  expect(await waiting(world)).toEqual([`${tonight}/r1`]);
  const elsewhere = { certificateEndsAt: null, bellsWaiting: null };
  expect((await healthOf(world.pipeline, elsewhere)).uncollected).toMatchObject({ drops: 1 });
});

it('nobody is told where nobody asked', async () => {
  const world = await released({});
  world.pass(500 * hour);
  expect(await waiting(world)).toEqual([]);
});

it('a mark is enough at once, and written down when the house is kept, once', async () => {
  const world = await released();
  world.pass(13 * hour);
  mark(world);
  expect(await waiting(world)).toEqual([]);
  expect(await toldOf(world)).toEqual([]);
  await keepHouse(world.pipeline);
  await noteCollected(world.pipeline);
  expect(await toldOf(world)).toMatchObject([{ run: `${tonight}/r1`, how: 'mark' }]);
  fs.rmSync(path.join(world.dropFolder(), 'collected'));
  expect(await waiting(world)).toEqual([]);
});

it('somebody’s word is enough, and counts once', async () => {
  const world = await released();
  world.pass(13 * hour);
  const date = { businessDate: tonight, revision: null };
  expect(await sayCollected(world.pipeline, date)).toBe(true);
  expect(await sayCollected(world.pipeline, { ...date, revision: 1 })).toBe(false);
  mark(world);
  await noteCollected(world.pipeline);
  expect(await toldOf(world)).toMatchObject([{ run: `${tonight}/r1`, how: 'word', by: 'operator:test' }]);
  expect(await waiting(world)).toEqual([]);
});

it('only what was published can be collected', async () => {
  const world = await released();
  for (const wanted of [
    { businessDate: tonight, revision: 2 },
    { businessDate: '2026-11-21', revision: null },
  ])
    await expect(sayCollected(world.pipeline, wanted)).rejects.toEqual(failing('run-not-found'));
  expect(await toldOf(world)).toEqual([]);
});

it('a link or a folder of that name is no mark, and stays a stranger', async () => {
  const world = await released();
  world.meddled = true;
  world.pass(13 * hour);
  const place = path.join(world.dropFolder(), 'collected');
  fs.symlinkSync(path.join(world.dropFolder(), 'manifest.json'), place);
  expect(await waiting(world)).toEqual([`${tonight}/r1`]);
  expect((await world.reconcile()).map((finding) => finding.place)).toContain(`${tonight}/r1/collected`);
  fs.rmSync(place);
  fs.mkdirSync(place);
  expect(await waiting(world)).toEqual([`${tonight}/r1`]);
});

it('a marked drop is removed whole when its days are over', async () => {
  const world = await released({ DROP_COLLECTED_WITHIN_HOURS: '12', DROP_KEEP_DAYS: '3' });
  mark(world);
  world.pass(6 * 24 * hour);
  await keepHouse(world.pipeline);
  expect(fs.existsSync(path.dirname(world.dropFolder()))).toBe(false);
  expect(await waiting(world)).toEqual([]);
});
