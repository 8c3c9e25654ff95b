/** The programs on a ledger that several machines share: the same night, the same ends after a death, and plain words where it is not there. */
import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { usePostgres } from '../support/postgres.ts';
import { demandWholeNight, endsWhole } from './evidence.ts';
import { released } from './night.ts';
import type { NightOptions } from './night.ts';
import { refusal, useNights } from './nights.ts';

const postgres = usePostgres();
const oneNight = useNights();

const onPostgres = async (over: NightOptions['settings'] = {}): Promise<NightOptions> => {
  const { url } = await postgres.database();
  return { settings: { DATABASE_URL: url, ...over } };
};

it('a night on PostgreSQL ends as on the embedded ledger, and its log verifies', async () =>
  oneNight(
    async (night) => {
      expect(await night.run()).toMatchObject({ code: 0 });
      await demandWholeNight(night, 1);
      expect(readdirSync(night.dataDir).filter((name) => name.startsWith('ledger'))).toEqual([]);
      expect(readFileSync(`${night.drop}/nhs-numbers.csv`, 'utf8')).toBe(
        ['nhs_number', ...released, ''].join('\n'),
      );
      expect(await night.gate('audit', 'verify', '--json')).toMatchObject({ code: 0 });
      expect(await night.gate('status')).toMatchObject({ code: 0 });
      expect(await night.run()).toMatchObject({ code: 0 });
      await demandWholeNight(night, 1);
    },
    await onPostgres(),
  ));

it('whoever runs again after a death ends with the same drop and one message a request', async () => {
  const twoRequests = { CHECK_MAX_NUMBERS: '4' };
  const passed = await oneNight(
    async (night) => {
      const { stdout, code } = await night.die('--list');
      expect(code).toBe(0);
      return Object.keys(JSON.parse(stdout) as Record<string, number>);
    },
    await onPostgres(twoRequests),
  );
  expect(passed.length).toBeGreaterThan(20);
  // Each kind of point is passed on the embedded ledger by crash.test.ts; here every third.
  for (const point of passed.filter((_, at) => at % 3 === 0))
    await oneNight(
      async (night) => {
        expect(await night.die(point, '1')).toMatchObject({ signal: 'SIGKILL' });
        await endsWhole(night, 2);
      },
      await onPostgres(twoRequests),
    );
}, 300_000);

describe('a server', () => {
  it('that is not there is told of within two seconds, exit 1', () =>
    oneNight(
      async (night) => {
        const began = performance.now();
        const ended = await night.run();
        expect(ended).toMatchObject(refusal(1, 'ledger-failed'));
        expect(ended.stderr).toContain('DATABASE_URL');
        expect(performance.now() - began).toBeLessThan(4_000);
        expect(await night.farSide.sent()).toEqual([]);
      },
      { settings: { DATABASE_URL: 'postgres://gate@127.0.0.1:1/ledger' } },
    ));

  it('that nobody prepared is prepared by its owner, who then is not let in', async () => {
    const { server } = postgres;
    const { query } = await postgres.database();
    await query(server.url('postgres'), 'CREATE DATABASE fresh');
    const settings = { DATABASE_URL: server.url('fresh', 'gate'), DATABASE_OWNER_URL: server.url('fresh') };
    await oneNight(
      async (night) => {
        const before = await night.run();
        expect(before).toMatchObject(refusal(1, 'ledger-failed'));
        expect(before.stderr).toContain('export-gate ledger prepare');
        expect(await night.gate('ledger', 'prepare')).toMatchObject({ code: 0, stderr: '' });
        expect(await night.run()).toMatchObject({ code: 0 });
      },
      { settings },
    );
    await oneNight(
      async (night) => {
        expect(await night.run()).toMatchObject(refusal(2, 'place-unsafe'));
      },
      { settings: { DATABASE_URL: server.url('fresh') } },
    );
  });
});
