/** Attacks by way of reruns, stops, and nights that were left and come back to. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatInstant, hour } from '../../src/domain/calendar.ts';
import { lookAfter, nightsOwed } from '../../src/pipeline/look-after.ts';
import { tell } from '../../src/pipeline/context.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import { previewRerun, rerun } from '../../src/pipeline/rerun.ts';
import { setStop } from '../../src/pipeline/stops.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import type { ChoiceCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumbers } from '../support/residents.ts';
import { createApprovers } from '../../src/keys/approvers.ts';
import { approve, approversOf, guardian, reject, signer } from '../support/approvals.ts';

worldsEndWell();

const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
const said = (n: number, choice: 'opt_in' | 'opt_out', at: string): ChoiceCells =>
  choiceCells({
    ...{ choice_id: `CH-${n}-${at}`, service_user_id: serviceUserId(n), choice },
    ...{ requested_at: at, recorded_at: at },
  });

async function again(world: World, date = tonight) {
  return rerun(world.pipeline, await previewRerun(world.pipeline, date), 'a corrected list');
}

const optOut = (world: World, n: number) =>
  recordChoice(world.pipeline, {
    ...{ serviceUserId: serviceUserId(n), choice: 'opt_out', channel: 'verbal', decidedBy: 'self' },
    ...{ requestedAt: formatInstant(world.now()), recordedAt: formatInstant(world.now()) },
  });

/** Lets something happen each time a request has gone. */
function afterEachSend(world: World, act: (sent: number) => Promise<void>): void {
  const desk = world.pipeline;
  const send: typeof desk.mailbox.send = async (message) => {
    const answer = await desk.mailbox.send(message);
    await act(world.simulator.sent().length);
    return answer;
  };
  world.pipeline = { ...desk, mailbox: { ...desk.mailbox, send } };
}

const askedAbout = (world: World): number =>
  world.simulator.sent().reduce((sum, { lines }) => sum + lines, 0);

describe('what is said between two requests', () => {
  it('counts: a provider stopped, and somebody who opts out, are in none of the later ones', async () => {
    const world = await createWorld({ settings: { CHECK_MAX_NUMBERS: '2' } });
    world.intake({
      choices: [],
      providers,
      roster: [...residents(4), ...residents(4, { provider_id: 'PR-02' }, 4)],
    });
    const desk = world.pipeline;
    afterEachSend(world, async (sent) => {
      if (sent !== 1) return;
      await setStop(desk, 'PR-02', 'the home asked for it');
      await optOut(world, 3);
    });
    await world.run();
    expect(askedAbout(world)).toBe(3);
    expect(world.released()).toEqual(testNumbers(3));
  });

  it('counts between gate and the first one as well', async () => {
    const world = await createWorld();
    world.intake({
      choices: [],
      providers,
      roster: [...residents(4), ...residents(4, { provider_id: 'PR-02' }, 4)],
    });
    const desk = world.pipeline;
    const handshake: typeof desk.mailbox.handshake = async () => {
      const skew = await desk.mailbox.handshake();
      if ((await world.entries()).some(({ what }) => what === 'stop-set')) return skew;
      await setStop(desk, 'PR-02', 'the home asked for it');
      await optOut(world, 3);
      return skew;
    };
    world.pipeline = { ...desk, mailbox: { ...desk.mailbox, handshake } };
    await world.run();
    expect(askedAbout(world)).toBe(3);
    expect(world.released()).toEqual(testNumbers(3));
  });
});

describe('a rerun of a missed night', () => {
  async function missed(): Promise<World> {
    const world = await createWorld();
    // An earlier night knows an opt-out by column.
    world.intake({ choices: [], roster: [...residents(3), resident(3, { in_service_choice: 'opted_out' })] });
    await world.run();
    world.toNight('2026-11-23');
    world.pass(16 * hour);
    const look = await lookAfter(
      { ...world.pipeline, leavesToWait: true },
      { businessDate: '2026-11-23', isLate: true },
    );
    expect(look).toMatchObject({ now: 'ended', run: { state: 'failed' } });
    return world;
  }

  it('sends whom an opt-in of before it brings back', async () => {
    const world = await missed();
    world.intake(
      { choices: [said(3, 'opt_in', '2026-11-23T09:00:00Z')], roster: residents(4) },
      {},
      '2026-11-23',
    );
    await again(world, '2026-11-23');
    expect(world.released('2026-11-23', 2)).toEqual(testNumbers(4));
  });

  it('and nobody whom an opt-in of later would', async () => {
    const world = await missed();
    world.pass(2 * hour);
    world.intake(
      { choices: [said(3, 'opt_in', '2026-11-23T19:00:00Z')], roster: residents(4) },
      {},
      '2026-11-23',
    );
    await again(world, '2026-11-23');
    expect(world.released('2026-11-23', 2)).toEqual(testNumbers(3));
  });
});

describe('a late objection of a run of which nothing left', () => {
  it('keeps its person out of a rerun', async () => {
    const world = await createWorld();
    const mistyped = choiceCells({ service_user_id: 'SU-NOBODY', requested_at: '2026-11-22T00:10:00Z' });
    world.intake({ choices: [], roster: residents(4) });
    world.meanwhile(
      () =>
        world.intake({ choices: [mistyped], roster: [...residents(3), resident(3, { restricted: 'yes' })] }),
      2,
    );
    expect((await world.run()).run.state).toBe('held');
    await reject(world);
    world.intake({ choices: [], roster: residents(4) });
    await again(world);
    if ((await world.ledger.read((tx) => tx.run({ businessDate: tonight, revision: 2 })))?.state === 'held') {
      await approve(world);
      await world.run();
    }
    expect(world.released(tonight, 2)).toEqual(testNumbers(3));
  });
});

