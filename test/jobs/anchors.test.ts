/** The programs and their anchors over real HTTP: a second folder, a witness of its own, and a time-stamp authority. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { ownVerifierKeys } from '../../src/wiring-keys.ts';
import { takeAdvanceLock } from '../../src/wiring.ts';
import { readConfig } from '../../src/config.ts';
import { createAuthority } from '../support/certificates.ts';
import { serveHandler } from '../support/loopback.ts';
import type { Loopback } from '../support/loopback.ts';
import { startWitness } from '../support/processes.ts';
import type { RunningWitness } from '../support/processes.ts';
import { certify, pemOf, stamp } from '../support/timestamp-authority.ts';
import type { Night } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();

const signsNow = (night: Night): string => ownVerifierKeys(readConfig(night.settings)).at(-1) ?? '';

const verifier = path.join(import.meta.dirname, '..', '..', 'scripts', 'verify-audit.mjs');
const node = (...args: readonly string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

/** What stands around a gate whose settings can still be added to. */
interface Outside {
  readonly folder: string;
  readonly witness: RunningWitness;
  readonly authority: Loopback;
  readonly ca: string;
  /** Another witness process over the same memory, behind the same address; it knows these keys. */
  restartWitness(...keys: readonly string[]): Promise<void>;
}

/** A night with all three anchors. */
const anchoredNight = (work: (night: Night, outside: Outside) => Promise<void>): Promise<void> =>
  oneNight(async (night) => {
    const base = path.dirname(night.dataDir);
    const folder = path.join(base, 'second');
    mkdirSync(folder, { mode: 0o700 });
    const own = signsNow(night);
    const memory = path.join(base, 'witness');
    let witness = await startWitness(night.programs.witness, memory, [own]);
    const root = await certify({ isAuthority: true });
    const signer = await certify({}, root);
    const authority = await serveHandler(async (request) => {
      const answer = await stamp(new Uint8Array(await request.arrayBuffer()), signer, []);
      return new Response(Buffer.from(answer), {
        headers: { 'content-type': 'application/timestamp-reply' },
      });
    });
    const ca = path.join(base, 'authority.pem');
    writeFileSync(ca, pemOf(root.certificate));
    Object.assign(night.settings, {
      ANCHOR_FOLDER: folder,
      ANCHOR_WITNESS_URL: witness.url,
      ANCHOR_WITNESS_KEY: witness.verifierKey,
      ANCHOR_TSA_URL: authority.url,
      ANCHOR_TSA_CA_FILE: ca,
    });
    const outside = {
      folder,
      authority,
      ca,
      get witness() {
        return witness;
      },
      async restartWitness(...keys: readonly string[]) {
        await witness.stop();
        const port = ['--port', new URL(witness.url).port];
        witness = await startWitness(night.programs.witness, memory, keys, port);
      },
    };
    try {
      await work(night, outside);
    } finally {
      await witness.stop();
      await authority.stop();
    }
  });

interface Standing {
  readonly anchor: string;
  readonly state: string;
  readonly size: number;
}
const standingsOf = (ended: Awaited<ReturnType<Night['gate']>>): Standing[] =>
  result(ended)['anchors'] as Standing[];

