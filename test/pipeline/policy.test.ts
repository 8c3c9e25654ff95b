/** The whole pipeline against a second reading of the policy: the drop is exactly those whom policy and national answer allow. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { makeCohort } from '../../scripts/make-cohort.ts';
import { stampIntake } from '../../scripts/stamp-fixture.ts';
import { formatInstant, hour } from '../../src/domain/calendar.ts';
import { numbersOf, optedOutByShare } from '../../src/simulator/opted-out.ts';
import { runAccepting } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import type { ChoiceCells, IntakeCells, RosterCells } from '../support/intake-folder.ts';
import { referenceGate, referenceRelease } from '../support/reference-gate.ts';
import type { GateQuestion, RawIntake } from '../support/reference-gate.ts';
import { resident, serviceUserId, testNumber } from '../support/residents.ts';

worldsEndWell();

const fixture = path.join('fixtures', 'twenty-people');

/** The folder as the second reading wants it: every cell a text. */
function rawIntake(folder: string, readAt: string): Required<RawIntake> {
  const rows = (name: string): Record<string, string>[] =>
    parse(fs.readFileSync(path.join(folder, name)), { columns: true, bom: true });
  return {
    serviceUsers: rows('service-users.csv'),
    choices: rows('in-service-choices.csv'),
    providers: rows('providers.csv'),
    readAt,
  };
}

/** What may leave on a date, by the policy text alone. */
function allowed(
  world: World,
  date: string,
  isOptedOut: (number: string) => boolean,
  earlier: RawIntake[] = [],
): { numbers: string[]; intake: Required<RawIntake>; question: GateQuestion } {
  const intake = rawIntake(path.join(world.config.intakeDir, date), formatInstant(world.now()));
  world.watchFor(intake.serviceUsers.map((row) => (row['nhs_number'] ?? '').replaceAll(' ', '')));
  const question: GateQuestion = {
    intake,
    earlier,
    businessDate: date,
    readAt: intake.readAt,
    policy: 'test',
  };
  const cleared = intake.serviceUsers
    .map((row) => (row['nhs_number'] ?? '').replaceAll(' ', ''))
    .filter((number) => !isOptedOut(number));
  return { numbers: [...referenceRelease(question, new Set(cleared))].sort(), intake, question };
}

/** Runs a night and holds its drop, and the totals of its gate, against the policy. */
async function releasesWhatMayLeave(
  world: World,
  date: string,
  isOptedOut: (number: string) => boolean,
  earlier: RawIntake[] = [],
): Promise<Required<RawIntake>> {
  const { numbers, intake, question } = allowed(world, date, isOptedOut, earlier);
  const { run } = await runAccepting(world, date);
  expect(run.state).toBe(numbers.length === 0 ? 'withheld' : 'sealed');
  expect(world.released(date) ?? []).toEqual(numbers);
  const [gated] = (await world.entries()).filter((e) => e.what === 'run-gated' && e.run === `${date}/r1`);
  const counted: Record<string, number> = {};
  for (const outcome of referenceGate(question)) counted[outcome] = (counted[outcome] ?? 0) + 1;
  const counts = Object.entries(gated?.['rows'] as Record<string, number>).filter(([, count]) => count > 0);
  expect(Object.fromEntries(counts)).toEqual(counted);
  return intake;
}

describe('the twenty people', () => {
  it.each([tonight, '2027-03-29'])('of the fixture, on %s: those leave who should', async (date) => {
    const national = numbersOf(fs.readFileSync(path.join(fixture, 'national-opt-outs.txt'), 'utf8'));
    const { outcomes, released } = JSON.parse(
      fs.readFileSync(path.join(fixture, 'expected.json'), 'utf8'),
    ) as {
      outcomes: { outcome: string }[];
      released: string[];
    };
    const world = await createWorld({ optedOut: [...national] });
    world.toNight(date);
    const producedAt = formatInstant(world.now() - hour);
    stampIntake(path.join(fixture, tonight), path.join(world.config.intakeDir, date), {
      businessDate: date,
      producedAt,
    });
    await releasesWhatMayLeave(world, date, (number) => national.has(number));
    expect(world.released(date)).toEqual(released);
    const run = await world.ledger.read((tx) => tx.run({ businessDate: date, revision: 1 }));
    for (const outcome of new Set(outcomes.map((row) => row.outcome)))
      expect([outcome, run?.totals?.rows[outcome as 'asked']]).toEqual([
        outcome,
        outcomes.filter((row) => row.outcome === outcome).length,
      ]);
  });
});

