/** A restore must not undo what was done for people since the backup: erasures, a legal hold, opt-outs. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { exportLog } from '../../src/audit/export-log.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { erasePerson, eraseYear, legalHold, setLegalHold } from '../../src/pipeline/person-erasure.ts';
import { lookUp } from '../../src/pipeline/person-lookup.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import { compactIfDue } from '../../src/pipeline/housekeeping.ts';
import { backUp, plan, restoreFrom } from '../support/backups.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { providerCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';
import { all } from '../support/ledger-samples.ts';

worldsEndWell();

const second = '2026-11-23';
const later = '2035-01-05';
const settings = {
  LEGAL_BASIS_REF: 'CAG 23/0001',
  LEGAL_BASIS_EXPIRES_ON: '2040-01-01',
  RECIPIENT_AGREEMENT_REF: 'DSA-7',
  RECIPIENT_AGREEMENT_EXPIRES_ON: '2040-01-01',
  PURPOSE: 'VIVALDI Social Care',
};
const providers = [providerCells({ agreement_expires_on: '2040-01-01' })];

async function night(world: World, date: string, roster = residents(5)): Promise<void> {
  world.toNight(date);
  world.intake({ choices: [], roster, providers }, {}, date);
  expect((await world.run(date)).run.state).toBe('sealed');
}

/** One night, a backup, and another night. */
async function backedUp(): Promise<{ world: World; backup: string }> {
  const world = await createWorld({ settings });
  await night(world, tonight);
  const backup = await backUp(world);
  await night(world, second);
  return { world, backup };
}

const erased = async (world: World, n: number): Promise<void> => {
  await erasePerson(world.pipeline, Number(testNumber(n)), `case ${n}`);
  await compactIfDue(world.pipeline);
};
const sentOn = async (world: World, n: number, thorough: boolean): Promise<string[]> =>
  (await lookUp(world.pipeline, { number: Number(testNumber(n)), reason: 'case 17', thorough })).sent.map(
    ({ run }) => run,
  );
const indexSize = (world: World): Promise<number> =>
  world.ledger.read(async (tx) => (await all(tx.indexedPersons('2026'))).length);

describe('a person erased since the backup', () => {
  it('is erased again, from lists and index, and every list still agrees with the log', async () => {
    const { world, backup } = await backedUp();
    await erased(world, 1);
    await erased(world, 2);
    const { terms, text } = await plan(world, backup);
    expect(terms.erasures).toEqual([
      expect.objectContaining({ what: 'person-erased', blocks: 2 }),
      expect.objectContaining({ what: 'person-erased', blocks: 2 }),
    ]);
    expect(text).toMatch(/^erased since person in 2 blocks entry \d+$/m);
    expect(await restoreFrom(world, backup)).toMatchObject({ erasedAgain: 2 });
    for (const n of [1, 2])
      for (const thorough of [false, true]) expect(await sentOn(world, n, thorough)).toEqual([]);
    expect(await sentOn(world, 0, true)).toEqual([`${tonight}/r1`]);
    expect(await indexSize(world)).toBe(3);
    const told = (await world.entries()).filter(({ what }) => what === 'person-erased');
    expect(told.map(({ reason }) => reason)).toEqual([
      'case 1 (done again after a restore)',
      'case 2 (done again after a restore)',
    ]);
    expect(told.map(({ blocks }) => (blocks as { run: string }[]).map(({ run }) => run))).toEqual([
      [`${tonight}/r1`],
      [`${tonight}/r1`],
    ]);
  });

  it('leaves not a byte of theirs in the file of the restored ledger', async () => {
    const { world, backup } = await backedUp();
    const copy = await openSqliteLedger(copyOf(backup, world));
    const [list] = await copy.read((tx) => tx.personLists());
    const pseudonym = await copy.read(async (tx) => {
      const key = (await tx.keyOf('year-pseudonyms', '2026'))!;
      return world.pipeline.keyring.runPseudonyms(key, list!.run)(testNumber(1));
    });
    await copy.close();
    const holds = (file: string): boolean => fs.readFileSync(file).includes(Buffer.from(pseudonym));
    expect(holds(path.join(backup, 'ledger.sqlite'))).toBe(true);
    await erased(world, 1);
    await restoreFrom(world, backup);
    expect(holds(path.join(world.config.dataDir, 'ledger.sqlite'))).toBe(false);
  });

  it('is back where the ledger that stood cannot be read; the plan says that nobody knows', async () => {
    const { world, backup } = await backedUp();
    await erased(world, 1);
    await world.ledger.close();
    fs.writeFileSync(path.join(world.config.dataDir, 'ledger.sqlite'), 'a broken disk');
    const { terms, text } = await plan(world, backup);
    expect(terms).toMatchObject({ erasures: [], erasuresUnknownFrom: terms.size });
    expect(text).toContain(`\nerased since unknown from entry ${terms.size}\n`);
    expect(await restoreFrom(world, backup)).toMatchObject({ choices: null, erasedAgain: 0 });
    expect(await sentOn(world, 1, true)).toEqual([`${tonight}/r1`]);
  });

  it('before it needs nothing: it is in the backup', async () => {
    const world = await createWorld({ settings });
    await night(world, tonight);
    await erased(world, 1);
    const backup = await backUp(world);
    await night(world, second);
    expect((await plan(world, backup)).terms.erasures).toEqual([]);
    await restoreFrom(world, backup);
    expect(await sentOn(world, 1, true)).toEqual([]);
  });
});

