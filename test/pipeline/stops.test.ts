/** A stop holds back at once, at every door, and is lifted by two people. */
import { describe, expect, it } from '@jest/globals';
import { hour, minute } from '../../src/domain/calendar.ts';
import { requestText } from '../../src/domain/signed-request.ts';
import { previewRerun, rerun } from '../../src/pipeline/rerun.ts';
import { replayRun } from '../../src/pipeline/replay/replay.ts';
import { liftRequest, liftStop, setStop } from '../../src/pipeline/stops.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { approversOf, guardian, signer } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { providerCells } from '../support/intake-folder.ts';
import { residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
const roster = [...residents(3), ...residents(3, { provider_id: 'PR-02' }, 3)];

async function withIntake(): Promise<World> {
  const world = await createWorld();
  world.intake({ choices: [], roster, providers });
  return world;
}

async function lift(world: World, provider: string | null): Promise<void> {
  const reason = 'looked into';
  const request = await liftRequest(world.pipeline, provider, reason);
  const signature = guardian.sign(requestText(request, world.pipeline.audit.origin, world.now()));
  await liftStop(world.pipeline, approversOf(world, guardian), { provider, reason, signature });
}

const stopped = { code: 'export-stopped' };
const told = async (world: World, what: string) => (await world.entries()).filter((one) => one.what === what);

describe('a stop of everything', () => {
  it('lets nobody be asked about, survives a restart, and once lifted the run goes on', async () => {
    const world = await withIntake();
    await setStop(world.pipeline, null, 'a breach is looked into');
    for (const again of [false, true]) {
      if (again) await world.restart();
      await expect(world.run()).rejects.toMatchObject(stopped);
    }
    expect(world.simulator.sent()).toEqual([]);
    await lift(world, null);
    expect((await world.run()).run.state).toBe('sealed');
    expect(await told(world, 'stop-set')).toMatchObject([
      { provider: null, by: 'operator:test', reason: 'a breach is looked into' },
    ]);
    expect(await told(world, 'stop-lifted')).toMatchObject([
      { approvedBy: ['Grace Hopwood (Caldicott Guardian)'], reason: 'looked into' },
    ]);
  });

  it('set while answers are awaited lets nothing leave; they are taken in, and used if it is lifted in time', async () => {
    const world = await withIntake();
    world.meanwhile(() => setStop(world.pipeline, null, 'wait'));
    await expect(world.run()).rejects.toMatchObject(stopped);
    expect(world.released()).toBeNull();
    expect(await told(world, 'run-answered')).toHaveLength(1);
    await expect(world.run()).rejects.toMatchObject(stopped);
    await lift(world, null);
    await world.run();
    expect(world.released()).toEqual(testNumbers(6));
  });

  it('outlives the answers: they end withheld by their age', async () => {
    const world = await withIntake();
    world.meanwhile(() => setStop(world.pipeline, null, 'wait'));
    await expect(world.run()).rejects.toMatchObject(stopped);
    world.pass(25 * hour);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'answers-too-old' });
  });

  it('set while requests are sent lets no further one go', async () => {
    const world = await createWorld({ settings: { CHECK_MAX_NUMBERS: '2' } });
    world.intake({ choices: [], roster, providers });
    const desk = world.pipeline;
    world.pipeline = {
      ...desk,
      mailbox: {
        ...desk.mailbox,
        send: async (message) => {
          const sent = await desk.mailbox.send(message);
          if (world.simulator.sent().length === 2) await setStop(desk, null, 'no more');
          return sent;
        },
      },
    };
    await expect(world.run()).rejects.toMatchObject(stopped);
    await expect(world.run()).rejects.toMatchObject(stopped);
    expect(world.simulator.sent()).toHaveLength(2);
    expect(await told(world, 'request-intended')).toHaveLength(2);
    await lift(world, null);
    world.pipeline = desk;
    await world.run();
    expect(world.released()).toEqual(testNumbers(6));
  });

  it('set between the decision and the link prevents the link', async () => {
    const world = await withIntake();
    const { ledger } = world.pipeline;
    let moment = 0;
    // The transaction after the decision writes the plan of the drop; the stop comes in right behind it.
    world.pipeline = {
      ...world.pipeline,
      ledger: {
        ...ledger,
        transact: async (claim, work) => {
          const done = await ledger.transact(claim, work);
          const run = await ledger.read((tx) => tx.run({ businessDate: tonight, revision: 1 }));
          if (run?.state === 'decided' && ++moment === 2)
            await setStop({ ...world.pipeline, ledger }, null, 'at the last moment');
          return done;
        },
      },
    };
    await expect(world.run()).rejects.toMatchObject(stopped);
    expect(moment).toBeGreaterThanOrEqual(2);
    const steps = (await world.entries()).map(({ what }) => what);
    expect(steps.indexOf('stop-set')).toBeGreaterThan(steps.indexOf('run-decided'));
    expect(steps).not.toContain('run-released');
    expect(world.released()).toBeNull();
    await lift(world, null);
    await world.run();
    expect(world.released()).toEqual(testNumbers(6));
  });

  it('is not lifted by one person, a stranger, the operator, or a signature for another stop', async () => {
    const world = await withIntake();
    const desk = world.pipeline;
    const lifting = (signature: string | null, approvers = approversOf(world, guardian)) =>
      liftStop(desk, approvers, { provider: null, reason: 'looked into', signature });
    await expect(lifting(null)).rejects.toMatchObject({ code: 'usage' });
    await setStop(desk, null, 'first');
    const text = async (provider: string | null) =>
      requestText(await liftRequest(desk, provider, 'looked into'), desk.audit.origin, world.now());
    const first = guardian.sign(await text(null));
    const refused = { code: 'approval-refused' };
    await expect(lifting(null)).rejects.toMatchObject(refused);
    await expect(lifting(signer('Nobody').sign(await text(null)))).rejects.toMatchObject(refused);
    const operator = signer('test');
    await expect(
      lifting(operator.sign(await text(null)), approversOf(world, operator)),
    ).rejects.toMatchObject(refused);
    await setStop(desk, 'PR-02', 'second');
    await expect(lifting(guardian.sign(await text('PR-02')))).rejects.toMatchObject(refused);
    await setStop(desk, null, 'third');
    await expect(lifting(first)).rejects.toMatchObject(refused);
    world.pass(minute);
    await lift(world, null);
    await expect(lifting(first)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a stop of one provider', () => {
  it('holds back its rows, with a reason of their own, and nobody else; lifted, a rerun brings them', async () => {
    const world = await withIntake();
    await setStop(world.pipeline, 'pr-02', 'the home asked for it');
    const { run } = await world.run();
    expect(run.totals?.rows).toMatchObject({ 'provider-stopped': 3, asked: 3 });
    expect(world.released()).toEqual(testNumbers(3));
    await lift(world, 'PR-02');
    const preview = await previewRerun(world.pipeline, tonight);
    expect(preview).toMatchObject({ isSame: false, added: 3 });
    await rerun(world.pipeline, preview, 'the stop was lifted');
    expect(world.released(tonight, 2)).toEqual(testNumbers(6));
  });

  it('set while answers are awaited keeps its people back, and they are no objectors', async () => {
    const world = await withIntake();
    world.meanwhile(() => setStop(world.pipeline, 'PR-02', 'the home asked for it'));
    const { run } = await world.run();
    expect(run.totals?.outcomes).toMatchObject({ released: 3, 'objected-late': 3 });
    expect(world.released()).toEqual(testNumbers(3));
    const reader = createIntakeReader({ intakeDir: world.config.intakeDir });
    expect(await replayRun(world.pipeline, '2026-11-22/r1', [reader])).toMatchObject({ differences: [] });
    await lift(world, 'PR-02');
    await rerun(world.pipeline, await previewRerun(world.pipeline, tonight), 'the stop was lifted');
    expect(world.released(tonight, 2)).toEqual(testNumbers(6));
  });

  it('set between the decision and the link takes its people out of the drop', async () => {
    const world = await withIntake();
    const { drop } = world.pipeline;
    let asked = 0;
    const { ledger } = world.pipeline;
    world.pipeline = {
      ...world.pipeline,
      ledger: {
        ...ledger,
        transact: async (claim, work) => {
          const done = await ledger.transact(claim, work);
          const run = await ledger.read((tx) => tx.run({ businessDate: tonight, revision: 1 }));
          if (run?.state === 'decided' && ++asked === 2)
            await setStop({ ...world.pipeline, ledger }, 'PR-02', 'at the last moment');
          return done;
        },
      },
      drop,
    };
    await world.run();
    expect(await told(world, 'decision-withdrawn')).toHaveLength(1);
    expect(world.released()).toEqual(testNumbers(3));
  });
});