describe('a thousand invented people', () => {
  const seeds = Array.from({ length: 7 }, (_, seed) => [seed + 1]);
  it.each(seeds)('of seed %i: those leave who may', async (seed) => {
    const settings = seed % 3 === 0 ? { CHECK_PARTITION: 'provider' } : { CHECK_MAX_NUMBERS: '700' };
    const world = await createWorld({ settings: seed % 3 === 1 ? {} : settings });
    const out = path.join(world.config.intakeDir, tonight);
    const nationalOptOuts = path.join(world.config.intakeDir, 'national-opt-outs.txt');
    makeCohort({
      ...{ out, date: tonight, producedAt: formatInstant(world.now() - hour), nationalOptOuts },
      ...{ people: 1000, homes: 30, providers: 8, seed, nationalShare: 0.03 + (seed % 6) / 100 },
    });
    const national = numbersOf(fs.readFileSync(nationalOptOuts, 'utf8'));
    national.forEach((number) => world.optedOut.add(number));
    await releasesWhatMayLeave(world, tonight, (number) => national.has(number));
  });
});

/** A cell that is usually as it should be. */
const cell = (usual: string, ...odd: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 40 }, { arbitrary: fc.constantFrom(...odd), weight: 1 });

const providerIds = ['PR-01', 'PR-02', 'PR-03', 'PR-04'];
const providers = [
  ...providerIds.map((provider_id) => providerCells({ provider_id })),
  providerCells({ provider_id: 'PR-05', participating_to: '2026-11-21' }),
  providerCells({ provider_id: 'PR-06', agreement_expires_on: 'soon' }),
  providerCells({ provider_id: 'PR-07', notice_version: 'v3' }),
];

const oddCells = fc.record({
  location_id: cell('1-1099000101', '1-1099000102', '', '1-12345', 'the Lodge'),
  person_type: cell('service_user', 'staff', 'Service_User', ''),
  informed_on: cell('2026-01-19', tonight, '2026-11-21', '', '19/01/2026', '9999-12-31'),
  notice_version: cell('v2', 'v1', 'v3', ''),
  in_service_choice: cell('none', 'opted_out', 'opted_in', 'N/A', ''),
  restricted: cell('no', 'yes', 'No', ''),
  resident_from: cell('2024-06-03', tonight, '2026-11-23', '', 'last year'),
  resident_to: cell('', '2026-11-21', tonight, '2027-01-01', 'never'),
});

/** Rows of `people` people; some stand on several rows, bear each other's numbers or ids, or lack one. */
const rosterOf = (people: number): fc.Arbitrary<RosterCells[]> =>
  fc.array(
    fc
      .record({
        n: fc.nat(people - 1),
        provider_id: cell('PR-01', ...providers.map((each) => each.provider_id), 'PR-99', ''),
        spelling: cell('as it is', 'small', 'none', 'another'),
        number: cell('own', 'another', 'spaced', 'dashed', 'wrong', 'none'),
        cells: oddCells,
      })
      .map(({ n, spelling, number, ...over }) => ({
        ...resident(n),
        provider_id: over.provider_id === 'PR-01' ? (providerIds[n % 4] ?? '') : over.provider_id,
        ...over.cells,
        service_user_id: spelt(n, spelling),
        nhs_number: written(n, number),
      })),
    { minLength: people, maxLength: people, size: 'max' },
  );

function spelt(n: number, spelling: string): string {
  if (spelling === 'none') return '';
  const id = serviceUserId(spelling === 'another' ? n + 1 : n);
  return spelling === 'small' ? id.toLowerCase() : id;
}

function written(n: number, how: string): string {
  const own = testNumber(n);
  if (how === 'none') return '';
  if (how === 'another') return testNumber(n + 1);
  if (how === 'wrong') return `${own.slice(0, 9)}${(Number(own[9]) + 1) % 10}`;
  const [space = ''] = how === 'spaced' ? [' '] : how === 'dashed' ? ['-'] : [];
  return `${own.slice(0, 3)}${space}${own.slice(3, 6)}${space}${own.slice(6)}`;
}

const times = ['2026-11-18T10:05:00Z', '2026-11-19T10:05:00+05:30', '2026-12-24T00:00:00Z', 'yesterday', ''];
const choiceOf = (people: number): fc.Arbitrary<ChoiceCells> =>
  fc
    .record({
      n: fc.nat(people - 1),
      isSmall: fc.boolean(),
      cells: fc.record({
        choice: fc.constantFrom('opt_out', 'opt_in', 'opt_in', 'opt_in', 'maybe'),
        channel: cell('verbal', 'written', 'digital', 'fax'),
        requested_at: cell('2026-11-18T10:05:00Z', '2026-11-18T10:04:59.999999Z', ...times),
        recorded_at: cell('2026-11-19T10:05:00Z', ...times),
        decided_by: cell('self', 'attorney', 'deputy', 'relative', 'staff', 'neighbour'),
      }),
    })
    .map(({ n, isSmall, cells }) =>
      choiceCells({ service_user_id: spelt(n, isSmall ? 'small' : ''), ...cells }),
    );

