/** What is said between asking and release still counts: the newest intake and the choices recorded meanwhile are read again. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatInstant, hour, minute } from '../../src/domain/calendar.ts';
import { exitCodeOfRun } from '../../src/domain/run.ts';
import { advanceRun } from '../../src/pipeline/advance.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import type { ToldChoice } from '../../src/pipeline/recorded-choices.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import type { ChoiceCells, IntakeCells, RosterCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
const optOutOf = (n: number, over: Partial<ChoiceCells> = {}): ChoiceCells =>
  choiceCells({ service_user_id: serviceUserId(n), ...over });
const told = (n: number, world: World, over: Partial<ToldChoice> = {}): ToldChoice => ({
  serviceUserId: serviceUserId(n),
  choice: 'opt_out',
  channel: 'verbal',
  requestedAt: formatInstant(world.now()),
  recordedAt: formatInstant(world.now()),
  decidedBy: 'self',
  ...over,
});

/** Everybody is asked about; while the run waits the intake becomes another one. */
async function changedMeanwhile(people: number, change: (world: World) => IntakeCells, date = tonight) {
  const world = await createWorld();
  world.intake({ choices: [], roster: residents(people), providers });
  world.meanwhile(() => world.intake(change(world), {}, date), 2);
  const { run } = await world.run();
  expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([people]);
  return { world, run, late: run.totals?.outcomes['objected-late'] };
}

