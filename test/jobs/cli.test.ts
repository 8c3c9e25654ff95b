/** The command line as an operator meets it before anything runs: help, keys, configuration, intake. */
import { chmodSync, appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { addDays } from '../../src/domain/calendar.ts';
import { spoken } from '../support/processes.ts';
import type { Settings } from '../support/processes.ts';
import { endsWhole } from './evidence.ts';
import { secrets } from './night.ts';
import type { Night } from './night.ts';
import { refusal, useNights } from './nights.ts';

const oneNight = useNights();
const oneMessage = 1;
const withSettings = (settings: Settings, work: (night: Night) => Promise<void>): Promise<void> =>
  oneNight(work, { settings });

describe('asking for help', () => {
  it('prints every command on stdout, exit 0', () =>
    oneNight(async ({ gate }) => {
      const { code, stdout, stderr } = await gate('--help');
      expect([code, stderr]).toEqual([0, '']);
      for (const command of ['run', 'status', 'hold', 'keys', 'choice', 'intake', 'audit', 'config'])
        expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
      expect(await gate('hold', '--help')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('approve'),
      });
    }));

  it.each([
    ['no command', []],
    ['an unknown command', ['export']],
    ['an unknown option', ['run', '--force']],
    ['a missing argument', ['hold', 'show']],
    ['a missing option', ['choice', 'record', '--service-user', 'SU-000001']],
  ])('is offered for %s, exit 2', (_, args) =>
    oneNight(async ({ gate }) => {
      expect(await gate(...args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('Usage: export-gate'),
      });
    }),
  );

  it('is not needed for a date that is none, or that has not begun: exit 2', () =>
    oneNight(async ({ gate, date }) => {
      expect(await gate('run', '--date', '2026-02-30')).toMatchObject(refusal(2, 'usage'));
      expect(await gate('run', '--date', addDays(date, 1))).toMatchObject(refusal(2, 'usage'));
    }));
});

describe('keys', () => {
  it('must be there before a run, exit 2 with the command that makes them; are made once and never shown', () =>
    oneNight(
      async (here) => {
        expect(await here.run()).toMatchObject(refusal(2, 'master-key-missing', 'export-gate keys init'));
        expect(await here.gate('keys', 'init')).toMatchObject({ code: 0, stderr: '' });
        const files = ['master-key', 'checkpoint-signing-key.pem'].map((name) =>
          path.join(here.dataDir, 'keys', name),
        );
        const made = files.map((file) => readFileSync(file, 'utf8'));
        expect(await here.gate('keys', 'init')).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/exist/),
        });
        expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(made);
        expect(await here.gate('keys', 'show')).toMatchObject({ code: 0 });
        await endsWhole(here, oneMessage);
        for (const secret of made.flatMap((text) => text.trim().split('\n')))
          expect(spoken.some((said) => said.includes(secret))).toBe(false);
      },
      { keys: false },
    ));
});

describe('a signing key', () => {
  it('that is none, is open to others or is gone is refused before anything is opened, exit 2 (fault 32)', () =>
    oneNight(async (here) => {
      const key = path.join(here.dataDir, 'keys', 'checkpoint-signing-key.pem');
      const good = readFileSync(key);
      writeFileSync(key, 'worn away');
      expect(await here.gate('status')).toMatchObject(refusal(2, 'configuration-invalid'));
      writeFileSync(key, good);
      chmodSync(key, 0o640);
      expect(await here.gate('status')).toMatchObject(refusal(2, 'place-unsafe'));
      rmSync(key);
      expect(await here.gate('status')).toMatchObject(refusal(2, 'master-key-missing'));
      expect(existsSync(path.join(here.dataDir, 'ledger.sqlite'))).toBe(false);
    }));
});

