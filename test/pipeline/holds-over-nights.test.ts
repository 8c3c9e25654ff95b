/** Holds that only several nights together give reason for. */
import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../src/domain/calendar.ts';
import { approve, openHold, reject } from '../support/approvals.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import type { ChoiceCells, RosterCells } from '../support/intake-folder.ts';
import { residents, serviceUserId, testNumbers } from '../support/residents.ts';

worldsEndWell();

const first = '2026-11-22';
const stateOf = async (world: World, date: string): Promise<string> => (await world.run(date)).run.state;

/** One night after another, and how each ends; a hold is left standing. */
async function night(
  world: World,
  nth: number,
  roster: readonly RosterCells[],
  choices: readonly ChoiceCells[] = [],
): Promise<string> {
  const date = addDays(first, nth);
  world.toNight(date);
  world.intake({ choices, roster }, {}, date);
  return stateOf(world, date);
}

const out = { in_service_choice: 'opted_out' };
const elsewhere = { location_id: '1-1099000102' };

describe('opt-outs that vanish together hold the run', () => {
  it('until a person has accepted it, and nobody who opted out leaves whatever they say', async () => {
    const world = await createWorld();
    const before = [...residents(6, out), ...residents(4, {}, 6)];
    expect(await night(world, 0, before)).toBe('sealed');
    expect(await night(world, 1, before)).toBe('sealed');
    expect(await night(world, 2, residents(10))).toBe('held');
    const both = ['home-opt-outs-vanished', 'opt-outs-vanished'];
    expect(await openHold(world)).toMatchObject({ stage: 'before-asking', reasons: both });
    await reject(world);
    // What was rejected is no measure: the next night is held for the same.
    expect(await night(world, 3, residents(10))).toBe('held');
    expect(await approve(world)).toMatchObject({ reasons: both });
    expect(await stateOf(world, addDays(first, 3))).toBe('sealed');
    expect(world.released(addDays(first, 3))).toEqual(testNumbers(4, 6));
    expect(await night(world, 4, residents(10))).toBe('sealed');
    expect(world.released(addDays(first, 4))).toEqual(testNumbers(4, 6));
  });

  it('where they were choices, and where they are those of one home among others', async () => {
    const world = await createWorld();
    const roster = [...residents(3), ...residents(40, elsewhere, 3)];
    const all = Array.from({ length: 30 }, (_, n) =>
      choiceCells({ choice_id: `CH-${n}`, service_user_id: serviceUserId(n) }),
    );
    expect(await night(world, 0, roster, all)).toBe('sealed');
    expect(await night(world, 1, roster, all.slice(3))).toBe('held');
    expect(await approve(world)).toMatchObject({ reasons: ['home-opt-outs-vanished'] });
    expect(await stateOf(world, addDays(first, 1))).toBe('sealed');
    // Two more are daily life, five are not.
    expect(await night(world, 2, roster, all.slice(5))).toBe('sealed');
    expect(await night(world, 3, roster, all.slice(10))).toBe('held');
    expect(await openHold(world)).toMatchObject({ reasons: ['opt-outs-vanished'] });
  });

  it('unless those who opted out have opted in again', async () => {
    const world = await createWorld();
    expect(await night(world, 0, [...residents(6, out), ...residents(4, {}, 6)])).toBe('sealed');
    const at = '2026-11-22T12:00:00Z';
    const optIns = Array.from({ length: 6 }, (_, n) =>
      choiceCells({
        ...{ choice_id: `CH-${n}`, service_user_id: serviceUserId(n), choice: 'opt_in' },
        ...{ requested_at: at, recorded_at: at },
      }),
    );
    expect(await night(world, 1, residents(10), optIns)).toBe('sealed');
    expect(world.released(addDays(first, 1))).toEqual(testNumbers(10));
  });
});

describe('removals that drift from the base rate hold the run', () => {
  it('before the release, on lists too short to be judged by a night; once approved it begins anew', async () => {
    // At three in ten nobody removed of a hundred is told after two nights.
    const world = await createWorld({ settings: { CHECK_BASE_RATE: '0.3' } });
    expect(await night(world, 0, residents(100))).toBe('sealed');
    expect(await night(world, 1, residents(100))).toBe('held');
    expect(await approve(world)).toMatchObject({ stage: 'before-release', reasons: ['removals-drifting'] });
    expect(await stateOf(world, addDays(first, 1))).toBe('sealed');
    expect(await night(world, 2, residents(100))).toBe('sealed');
    expect(await night(world, 3, residents(100))).toBe('held');
    await reject(world);
    // A night that was rejected sent nothing and says nothing.
    for (const number of testNumbers(100).filter((_, n) => n % 3 === 0)) world.optedOut.add(number);
    expect(await night(world, 4, residents(100))).toBe('sealed');
  });
});