/** A choice of somebody who stands on no row would hold the run, which is not what is looked at here. */
const ofTheRoster = (choices: readonly ChoiceCells[], roster: readonly RosterCells[]): ChoiceCells[] => {
  const ids = new Set(roster.map((row) => row.service_user_id.toLowerCase()));
  return choices.filter((row) => ids.has(row.service_user_id.toLowerCase()));
};

/** What this seed draws: a failure names a number, not a thousand rows. */
const drawn = <T>(from: fc.Arbitrary<T>, seed: number): T => fc.sample(from, { numRuns: 1, seed })[0]!;
const endOnFailure = true;

describe('a thousand muddled rows', () => {
  const cohort = fc.record({
    roster: rosterOf(1000),
    choices: fc.array(choiceOf(1000), { minLength: 80, maxLength: 120 }),
    share: fc.integer({ min: 3, max: 8 }),
  });

  it('in many ways: those leave who may', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { roster, choices, share } = drawn(cohort, seed);
        const isOptedOut = optedOutByShare(share / 100, String(seed));
        const world = await createWorld({ simulator: { isOptedOut } });
        world.intake({ providers, roster, choices: ofTheRoster(choices, roster) });
        await releasesWhatMayLeave(world, tonight, isOptedOut);
      }),
      { numRuns: 8, endOnFailure },
    );
  });
});

describe('three nights of changing minds', () => {
  const people = 60;
  const dates = ['2026-11-20', '2026-11-21', tonight];
  /** How somebody stands on one night: the column, an opt-out or opt-in so many half days ago, and whether their id is another now. */
  const mood = fc.record({
    column: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'opted_out', 'opted_in', 'N/A'),
    said: fc.oneof(
      { arbitrary: fc.constant(null), weight: 6 },
      { arbitrary: fc.constantFrom('opt_out', 'opt_in', 'opt_in'), weight: 2 },
    ),
    byWhom: fc.constantFrom('self', 'self', 'deputy', 'relative'),
    id: fc.constantFrom('as it is', 'as it is', 'as it is', 'small', 'new', 'none'),
    isThere: fc.integer({ min: 0, max: 19 }).map((n) => n > 0),
    isForgotten: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  });
  const history = fc.array(fc.tuple(mood, mood, mood), { minLength: people, maxLength: people });

  it('are followed: those leave who may, on each of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const moods = drawn(history, seed);
        const isOptedOut = optedOutByShare(0.05, String(seed));
        const world = await createWorld({ simulator: { isOptedOut } });
        const earlier: RawIntake[] = [];
        for (const [night, date] of dates.entries()) {
          world.toNight(date);
          world.intake(nightOf(moods, night), {}, date);
          earlier.push(await releasesWhatMayLeave(world, date, isOptedOut, [...earlier]));
        }
      }),
      { numRuns: 4, endOnFailure },
    );
  });

  interface Mood {
    readonly column: string;
    readonly said: string | null;
    readonly byWhom: string;
    readonly id: string;
    readonly isThere: boolean;
    readonly isForgotten: boolean;
  }

  function nightOf(moods: readonly (readonly Mood[])[], night: number): IntakeCells {
    const idOf = (n: number, { id }: Mood): string => (id === 'new' ? `SU-new-${n}-${night}` : spelt(n, id));
    const roster = moods.flatMap((each, n) => {
      const now = each[night];
      if (now?.isThere !== true) return [];
      return [resident(n, { service_user_id: idOf(n, now), in_service_choice: now.column })];
    });
    // What was said on an earlier night's eve stands in the history unless it is forgotten tonight.
    const choices = moods.flatMap((each, n) =>
      each.slice(0, night + 1).flatMap(({ said, byWhom, isForgotten }, eve) => {
        const at = `2026-11-${18 + eve}T12:00:00Z`;
        if (said === null || (isForgotten && eve < night)) return [];
        const words = { choice: said, decided_by: byWhom, requested_at: at, recorded_at: at };
        return [choiceCells({ service_user_id: serviceUserId(n), ...words })];
      }),
    );
    return { roster, choices: ofTheRoster(choices, roster) };
  }
});