describe('between asking and release', () => {
  /** What becomes of a resident's row; each alone must keep its person back. */
  const changes: readonly Partial<RosterCells>[] = [
    { in_service_choice: 'opted_out' },
    { in_service_choice: 'unsure' },
    { restricted: 'yes' },
    { restricted: '' },
    { person_type: 'guest' },
    { person_type: 'staff' },
    { resident_to: '2026-11-21' },
    { resident_from: '2026-11-23' },
    { informed_on: '' },
    { informed_on: tonight },
    { notice_version: 'v1' },
    { location_id: 'the Lodge' },
    { provider_id: 'PR-02' },
    { provider_id: 'PR-03' },
    { nhs_number: '' },
    { nhs_number: testNumber(500) },
    { service_user_id: '' },
  ];

  it.each([
    ['the rewritten folder of the same date', tonight],
    ['the folder of the next date', '2026-11-23'],
  ])('everything that speaks against somebody counts, from %s', async (_, date) => {
    const { world, run, late } = await changedMeanwhile(
      changes.length + 3,
      () => ({
        providers: [providers[0]!, providerCells({ provider_id: 'PR-02', participating_to: '2026-11-21' })],
        choices: [optOutOf(changes.length)],
        // One more has vanished from the roster, and one is as before.
        roster: [
          ...changes.map((over, n) => resident(n, over)),
          resident(changes.length),
          resident(changes.length + 2),
        ],
      }),
      date,
    );
    expect(run.state).toBe('sealed');
    expect(world.released()).toEqual([testNumber(changes.length + 2)]);
    expect(late).toBe(changes.length + 2);
  });

  it('a provider that stops taking part, or whose agreement ends, takes its people along', async () => {
    const { world, late } = await changedMeanwhile(6, () => ({
      providers: [
        providerCells({ participating_to: '2026-11-21' }),
        providerCells({ provider_id: 'PR-02', agreement_expires_on: '2026-11-21' }),
        providerCells({ provider_id: 'PR-04' }),
      ],
      choices: [],
      roster: [
        ...residents(2),
        ...residents(2, { provider_id: 'PR-02' }, 2),
        ...residents(2, { provider_id: 'PR-04' }, 4),
      ],
    }));
    expect(world.released()).toEqual(testNumbers(2, 4));
    expect(late).toBe(4);
  });

  it('who came only with the newer folder is not released, for nobody asked about them', async () => {
    const { world } = await changedMeanwhile(2, () => ({ choices: [], roster: residents(4) }));
    expect(world.released()).toEqual(testNumbers(2));
  });

  it('a choice recorded in the ledger counts at once, and is carried from then on', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(4) });
    world.meanwhile(async () => {
      await recordChoice(world.pipeline, told(1, world));
      await recordChoice(world.pipeline, told(2, world, { decidedBy: 'relative' }));
    });
    expect((await world.run()).run.totals?.outcomes).toMatchObject({ released: 2, 'objected-late': 2 });
    expect(world.released()).toEqual([testNumber(0), testNumber(3)]);
    for (const choice of [
      { choice: 'never' },
      { decidedBy: 'neighbour' },
      { requestedAt: 'today' },
      { serviceUserId: '' },
    ])
      await expect(recordChoice(world.pipeline, told(3, world, choice))).rejects.toMatchObject({
        code: 'usage',
      });
    // The next night's intake knows nothing of it; an opt-in by a relative changes nothing, one of their own does.
    world.toNight('2026-11-23');
    await recordChoice(world.pipeline, told(1, world, { choice: 'opt_in', decidedBy: 'relative' }));
    await recordChoice(world.pipeline, told(2, world, { choice: 'opt_in' }));
    world.intake({ choices: [], roster: residents(4) }, {}, '2026-11-23');
    await world.run('2026-11-23');
    expect(world.released('2026-11-23')).toEqual([testNumber(0), ...testNumbers(2, 2)]);
  });

  it('an intake that comes between the decision and the link takes the decision back', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(4) });
    const { ledger } = world;
    let isDecided = false;
    const transact: typeof ledger.transact = async (claim, work) => {
      const done = await ledger.transact(claim, work);
      const run = await ledger.read((tx) => tx.run({ businessDate: tonight, revision: 1 }));
      if (run?.state !== 'decided' || isDecided) return done;
      isDecided = true;
      world.intake({ choices: [optOutOf(0)], roster: residents(4) });
      return done;
    };
    const { run } = await advanceRun({ ...world.pipeline, ledger: { ...ledger, transact } }, tonight, false);
    expect(run.totals?.outcomes).toMatchObject({ released: 3, 'objected-late': 1 });
    expect(world.released()).toEqual(testNumbers(3, 1));
    expect((await world.entries()).filter(({ what }) => what === 'decision-withdrawn')).toHaveLength(1);
  });

  it('an opt-in in service never overrides the national answer, nor the other way round', async () => {
    const world = await createWorld({ optedOut: [testNumber(0)] });
    const optIn = optOutOf(0, { choice: 'opt_in' });
    world.intake({
      choices: [optIn],
      roster: [resident(0, { in_service_choice: 'opted_in' }), ...residents(3, {}, 1)],
    });
    world.meanwhile(() => world.intake({ choices: [optIn, optOutOf(1)], roster: residents(4) }));
    const { run } = await world.run();
    expect(world.released()).toEqual(testNumbers(2, 2));
    expect(run.totals?.outcomes).toMatchObject({ released: 2, 'not-cleared': 1, 'objected-late': 1 });
  });

  it('midnight passes: leases and residence must hold on the date of release as well', async () => {
    const world = await createWorld({ simulator: { answerDelayMs: 2 * hour } });
    world.pass(20 * hour);
    world.intake({
      providers: [
        providerCells(),
        providerCells({ provider_id: 'PR-02', agreement_expires_on: tonight }),
        providerCells({ provider_id: 'PR-03', participating_to: tonight }),
      ],
      choices: [],
      roster: [
        resident(0),
        resident(1, { resident_to: tonight }),
        resident(2, { provider_id: 'PR-02' }),
        resident(3, { provider_id: 'PR-03' }),
        resident(4, { resident_to: '2026-11-23' }),
      ],
    });
    const { run } = await world.run();
    expect(run.totals?.outcomes).toMatchObject({ released: 2, 'objected-late': 3 });
    expect(world.released()).toEqual([testNumber(0), testNumber(4)]);
  });

  it('the newer folder there already keeps people out of the request', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    world.pass(minute);
    world.intake({ choices: [optOutOf(1)], roster: residents(3) }, {}, '2026-11-23');
    expect((await world.run()).run.totals?.outcomes).toMatchObject({ released: 2, 'objected-late': 1 });
    expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([2]);
    expect(world.released()).toEqual([testNumber(0), testNumber(2)]);
  });
});

