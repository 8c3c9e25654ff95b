#!/usr/bin/env node
import { Failure } from '../src/domain/failure.ts';
import { startWorker } from '../src/wiring-queue.ts';
import { keepWatch } from './commands/keep-watch.ts';

/** A worker: answers the bells of `REDIS_URL` on the ledger of `DATABASE_URL`. As many as wanted, on as many machines; one is at work at a time. */
await keepWatch('worker', (watch) => {
  const { redisUrl } = watch.config;
  if (redisUrl !== null) return startWorker(redisUrl, watch);
  throw new Failure('configuration-invalid', {
    message: 'A worker answers the bells of Redis.',
    place: 'REDIS_URL',
    allowed: 'redis://host:port',
    hint: 'Set REDIS_URL and DATABASE_URL; on one machine start the scheduler instead, which needs neither.',
  });
});
