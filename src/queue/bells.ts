/**
 * Bells on BullMQ: "look after the night of D", and nothing more. What is due, and what has been done, the ledger alone says; so that a
 * bell may ring twice, late, or not at all, and a Redis that is lost has lost no state. No job holds more than a business date.
 */
import { DelayedError, Queue, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { Failure } from '../domain/failure.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import { nightlyPattern } from '../domain/schedule.ts';
import { demandDurable } from './durable.ts';

const queueName = 'nights';
/** In braces, so that a Redis Cluster keeps all keys of the queue in one slot. */
const prefix = '{export-gate}';
const kept = { age: 7 * 24 * 3600, count: 1000 };
const sweepName = 'sweep';
const nightName = 'night';
/** The program must say soon that nobody answers. */
const longestConnecting = 1_500;

interface Bell {
  readonly businessDate?: LocalDate;
}

export interface Bells {
  /** Rings for a night; while a bell of that night hangs, another one is the same. */
  readonly ring: (businessDate: LocalDate) => Promise<void>;
  /** Has sweeps rung at the hour of the night, London time, and every minute; replaces what was set before. */
  schedule(nightlyAt: string): Promise<void>;
  /** How many bells wait or are being answered. */
  readonly waiting: () => Promise<number>;
  close(): Promise<void>;
}

/** Throws `place-unsafe` for a Redis that may forget, `queue-unreachable` where nobody answers. */
export async function openBells(redisUrl: string): Promise<Bells> {
  const connection = new Redis(redisUrl, {
    ...{ lazyConnect: true, enableOfflineQueue: false, connectTimeout: longestConnecting },
    ...{ maxRetriesPerRequest: 1, retryStrategy: (times: number) => Math.min(times * 200, 5_000) },
  });
  connection.on('error', () => undefined);
  try {
    await Promise.race([connection.connect(), tooLate()]);
    demandDurable(await connection.info());
  } catch (thrown) {
    connection.disconnect();
    throw thrown instanceof Failure ? thrown : unreachable(thrown);
  }
  const queue = new Queue<Bell>(queueName, { connection, prefix });
  queue.on('error', () => undefined);
  await queue.setGlobalConcurrency(1);
  const options = { removeOnComplete: kept, removeOnFail: kept };
  return {
    async ring(businessDate) {
      await queue.add(nightName, { businessDate }, { ...options, deduplication: { id: businessDate } });
    },
    async schedule(nightlyAt) {
      const template = { name: sweepName, data: {}, opts: options };
      const atNight = { pattern: nightlyPattern(nightlyAt), tz: 'Europe/London' };
      await queue.upsertJobScheduler('nightly', atNight, template);
      await queue.upsertJobScheduler('every-minute', { every: 60_000 }, template);
    },
    waiting: () => queue.getJobCountByTypes('waiting', 'delayed', 'active', 'prioritized'),
    async close() {
      await queue.close();
      connection.disconnect();
    },
  };
}

/** What a worker does when a bell rings. */
export interface Answering {
  /** Looks after a night; the time to look again, or null where that is for another bell. Throws only once `stopped` has fired. */
  night(businessDate: LocalDate): Promise<Instant | null>;
  /** Rings for every night that is owed. */
  sweep(): Promise<void>;
  /** Trouble with Redis itself; the worker goes on trying. */
  trouble(thrown: unknown): void;
  /** Fires when the worker is told to end. */
  readonly stopped: AbortSignal;
}

export interface BellWorker {
  /** Takes no new bell, lets the one at hand come to a safe place, and gives up waiting for it after so many milliseconds. */
  close(patience: number): Promise<void>;
}

/**
 * Answers bells, one at a time over all workers (MESH allows one caller a mailbox). Waiting holds no worker: the bell is hung up until its
 * time. A worker that dies or stands still loses its bell to another after half a minute; the ledger's claim keeps it from changing more.
 */
export function answerBells(redisUrl: string, answering: Answering): BellWorker {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  const answer = async (job: Job<Bell>, token: string | undefined): Promise<void> => {
    const { businessDate } = job.data;
    if (businessDate === undefined) return answering.sweep();
    const again = await answering.night(businessDate).catch((thrown: unknown) => {
      if (answering.stopped.aborted) return Date.now();
      throw thrown;
    });
    if (again === null) return;
    await job.moveToDelayed(again + jitter(), token);
    throw new DelayedError();
  };
  const worker = new Worker<Bell>(queueName, answer, {
    ...{ connection, prefix, concurrency: 1, lockDuration: 30_000, stalledInterval: 15_000 },
    // However often its worker died: what is due is due, and the ledger says how far it came.
    ...{ maxStalledCount: 1_000, limiter: { max: 20, duration: 1_000 } },
    ...{ removeOnComplete: kept, removeOnFail: kept },
  });
  worker.on('error', (thrown) => {
    answering.trouble(thrown);
  });
  return {
    async close(patience) {
      let overtime: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        overtime = setTimeout(resolve, patience);
      });
      await Promise.race([worker.close(), late]);
      clearTimeout(overtime);
      connection.disconnect();
    },
  };
}

/** Workers that were stopped together do not come back together. */
const jitter = (): number => Math.floor(Math.random() * 250);

const tooLate = (): Promise<never> =>
  new Promise((_, reject) => {
    setTimeout(reject, longestConnecting, new Error('no answer')).unref();
  });

const unreachable = (cause: unknown): Failure =>
  new Failure('queue-unreachable', {
    message: 'Redis cannot be reached.',
    place: 'REDIS_URL',
    hint: 'Nothing was lost: the ledger says what is owed. See that Redis answers at this address and takes the password.',
    cause,
  });
