/** Several nights: objections once seen last, a finished run stays as it is, and what must not be kept dies in time. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { day, formatInstant, hour } from '../../src/domain/calendar.ts';
import { requestBody } from '../../src/domain/national-check.ts';
import { numberList } from '../../src/domain/number-list.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import type { RunId } from '../../src/domain/run.ts';
import { runAccepting } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import type { ChoiceCells, IntakeCells, RosterCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const choice = (n: number, over: Partial<ChoiceCells> = {}): ChoiceCells =>
  choiceCells({ choice_id: `CH-${n}`, service_user_id: serviceUserId(n), ...over });
/** The person's own word, later than every opt-out here. */
const optIn = (n: number, over: Partial<ChoiceCells> = {}): ChoiceCells => {
  const at = '2026-11-22T01:00:00Z';
  return choice(n, { choice: 'opt_in', requested_at: at, recorded_at: at, ...over });
};

async function night(world: World, date: string, cells: IntakeCells): Promise<string[] | null> {
  world.toNight(date);
  world.intake({ choices: [], ...cells }, {}, date);
  await runAccepting(world, date);
  return world.released(date);
}

/** How a person stands on the first night and on the second, and whether they leave on the second. */
interface Story {
  readonly first: Partial<RosterCells>;
  readonly choices?: readonly ChoiceCells[];
  readonly second?: Partial<RosterCells>;
  readonly choicesThen?: readonly ChoiceCells[];
  readonly leaves: boolean;
}

const column = { in_service_choice: 'opted_out' };
const inCapitals = (n: number): string => serviceUserId(n);
const inSmall = (n: number): string => serviceUserId(n).toLowerCase();
const moved = (n: number): Partial<RosterCells> => ({ service_user_id: `SU-new-${n}` });

const stories: Readonly<Record<string, (n: number) => Story>> = {
  'never objected': () => ({ first: {}, leaves: true }),
  'the row of an opt-out disappears': (n) => ({ first: {}, choices: [choice(n)], leaves: false }),
  'a column flips back': () => ({ first: column, leaves: false }),
  'a column flips to opted_in': () => ({
    first: column,
    second: { in_service_choice: 'opted_in' },
    leaves: false,
  }),
  'an opt-in follows the row': (n) => ({
    first: {},
    choices: [choice(n)],
    choicesThen: [optIn(n)],
    leaves: true,
  }),
  'an opt-in follows the column': (n) => ({ first: column, choicesThen: [optIn(n)], leaves: true }),
  'an opt-in of the id in another case': (n) => ({
    first: {},
    choices: [choice(n)],
    choicesThen: [optIn(n, { service_user_id: inSmall(n) })],
    leaves: false,
  }),
  'an opt-in from before the opt-out': (n) => ({
    first: {},
    choices: [choice(n)],
    choicesThen: [optIn(n, { requested_at: '2026-11-17T00:00:00Z' })],
    leaves: false,
  }),
  'an opt-in from before the column was seen': (n) => ({
    first: column,
    choicesThen: [optIn(n, { requested_at: '2026-11-20T00:00:00Z' })],
    leaves: false,
  }),
  'an opt-in by a relative': (n) => ({
    first: {},
    choices: [choice(n)],
    choicesThen: [optIn(n, { decided_by: 'relative' })],
    leaves: false,
  }),
  'an opt-in that is not yet in force': (n) => ({
    first: {},
    choices: [choice(n)],
    choicesThen: [optIn(n, { requested_at: '2026-11-25T00:00:00Z' })],
    leaves: false,
  }),
  'the number moves to a new id': (n) => ({
    first: {},
    choices: [choice(n)],
    second: moved(n),
    leaves: false,
  }),
  'the number of a column moves to a new id': (n) => ({ first: column, second: moved(n), leaves: false }),
  'the new id of an old number opts in': (n) => ({
    first: {},
    choices: [choice(n)],
    second: moved(n),
    choicesThen: [optIn(n, { service_user_id: `SU-new-${n}` })],
    leaves: false,
  }),
  'the id keeps, the number is corrected': (n) => ({
    first: {},
    choices: [choice(n)],
    second: { nhs_number: testNumber(n + 500) },
    leaves: false,
  }),
  'the opt-out spelt the id in another case': (n) => ({
    first: {},
    choices: [choice(n, { service_user_id: inSmall(n) })],
    leaves: false,
  }),
  'the opt-out spelt the id in another case, and the number moves': (n) => ({
    first: {},
    choices: [choice(n, { service_user_id: inSmall(n) })],
    second: moved(n),
    leaves: false,
  }),
  'the roster now spells the id in another case': (n) => ({
    first: {},
    choices: [choice(n, { service_user_id: inCapitals(n) })],
    second: { service_user_id: inSmall(n) },
    leaves: false,
  }),
  'opted out on a row without an id': () => ({
    first: { ...column, service_user_id: '' },
    second: { in_service_choice: 'none' },
    leaves: false,
  }),
  'opted out while nothing else was in order': () => ({
    first: { ...column, provider_id: 'PR-99', informed_on: '', resident_to: '2026-01-01' },
    leaves: false,
  }),
  'was restricted, and no longer is': () => ({ first: { restricted: 'yes' }, leaves: true }),
  'an unknown value, put right': () => ({ first: { in_service_choice: 'N/A' }, leaves: true }),
};

