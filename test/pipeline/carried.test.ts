/** Opt-outs that last: over nights on which rows vanish, ids change and numbers are corrected, nobody who opted out is asked about. */
import { describe, expect, it } from '@jest/globals';
import { formatInstant, minute } from '../../src/domain/calendar.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import type { ChoiceCells, IntakeCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const dates = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'];
const out = { in_service_choice: 'opted_out' };
const others = residents(2, {}, 10);
const theOthers = testNumbers(2, 10);
const said = (day: string, over: Partial<ChoiceCells> = {}): ChoiceCells =>
  choiceCells({
    service_user_id: serviceUserId(0),
    requested_at: `${day}T12:00:00Z`,
    recorded_at: `${day}T12:00:00Z`,
    ...over,
  });

/** Runs one night after another and gives the numbers of the last drop. */
async function lastOf(nights: readonly IntakeCells[], world?: World): Promise<string[] | null> {
  const here = world ?? (await createWorld());
  for (const [night, cells] of nights.entries()) {
    const date = dates[night]!;
    here.toNight(date);
    here.intake({ choices: [], ...cells, roster: [...(cells.roster ?? []), ...others] }, {}, date);
    expect((await here.run(date)).run.state).toBe('sealed');
  }
  return here.released(dates[nights.length - 1]);
}

describe('an opt-out of an earlier night holds back', () => {
  it.each([
    ['before', (rows: IntakeCells['roster'] & object) => rows],
    ['after', (rows: IntakeCells['roster'] & object) => rows.toReversed()],
  ])('every number of its service user, on rows %s the one whose column says so', async (_, order) => {
    const roster = order([
      resident(0, { resident_to: '2026-01-01' }),
      resident(0, { ...out, nhs_number: testNumber(1) }),
    ]);
    expect(await lastOf([{ roster }, { roster: [resident(5, { nhs_number: testNumber(0) })] }])).toEqual(
      theOthers,
    );
  });

  it.each<[string, IntakeCells]>([
    ['column', { roster: [resident(0, out)] }],
    ['choice', { roster: [resident(0)], choices: [said('2026-11-19')] }],
  ])('a number corrected after its %s was forgotten, under another id later', async (_, first) => {
    const corrected = { roster: [resident(0, { nhs_number: testNumber(1) })] };
    const renamed = { roster: [resident(5, { nhs_number: testNumber(1) })] };
    expect(await lastOf([first, corrected, renamed])).toEqual(theOthers);
  });

  it('but no number that its service user came to bear after opting in', async () => {
    const optIn = said('2026-11-20', { choice: 'opt_in' });
    const nights: IntakeCells[] = [
      { roster: [resident(0, out)] },
      { roster: [resident(0, { nhs_number: testNumber(1) })], choices: [optIn] },
      { roster: [resident(5, { nhs_number: testNumber(1) })] },
    ];
    expect(await lastOf(nights)).toEqual([testNumber(1), ...theOthers]);
  });
});

describe('an opt-out that only the newest intake tells of, under an id that only the run’s own knows', () => {
  const longAgo = said('2026-10-01');
  const renamed = { choices: [longAgo], roster: [resident(5, { nhs_number: testNumber(0) }), ...others] };

  it('keeps its person out of the request where the newer folder was there first', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: [resident(0), ...others] });
    world.pass(minute);
    world.intake(renamed, {}, dates[3]);
    expect((await world.run()).run.totals?.outcomes).toMatchObject({ released: 2, 'objected-late': 1 });
    expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([2]);
    expect(world.released()).toEqual(theOthers);
  });

  it('keeps its person out of the drop where it came while the check was waited for', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: [resident(0), ...others] });
    world.meanwhile(() => world.intake({ ...renamed, producedAt: formatInstant(world.now()) }, {}, dates[3]));
    expect((await world.run()).run.totals?.outcomes).toMatchObject({ released: 2, 'objected-late': 1 });
    expect(world.released()).toEqual(theOthers);
  });
});

describe('what the log and whoever watches are told', () => {
  it('of opt-outs that went missing and of choices that match no row', async () => {
    const world = await createWorld();
    const all: ChoiceCells[] = [0, 1, 2].map((n) =>
      said('2026-11-19', { choice_id: `CH-${n}`, service_user_id: serviceUserId(n) }),
    );
    const nameless = resident(4, { ...out, service_user_id: '' });
    const left = said('2026-08-01', { choice_id: 'CH-9', service_user_id: 'SU-LEFT' });
    const nights: IntakeCells[] = [
      { choices: [...all, left], roster: [...residents(3), resident(3, out), nameless] },
      // The first is still told of, the second has opted in, the third and the last are forgotten, the fourth has flipped back.
      {
        choices: [
          all[0]!,
          all[1]!,
          said('2026-11-20', { service_user_id: serviceUserId(1), choice: 'opt_in' }),
        ],
        roster: [...residents(4).slice(1), nameless],
      },
    ];
    expect(await lastOf(nights, world)).toEqual([testNumber(1), ...theOthers]);
    const gated = (await world.entries()).filter(({ what }) => what === 'run-gated');
    expect(gated.map(({ carried, goneMissing }) => [carried, goneMissing])).toEqual([
      [0, 0],
      [5, 3],
    ]);
    expect(gated.map(({ unmatchedRecent, unmatchedOlder }) => [unmatchedRecent, unmatchedOlder])).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(world.events.filter(({ step }) => step === 'gated')).toMatchObject([
      { unmatched: 1, goneMissing: 0 },
      { unmatched: 1, goneMissing: 3 },
    ]);
  });
});
