import { describe, expect, it } from '@jest/globals';

import { day } from '../../src/domain/calendar.ts';
import { beat } from '../../src/pipeline/custody.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { residents } from '../support/residents.ts';

worldsEndWell();

const told = async (world: World, what: string): Promise<number> =>
  (await world.entries()).filter((entry) => entry.what === what).length;
const signedSize = async (world: World): Promise<number | undefined> =>
  (await world.ledger.read((tx) => tx.checkpoint()))?.size;

describe('a heartbeat', () => {
  it('is one entry a London day, and signs whatever is new', async () => {
    const world = await createWorld();
    expect(await beat(world.pipeline)).toBe(true);
    expect(await beat(world.pipeline)).toBe(false);
    expect([await told(world, 'heartbeat'), await signedSize(world)]).toEqual([1, 1]);
    world.intake({ choices: [], roster: residents(3) });
    await world.run();
    world.toNight('2026-11-23');
    expect(await beat(world.pipeline)).toBe(true);
    expect((await world.entries()).at(-1)).toMatchObject({ what: 'heartbeat', lastRun: `${tonight}/r1` });
    expect(await signedSize(world)).toBe((await world.entries()).length);
  });
});

describe('the whole log', () => {
  it('is computed anew once a week, and that it was is an entry', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    await world.run();
    for (const [days, times] of [
      [0, 1],
      [6, 1],
      [1, 2],
      [3, 2],
      [4, 3],
    ] as const) {
      world.pass(days * day);
      await keepHouse(world.pipeline);
      expect([days, await told(world, 'log-recomputed')]).toEqual([days, times]);
    }
    const { root, size } = (await world.entries()).find(({ what }) => what === 'log-recomputed')!;
    expect([typeof root, Number(size) > 5]).toEqual(['string', true]);
  });

  it('that was altered long ago stops the house', async () => {
    const world = await createWorld();
    await beat(world.pipeline);
    const verify = () => Promise.reject(new Error('altered'));
    const broken = { ...world.pipeline, audit: { ...world.pipeline.audit, verify } };
    await expect(keepHouse(broken)).rejects.toThrow('altered');
    expect(await told(world, 'log-recomputed')).toBe(0);
  });
});