describe('an objection once seen', () => {
  it('lasts until an opt-in in force of the same service user, night after night', async () => {
    const told = Object.entries(stories).map(([name, story], n) => ({ name, n, ...story(n) }));
    const world = await createWorld();
    const leaving = (among: typeof told): string[] =>
      among.filter(({ leaves }) => leaves).map(({ name }) => name);
    const namesOf = (numbers: readonly string[] | null): string[] =>
      told
        .filter(({ n, second }) => numbers?.includes(second?.nhs_number ?? testNumber(n)))
        .map(({ name }) => name);
    await night(world, '2026-11-21', {
      choices: told.flatMap(({ choices = [] }) => choices),
      roster: told.map(({ n, first }) => resident(n, first)),
    });
    const then = {
      choices: told.flatMap(({ choicesThen = [] }) => choicesThen),
      roster: told.map(({ n, second }) => resident(n, second)),
    };
    expect(namesOf(await night(world, tonight, then))).toEqual(leaving(told));
    expect(namesOf(await night(world, '2026-11-23', then))).toEqual(leaving(told));
    // Without their opt-ins those who came back stay: the opt-out was lifted by them, and no newer one is known.
    const spoken = told.filter(({ choicesThen }) => choicesThen === undefined);
    expect(namesOf(await night(world, '2026-11-24', { ...then, choices: [] }))).toEqual(leaving(spoken));
  });

  it('by a column counts from the first night of an unbroken spell', async () => {
    const world = await createWorld();
    const out = { roster: [resident(0, column), resident(1)] };
    await night(world, '2026-11-20', out);
    await night(world, '2026-11-21', out);
    const at = '2026-11-20T12:00:00Z';
    const back = optIn(0, { requested_at: at, recorded_at: at });
    expect(await night(world, tonight, { choices: [back], roster: residents(2) })).toEqual(testNumbers(2));
    // A new spell is a new opt-out.
    await night(world, '2026-11-23', { choices: [back], roster: out.roster });
    expect(await night(world, '2026-11-24', { choices: [back], roster: residents(2) })).toEqual([
      testNumber(1),
    ]);
  });
});

