/** The twenty most dangerous inputs: each ends withheld, held, refused, or harmless with the person still in. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { asFailure } from '../../src/domain/failure.ts';
import type { FaultName } from '../../src/simulator/faults.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import type { ChoiceCells, RosterCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

/** Ten residents; the first opted out by a choice on their record. */
const people = 10;
const optOut = (n = 0, over: Partial<ChoiceCells> = {}): ChoiceCells =>
  choiceCells({ choice_id: `CH-${n}`, service_user_id: serviceUserId(n), ...over });
const everybodyElse = testNumbers(people - 1, 1);

const refusalOf = async (world: World): Promise<string> => {
  try {
    await world.run();
    return 'not refused';
  } catch (thrown) {
    expect(world.simulator.sent()).toEqual([]);
    expect(world.released()).toBeNull();
    return asFailure(thrown).code;
  }
};

/** Runs tonight for a roster in which the first person must not leave, and tells who did. */
async function releasedWith(
  roster: readonly RosterCells[],
  choices: readonly ChoiceCells[] = [],
): Promise<readonly string[] | null> {
  const world = await createWorld();
  world.intake({ roster, choices });
  await world.run();
  return world.released();
}

/** How a night ends under a fault of the far side. */
async function endUnder(
  fault: FaultName,
  count = people,
): Promise<{ state: string; released: readonly string[] | null }> {
  const world = await createWorld({
    optedOut: testNumbers(2),
    settings: { MESH_POLL_SECONDS: '3600', CHECK_MAX_NUMBERS: '1000' },
  });
  world.intake({ roster: residents(count), choices: [] });
  world.simulator.fault(fault);
  const { run } = await world.run();
  return { state: run.state, released: world.released() };
}

