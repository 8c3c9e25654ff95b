/** The log at the command line: a sign of life, the exported log before the plain script, proofs, a new key, a ledger set back. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { readLog } from './evidence.ts';
import type { Night } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const script = path.join(import.meta.dirname, '..', '..', 'scripts', 'verify-audit.mjs');

const afterANight = (work: (night: Night) => Promise<void>): Promise<void> =>
  oneNight(async (night) => {
    expect(await night.run()).toMatchObject({ code: 0 });
    await work(night);
  });

/** What a stranger sees, with nothing but the script. */
function strangerChecks(folder: string, ...options: string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder, ...options], {
    encoding: 'utf8',
  });
  return { code: status, said: stdout + stderr };
}

/** The same as a sentence under test. */
const says = (code: number, ...words: string[]): object => ({
  code,
  said: expect.stringMatching(new RegExp(words.join('[^]*'))),
});

const verifierKeys = async (night: Night): Promise<string[]> => {
  const { stdout } = await night.gate('keys', 'show');
  return [...stdout.matchAll(/^verifier key: +(\S+)/gm)].map(([, key]) => key ?? '');
};

const exported = async (night: Night, name = 'log'): Promise<string> => {
  const folder = path.join(night.dataDir, name);
  expect(await night.gate('audit', 'export-log', folder)).toMatchObject({ code: 0, stderr: '' });
  return folder;
};

describe('a sign of life', () => {
  it('is one entry a day, signed, and says so when it stood already', () =>
    afterANight(async (night) => {
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0, stderr: '' });
      const first = await readLog(night);
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0, stderr: '' });
      const second = await readLog(night);
      expect(first.entries.filter(({ what }) => what === 'heartbeat')).toEqual([
        expect.objectContaining({ lastRun: `${night.date}/r1` }),
      ]);
      expect([second.entries.length, second.signed]).toEqual([first.entries.length, first.entries.length]);
    }));
});

describe('an exported log', () => {
  it('is sound before the script with our key, and grows when it is exported again', () =>
    afterANight(async (night) => {
      const folder = await exported(night);
      const [key = ''] = await verifierKeys(night);
      const before = readdirSync(path.join(folder, 'checkpoints'));
      expect(strangerChecks(folder, '--key', key)).toEqual(
        says(0, `Exported: ${night.date}/r1 +5 NHS numbers`, '\\nSOUND\\.'),
      );
      expect(strangerChecks(folder, '--key', key, '--drops', night.outbound)).toEqual(says(0, '\\nSOUND\\.'));
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0 });
      await exported(night);
      expect(readdirSync(path.join(folder, 'checkpoints')).length).toBe(before.length + 1);
      expect(strangerChecks(folder, '--key', key)).toEqual(says(0, '\\nSOUND\\.'));
    }));

  it('is unsound with one byte changed, under another key, and beside a drop that was edited', () =>
    afterANight(async (night) => {
      const folder = await exported(night);
      const other = 'export-gate+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
      expect(strangerChecks(folder, '--key', other).code).not.toBe(0);

      const [name = ''] = readdirSync(path.join(folder, 'entries'));
      const file = path.join(folder, 'entries', name);
      const bytes = readFileSync(file);
      const at = Math.floor(bytes.length / 2);
      const entry = bytes.subarray(0, at).toString().split('\n').length - 1;
      bytes[at]! ^= 1;
      writeFileSync(file, bytes);
      expect(strangerChecks(folder)).toEqual(says(5, `NOT SOUND at entry ${entry}\\b`));
      bytes[at]! ^= 1;
      writeFileSync(file, bytes);

      writeFileSync(path.join(night.drop, 'nhs-numbers.csv'), 'nhs_number\n');
      expect(strangerChecks(folder, '--drops', night.outbound)).toEqual(says(5, 'NOT SOUND'));
    }));

  it('refuses a folder that holds another log', () =>
    afterANight(async (night) => {
      const folder = await exported(night);
      const [name = ''] = readdirSync(path.join(folder, 'entries'));
      writeFileSync(path.join(folder, 'entries', name), 'something else\n');
      expect(await night.gate('audit', 'export-log', folder)).toMatchObject({ code: 5, stdout: '' });
    }));
});