describe('a night', () => {
  it('with the producedAt of another date is refused, even when that folder is gone', async () => {
    const world = await createWorld();
    world.toNight('2026-11-21');
    world.pass(6 * hour);
    const producedAt = formatInstant(world.now());
    const yesterday = world.intake({ producedAt, choices: [], roster: residents(2) }, {}, '2026-11-21');
    await world.run('2026-11-21');
    world.toNight(tonight);
    world.intake({ producedAt, choices: [choice(0)], roster: residents(3) });
    await expect(world.run()).rejects.toMatchObject({ code: 'manifest-of-another-date' });
    fs.rmSync(yesterday, { recursive: true });
    await expect(world.run()).rejects.toMatchObject({ code: 'manifest-of-another-date' });
    expect(world.simulator.sent()).toHaveLength(1);
  });

  it('that is over stays as it is when it is run again', async () => {
    const world = await createWorld();
    await night(world, tonight, { roster: residents(2) });
    const before = (await world.entries()).length;
    const calls = world.simulator.statistics().calls;
    const manifest = path.join(world.dropFolder(), 'manifest.json');
    const bytes = fs.readFileSync(manifest);
    world.intake({ choices: [choice(0)], roster: residents(2) });
    await world.restart();
    expect(await world.run()).toMatchObject({ run: { state: 'sealed' }, changed: false });
    expect((await world.entries()).length).toBe(before);
    expect(world.simulator.statistics().calls).toEqual(calls);
    expect(fs.readFileSync(manifest)).toEqual(bytes);
  });

  it('that has not begun cannot be run', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(2) }, {}, '2026-11-23');
    await expect(world.run('2026-11-23')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a drop for each location', () => {
  it('holds a number in the file of each location whose own row was asked about, and no file for nobody', async () => {
    const world = await createWorld({ settings: { DROP_LAYOUT: 'per-location' }, optedOut: [testNumber(3)] });
    const at = (place: number): Partial<RosterCells> => ({ location_id: `1-10990001${place}` });
    const before = [
      resident(0, at(11)),
      ...[resident(1, at(11)), resident(1, at(12))],
      ...[resident(2, at(11)), resident(2, { ...at(12), resident_to: '2026-11-01' })],
      resident(3, at(12)),
      resident(4, { ...at(13), ...column }),
      resident(5, at(11)),
      ...[resident(6, at(12)), resident(6, { ...at(14), provider_id: 'PR-02' })],
      resident(7, at(15)),
    ];
    const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
    world.intake({ choices: [], roster: before, providers });
    // Meanwhile person 5 moves next door, where nobody asked about them.
    world.meanwhile(() => {
      const after = before.map((row) =>
        row.service_user_id === serviceUserId(5) ? { ...row, ...at(12) } : row,
      );
      world.intake({ choices: [choice(7)], roster: after, providers });
    });
    const { run } = await world.run();
    const files = fs.readdirSync(world.dropFolder()).filter((name) => name.endsWith('.csv'));
    const contents = files.map((name) => {
      const lines = fs.readFileSync(path.join(world.dropFolder(), name), 'utf8').split('\n').slice(1, -1);
      return [name, lines];
    });
    const people = (...those: number[]): string[] => those.map(testNumber);
    expect(Object.fromEntries(contents)).toEqual({
      'location-1-1099000111.csv': people(0, 1, 2),
      'location-1-1099000112.csv': people(1, 6),
      'location-1-1099000114.csv': people(6),
    });
    expect(run.totals?.outcomes).toMatchObject({ released: 4, 'not-cleared': 1, 'objected-late': 2 });
    expect(run.released).toBe(4);
  });
});

