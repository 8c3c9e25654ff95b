/** Backups, and restoring one: what is lost is said, nobody is sent twice, and nobody does it alone. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { asFailure } from '../../src/domain/failure.ts';
import { checkLog, readFolder } from '../../scripts/verify-audit.mjs';
import { openBackup } from '../../src/audit/backup.ts';
import { exportLog } from '../../src/audit/export-log.ts';
import { openSqliteCopy } from '../../src/ledger/sqlite-copy.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { approve, guardian, signer } from '../support/approvals.ts';
import type { Signer } from '../support/approvals.ts';
import { backUp, plan, reason, restoreFrom } from '../support/backups.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { changeKey, nameKey } from '../support/key-changes.ts';
import { resident, residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

const second = '2026-11-23';
const third = '2026-11-24';

async function night(world: World, date: string, roster = residents(5)): Promise<void> {
  world.toNight(date);
  world.intake({ choices: [], roster }, {}, date);
  await world.run(date);
}

/** Two nights, and the backup made between them. */
async function twoNights(): Promise<{ world: World; backup: string }> {
  const world = await createWorld();
  await nameKey(world);
  await night(world, tonight);
  const backup = await backUp(world);
  await night(world, second);
  return { world, backup };
}

const approversFile = (world: World, ...signers: readonly Signer[]): string => {
  const file = path.join(world.folder, 'approvers.json');
  fs.writeFileSync(file, JSON.stringify(signers.map(({ entry }) => entry)));
  return file;
};

const sizeShown = (world: World): number =>
  Number(fs.readFileSync(path.join(world.config.dataDir, 'checkpoint'), 'utf8').split('\n')[1]);

describe('a backup', () => {
  it('is sealed, read back, and told of in the log', async () => {
    const { world, backup } = await twoNights();
    const { audit } = world.pipeline;
    const { size, root, digest } = await openBackup(backup, audit, openSqliteCopy, [audit.verifierKey]);
    const told = (await world.entries()).filter(({ what }) => what === 'backup-made');
    expect(told).toEqual([expect.objectContaining({ size, root, digest })]);
    expect(fs.readdirSync(backup).sort()).toEqual([
      'checkpoint',
      'ledger.sqlite',
      'manifest.json',
      'manifest.note',
    ]);
    const all = fs
      .readdirSync(backup)
      .map((name) => fs.readFileSync(path.join(backup, name)).toString('latin1'))
      .join();
    expect(all).not.toContain('PRIVATE KEY');
  });

  it('that was touched anywhere is refused', async () => {
    const { world, backup } = await twoNights();
    for (const name of fs.readdirSync(backup)) {
      const file = path.join(backup, name);
      const whole = fs.readFileSync(file);
      const bytes = Buffer.from(whole);
      bytes[Math.floor(bytes.length / 2)]! ^= 0x01;
      fs.writeFileSync(file, bytes);
      const code = await plan(world, backup).then(
        () => 'accepted',
        (thrown: unknown) => asFailure(thrown).code,
      );
      expect([name, code]).toEqual([name, 'backup-invalid']);
      fs.writeFileSync(file, whole);
    }
    fs.rmSync(path.join(backup, 'checkpoint'));
    await expect(plan(world, backup)).rejects.toMatchObject({ code: 'backup-invalid' });
  });
});

describe('a ledger put back by hand', () => {
  it('is refused before anything is asked or signed: a larger log was shown (fault 35)', async () => {
    const { world, backup } = await twoNights();
    const shown = sizeShown(world);
    const asked = world.simulator.sent().length;
    await world.restore(path.join(backup, 'ledger.sqlite'));
    world.toNight(third);
    world.intake({ choices: [], roster: residents(5) }, {}, third);
    await expect(world.run(third)).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(world.simulator.sent()).toHaveLength(asked);
    expect(sizeShown(world)).toBe(shown);
    expect(world.released(third)).toBeNull();
    const signing = world.ledger.transact(world.pipeline.claim, (tx) => world.pipeline.audit.sign(tx));
    await expect(signing).rejects.toMatchObject({ code: 'audit-invalid' });
    await restoreFrom(world, backup);
    await world.run(third);
    expect(world.released(third)).toEqual(testNumbers(5));
  });

  it('is refused also where it has grown beyond what was shown', async () => {
    const { world, backup } = await twoNights();
    await world.restore(path.join(backup, 'ledger.sqlite'));
    const { ledger, audit, claim, by } = world.pipeline;
    const beat = { what: 'heartbeat', at: '2026-11-24T00:00:00.000Z', run: '', by, lastRun: '' } as const;
    await ledger.transact(claim, async (tx) => {
      for (let n = 0; n < 200; n++) await audit.append(tx, beat);
    });
    await expect(ledger.transact(claim, (tx) => audit.sign(tx))).rejects.toMatchObject({
      code: 'audit-invalid',
    });
    await restoreFrom(world, backup);
  });
});