describe('the configuration', () => {
  it('is refused with every fault at once and no secret, exit 2', () => {
    const hidden = { EXPORT_GATE_MASTER_KEY: 'mouse-in-the-wall', MESH_SHARED_KEY: '' };
    const wrong = {
      MESH_URL: 'http://127.0.0.1:1/path',
      MESH_POLL_SECONDS: 'often',
      CHECK_MAX_NUMBERS: '0',
      NIGHTLY_AT: '01:30',
      DROP_LAYOUT: 'both',
      NHS_NUMBER_POLICY: 'some',
    };
    return withSettings({ ...hidden, ...wrong }, async (here) => {
      const { code, stderr, stdout } = await here.run();
      expect([code, stdout]).toEqual([2, '']);
      for (const name of Object.keys(wrong)) expect(stderr).toContain(name);
      expect(stderr).not.toContain(hidden.EXPORT_GATE_MASTER_KEY);
      expect(stderr).not.toContain(secrets.password);
      expect(existsSync(path.join(here.dataDir, 'ledger.sqlite'))).toBe(false);
    });
  });

  it.each([
    ['the live policy with MESH on loopback', { NHS_NUMBER_POLICY: 'live' }],
    [
      'the test policy with the production MESH',
      { MESH_URL: 'https://mesh-sync.spineservices.nhs.uk', MESH_POLL_SECONDS: '300' },
    ],
    ['no MESH at all', { MESH_URL: '' }],
    ['a ledger at no address', { DATABASE_URL: 'mysql://somebody@localhost/ledger' }],
    ['a ledger over an open network', { DATABASE_URL: 'postgres://gate@db.example/ledger' }],
    [
      'one role for both',
      { DATABASE_URL: 'postgres://a@localhost/l', DATABASE_OWNER_URL: 'postgres://a@localhost/l' },
    ],
  ])('is refused for %s, exit 2', (_, settings) =>
    withSettings(settings, async (here) => {
      expect(await here.run()).toMatchObject(refusal(2, 'configuration-invalid'));
      expect(await here.farSide.sent()).toEqual([]);
    }),
  );

  it.each([
    [
      'TLS material that is none',
      {
        MESH_CLIENT_CERT_FILE: import.meta.filename,
        MESH_CLIENT_KEY_FILE: import.meta.filename,
        MESH_CA_FILE: import.meta.filename,
      },
    ],
    ['a queue that cannot be used yet', { REDIS_URL: 'redis://localhost' }],
  ])('is found out when it is checked: %s, exit 2', (_, settings) =>
    withSettings(settings, async ({ gate }) => {
      expect(await gate('config', 'check')).toMatchObject(refusal(2, 'configuration-invalid'));
    }),
  );

  it.each(['EXPORT_GATE_DATA_DIR', 'EXPORT_GATE_OUTBOUND_DIR'])(
    'names a place where no folder can be: %s, exit 2',
    (name) =>
      withSettings({ [name]: path.join(import.meta.filename, 'folder') }, async (here) => {
        const args = name === 'EXPORT_GATE_DATA_DIR' ? ['keys', 'init'] : ['run', '--date', here.date];
        expect(await here.gate(...args)).toMatchObject(refusal(2, 'place-unsafe'));
      }),
  );

  it('is checked and shown without secrets', () =>
    oneNight(async ({ gate }) => {
      const { code, stdout } = await gate('config', 'check');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ secrets: { meshPassword: 'set', masterKey: 'not set' } });
      for (const secret of Object.values(secrets)) expect(stdout).not.toContain(secret);
    }));
});

describe('an intake', () => {
  it('that is missing, unfinished or altered ends with exit 6 before MESH is asked; the right one then goes through (fault 1)', () =>
    oneNight(async (here) => {
      rmSync(here.intake, { recursive: true });
      expect(await here.run()).toMatchObject(refusal(6, 'intake-missing'));
      here.writeIntake();
      rmSync(path.join(here.intake, 'manifest.json'));
      expect(await here.run()).toMatchObject(refusal(6, 'manifest-missing'));
      here.writeIntake();
      appendFileSync(path.join(here.intake, 'in-service-choices.csv'), 'CH-000099\n');
      expect(await here.run()).toMatchObject(refusal(6, 'intake-file-altered'));
      expect(await here.gate('intake', 'check', here.intake)).toMatchObject({ code: 6 });
      expect(await here.farSide.sent()).toEqual([]);

      here.writeIntake();
      expect(await here.gate('intake', 'check', here.intake)).toMatchObject({ code: 0 });
      await endsWhole(here, oneMessage);
    }));

  it('altered after the run has opened stops it where it stands, exit 6', () =>
    oneNight(async (here) => {
      expect(await here.die('after commit', '1')).toMatchObject({ signal: 'SIGKILL' });
      appendFileSync(path.join(here.intake, 'service-users.csv'), '\n');
      expect(await here.run()).toMatchObject(refusal(6, 'intake-file-altered'));
      expect(await here.farSide.sent()).toEqual([]);
    }));
});