describe('requests', () => {
  const nobody = numberList([]);
  const digestOf = (numbers: readonly string[]): string =>
    createHash('sha256')
      .update(requestBody(numberList(numbers.map(Number)), nobody))
      .digest('hex');
  const digestsSent = (world: World): string[] => world.simulator.sent().map(({ sha256 }) => sha256);

  it('hold at most CHECK_MAX_NUMBERS numbers each, ascending', async () => {
    const world = await createWorld({ settings: { CHECK_MAX_NUMBERS: '4' } });
    expect(await night(world, tonight, { roster: residents(10).toReversed() })).toEqual(testNumbers(10));
    const lists = [testNumbers(4), testNumbers(4, 4), testNumbers(2, 8)];
    expect(digestsSent(world)).toEqual(lists.map(digestOf));
    const subjects = world.simulator.sent().map(({ subject }) => subject);
    expect(subjects).toEqual(['0001', '0002', '0003'].map((sequence) => `X26ABC1-221126-${sequence}`));
    expect(new Set(world.simulator.sent().map(({ localId }) => localId)).size).toBe(3);
  });

  it("keep each controller's numbers to themselves when so told", async () => {
    const world = await createWorld({ settings: { CHECK_PARTITION: 'provider', CHECK_MAX_NUMBERS: '2' } });
    const provided = ['PR-03', 'PR-01', 'PR-02'];
    const roster = residents(7).map((row, n) => ({ ...row, provider_id: provided[n % 3] ?? '' }));
    // The last one stands with two providers and is asked about once.
    const double = resident(6, { provider_id: 'PR-01' });
    const providers = provided.map((provider_id) => providerCells({ provider_id }));
    expect(await night(world, tonight, { providers, roster: [...roster, double] })).toEqual(testNumbers(7));
    const lists = [[1, 4], [6], [2, 5], [0, 3]].map((those) => those.map(testNumber));
    expect(digestsSent(world)).toEqual(lists.map(digestOf));
  });
});

describe('a rehearsal', () => {
  it('does all but the link, and leaves the night as it was', async () => {
    const world = await createWorld({ optedOut: [testNumber(0)] });
    world.intake({ choices: [choice(1)], roster: residents(4) });
    const rehearsal: RunId = { businessDate: tonight, revision: 0 };
    expect((await world.run(tonight, true)).run).toMatchObject({
      ...rehearsal,
      state: 'withheld',
      reason: 'rehearsed',
    });
    expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([3]);
    expect(fs.readdirSync(world.config.outboundDir)).toEqual([]);
    const told = (await world.entries()).map(({ what }) => what);
    expect(told).toContain('run-rehearsed');
    for (const what of ['run-decided', 'run-released', 'run-sealed']) expect(told).not.toContain(what);
    const kept = await world.ledger.read(async (tx) => ({
      released: await tx.personList(rehearsal, 'released'),
      late: await tx.personList(rehearsal, 'held-back-late'),
      sizes: await tx.releasedSizes(7),
    }));
    expect(kept).toEqual({ released: null, late: null, sizes: [] });

    expect((await world.run(tonight, true)).run).toMatchObject({ revision: -1, reason: 'rehearsed' });
    expect((await world.run()).run).toMatchObject({ revision: 1, state: 'sealed' });
    expect(world.released()).toEqual(testNumbers(2, 2));
    const runs = new Set((await world.entries()).map(({ run }) => run));
    expect(runs).toEqual(new Set(['', `${tonight}/rehearsal-1`, `${tonight}/rehearsal-2`, `${tonight}/r1`]));
    // And one more afterwards changes nothing of what was released.
    expect((await world.run(tonight, true)).run).toMatchObject({ revision: -2, reason: 'rehearsed' });
    expect(world.released()).toEqual(testNumbers(2, 2));
  });
});