describe('dangerous inputs', () => {
  it('1. deny list empty because a query failed: refused where the manifest counted more', async () => {
    const world = await createWorld();
    world.intake(
      { roster: residents(people), choices: [optOut()] },
      {
        manifest: (manifest) => {
          for (const file of manifest.files as { name: string; rows: number }[])
            if (file.name === 'in-service-choices.csv') file.rows = 3;
        },
      },
    );
    expect(await refusalOf(world)).toBe('intake-file-short');
  });

  it('1. deny list empty because a query failed: what was seen before is carried where the manifest agrees', async () => {
    const world = await createWorld();
    world.toNight('2026-11-21');
    world.intake({ roster: residents(people), choices: [optOut()] }, {}, '2026-11-21');
    await world.run('2026-11-21');
    world.toNight(tonight);
    world.intake({ roster: residents(people), choices: [] });
    await world.run();
    expect(world.released('2026-11-21')).toEqual(everybodyElse);
    expect(world.released()).toEqual(everybodyElse);
  });

  it('2. deny list whose numbers carry spaces', async () => {
    const spaced = testNumber(0).replace(/^(...)(...)/, '$1 $2 ');
    const roster = [
      resident(0),
      ...residents(people - 1, {}, 1),
      resident(0, {
        service_user_id: 'ELSEWHERE',
        provider_id: 'PR-02',
        nhs_number: spaced,
        in_service_choice: 'opted_out',
      }),
    ];
    expect(await releasedWith(roster)).toEqual(everybodyElse);
  });

  it('3. yesterday’s deny list under today’s name', async () => {
    const world = await createWorld();
    world.toNight('2026-11-21');
    world.intake({ roster: residents(people), choices: [] }, {}, '2026-11-21');
    await world.run('2026-11-21');
    const from = path.join(world.config.intakeDir, '2026-11-21');
    const to = path.join(world.config.intakeDir, tonight);
    world.pass(21.5 * 3_600_000);
    fs.cpSync(from, to, { recursive: true });
    const manifest = path.join(to, 'manifest.json');
    fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace('2026-11-21"', `${tonight}"`));
    await expect(world.run()).rejects.toMatchObject({ code: 'manifest-of-another-date' });
    expect(world.released()).toBeNull();
  });

  it('4. deny list cut at a line end', async () => {
    const world = await createWorld();
    const folder = world.intake({ roster: residents(people), choices: [optOut(1), optOut(0)] });
    const file = path.join(folder, 'in-service-choices.csv');
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    fs.writeFileSync(file, `${lines.slice(0, 2).join('\n')}\n`);
    expect(await refusalOf(world)).toBe('intake-file-altered');
  });

  it('5. two header columns "NHS Number"', async () => {
    const world = await createWorld();
    world.intake(
      { roster: residents(people), choices: [] },
      {
        tables: (texts) => {
          texts['service-users.csv'] = String(texts['service-users.csv']).replace(
            'notice_version',
            'nhs_number',
          );
        },
      },
    );
    expect(await refusalOf(world)).toBe('intake-header');
  });

  it('6. BOM before the header: the key column is read all the same', async () => {
    const world = await createWorld();
    world.intake(
      { roster: residents(people), choices: [optOut()] },
      {
        tables: (texts) => {
          for (const name of ['service-users.csv', 'in-service-choices.csv'] as const)
            texts[name] = `\uFEFF${String(texts[name])}`;
        },
      },
    );
    await world.run();
    expect(world.released()).toEqual(everybodyElse);
  });

  it.each(['N/A', 'y', 'TRUE ', '1', '', 'Opted_Out', 'optedout'])('7. opt-out flag %j', async (flag) => {
    const roster = [resident(0, { in_service_choice: flag }), ...residents(people - 1, {}, 1)];
    expect(await releasedWith(roster)).toEqual(everybodyElse);
  });

  it('8. two rows for one person, later row clean', async () => {
    const roster = [
      resident(0, { in_service_choice: 'opted_out' }),
      ...residents(people - 1, {}, 1),
      resident(0),
    ];
    expect(await releasedWith(roster)).toEqual(everybodyElse);
  });

  it.each(['01/02/2026', '31/12/9999', '9999-12-31', '2026-02-30', tonight])(
    '9. informed date %j',
    async (informedOn) => {
      const roster = [resident(0, { informed_on: informedOn }), ...residents(people - 1, {}, 1)];
      expect(await releasedWith(roster)).toEqual(everybodyElse);
    },
  );

  it('10. yesterday’s cleaned list re-delivered with today’s list pending', async () => {
    const world = await createWorld();
    world.toNight('2026-11-21');
    world.intake({ roster: residents(people), choices: [] }, {}, '2026-11-21');
    await world.run('2026-11-21');
    world.toNight(tonight);
    world.optedOut.add(testNumber(0));
    world.intake({ roster: residents(people), choices: [] });
    world.simulator.fault('yesterdays-answer');
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(everybodyElse);
  });

  it('11. cleaned list containing a valid number not asked', async () => {
    expect(await endUnder('foreign-number')).toEqual({ state: 'held', released: null });
  });

  it('12. the submitted file echoed back whole', async () => {
    expect(await endUnder('echo', 160)).toEqual({ state: 'held', released: null });
  });

  it('13. "job created" notice parsed as a list', async () => {
    expect(await endUnder('receipt-only')).toEqual({ state: 'withheld', released: null });
  });

  it('14. the invalid-number sentence parsed as an empty list: the list is split and asked again', async () => {
    expect(await endUnder('refusal')).toEqual({ state: 'sealed', released: testNumbers(people - 2, 2) });
  });

  it('15. gzip cut mid-way', async () => {
    const world = await createWorld({ optedOut: testNumbers(2) });
    world.intake({ roster: residents(people), choices: [] });
    world.meanwhile(() => {
      world.simulator.fault('gzip-cut');
    }, 4);
    const { run } = await world.run();
    expect([run.state, run.reason]).not.toContain('sealed');
    expect(world.released()).toBeNull();
  });

  it('17. HTML log-in page with status 200 containing ten-digit numbers', async () => {
    expect(await endUnder('html-page')).toEqual({ state: 'held', released: null });
  });

  it('18. full-width or Arabic digits equal after Unicode folding', async () => {
    const odd = (zero: number): string =>
      Array.from(testNumber(0), (digit) => String.fromCodePoint(zero + Number(digit))).join('');
    const roster = [
      ...residents(people - 1, {}, 1),
      resident(40, { nhs_number: odd(0xff10) }),
      resident(41, { nhs_number: odd(0x0660) }),
    ];
    expect(await releasedWith(roster)).toEqual(everybodyElse);
  });

  it('19. superseded number: the intake cannot show it, and it is asked about as it stands', async () => {
    const world = await createWorld({ optedOut: [testNumber(0)] });
    world.intake({ roster: [resident(50)], choices: [] });
    await world.run();
    expect(world.released()).toEqual([testNumber(50)]);
  });

  it('20. restored state from before someone opted out: the complete history speaks again', async () => {
    const world = await createWorld();
    const ledger = path.join(world.config.dataDir, 'ledger.sqlite');
    await world.ledger.close();
    const before = fs.readFileSync(ledger);
    await world.restart().catch(() => undefined);
    world.toNight('2026-11-21');
    world.intake({ roster: residents(people), choices: [optOut()] }, {}, '2026-11-21');
    await world.run('2026-11-21');
    await world.ledger.close();
    for (const name of fs.readdirSync(world.config.dataDir))
      if (name.startsWith('ledger.sqlite')) fs.rmSync(path.join(world.config.dataDir, name));
    fs.writeFileSync(ledger, before, { mode: 0o600 });
    await world.restart().catch(() => undefined);
    world.toNight(tonight);
    world.intake({ roster: residents(people), choices: [optOut()] });
    await world.run();
    expect(world.released()).toEqual(everybodyElse);
  });
});