describe('a restore', () => {
  it('says in the next entry what is lost, and the log goes on from there', async () => {
    const { world, backup } = await twoNights();
    const shown = sizeShown(world);
    const before = fs.readFileSync(path.join(world.config.dataDir, 'checkpoint'), 'utf8');
    const { terms, drops, setAside } = await restoreFrom(world, backup);
    const entries = await world.entries();
    const at = entries.findIndex(({ what }) => what === 'ledger-restored');
    expect(at).toBe(terms.size);
    expect(entries[at]).toMatchObject({ size: terms.size, anchoredSize: shown, approvedBy: [], reason });
    expect(terms.lost).toEqual([expect.objectContaining({ size: shown })]);
    expect(entries[at + 1]).toMatchObject({ what: 'drop-recognised', drop: `${second}/r1` });
    expect(drops).toEqual([`${second}/r1`]);
    expect(sizeShown(world)).toBe(at + 2);
    // What was shown of the lost part is kept, and what stood there too, without what must die.
    const kept = fs.readdirSync(world.config.dataDir).find((name) => name.startsWith('checkpoint-lost-'));
    expect(fs.readFileSync(path.join(world.config.dataDir, kept ?? ''), 'utf8')).toBe(before);
    expect(fs.existsSync(setAside ?? '')).toBe(true);
  });

  it('lets nobody be sent twice and no night be lost: known dates are over, unknown ones closed, the next goes', async () => {
    const { world, backup } = await twoNights();
    const drop = fs.readFileSync(path.join(world.dropFolder(second), 'manifest.json'));
    await restoreFrom(world, backup);
    const asked = world.simulator.sent().length;
    expect(await world.run(tonight)).toMatchObject({ changed: false, run: { state: 'sealed' } });
    await expect(world.run(second)).rejects.toMatchObject({
      code: 'audit-unreconciled',
      detail: { place: `${second}/r1` },
    });
    expect(world.simulator.sent()).toHaveLength(asked);
    expect(fs.readFileSync(path.join(world.dropFolder(second), 'manifest.json'))).toEqual(drop);
    await night(world, third);
    expect(world.released(third)).toEqual(testNumbers(5));
  });

  it('carries again the opt-outs of the intakes on the disk, though their rows have disappeared since', async () => {
    const world = await createWorld();
    await night(world, tonight);
    const backup = await backUp(world);
    await night(world, second, [resident(0, { in_service_choice: 'opted_out' }), ...residents(4, {}, 1)]);
    const { intakes } = await restoreFrom(world, backup);
    expect(intakes).toEqual([tonight, second]);
    await night(world, third);
    expect(world.released(third)).toEqual(testNumbers(4, 1));
  });

  it('ends a run that was not over: its papers are in no backup', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(5) });
    let backup = '';
    world.meanwhile(async () => {
      backup = await backUp(world);
      throw new Error('the machine is lost');
    });
    await expect(world.run()).rejects.toThrow();
    await restoreFrom(world, backup);
    expect(await world.run()).toMatchObject({ run: { state: 'failed', reason: 'key-destroyed' } });
    expect(world.released()).toBeNull();
  });

  it('closes the date of a run that was not over in the backup, and was released later', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(5) });
    let backup = '';
    world.meanwhile(async () => {
      backup = await backUp(world);
    });
    await world.run();
    const { drops } = await restoreFrom(world, backup);
    expect(drops).toEqual([`${tonight}/r1`]);
    await expect(world.run()).rejects.toMatchObject({ code: 'audit-unreconciled' });
    expect((await world.entries()).map(({ what }) => what)).not.toContain('run-failed');
    // What it left behind is kept no longer than anything else.
    for (const date of [second, '2026-12-01']) {
      expect(fs.existsSync(world.dropFolder(tonight))).toBe(true);
      await night(world, date);
      await keepHouse(world.pipeline);
    }
    expect(fs.existsSync(world.dropFolder(tonight))).toBe(false);
    expect(fs.existsSync(path.join(world.config.intakeDir, tonight))).toBe(false);
  });

  it('finds what is lost in a checkpoint that somebody else kept', async () => {
    const { world, backup } = await twoNights();
    const theirs = path.join(world.folder, 'theirs');
    fs.renameSync(path.join(world.config.dataDir, 'checkpoint'), theirs);
    await world.ledger.close();
    fs.rmSync(path.join(world.config.dataDir, 'ledger.sqlite'));
    const blind = await plan(world, backup);
    expect(blind.terms).toMatchObject({ standing: 'none', lost: [] });
    const seeing = await restoreFrom(world, backup, { checkpoints: [theirs] });
    expect(seeing.terms.lost).toHaveLength(1);
    expect(seeing.setAside).toBeNull();
    fs.writeFileSync(theirs, 'not a checkpoint');
    await expect(plan(world, backup, { checkpoints: [theirs] })).rejects.toMatchObject({
      code: 'restore-refused',
    });
  });

  it('takes the place of a ledger that cannot be read', async () => {
    const { world, backup } = await twoNights();
    await world.ledger.close();
    fs.writeFileSync(path.join(world.config.dataDir, 'ledger.sqlite'), 'a broken disk');
    fs.writeFileSync(path.join(world.config.dataDir, 'ledger.sqlite-wal'), 'what was written last');
    const { terms, setAside } = await restoreFrom(world, backup);
    expect(terms.standing).toBe('unreadable');
    const kept = ['', '-wal'].map((suffix) => fs.readFileSync(`${setAside}${suffix}`, 'utf8'));
    expect(kept).toEqual(['a broken disk', 'what was written last']);
    await night(world, third);
    expect(world.released(third)).toEqual(testNumbers(5));
  });
});