describe('keeping house', () => {
  const filesBelow = (folder: string): Buffer[] =>
    fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)));

  it('destroys the papers of a run with the age limit of its answers, and leaves no copy', async () => {
    const world = await createWorld();
    const keyOf = (date: string) =>
      world.ledger.read(async (tx) => {
        const run = await tx.run({ businessDate: date, revision: 1 });
        return run === null ? null : tx.key(run.keyId);
      });
    await night(world, tonight, { roster: residents(3) });
    await keepHouse(world.pipeline);
    const key = await keyOf(tonight);
    expect(await world.ledger.read((tx) => tx.paper(key?.keyId ?? '', 'asked'))).not.toBeNull();
    // Mail that belongs to no run lies under a key of the day.
    const names = { workflowId: world.config.check.workflowId, localId: 'stranger', subject: 'x' };
    world.simulator.deliver({ from: 'X26STRANGER', to: 'X26ABC1', ...names }, Buffer.from('9990000018,\n'));
    await night(world, '2026-11-23', { roster: residents(3) });
    const daily = await world.ledger.read((tx) => tx.keyOf('day-papers', '2026-11-23'));
    expect(daily).not.toBeNull();
    await keepHouse(world.pipeline);
    expect(await keyOf(tonight)).toBeNull();
    expect(await keyOf('2026-11-23')).not.toBeNull();
    expect(await world.ledger.read((tx) => tx.paper(key?.keyId ?? '', 'asked'))).toBeNull();
    const gone = Buffer.from(key?.wrapped ?? '');
    expect(filesBelow(world.config.dataDir).filter((bytes) => bytes.includes(gone))).toEqual([]);
    world.pass(2 * day);
    await keepHouse(world.pipeline);
    expect(await keyOf('2026-11-23')).toBeNull();
    expect(await world.ledger.read((tx) => tx.key(daily?.keyId ?? ''))).toBeNull();
    const destroyed = (await world.entries()).filter(({ what }) => what === 'key-destroyed');
    expect(destroyed.map(({ purpose }) => purpose).sort()).toEqual([
      'day-papers',
      'run-papers',
      'run-papers',
    ]);
    // The year's key stays, and what it proves.
    expect(await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', '2026'))).not.toBeNull();
  });

  it('ends a run that waited until its papers died', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    world.simulator.fault('closed-mailbox');
    await expect(world.run()).rejects.toMatchObject({ code: 'mesh-forbidden' });
    world.pass(2 * day);
    await keepHouse(world.pipeline);
    expect((await world.run()).run).toMatchObject({ state: 'failed', reason: 'key-destroyed' });
    expect(world.simulator.sent()).toEqual([]);
  });

  it('ends a held run whose papers died', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(160) });
    expect((await world.run()).run.state).toBe('held');
    world.pass(2 * day);
    await keepHouse(world.pipeline);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'hold-expired' });
    expect(world.released()).toBeNull();
  });

  it('removes intakes and drops after their keep days, once their runs are over', async () => {
    const settings = { INTAKE_KEEP_DAYS: '3', DROP_KEEP_DAYS: '5' };
    const world = await createWorld({ settings });
    await night(world, '2026-11-20', { roster: residents(2) });
    world.intake(
      { producedAt: formatInstant(world.now() - hour / 2), roster: residents(2) },
      {},
      '2026-11-19',
    );
    world.toNight('2026-11-21');
    world.intake({ choices: [], roster: residents(160) }, {}, '2026-11-21');
    expect((await world.run('2026-11-21')).run.state).toBe('held');
    await night(world, tonight, { roster: residents(2) });
    const standing = (): string[][] => {
      const { intakeDir, outboundDir } = world.config;
      return [intakeDir, outboundDir].map((folder) => fs.readdirSync(folder).sort());
    };
    await keepHouse(world.pipeline);
    expect(standing()).toEqual([
      ['2026-11-19', '2026-11-20', '2026-11-21', tonight],
      ['2026-11-20', tonight],
    ]);
    world.pass(2 * day);
    await keepHouse(world.pipeline);
    // The date that nobody ran is over too; the held one is not.
    expect(standing()).toEqual([
      ['2026-11-21', tonight],
      ['2026-11-20', tonight],
    ]);
    world.pass(2 * day);
    await keepHouse(world.pipeline);
    expect(standing()).toEqual([['2026-11-21'], [tonight]]);
    expect((await world.run('2026-11-21')).run.reason).toBe('hold-expired');
    world.pass(4 * day);
    await keepHouse(world.pipeline);
    expect(standing()).toEqual([[], []]);
    const removed = (await world.entries())
      .filter(({ what }) => what === 'intake-removed' || what === 'drop-removed')
      .map(({ what, businessDate }) => `${what} ${String(businessDate)}`);
    expect(removed.sort()).toEqual([
      'drop-removed 2026-11-20',
      `drop-removed ${tonight}`,
      'intake-removed 2026-11-19',
      'intake-removed 2026-11-20',
      'intake-removed 2026-11-21',
      `intake-removed ${tonight}`,
    ]);
  });
});
