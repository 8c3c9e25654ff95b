#!/usr/bin/env node
import cron from 'node-cron';
import { asFailure } from '../src/domain/failure.ts';
import { nightlyPattern } from '../src/domain/schedule.ts';
import { hangBells, openBells } from '../src/wiring-queue.ts';
import { beat, lookAfterNights, survey } from '../src/wiring-nights.ts';
import type { NightTimes, NightWatch } from '../src/wiring-nights.ts';
import { systemClock } from '../src/wiring.ts';
import { keepWatch } from './commands/keep-watch.ts';

/**
 * The scheduler. On one machine it looks after what is owed at `NIGHTLY_AT` London time and every five minutes, and where a run waits as
 * often as MESH may be asked. With `REDIS_URL` it only has the bells rung for the workers. It keeps nothing itself: after a crash, a sleep
 * or a change of the clock the ledger says what is owed.
 */
const look = ({ config }: NightWatch): ((watch: NightWatch) => Promise<number | null>) => {
  const { redisUrl } = config;
  if (redisUrl !== null)
    return async () => {
      await hangBells(redisUrl, config);
      await beat({ config }, 'nightly', {});
      return null;
    };
  let times: NightTimes = new Map();
  return async (watch) => {
    const looked = await lookAfterNights(watch, times);
    times = looked ?? times;
    await survey(config);
    await beat({ config }, 'nightly', { owed: [...times.keys()] });
    // Where nobody could look, the next tick of the clock is soon enough.
    return looked === null || looked.size === 0 ? null : Math.min(...looked.values());
  };
};

await keepWatch('scheduler', async (watch) => {
  const { config, logger, signal } = watch;
  const lookOnce = look(watch);
  let looking: Promise<void> | null = null;
  let next: NodeJS.Timeout | undefined;
  const ticks = (): void => {
    if (looking !== null || signal.aborted) return;
    clearTimeout(next);
    looking = lookOnce(watch)
      .then((again) => {
        if (again !== null && !signal.aborted)
          next = setTimeout(ticks, Math.max(0, again - systemClock.now()));
      })
      .catch((thrown: unknown) => {
        const { code, message, detail } = asFailure(thrown);
        if (!signal.aborted) logger.error({ code, place: detail.place, hint: detail.hint }, message);
      })
      .finally(() => {
        looking = null;
      });
  };
  // A Redis that forgets is refused before the watch begins.
  if (config.redisUrl !== null) await (await openBells(config.redisUrl)).close();
  const timezone = 'Europe/London';
  const tasks = [
    cron.schedule(nightlyPattern(config.nightlyAt), ticks, { timezone, name: 'nightly' }),
    cron.schedule('*/5 * * * *', ticks, { timezone, name: 'what is owed' }),
  ];
  ticks();
  return async () => {
    clearTimeout(next);
    for (const task of tasks) await task.destroy();
    await looking;
  };
});