it('nights are owed however often tonight was rehearsed', async () => {
  const world = await createWorld();
  world.intake({ choices: [], roster: residents(2) });
  await world.run();
  world.toNight('2026-11-24');
  world.intake({ choices: [], roster: residents(2) }, {}, '2026-11-24');
  world.meddled = true;
  await world.run('2026-11-24', true);
  const rehearsed = { businessDate: '2026-11-24', revision: 0 };
  await world.ledger.transact(world.pipeline.claim, async (tx) => {
    const proof = await tell(world.pipeline, tx, rehearsed, { what: 'run-rehearsed-often' } as never);
    const run = (await tx.run(rehearsed))!;
    for (let n = 1; n < 90; n++) await tx.insertRun({ ...run, revision: -n }, proof);
  });
  expect((await nightsOwed(world.pipeline)).map(({ businessDate }) => businessDate)).toEqual([
    '2026-11-23',
    '2026-11-24',
  ]);
});

it.each([' PR-02', 'PR-02\n', '\u200bPR-02'])(
  'a stop of %j, which no list can name, is refused',
  async (id) => {
    const world = await createWorld();
    await expect(setStop(world.pipeline, id, 'hurry')).rejects.toMatchObject({ code: 'usage' });
  },
);

describe('a provider stopped meanwhile, one of whose people stands elsewhere too', () => {
  it.each(['single', 'per-location'])(
    'is not among those of whom somebody was released: %s',
    async (layout) => {
      const world = await createWorld({ settings: { DROP_LAYOUT: layout } });
      const both = [resident(0), resident(0, { provider_id: 'PR-02', location_id: '1-222222222' })];
      world.intake({ choices: [], providers, roster: [...both, resident(1)] });
      world.meanwhile(() => setStop(world.pipeline, 'PR-02', 'the home asked for it'));
      await world.run();
      expect(world.released()).toEqual(testNumbers(2));
      const bytes = await world.ledger.read((tx) =>
        tx.personList({ businessDate: tonight, revision: 1 }, 'released'),
      );
      expect([...world.pipeline.lists.examine(bytes!, []).people]).toEqual([
        expect.objectContaining({ providerId: 'PR-01' }),
      ]);
    },
  );
});

it('a night that begins in the evening is not over before an intake was tried twice', async () => {
  const world = await createWorld({ settings: { NIGHTLY_AT: '20:00' } });
  world.pass(18 * hour);
  const night = { businessDate: tonight, isLate: false };
  const leaving = { ...world.pipeline, leavesToWait: true };
  expect(await lookAfter(leaving, night)).toMatchObject({ now: 'stopped' });
  world.pass(4 * hour);
  expect(await lookAfter(leaving, night)).toMatchObject({ now: 'ended', run: { state: 'failed' } });
});

it('a list of approvers swapped after it was judged approves nothing', async () => {
  const world = await createWorld();
  const file = path.join(world.folder, 'approvers.json');
  approversOf(world, guardian);
  const judged = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  const approvers = createApprovers(file, judged);
  expect(await approvers.check('text', guardian.sign('text'), world.now())).toMatchObject({
    name: guardian.name,
  });
  const intruder = signer('Nobody Else');
  approversOf(world, guardian, intruder);
  await expect(approvers.check('text', intruder.sign('text'), world.now())).rejects.toMatchObject({
    code: 'approval-refused',
  });
});

it('another process that takes a gated run up hears the newer list first, and the first one changes no more', async () => {
  const world = await createWorld();
  world.intake({ choices: [], roster: residents(4) });
  const first = { ...world.pipeline, leavesToWait: true };
  world.simulator.fault('closed-mailbox');
  expect(await lookAfter(first, { businessDate: tonight, isLate: false })).toMatchObject({ now: 'stopped' });
  world.pass(hour);
  world.intake(
    { choices: [], roster: [...residents(3), resident(3, { restricted: 'yes' })] },
    {},
    '2026-11-23',
  );
  world.pipeline = { ...world.pipeline, claim: await world.ledger.claim('advancing') };
  await world.run();
  expect(await lookAfter(first, { businessDate: tonight, isLate: false })).toMatchObject({
    now: 'stopped',
    failure: { code: 'epoch-stale' },
  });
  await expect(setStop(first, null, 'by a stale process')).rejects.toMatchObject({ code: 'epoch-stale' });
  expect(askedAbout(world)).toBe(3);
  expect(world.released()).toEqual(testNumbers(3));
});

it('a date caught up after a later one hears the opt-out that only the later list told of', async () => {
  const world = await createWorld();
  world.toNight('2026-11-23');
  world.intake(
    { choices: [], roster: [...residents(3), resident(3, { in_service_choice: 'opted_out' })] },
    {},
    '2026-11-23',
  );
  await world.run('2026-11-23');
  fs.rmSync(path.join(world.config.intakeDir, '2026-11-23'), { recursive: true });
  world.pass(hour);
  world.intake({ choices: [], roster: residents(4) });
  const { run } = await world.run(tonight);
  expect(
    run.state === 'held' ? (await approve(world), (await world.run(tonight)).run.state) : run.state,
  ).toBe('sealed');
  expect(world.released(tonight)).toEqual(testNumbers(3));
  expect(askedAbout(world)).toBe(6);
});
