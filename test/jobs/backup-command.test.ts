/** Backup and restore at the command line, with the programs as they are installed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { signer } from '../support/approvals.ts';
import { readLog } from './evidence.ts';
import type { Night } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const reason = ['--reason', 'the disk of the machine was lost'];
const place = (night: Night, name: string): string => path.join(path.dirname(night.dataDir), name);

describe('a backup', () => {
  it('is private, told by status, holds no key, and is never written over', () =>
    oneNight(async (night) => {
      expect(await night.run()).toMatchObject({ code: 0 });
      expect(result(await night.gate('status', '--json'))).toMatchObject({ backup: null, restored: null });
      const folder = place(night, 'backup');
      const made = await night.gate('backup', folder, '--json');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const { size, digest } = result(made);
      expect(result(await night.gate('status', '--json'))).toMatchObject({ backup: { size, digest } });
      for (const name of readdirSync(folder))
        expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(await night.gate('backup', folder)).toEqual(expect.objectContaining(refusal(2, 'usage')));
      expect(readdirSync(path.dirname(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    }));
});

describe('a restore', () => {
  it('says what would be lost, needs somebody’s signature over exactly that, and goes on from there', async () => {
    const lead = signer('L. Lead');
    const folderOfApprovers = mkdtempSync(path.join(tmpdir(), 'export-gate-approvers-'));
    const approversFile = path.join(folderOfApprovers, 'approvers.json');
    writeFileSync(approversFile, JSON.stringify([lead.entry]));
    await oneNight(
      async (night) => {
        const folder = place(night, 'backup');
        expect(await night.gate('backup', folder)).toMatchObject({ code: 0 });
        expect(await night.run()).toMatchObject({ code: 0 });
        const { signed } = await readLog(night);
        const told = await night.gate('restore', folder, ...reason, '--text');
        expect(told.stdout).toMatch(new RegExp(`^lost entries ${signed} root [0-9a-f]{64}$`, 'm'));
        expect(await night.gate('restore', folder, ...reason)).toMatchObject(refusal(2, 'restore-refused'));
        const signature = place(night, 'signature');
        writeFileSync(signature, lead.sign(told.stdout.replace('lost entries', 'lost  entries')));
        const restore = ['restore', folder, ...reason, '--signature', signature];
        expect(await night.gate(...restore)).toMatchObject(refusal(2, 'approval-refused'));
        writeFileSync(signature, lead.sign(told.stdout));
        const missing = ['--newest-checkpoint', place(night, 'nothing')];
        expect(await night.gate(...restore, ...missing)).toMatchObject(refusal(2, 'restore-refused'));
        const done = await night.gate(...restore);
        expect(done).toMatchObject({ code: 0, stderr: '' });
        expect(done.stdout).toContain(`Sent already, though this ledger does not know it: ${night.date}/r1`);
        expect(await night.run()).toMatchObject(refusal(5, 'audit-unreconciled'));
        expect(await night.gate('audit', 'verify')).toMatchObject({ code: 0 });
        expect((await night.gate('status')).stdout).toMatch(/restored .* Lost: trees of/);
        expect((await readLog(night)).entries.map(({ what }) => what)).toEqual(
          expect.arrayContaining(['ledger-restored', 'drop-recognised']),
        );
      },
      { settings: { APPROVERS_FILE: approversFile } },
    );
    rmSync(folderOfApprovers, { recursive: true });
  });

  it('puts a ledger back on a machine that has only its keys, and refuses a backup with one byte broken', () =>
    oneNight(async (night) => {
      expect(await night.run()).toMatchObject({ code: 0 });
      const folder = place(night, 'backup');
      expect(await night.gate('backup', folder)).toMatchObject({ code: 0 });
      for (const name of readdirSync(night.dataDir))
        if (name !== 'keys') rmSync(path.join(night.dataDir, name), { recursive: true });
      const copy = path.join(folder, 'ledger.sqlite');
      const bytes = readFileSync(copy);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(copy, bytes);
      expect(await night.gate('restore', folder, ...reason)).toMatchObject(refusal(5, 'backup-invalid'));
      expect(existsSync(path.join(night.dataDir, 'ledger.sqlite'))).toBe(false);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(copy, bytes);
      const done = await night.gate('restore', folder, ...reason);
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(done.stdout).toContain('record again every choice');
      expect(await night.run()).toMatchObject({ code: 0 });
      expect(await night.gate('status')).toMatchObject({ code: 0 });
    }));
});
