#!/usr/bin/env node
import os from 'node:os';
import cron from 'node-cron';
import { readSendingConfig } from '../src/config.ts';
import { asFailure, exitCodeOf } from '../src/domain/failure.ts';
import { createLogger } from '../src/logger.ts';
import { beat, lookAfterNights } from '../src/wiring-nights.ts';
import type { NightWatch } from '../src/wiring-nights.ts';
import { interrupted, systemClock } from '../src/wiring.ts';
import { describeFailure } from './words/failures.ts';

/**
 * The scheduler of one machine: looks after what is owed at `NIGHTLY_AT` London time and every five minutes, and where a run waits as
 * often as MESH may be asked. It keeps nothing itself: after a crash, a sleep or a change of the clock the ledger says what is owed.
 * Writes one line of JSON for each thing that happened. Ends on SIGTERM or SIGINT, exit 0; what was under way is taken up by the next.
 */
async function keepWatch(): Promise<void> {
  const config = readSendingConfig();
  const stop = new AbortController();
  const logger = createLogger(process.stdout);
  const watch: NightWatch = {
    ...{ config, logger, signal: stop.signal, again: new Map() },
    by: `scheduler:${os.hostname()}`,
  };
  let looking = Promise.resolve();
  let isLooking = false;
  let next: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (isLooking || stop.signal.aborted) return;
    isLooking = true;
    clearTimeout(next);
    looking = lookAfterNights(watch)
      .then(async (again) => {
        await beat(config, { owed: [...watch.again.keys()] });
        if (again !== null && !stop.signal.aborted)
          next = setTimeout(look, Math.max(0, again - systemClock.now()));
      })
      .catch((thrown: unknown) => {
        if (!stop.signal.aborted) logger.error({ code: asFailure(thrown).code }, asFailure(thrown).message);
      })
      .finally(() => {
        isLooking = false;
      });
  };
  const [hours = '2', minutes = '30'] = config.nightlyAt.split(':').map((part) => String(Number(part)));
  const timezone = 'Europe/London';
  const tasks = [
    cron.schedule(`${minutes} ${hours} * * *`, look, { timezone, name: 'nightly' }),
    cron.schedule('*/5 * * * *', look, { timezone, name: 'what is owed' }),
  ];
  logger.info({ nightlyAt: config.nightlyAt }, 'keeping watch');
  look();
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        stop.abort(interrupted());
        resolve();
      });
  });
  clearTimeout(next);
  for (const task of tasks) await task.destroy();
  await looking;
  logger.info('the watch has ended');
}

process.umask(0o077);
try {
  await keepWatch();
} catch (thrown) {
  process.stderr.write(describeFailure(asFailure(thrown)));
  process.exitCode = exitCodeOf(asFailure(thrown).code);
}