describe('a newest intake that is broken', () => {
  const cutShort = (world: World): void => {
    fs.truncateSync(path.join(world.config.intakeDir, tonight, 'in-service-choices.csv'), 10);
  };
  const removed = (world: World): void => {
    fs.rmSync(path.join(world.config.intakeDir, tonight), { recursive: true });
  };

  it('releases nobody; put right within the age limit, the run goes on', async () => {
    const world = await createWorld();
    world.intake({ choices: [optOutOf(1)], roster: residents(3) });
    world.meanwhile(() => {
      cutShort(world);
    });
    await expect(world.run()).rejects.toMatchObject({ code: 'intake-file-altered' });
    expect(world.released()).toBeNull();
    world.pass(hour);
    await expect(world.run()).rejects.toMatchObject({ code: 'intake-file-altered' });
    world.intake({ choices: [], roster: residents(3) });
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual([testNumber(0), testNumber(2)]);
  });

  it.each([
    ['stays broken', 'intake-file-altered', cutShort],
    ['is gone', 'intake-missing', removed],
  ])('ends the run with the age limit when it %s', async (_, code, breakIt) => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    world.meanwhile(() => {
      breakIt(world);
    });
    await expect(world.run()).rejects.toMatchObject({ code });
    world.pass(24 * hour);
    const { run } = await world.run();
    expect(run).toMatchObject({ state: 'withheld', reason: 'answers-too-old' });
    expect(world.released()).toBeNull();
  });

  it('ends a run with the age limit that has no answer to be believed, too', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    world.simulator.fault('html-page');
    world.meanwhile(() => {
      cutShort(world);
    });
    await expect(world.run()).rejects.toMatchObject({ code: 'intake-file-altered' });
    world.pass(24 * hour);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'nothing-answered' });
  });

  it('of the next date is passed over, for the own one still stands', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    world.meanwhile(() => {
      const broken = world.intake({ choices: [optOutOf(1)], roster: residents(3) }, {}, '2026-11-23');
      fs.rmSync(path.join(broken, 'manifest.json'));
      world.intake({ choices: [optOutOf(2)], roster: residents(3) });
    });
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(2));
  });
});

describe('approvals that end', () => {
  it.each(['LEGAL_BASIS_EXPIRES_ON', 'RECIPIENT_AGREEMENT_EXPIRES_ON'])(
    '%s: nothing is asked',
    async (name) => {
      const reason =
        name === 'LEGAL_BASIS_EXPIRES_ON' ? 'legal-basis-expired' : 'recipient-agreement-expired';
      const world = await createWorld({ settings: { [name]: '2026-11-21' } });
      world.intake({ choices: [], roster: residents(3) });
      const { run } = await world.run();
      expect(run).toMatchObject({ state: 'withheld', reason });
      expect(exitCodeOfRun(run.state)).toBe(3);
      expect(world.simulator.statistics().calls).toEqual({});
    },
  );

  it.each<[string, WorldOptions['settings'], string]>([
    ['before midnight', { LEGAL_BASIS_EXPIRES_ON: tonight }, 'legal-basis-expired'],
    ['before midnight', { RECIPIENT_AGREEMENT_EXPIRES_ON: tonight }, 'recipient-agreement-expired'],
  ])('%s: what was asked about is not released: %j', async (_, settings = {}, reason) => {
    const world = await createWorld({ settings, simulator: { answerDelayMs: 2 * hour } });
    world.pass(20 * hour);
    world.intake({ choices: [], roster: residents(3) });
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason });
    expect(world.simulator.sent()).toHaveLength(1);
    expect(world.released()).toBeNull();
  });
});