describe('a ledger that went another way than the backup', () => {
  it('takes nobody out of it by what it lacks: who was erased is left to be erased by hand', async () => {
    const { world, backup } = await backedUp();
    const newer = await backUp(world);
    await restoreFrom(world, backup);
    await night(world, '2026-11-24', residents(3));
    await erased(world, 1);
    const { terms } = await plan(world, newer);
    expect(terms).toMatchObject({ standingContinues: false, erasures: [{ what: 'person-erased' }] });
    expect(await restoreFrom(world, newer)).toMatchObject({ erasedAgain: 0, leftToErase: 1, choices: 0 });
    expect(await indexSize(world)).toBe(5);
    for (const thorough of [false, true])
      expect(await sentOn(world, 4, thorough)).toEqual([`${second}/r1`, `${tonight}/r1`]);
  });
});

describe('a year erased since the backup', () => {
  it('is erased again: its key, of which the backup holds a copy, dies once more', async () => {
    const { world, backup } = await backedUp();
    await night(world, later);
    const { keyId } = (await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', '2026')))!;
    await eraseYear(world.pipeline, '2026', 'time is over');
    expect((await plan(world, backup)).text).toMatch(/^erased since year 2026 entry \d+$/m);
    await restoreFrom(world, backup);
    expect(await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', '2026'))).toBeNull();
    expect(await indexSize(world)).toBe(0);
    expect((await world.entries()).find(({ what }) => what === 'year-erased')).toMatchObject({ keyId });
    const holdsKey = (folder: string): boolean =>
      fs.readFileSync(path.join(folder, 'ledger.sqlite')).includes('year-pseudonyms2026');
    expect([backup, world.config.dataDir].map(holdsKey)).toEqual([true, false]);
  });
});

describe('a ledger that is lost, with a copy of its log elsewhere', () => {
  const lost = async (): Promise<{ world: World; backup: string; checkpoints: string[] }> => {
    const { world, backup } = await backedUp();
    await erased(world, 1);
    await night(world, later);
    await eraseYear(world.pipeline, '2026', 'time is over');
    const log = path.join(world.folder, 'log');
    await world.ledger.read(async (tx) => exportLog(tx, await world.pipeline.audit.keys(tx), log));
    await world.ledger.close();
    for (const name of ['ledger.sqlite', 'checkpoint']) fs.rmSync(path.join(world.config.dataDir, name));
    return { world, backup, checkpoints: [path.join(log, 'checkpoint')] };
  };

  it('has its years erased again, and tells who must be erased by hand', async () => {
    const { world, backup, checkpoints } = await lost();
    const { terms, text } = await plan(world, backup, { checkpoints });
    const whats = terms.erasures.map(({ what }) => what);
    expect([whats, terms.lost.length]).toEqual([['person-erased', 'year-erased'], 1]);
    expect(terms.erasuresUnknownFrom).toBe(terms.lost[0]!.size);
    expect(text).toMatch(
      /erased since person in 2 blocks .*\nerased since year 2026 .*\nerased since unknown/,
    );
    const restored = await restoreFrom(world, backup, { checkpoints });
    expect(restored).toMatchObject({ erasedAgain: 1, leftToErase: 1, choices: null });
    expect(await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', '2026'))).toBeNull();
  });

  it('is not restored by a copy that was touched', async () => {
    const { world, backup, checkpoints } = await lost();
    const file = path.join(path.dirname(checkpoints[0]!), 'entries', '000000000000.jsonl');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('year-erased', 'year-erasea'));
    await expect(plan(world, backup, { checkpoints })).rejects.toMatchObject({ code: 'restore-refused' });
    // The ledger is lost and stays so: nothing tells of the drops.
    world.meddled = true;
    await world.restart();
  });
});

describe('what was told since the backup', () => {
  it('a legal hold still stands', async () => {
    const { world, backup } = await backedUp();
    await setLegalHold(world.pipeline, 'inquiry 7');
    await restoreFrom(world, backup);
    expect(await world.ledger.read(legalHold)).toBe('inquiry 7');
    await expect(erased(world, 1)).rejects.toMatchObject({ code: 'evidence-kept' });
  });

  it('an opt-out still objects, recorded here or seen in an intake that is gone', async () => {
    const world = await createWorld({ settings });
    await night(world, tonight);
    const backup = await backUp(world);
    await night(world, second, [resident(0, { in_service_choice: 'opted_out' }), ...residents(4, {}, 1)]);
    await recordChoice(world.pipeline, {
      serviceUserId: serviceUserId(1),
      choice: 'opt_out',
      channel: 'verbal',
      requestedAt: `${second}T09:00:00Z`,
      recordedAt: `${second}T09:00:00Z`,
      decidedBy: 'self',
    });
    fs.rmSync(path.join(world.config.intakeDir, second), { recursive: true });
    expect(await restoreFrom(world, backup)).toMatchObject({ choices: 1, intakes: [tonight] });
    await night(world, '2026-11-24');
    expect(world.released('2026-11-24')).toEqual(testNumbers(3, 2));
  });
});

/** Opened by itself it would be changed. */
function copyOf(backup: string, world: World): string {
  const file = path.join(world.folder, 'copy.sqlite');
  fs.copyFileSync(path.join(backup, 'ledger.sqlite'), file);
  return file;
}
