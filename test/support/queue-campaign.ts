/**
 * `npm run campaign`: nights on a real Redis and a real PostgreSQL, with workers, Redis and PostgreSQL killed and workers stopped at random
 * moments, from a seed. After each night: one drop or none, no second message under a local id, nothing used of a void request, and every
 * run told of. Prints what was done and found; exit 1 if anything was.
 */
import { Command } from 'commander';
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createNight, released } from '../jobs/night.ts';
import type { Night } from '../jobs/night.ts';
import { readLog, stateOf } from '../jobs/night-log.ts';
import { preparePostgresLedger } from '../../src/ledger/postgres-ledger.ts';
import { startPostgres } from './postgres-server.ts';
import { bundlePrograms } from './processes.ts';
import type { Running } from './processes.ts';
import { startRedis } from './redis-server.ts';
import { seeded } from './seeded.ts';

const { kills, stalls, seed } = new Command()
  .option('--kills <n>', 'kills of workers, Redis and PostgreSQL', '200')
  .option('--stalls <n>', 'workers stopped for longer than their lock', '50')
  .option('--seed <n>', 'the same faults again', '1')
  .parse()
  .opts<{ kills: string; stalls: string; seed: string }>();

const random = seeded(Number(seed));
const between = (least: number, most: number): number => least + Math.floor(random() * (most - least));
const wanted = { kills: Number(kills), stalls: Number(stalls) };
const done = { kills: 0, stalls: 0, nights: 0, workers: 0, redis: 0, postgres: 0 };
const found: string[] = [];
const began = performance.now();

const programs = bundlePrograms();
const postgres = await startPostgres();
const redis = await startRedis();
const { default: pg } = await import('pg');
const asOwner = async (statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  await client.query(statement);
  await client.end();
};
await asOwner('CREATE ROLE gate LOGIN');

async function judge(night: Night, name: string): Promise<void> {
  const say = (what: string): void => void found.push(`${name}: ${what}`);
  const { entries } = await readLog(night);
  const told = (what: string): unknown[] =>
    entries.filter((entry) => entry.what === what).map(({ localId }) => localId);
  const accepted = (await night.farSide.sent()).map(({ localId }) => localId);
  if (new Set(accepted).size !== accepted.length) say('a second message under one local id');
  const voided = new Set(told('request-voided'));
  const requestOf = new Map(
    entries.filter(({ what }) => what === 'message-kept').map((kept) => [kept['messageId'], kept['localId']]),
  );
  const used = entries.filter((entry) => entry.what === 'message-understood' && entry['as'] === 'answer');
  if (used.some((entry) => voided.has(requestOf.get(entry['messageId']) ?? '')))
    say('the answer to a void request was used');
  if (told('run-released').length > 1) say('released twice');
  const drops = existsSync(night.outbound)
    ? readdirSync(night.outbound)
        .filter((entry) => !entry.startsWith('.'))
        .flatMap((date) =>
          readdirSync(path.join(night.outbound, date)).map((revision) => `${date}/${revision}`),
        )
    : [];
  if (drops.length > 1) say(`drops ${drops.join(', ')}`);
  const file = path.join(night.drop, 'nhs-numbers.csv');
  const numbers = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : [];
  if (numbers.some((number) => !released.includes(number))) say('a number that may not leave');
  if ((await stateOf(night)) !== 'sealed') say(`the night stands ${await stateOf(night)}`);
  else if (numbers.length !== released.length) say('numbers that should have left did not');
  const verified = await night.gate('audit', 'verify', '--json');
  if (verified.code !== 0) say(`audit verify: ${verified.stdout}${verified.stderr}`);
}

/** One night: faults until its share is done or it is over, then peace until it ends. */
async function oneNight(number: number): Promise<void> {
  const database = `campaign_${seed}_${number}`;
  await asOwner(`CREATE DATABASE ${database}`);
  await preparePostgresLedger(postgres.url(database), 'gate');
  const night = await createNight(programs, {
    settings: { DATABASE_URL: postgres.url(database, 'gate'), REDIS_URL: redis.url, CHECK_MAX_NUMBERS: '3' },
    farSide: ['--receipt-delay-ms', '200', '--answer-delay-ms', '600'],
  });
  try {
    await redis.lose();
    const scheduler = night.watch();
    const workers: Running[] = [night.work(), night.work()];
    const isOver = async (): Promise<boolean> => (await stateOf(night)) === 'sealed';
    for (let fault = 0; fault < 6 && !(await isOver()); fault++) {
      await setTimeout(between(50, 700));
      const which = between(0, 2);
      if (done.stalls < wanted.stalls && random() < 0.25) {
        // Longer than the lock of a bell: another worker takes over, and this one wakes up into a world that went on.
        workers[which]?.kill('SIGSTOP');
        done.stalls++;
        await setTimeout(between(31_000, 47_000));
        workers[which]?.kill('SIGCONT');
      } else if (done.kills < wanted.kills) {
        const victim = random();
        done.kills++;
        if (victim < 0.7) {
          done.workers++;
          workers[which]?.kill('SIGKILL');
          workers[which] = night.work();
        } else if (victim < 0.85) {
          done.redis++;
          redis.kill('SIGKILL');
          await setTimeout(between(0, 500));
          await redis.start();
        } else {
          done.postgres++;
          await postgres.crash();
        }
      }
    }
    const deadline = performance.now() + 180_000;
    while (!(await isOver()) && performance.now() < deadline) await setTimeout(500);
    for (const program of [scheduler, ...workers]) program.kill('SIGTERM');
    const said = await Promise.all([scheduler, ...workers].map(({ ended }) => ended));
    const before = found.length;
    await judge(night, `night ${number}`);
    if (found.length > before)
      for (const { stdout, stderr } of said) process.stderr.write(`\n${stdout.slice(-3_000)}${stderr}\n`);
  } finally {
    await night.close();
    await asOwner(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}

try {
  while (done.kills < wanted.kills || done.stalls < wanted.stalls) {
    await oneNight(++done.nights);
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    process.stderr.write(
      `\r${done.nights} nights, ${done.kills} kills, ${done.stalls} stalls, ${minutes} min, found ${found.length} `,
    );
  }
} finally {
  await redis.stop();
  await postgres.stop();
  programs.remove();
}
process.stderr.write('\n');
const minutes = Number(((performance.now() - began) / 60_000).toFixed(1));
process.stdout.write(`${JSON.stringify({ seed: Number(seed), ...done, minutes, found }, null, 2)}\n`);
process.exitCode = found.length === 0 ? 0 : 1;
