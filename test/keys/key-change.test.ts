/** Changing the signing key, cut short after every step that lasts: the next start must go on, with one key that signs. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { readConfig } from '../../src/config.ts';
import { day } from '../../src/domain/calendar.ts';
import { makeNextKey, readNextKey, replaceSigningKey } from '../../src/keys/key-change.ts';
import { readSigningKey } from '../../src/keys/key-files.ts';
import { announceKey, beat } from '../../src/pipeline/custody.ts';
import type { LogDesk } from '../../src/pipeline/custody.ts';
import { initKeys, keyFilesIn, openOffice, systemChance } from '../../src/wiring.ts';
import type { Office } from '../../src/wiring.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });

let dataDir: string;
let later = 0;
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'export-gate-keys-'));
  initKeys(keyFilesIn(dataDir), systemChance, false);
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

const files = () => keyFilesIn(dataDir);
const keyFolder = (): string[] => readdirSync(path.dirname(files().signing)).sort();
const pem = (): string => readFileSync(files().signing, 'utf8');

async function inOffice<T>(work: (office: Office, desk: LogDesk) => Promise<T>): Promise<T> {
  const office = await openOffice(readConfig({ EXPORT_GATE_DATA_DIR: dataDir, NHS_NUMBER_POLICY: 'test' }));
  try {
    return await work(office, {
      ...office,
      by: 'operator:test',
      claim: await office.ledger.claim('custody'),
    });
  } finally {
    await office.close();
  }
}

const announce = (): Promise<string> =>
  inOffice(async ({ audit }, desk) => {
    const next = audit.nextVerifierKey!;
    await announceKey(desk, next);
    return next;
  });

/** The next start: it signs, everything verifies, and one key lies there. Gives back the keys of the log. */
const goesOn = (): Promise<readonly string[]> =>
  inOffice(async ({ ledger, audit, clock }, desk) => {
    later += day;
    expect(await beat({ ...desk, clock: { ...clock, now: () => clock.now() + later } })).toBe(true);
    return ledger.read(async (tx) => {
      await audit.verify(tx);
      const keys = (await audit.keys(tx)).map(({ verifierKey }) => verifierKey);
      expect(keys.at(-1)).toBe(audit.verifierKey);
      return keys;
    });
  });

describe('a change of the signing key', () => {
  it('leaves one key file, private, and nothing of the old key', async () => {
    await inOffice((_, desk) => beat(desk));
    const old = pem();
    makeNextKey(files());
    const next = await announce();
    replaceSigningKey(files());
    expect(keyFolder()).toEqual(['checkpoint-signing-key.pem', 'master-key']);
    expect(statSync(files().signing).mode & 0o777).toBe(0o600);
    expect(pem()).not.toBe(old);
    const keys = await goesOn();
    expect([keys.length, keys[1]]).toEqual([2, next]);
  });

  it('cut short before its announcement goes on with the old key, and the next change takes up the key made', async () => {
    const old = pem();
    makeNextKey(files());
    const made = readNextKey(files())!;
    expect(await goesOn()).toHaveLength(1);
    expect(pem()).toBe(old);
    makeNextKey(files());
    expect(readNextKey(files())!.publicKey.equals(made.publicKey)).toBe(true);
    await announce();
    expect(await goesOn()).toHaveLength(2);
  });

  it('cut short after its announcement is ended by the next start', async () => {
    const old = pem();
    makeNextKey(files());
    const { publicKey } = readNextKey(files())!;
    await announce();
    expect(pem()).toBe(old);
    expect(await goesOn()).toHaveLength(2);
    expect(readSigningKey(files().signing).publicKey.equals(publicKey)).toBe(true);
    expect(keyFolder()).toEqual(['checkpoint-signing-key.pem', 'master-key']);
    expect(await goesOn()).toHaveLength(2);
  });

  it('cut short while the checkpoint was about to be shown goes on', async () => {
    makeNextKey(files());
    await inOffice(async ({ audit }, desk) => {
      const mute = { ...audit, publishCheckpoint: () => Promise.reject(new Error('power cut')) };
      await expect(announceKey({ ...desk, audit: mute }, audit.nextVerifierKey!)).rejects.toThrow(
        'power cut',
      );
    });
    expect(await goesOn()).toHaveLength(2);
  });

  it('whose transaction was lost has not happened', async () => {
    makeNextKey(files());
    await inOffice(async ({ audit }, desk) => {
      const lost: LogDesk['ledger'] = {
        ...desk.ledger,
        transact: (claim, work) =>
          desk.ledger.transact(claim, async (tx) => {
            await work(tx);
            throw new Error('power cut');
          }),
      };
      await expect(announceKey({ ...desk, ledger: lost }, audit.nextVerifierKey!)).rejects.toThrow(
        'power cut',
      );
    });
    expect(await goesOn()).toHaveLength(1);
  });

  it('passes over a key that was only half written', () => {
    const half = `${files().signing.replace(/[^/]+$/, '')}next-checkpoint-signing-key.pem.half`;
    writeFileSync(half, '-----BEGIN', { mode: 0o600 });
    expect(readNextKey(files())).toBeNull();
    makeNextKey(files());
    expect([existsSync(half), readNextKey(files()) === null]).toEqual([false, false]);
  });

  it('done by two at once destroys nothing but the old key', () => {
    makeNextKey(files());
    const { publicKey } = readNextKey(files())!;
    replaceSigningKey(files());
    replaceSigningKey(files());
    expect(readSigningKey(files().signing).publicKey.equals(publicKey)).toBe(true);
  });

  it('can be made again and again', async () => {
    for (let changes = 1; changes <= 3; changes += 1) {
      makeNextKey(files());
      await announce();
      expect(await goesOn()).toHaveLength(changes + 1);
    }
  });
});

describe('a key that is not the log’s', () => {
  it('opens nothing', async () => {
    await inOffice((_, desk) => beat(desk));
    rmSync(files().signing);
    initKeys(files(), systemChance, false);
    await expect(goesOn()).rejects.toEqual(failing('configuration-invalid'));
  });

  it('nor does another name of the log', async () => {
    await inOffice((_, desk) => beat(desk));
    const config = readConfig({ EXPORT_GATE_DATA_DIR: dataDir, AUDIT_ORIGIN: 'another/log' });
    await expect(openOffice(config)).rejects.toEqual(failing('configuration-invalid'));
  });
});