describe('proofs', () => {
  it('of an entry, of every entry of a run and of growth hold before the script', () =>
    afterANight(async (night) => {
      const { entries, signed } = await readLog(night);
      const proof = path.join(night.dataDir, 'one.tlog-proof');
      const [key = ''] = await verifierKeys(night);
      expect(await night.gate('audit', 'prove', 'entry', '3', '--out', proof)).toMatchObject({ code: 0 });
      const folder = await exported(night);
      expect(strangerChecks(folder, '--key', key, '--proof', proof)).toEqual(says(0, '\\nSOUND\\.'));

      const all = path.join(night.dataDir, 'proofs');
      const run = `${night.date}/r1`;
      expect(await night.gate('audit', 'prove', 'run', run, '--out', all)).toMatchObject({ code: 0 });
      const ofRun = entries.flatMap((entry, position) =>
        entry['run'] === run && position < signed ? [`${position}.tlog-proof`] : [],
      );
      expect(new Set(readdirSync(all))).toEqual(new Set(ofRun));
      for (const name of ofRun)
        expect(strangerChecks(folder, '--key', key, '--proof', path.join(all, name))).toMatchObject({
          code: 0,
        });

      const sizes = readdirSync(path.join(folder, 'checkpoints')).map((name) => Number.parseInt(name));
      const [old, last] = [String(Math.min(...sizes)), String(Math.max(...sizes))];
      expect(await night.gate('audit', 'prove', 'consistency', old, last)).toMatchObject({ code: 0 });
    }));

  it('is refused of an entry that is not there, and of what is no position', () =>
    afterANight(async (night) => {
      expect(await night.gate('audit', 'prove', 'entry', '99999')).toMatchObject({ code: 2, stdout: '' });
      expect(await night.gate('audit', 'prove', 'entry', 'x')).toMatchObject(refusal(2, 'usage'));
    }));
});

describe('a new signing key', () => {
  it('is announced under the old one, and both sign the checkpoint that covers the change', () =>
    afterANight(async (night) => {
      const [old = ''] = await verifierKeys(night);
      expect(await night.gate('keys', 'rotate')).toMatchObject({ code: 0, stderr: '' });
      expect(await verifierKeys(night)).toEqual([old, expect.not.stringContaining(old)]);
      expect(await night.gate('audit', 'verify', '--json')).toMatchObject({ code: 0 });
      expect(strangerChecks(await exported(night), '--key', old)).toEqual(says(0, '\\nSOUND\\.'));
      expect(result(await night.run())).toMatchObject({ exitCode: 0 });
    }));
});

it('a ledger set back to an earlier night is refused beside the checkpoint that was shown (fault 31)', () =>
  oneNight(async (night) => {
    const kept = path.join(night.dataDir, '..', 'kept');
    expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0 });
    mkdirSync(kept);
    for (const name of readdirSync(night.dataDir).filter((file) => file.startsWith('ledger.sqlite')))
      cpSync(path.join(night.dataDir, name), path.join(kept, name));
    expect(await night.run()).toMatchObject({ code: 0 });
    for (const suffix of ['', '-wal', '-shm']) {
      const file = path.join(night.dataDir, `ledger.sqlite${suffix}`);
      rmSync(file, { force: true });
      const old = path.join(kept, `ledger.sqlite${suffix}`);
      if (existsSync(old)) cpSync(old, file);
    }
    expect(await night.gate('audit', 'verify')).toMatchObject(refusal(5, 'audit-invalid'));
    expect(await night.run()).toMatchObject({ code: 5 });
  }));
