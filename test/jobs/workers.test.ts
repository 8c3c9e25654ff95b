/** A scheduler and two workers on a real Redis and a real PostgreSQL: the same night, whoever dies on the way. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { usePostgres } from '../support/postgres.ts';
import type { Running } from '../support/processes.ts';
import { startRedis, thereIsRedis } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { demandOneMessageEach, demandWholeNight, readLog } from './evidence.ts';
import { released } from './night.ts';
import type { Night } from './night.ts';
import { stateOf } from './night-log.ts';
import { refusal, useNights } from './nights.ts';

const oneNight = useNights();
const postgres = usePostgres();
let redis: RedisServer;

/** Keys and checkpoint of one installation on another machine. */
function anotherMachine(night: Night, name: string): string {
  const dataDir = path.join(path.dirname(night.dataDir), name);
  mkdirSync(dataDir, { mode: 0o700 });
  cpSync(path.join(night.dataDir, 'keys'), path.join(dataDir, 'keys'), { recursive: true });
  return dataDir;
}

/** Each machine shows the checkpoint that it signed or saw last; the newest is that of whoever sealed the night. */
function showTheNewest(night: Night, other: string): void {
  const [own, theirs] = [night.dataDir, other].map((folder) => path.join(folder, 'checkpoint'));
  const sizeIn = (file = ''): number =>
    existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[1]) : -1;
  if (sizeIn(theirs) > sizeIn(own)) cpSync(theirs ?? '', own ?? '');
}

async function untilSealed(night: Night, patience = 60_000): Promise<void> {
  const deadline = Date.now() + patience;
  while ((await stateOf(night)) !== 'sealed') {
    if (Date.now() > deadline) throw new Error('the night was never sealed');
    await setTimeout(200);
  }
}

const onServers = async (work: (night: Night) => Promise<void>): Promise<void> => {
  const { url } = await postgres.database();
  await oneNight(work, { settings: { DATABASE_URL: url, REDIS_URL: redis.url, CHECK_MAX_NUMBERS: '4' } });
};

async function stopped(...programs: readonly Running[]): Promise<void> {
  for (const program of programs) program.kill('SIGTERM');
  for (const program of programs) expect(await program.ended).toMatchObject({ code: 0, stderr: '' });
}

if (thereIsRedis()) {
  describe('workers', () => {
    beforeAll(async () => {
      redis = await startRedis();
    });
    afterAll(() => redis.stop());

    it('two of them, on two machines, and a scheduler release the night once', () =>
      onServers(async (night) => {
        const [scheduler, one] = [night.watch(), night.work()];
        const second = anotherMachine(night, 'second');
        const two = night.work({ EXPORT_GATE_DATA_DIR: second });
        await untilSealed(night);
        await stopped(scheduler, one, two);
        showTheNewest(night, second);
        await demandWholeNight(night, 2);
        const lines = readFileSync(path.join(night.drop, 'nhs-numbers.csv'), 'utf8');
        expect(lines).toBe(['nhs_number', ...released, ''].join('\n'));
        expect(readdirSync(night.dataDir)).toContain('worker.alive');
      }));

    it(
      'killed one after the other leave a night that the next one ends',
      () =>
        onServers(async (night) => {
          const scheduler = night.watch();
          for (const pause of [700, 900, 1_100]) {
            const worker = night.work();
            await setTimeout(pause);
            worker.kill('SIGKILL');
            await worker.ended;
          }
          const worker = night.work();
          await untilSealed(night, 120_000);
          await stopped(scheduler, worker);
          await demandOneMessageEach(night, (await readLog(night)).entries);
          const { entries } = await readLog(night);
          expect(entries.filter(({ what }) => what === 'run-released')).toHaveLength(1);
        }),
      180_000,
    );

    it(
      'go on after a Redis that was lost with all it knew, and after a PostgreSQL that died (faults 23 and 24)',
      () =>
        onServers(async (night) => {
          const [scheduler, worker] = [night.watch(), night.work()];
          await setTimeout(900);
          await redis.lose();
          await postgres.server.crash();
          await untilSealed(night, 120_000);
          await stopped(scheduler, worker);
          const { entries } = await readLog(night);
          expect(entries.filter(({ what }) => what === 'run-released')).toHaveLength(1);
          await demandOneMessageEach(night, entries);
        }),
      180_000,
    );
  });

  describe('a Redis', () => {
    it.each([
      [
        'without a log on its disk',
        ['--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
        'appendonly yes',
      ],
      [
        'that throws out what it has no room for',
        ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'],
        'noeviction',
      ],
    ])('%s is refused at the start, with the reason', async (_, settings, words) => {
      const forgetful = await startRedis(settings);
      const { url } = await postgres.database();
      await oneNight(
        async (night) => {
          for (const program of [night.work(), night.watch()]) {
            const ended = await program.ended;
            expect(ended).toMatchObject(refusal(2, 'place-unsafe'));
            expect(ended.stderr).toContain(words);
          }
        },
        { settings: { DATABASE_URL: url, REDIS_URL: forgetful.url } },
      );
      await forgetful.stop();
    });

    it('that is not there is told of within two seconds', async () => {
      const { url } = await postgres.database();
      await oneNight(
        async (night) => {
          const began = performance.now();
          expect(await night.work().ended).toMatchObject(refusal(1, 'queue-unreachable'));
          expect(performance.now() - began).toBeLessThan(4_000);
        },
        { settings: { DATABASE_URL: url, REDIS_URL: 'redis://127.0.0.1:1' } },
      );
    });
  });
} else {
  // Said, not skipped: what needs a Redis is tested where there is one, and .ci/run installs it.
  it('there is no redis-server on this machine', () => {
    process.stderr.write('No redis-server was found: workers and queue were NOT tested here.\n');
  });
}
