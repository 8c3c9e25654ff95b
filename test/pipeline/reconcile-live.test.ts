/** A night that is going on, or that died anywhere, differs in nothing from its log. */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/domain/reconciliation.ts';
import type { DropStep } from '../../src/drop/disk.ts';
import { createOutboundDrop } from '../../src/drop/outbound-drop.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { reconcile } from '../../src/pipeline/reconcile/reconcile.ts';
import { systemChance } from '../../src/wiring.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import { residents, serviceUserId, testNumber } from '../support/residents.ts';

worldsEndWell();

/** Something of everything that a single night can do by itself: two requests, one split, one answered twice, somebody late. */
const options: WorldOptions = {
  settings: { CHECK_MAX_NUMBERS: '3', MESH_POLL_SECONDS: '3600' },
  optedOut: [testNumber(2)],
  simulator: { isRefused: (number) => number === testNumber(4) },
};

async function begun(): Promise<World> {
  const world = await createWorld(options);
  world.intake({ choices: [], roster: residents(6) });
  world.simulator.fault('duplicate');
  world.meanwhile(() => {
    world.intake({ choices: [choiceCells({ service_user_id: serviceUserId(1) })], roster: residents(6) });
  });
  return world;
}

/** Calls `step` before each step of the disk. */
function watchDisk(world: World, step: (step: DropStep) => void): void {
  const { outboundDir, drop } = world.config;
  const watched = { outboundDir, header: drop.header, chance: systemChance, checkpoint: step };
  world.pipeline = { ...world.pipeline, drop: createOutboundDrop(watched) };
}

/** Calls `done` after each commit, with its number from 1. */
function watchCommits(world: World, done: (nth: number) => void): void {
  const { ledger } = world.pipeline;
  let nth = 0;
  const transact: typeof ledger.transact = async (claim, work) => {
    const outcome = await ledger.transact(claim, work);
    done(++nth);
    return outcome;
  };
  world.pipeline = { ...world.pipeline, ledger: { ...ledger, transact } };
}

describe('audit verify', () => {
  it('finds nothing while a run goes on, whatever step it stands at, and while drops are removed', async () => {
    const world = await begun();
    const found: (readonly Finding[])[] = [];
    const watch: { looking: Promise<void> | null } = { looking: null };
    const elsewhere = await openSqliteLedger(path.join(world.config.dataDir, 'ledger.sqlite'));
    const auditor = { ...world.pipeline, ledger: elsewhere };
    // One look after another, each begun at the first step after the last had ended.
    const look = (): void => {
      watch.looking ??= reconcile(auditor).then(({ findings }) => {
        found.push(findings);
        watch.looking = null;
      });
    };
    watchDisk(world, look);
    watchCommits(world, look);
    expect((await world.run(tonight, true)).run.reason).toBe('rehearsed');
    expect((await world.run()).run.state).toBe('sealed');
    world.toNight('2026-12-02');
    world.intake({ choices: [], roster: residents(6) }, {}, '2026-12-02');
    await world.run('2026-12-02');
    await keepHouse(world.pipeline);
    expect(world.released()).toBeNull();
    await watch.looking;
    const others = await Promise.all([reconcile(auditor), reconcile(world.pipeline)]);
    await elsewhere.close();
    expect(found.length).toBeGreaterThan(20);
    expect([...found.flat(), ...others.flatMap(({ findings }) => findings)]).toEqual([]);
  }, 300_000);

  it('finds nothing after a death behind any commit, nor after the run was taken up again', async () => {
    let commits = Infinity;
    for (let last = 1; last <= commits; last++) {
      const world = await begun();
      let counted = 0;
      watchCommits(world, (nth) => {
        counted = nth;
        if (nth === last) throw new Error('dead');
      });
      const ended = await world.run().catch(() => null);
      expect([last, await world.reconcile()]).toEqual([last, []]);
      if (ended !== null) commits = counted;
      await world.restart();
      expect((await world.run()).run.state).toBe('sealed');
      expect([last, await world.reconcile()]).toEqual([last, []]);
    }
    expect(commits).toBeGreaterThan(15);
  }, 600_000);

  it('finds nothing after a death before any step of the disk', async () => {
    let steps = Infinity;
    for (let last = 1; last <= steps; last++) {
      const world = await begun();
      let counted = 0;
      watchDisk(world, () => {
        if (++counted === last) throw new Error('dead');
      });
      const ended = await world.run().catch(() => null);
      expect([last, await world.reconcile()]).toEqual([last, []]);
      if (ended !== null) steps = counted;
      await world.restart();
      expect((await world.run()).run.state).toBe('sealed');
    }
    expect(steps).toBeGreaterThan(10);
  }, 600_000);
});