describe('a run', () => {
  it('leaves its log with three anchors, and a stranger can check each', () =>
    anchoredNight(async (night, { folder, witness, ca }) => {
      expect(await night.gate('config', 'check')).toMatchObject({ code: 0 });
      // A rehearsal too: what ends without a release is signed otherwise.
      const rehearsal = await night.gate('run', '--rehearse', '--date', night.date);
      expect(rehearsal.code).toBe(0);
      const ended = await night.run();
      expect(ended.code).toBe(0);
      const status = await night.gate('status', '--json');
      expect(status.code).toBe(0);
      const size = result(status)['logSize'] as number;
      expect(standingsOf(ended)).toEqual(standingsOf(status));
      expect(standingsOf(status)).toMatchObject(
        ['timestamp', 'witness', 'folder'].map((anchor) => ({ anchor, state: 'in-time', size })),
      );

      const log = path.join(night.outbound, '..', 'log');
      expect(await night.gate('audit', 'export-log', log)).toMatchObject({ code: 0 });
      const key = signsNow(night);
      const trusted = ['--key', key, '--witness', witness.verifierKey];
      const verified = node(verifier, log, ...trusted, '--drops', night.outbound);
      expect([verified.status, verified.stdout]).toEqual([0, expect.stringMatching(/^SOUND\.$/m)]);
      expect(verified.stdout).toContain(`Verified up to ${size}, anchored up to ${size};`);
      const printed = /openssl (ts -verify .*)$/m.exec(verified.stdout)?.[1] ?? '';
      const openssl = spawnSync('openssl', printed.replace('AUTHORITY.pem', ca).split(' '));
      if (openssl.error === undefined) expect(openssl.status).toBe(0);

      const second = node(verifier, folder, ...trusted, '--checkpoint', path.join(log, 'checkpoint'));
      expect([second.status, second.stdout]).toEqual([0, expect.stringMatching(/^SOUND\.$/m)]);
      const held = path.join(folder, 'checkpoint');
      expect(node(verifier, log, '--key', key, '--checkpoint', held).stdout).toContain(
        `anchored up to ${size};`,
      );
    }));

  it('goes on without an anchor for its days of grace, and every look at it alarms', () =>
    anchoredNight(async (night, { witness, authority }) => {
      await witness.stop();
      await authority.stop();
      const ended = await night.run();
      expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('ALARM: the witness')]);
      const status = await night.gate('status', '--json');
      expect(status.code).toBe(4);
      expect(standingsOf(status).map(({ state }) => state)).toEqual(['silent', 'silent', 'in-time']);
      expect((await night.gate('status')).stdout).toContain('ALARM: it did not take the log when last asked');
      for (const command of ['heartbeat', 'anchor'])
        expect(await night.gate('audit', command)).toMatchObject({
          code: 4,
          stderr: expect.stringContaining('code:       anchor-unreachable'),
        });
    }));
});

describe('a night without MESH', () => {
  it('is anchored as well', () =>
    anchoredNight(async (night) => {
      await night.farSide.stop();
      expect((await night.run()).code).toBe(4);
      const status = await night.gate('status', '--json');
      const size = result(status)['logSize'] as number;
      expect(size).toBeGreaterThan(1);
      expect(standingsOf(status)).toMatchObject(Array(3).fill({ state: 'in-time', size }));
    }));
});

describe('a setting that cannot be believed', () => {
  it.each([
    ['a witness’s key that is a log’s', 'ANCHOR_WITNESS_KEY', 'x+00000000+AAAA'],
    ['certificates that are not there', 'ANCHOR_TSA_CA_FILE', '/nowhere/at/all'],
    ['certificates that are none', 'ANCHOR_TSA_CA_FILE', verifier],
  ] as const)('%s: nothing is read or sent', (_, name, value) =>
    anchoredNight(async (night) => {
      Object.assign(night.settings, { [name]: value });
      for (const args of [['config', 'check'], ['run']])
        expect(await night.gate(...args)).toMatchObject(refusal(2, 'configuration-invalid', name));
    }),
  );
});

describe('an older ledger put back', () => {
  it('is refused by folder and witness, and nobody is asked about', () =>
    anchoredNight(async (night) => {
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0 });
      const [data, backup, ours] = [night.dataDir, `${night.dataDir}-backup`, `${night.dataDir}-ours`];
      cpSync(data, backup, { recursive: true });
      expect(await night.run()).toMatchObject({ code: 0 });
      const asked = (await night.farSide.sent()).length;
      cpSync(data, ours, { recursive: true });
      const putBack = (from: string): void => {
        rmSync(data, { recursive: true });
        cpSync(from, data, { recursive: true });
      };

      putBack(backup);
      rmSync(path.join(night.outbound, night.date), { recursive: true });
      expect(await night.run()).toMatchObject(
        refusal(5, 'anchor-refused', 'An anchor holds more than this log, or something else'),
      );
      expect((await night.farSide.sent()).length).toBe(asked);
      const status = await night.gate('status', '--json');
      expect([status.code, standingsOf(status).map(({ state }) => state)]).toEqual([
        5,
        ['in-time', 'refused', 'refused'],
      ]);
      const anchored = await night.gate('audit', 'anchor', '--json');
      expect([anchored.code, standingsOf(anchored).map(({ state }) => state)]).toEqual([
        5,
        ['in-time', 'refused', 'refused'],
      ]);

      putBack(ours);
      expect(await night.gate('audit', 'anchor')).toMatchObject({ code: 0 });
    }));
});

