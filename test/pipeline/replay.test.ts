/** Past nights decided again: the same comes out, and where something else does it is said without naming anybody. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatInstant, hour } from '../../src/domain/calendar.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import { erasePerson } from '../../src/pipeline/person-erasure.ts';
import { replayRun } from '../../src/pipeline/replay/replay.ts';
import type { Replay } from '../../src/pipeline/replay/replay.ts';
import type { IntakeReader } from '../../src/ports.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import { rewriteLog } from '../support/meddling.ts';
import { resident, residents, serviceUserId, testNumber } from '../support/residents.ts';

worldsEndWell();

const run = `${tonight}/r1`;
const tomorrow = '2026-11-23';
const afterwards = '2026-11-24';
const late = choiceCells({ choice_id: 'CH-9', service_user_id: serviceUserId(1) });
const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
const roster = [
  ...residents(6),
  resident(4, { provider_id: 'PR-02' }),
  resident(20, { restricted: 'yes' }),
  resident(21, { in_service_choice: 'opted_out' }),
  resident(22, { informed_on: '' }),
];

/** Keeps a copy of tonight's intake as it stands, for the day on which it is gone. */
function keep(world: World, name: string): string {
  const to = path.join(world.folder, 'intake', `.kept-${name}`);
  fs.cpSync(path.join(world.config.intakeDir, tonight), path.join(to, tonight), { recursive: true });
  return to;
}

/** A night with a national opt-out, and one who objects between the first reading and the second; copies of both intakes. */
async function aNight(options: WorldOptions = {}): Promise<{ world: World; readers: IntakeReader[] }> {
  const world = await createWorld({ optedOut: [testNumber(2)], ...options });
  world.intake({ choices: [], roster, providers });
  const kept = [keep(world, 'first')];
  world.meanwhile(() => {
    world.intake({ choices: [late], roster, providers });
    kept.push(keep(world, 'second'));
  }, 2);
  expect((await world.run()).run.state).toBe('sealed');
  const readers = kept.map((intakeDir) => createIntakeReader({ intakeDir }));
  return { world, readers };
}

const replay = (world: World, readers: readonly IntakeReader[], name = run): Promise<Replay> =>
  replayRun(world.pipeline, name, readers);

describe('a run replayed', () => {
  it('comes out the same whatever was said later, late objections and carried ones included, and is an entry', async () => {
    const { world, readers } = await aNight();
    const first = await replay(world, readers);
    expect(first).toMatchObject({ run, rows: roster.length, byPerson: true, differences: [] });
    expect(first.intakes).toHaveLength(2);
    expect((await world.entries()).at(-1)).toMatchObject({ what: 'run-replayed', run, differences: 0 });
    // What was said and carried later did not speak then.
    const at = formatInstant(world.now());
    const told = { choice: 'opt_out', channel: 'verbal', requestedAt: at, recordedAt: at, decidedBy: 'self' };
    await recordChoice(world.pipeline, { ...told, serviceUserId: serviceUserId(3) });
    world.toNight(tomorrow);
    const optOut = choiceCells({ choice_id: 'CH-10', service_user_id: serviceUserId(5) });
    world.intake({ choices: [late, optOut], roster, providers }, {}, tomorrow);
    await world.run(tomorrow);
    expect((await replay(world, readers)).differences).toEqual([]);
    // Both opt-outs have gone missing, and are carried.
    world.toNight(afterwards);
    world.intake({ choices: [], roster, providers }, {}, afterwards);
    await world.run(afterwards);
    const standing = createIntakeReader({ intakeDir: world.config.intakeDir });
    for (const date of [tomorrow, afterwards])
      expect((await replay(world, [standing], `${date}/r1`)).differences).toEqual([]);
    expect((await replay(world, readers)).differences).toEqual([]);
  });

  it('comes out the same after somebody was erased from its lists, and by location', async () => {
    const { world, readers } = await aNight({ settings: { DROP_LAYOUT: 'per-location' } });
    await erasePerson(world.pipeline, Number(testNumber(0)), 'case 1');
    await erasePerson(world.pipeline, Number(testNumber(20)), 'case 2');
    expect((await replay(world, readers)).differences).toEqual([]);
  });

  it('comes out the same as a rehearsal, and as a night on which nothing left', async () => {
    const world = await createWorld({ optedOut: residents(6).map(({ nhs_number }) => nhs_number) });
    world.intake({ choices: [], roster, providers });
    await world.run(tonight, true);
    world.pass(hour);
    expect((await world.run()).run.state).toBe('held');
    const readers = [createIntakeReader({ intakeDir: world.config.intakeDir })];
    for (const name of [`${tonight}/rehearsal-1`, run])
      expect((await replay(world, readers, name)).differences).toEqual([]);
  });
});

describe('a replay that differs', () => {
  /** The same intake by its digest, read as if one cell were another. */
  const readOtherwise = (readers: readonly IntakeReader[]): IntakeReader[] =>
    readers.map((reader) => ({
      ...reader,
      async *roster(intake) {
        for await (const row of reader.roster(intake))
          yield row.serviceUserId === serviceUserId(3) ? { ...row, restricted: 'yes' } : row;
      },
    }));

  it('says where, by reason and by pseudonym, and names nobody', async () => {
    const { world, readers } = await aNight();
    const { differences } = await replay(world, readOtherwise(readers));
    const somebody = expect.stringMatching(/^provider "PR-01", pseudonym [0-9a-f]{32}$/);
    expect(differences).toEqual([
      { about: 'rows', place: 'restricted', then: '1', now: '2' },
      { about: 'rows', place: 'asked', then: '7', now: '6' },
      { about: 'numbers', place: 'passed the gate', then: '6', now: '5' },
      { about: 'list held-back', place: somebody, then: 'not there', now: 'restricted' },
      { about: 'list released', place: somebody, then: 'released', now: 'may not stand there' },
    ]);
    expect(JSON.stringify(differences)).not.toMatch(/999\d{7}/);
    expect((await world.entries()).at(-1)).toMatchObject({ what: 'run-replayed', differences: 5 });
  });
});

describe('a run is not replayable', () => {
  it('when an intake is disposed, or is not what it was to the byte', async () => {
    const { world, readers } = await aNight();
    const disposed = (message: string): unknown =>
      expect.objectContaining({ code: 'not-replayable', message: expect.stringContaining(message) });
    await expect(replay(world, [])).rejects.toEqual(disposed('intake disposed: its own intake'));
    await expect(replay(world, readers.slice(0, 1))).rejects.toEqual(disposed('the newest intake'));
    await expect(replay(world, readers.slice(1))).rejects.toEqual(disposed('its own intake'));
    const file = path.join(world.folder, 'intake', '.kept-first', tonight, 'in-service-choices.csv');
    fs.appendFileSync(file, '\n');
    await expect(replay(world, readers)).rejects.toEqual(disposed('intake-file-'));
  });

  it('under other rules, when it was never gated, and when nobody knows it', async () => {
    const { world, readers } = await aNight();
    await expect(replay(world, readers, '2026-11-01/r1')).rejects.toEqual(failing('run-not-found'));
    await rewriteLog(world, {
      entries: (told) =>
        told.map((line) => (line.what === 'run-opened' ? { ...line, rules: 'rules-0' } : line)),
    });
    await expect(replay(world, readers)).rejects.toMatchObject({
      code: 'not-replayable',
      message: expect.stringContaining('rules-0'),
    });
  });
});
