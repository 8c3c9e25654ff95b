/** The cohort of `npm start` on one machine, and on a scheduler with two workers over Redis and PostgreSQL: the same bytes leave. */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { expect, it } from '@jest/globals';

import { makeCohort } from '../../scripts/make-cohort.ts';
import { londonDate } from '../../src/domain/calendar.ts';
import { usePostgres } from '../support/postgres.ts';
import { startRedis, thereIsRedis } from '../support/redis-server.ts';
import type { Night, NightOptions } from './night.ts';
import { stateOf } from './night-log.ts';
import { result, useNights } from './nights.ts';

const oneNight = useNights();
const postgres = usePostgres();
const people = 30_000;

/** The files of tonight's drop but its manifest, which names a log of its own. */
function dataFiles(night: Night): Readonly<Record<string, string>> {
  const names = readdirSync(night.drop).filter((name) => name !== 'manifest.json');
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(night.drop, name), 'utf8')]));
}

async function onOneMachine(night: Night): Promise<void> {
  expect(await night.run()).toMatchObject({ code: 0 });
}

async function onTwoWorkers(night: Night): Promise<void> {
  const programs = [night.watch(), night.work(), night.work()];
  const deadline = Date.now() + 120_000;
  while ((await stateOf(night)) !== 'sealed') {
    expect(Date.now()).toBeLessThan(deadline);
    await setTimeout(500);
  }
  for (const program of programs) program.kill('SIGTERM');
  for (const program of programs) expect(await program.ended).toMatchObject({ code: 0, stderr: '' });
}

if (thereIsRedis())
  it('one machine and two workers release the demonstration cohort, byte for byte', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-cohort-'));
    const redis = await startRedis();
    try {
      const [out, nationalOptOuts] = [path.join(folder, 'intake'), path.join(folder, 'opt-outs')];
      const date = londonDate(Date.now());
      const producedAt = new Date().toISOString();
      makeCohort({ out, date, producedAt, people, nationalOptOuts });
      const releasedBy = (how: (night: Night) => Promise<void>, settings: NightOptions['settings'] = {}) =>
        oneNight(
          async (night) => {
            rmSync(night.intake, { recursive: true });
            cpSync(out, night.intake, { recursive: true });
            await how(night);
            expect(result(await night.gate('audit', 'verify', '--json'))).toMatchObject({ findings: [] });
            return dataFiles(night);
          },
          { settings: { CHECK_MAX_NUMBERS: '9000', ...settings }, farSide: ['--opt-outs', nationalOptOuts] },
        );
      const one = await releasedBy(onOneMachine);
      const { url } = await postgres.database();
      const many = await releasedBy(onTwoWorkers, { DATABASE_URL: url, REDIS_URL: redis.url });
      expect(Object.keys(one)).toEqual(['nhs-numbers.csv']);
      expect(one['nhs-numbers.csv']?.split('\n').length).toBeGreaterThan(20_000);
      expect(many).toEqual(one);
    } finally {
      await redis.stop();
      rmSync(folder, { recursive: true });
    }
  }, 300_000);
else
  // Said, not skipped, as in workers.test.ts.
  it('there is no redis-server on this machine', () => {
    process.stderr.write('No redis-server was found: the cohort was NOT run on workers here.\n');
  });