describe('audit anchor', () => {
  it('needs an anchor, and the right to advance runs; a heartbeat leaves it to the run', () =>
    anchoredNight(async (night) => {
      const lock = await takeAdvanceLock(night.dataDir);
      expect(await night.gate('audit', 'anchor')).toMatchObject({ code: 7 });
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('A run is going on'),
      });
      await lock.release();
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0 });
      expect(standingsOf(await night.gate('audit', 'anchor', '--json'))).toMatchObject(
        Array(3).fill({ state: 'in-time' }),
      );
    }));

  it('without any is a fault of the configuration', () =>
    oneNight(async (night) => {
      expect(await night.gate('audit', 'anchor')).toMatchObject(refusal(2, 'configuration-invalid'));
    }));

  it('goes on under a new signing key once the witness knows it', () =>
    anchoredNight(async (night, outside) => {
      const old = signsNow(night);
      expect(await night.gate('audit', 'heartbeat')).toMatchObject({ code: 0 });
      expect(await night.gate('keys', 'rotate')).toMatchObject({ code: 0 });
      const key = signsNow(night);
      // The checkpoint that covers the change bears both signatures.
      expect(await night.gate('audit', 'anchor')).toMatchObject({ code: 0 });
      expect(await night.run()).toMatchObject({ code: 0 });
      expect(await night.gate('audit', 'anchor')).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('does not know the key'),
      });
      await outside.restartWitness(old, key);
      expect(await night.gate('audit', 'anchor')).toMatchObject({ code: 0 });
      const second = node(verifier, outside.folder, '--key', old, '--witness', outside.witness.verifierKey);
      expect([second.status, second.stdout]).toEqual([0, expect.stringMatching(/^SOUND\.$/m)]);
    }));
});

describe('the witness', () => {
  it('speaks TLS, to those who trust its certificate and to no other', () =>
    anchoredNight(async (night) => {
      const base = path.dirname(night.dataDir);
      const put = (name: string, pem: string): string => {
        writeFileSync(path.join(base, name), pem);
        return path.join(base, name);
      };
      const authority = createAuthority('an authority');
      const { cert, key } = authority.issue('server', ['127.0.0.1']);
      const tls = ['--tls-cert', put('cert.pem', cert), '--tls-key', put('key.pem', key), '--port', '0'];
      const own = signsNow(night);
      const witness = await startWitness(night.programs.witness, path.join(base, 'other'), [own], tls);
      const { url, verifierKey } = witness;
      expect(url).toMatch(/^https:/);
      Object.assign(night.settings, { ANCHOR_WITNESS_URL: url, ANCHOR_WITNESS_KEY: verifierKey });
      expect(await night.gate('audit', 'anchor')).toMatchObject({ code: 4 });
      Object.assign(night.settings, { NODE_EXTRA_CA_CERTS: put('authority-tls.pem', authority.cert) });
      expect(await night.gate('audit', 'anchor')).toMatchObject({ code: 0 });
      await witness.stop();
    }));

  it('is one over its memory, and says what is wrong with what it is told', () =>
    anchoredNight((night, { witness }) => {
      const memory = path.join(path.dirname(night.dataDir), 'witness');
      const own = signsNow(night);
      const start = (...args: readonly string[]) => node(night.programs.witness, ...args);
      const told = ['--name', 'witness.example/w1', '--folder', memory, '--port', '0'];
      expect(start(...told, '--log', own).status).toBe(7);
      expect(start(...told).status).toBe(2);
      expect(start(...told, '--log', witness.verifierKey).status).toBe(2);
      expect(start(...told, '--log', own, '--tls-cert', verifier).status).toBe(2);
      expect(start('--help').status).toBe(0);
      return Promise.resolve();
    }));
});