describe('a backup from before a change of the signing key', () => {
  it('opens, and its log goes on under the present key', async () => {
    const { world, backup } = await twoNights();
    const old = world.pipeline.audit.verifierKey;
    await changeKey(world);
    await changeKey(world);
    const { terms } = await restoreFrom(world, backup);
    expect(terms.lost).not.toEqual([]);
    const { audit } = world.pipeline;
    const keys = (await world.ledger.read((tx) => audit.keys(tx))).map(({ verifierKey }) => verifierKey);
    expect([keys.length, keys[0], keys[2]]).toEqual([3, old, audit.verifierKey]);
    await night(world, third);
    expect(world.released(third)).toEqual(testNumbers(5));
    const folder = path.join(world.folder, 'log');
    await world.ledger.read(async (tx) => exportLog(tx, await audit.keys(tx), folder));
    expect(checkLog(readFolder(folder), { key: old })).toMatchObject({ sound: true });
  });

  it('opens though the ledger that stood is gone: the key folder knows which key followed', async () => {
    const { world, backup } = await twoNights();
    await changeKey(world);
    const { dataDir } = world.config;
    await world.ledger.close();
    for (const name of ['ledger.sqlite', 'checkpoint']) fs.rmSync(path.join(dataDir, name));
    const changes = path.join(dataDir, 'keys', 'key-changes.json');
    fs.renameSync(changes, path.join(world.folder, 'aside'));
    await expect(plan(world, backup)).rejects.toMatchObject({ code: 'backup-invalid' });
    fs.renameSync(path.join(world.folder, 'aside'), changes);
    await restoreFrom(world, backup);
    await night(world, third);
    expect(world.released(third)).toEqual(testNumbers(5));
  });

  it('cannot go on where nothing shows which key followed', async () => {
    const { world, backup } = await twoNights();
    await changeKey(world);
    fs.rmSync(path.join(world.config.dataDir, 'keys', 'key-changes.json'));
    await expect(plan(world, backup)).rejects.toMatchObject({ code: 'restore-refused' });
  });
});

describe('two people', () => {
  it('restore: nobody without a signature, nobody by their own, nobody over another text', async () => {
    const { world, backup } = await twoNights();
    const operator = signer('test');
    const file = approversFile(world, guardian, operator);
    const refused = (sign: (text: string) => string | null): Promise<unknown> =>
      restoreFrom(world, backup, { approversFile: file, sign }).catch(
        (thrown: unknown) => asFailure(thrown).code,
      );
    expect(await refused(() => null)).toBe('restore-refused');
    expect(await refused((text) => operator.sign(text))).toBe('approval-refused');
    expect(await refused((text) => guardian.sign(text.replace(reason, 'another reason')))).toBe(
      'approval-refused',
    );
    expect(await refused((text) => guardian.sign(text.replace(/lost entries \d+/, 'lost entries 1')))).toBe(
      'approval-refused',
    );
    expect((await world.entries()).map(({ what }) => what)).not.toContain('ledger-restored');
    expect(fs.readdirSync(world.config.dataDir).filter((name) => name.startsWith('restoring'))).toEqual([]);
  });

  it('are needed again before the next run: choices recorded since the backup are lost', async () => {
    const { world, backup } = await twoNights();
    const file = approversFile(world, guardian);
    const restored = await restoreFrom(world, backup, {
      approversFile: file,
      sign: (text) => guardian.sign(text),
    });
    expect(restored.approvedBy).toEqual(['Grace Hopwood (Caldicott Guardian)']);
    const asked = world.simulator.sent().length;
    await night(world, third);
    expect(world.simulator.sent()).toHaveLength(asked);
    const hold = await approve(world);
    expect(hold.reasons).toEqual(['ledger-restored']);
    await world.run(third);
    expect(world.released(third)).toEqual(testNumbers(5));
    // Once seen to, it holds no later run.
    await night(world, '2026-11-25');
    expect(world.released('2026-11-25')).toEqual(testNumbers(5));
  });

  it('are asked for under live numbers, whatever is configured', async () => {
    const { world, backup } = await twoNights();
    const config = { ...world.config, numbers: { ...world.config.numbers, name: 'live' as const } };
    await expect(restoreFrom({ ...world, config }, backup)).rejects.toMatchObject({
      code: 'restore-refused',
    });
  });
});
