/** Nights looked after by a program that nobody watches: configuration in, one look at everything that is owed. */
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { SendingConfig } from './config.ts';
import { formatInstant } from './domain/calendar.ts';
import type { Instant } from './domain/calendar.ts';
import { asFailure } from './domain/failure.ts';
import { formatRunId } from './domain/run.ts';
import type { Logger } from './logger.ts';
import type { Progress } from './pipeline/context.ts';
import { lookAfter, nightsOwed } from './pipeline/look-after.ts';
import type { NightLook } from './pipeline/look-after.ts';
import { openPipeline, systemClock } from './wiring.ts';

/** The word of a night watch in the log of entries: which program, on which machine. */
export interface NightWatch {
  readonly config: SendingConfig;
  readonly by: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** When each night that was stopped or waits is to be looked after again; kept from look to look. */
  readonly again: Map<string, Instant>;
}

/**
 * Looks after every night that is owed and due, oldest first, and gives the time of the next look that cannot wait for the clock's next
 * tick; null where none is asked for. Nothing is thrown but the signal's reason: what stops a night is logged, and looked at again.
 */
export async function lookAfterNights(watch: NightWatch): Promise<Instant | null> {
  const { config, by, signal, logger, again } = watch;
  const onProgress = (event: Progress): void => {
    logger.info(event, event.step);
  };
  try {
    const advancing = await openPipeline(config, { by, signal, onProgress });
    try {
      const pipeline = { ...advancing.pipeline, leavesToWait: true };
      for (const night of await nightsOwed(pipeline)) {
        const { businessDate, isLate } = night;
        if ((again.get(businessDate) ?? 0) > systemClock.now()) continue;
        if (isLate && !again.has(businessDate)) logger.warn({ businessDate }, 'this night is late');
        const look = await lookAfter(pipeline, night);
        tell(logger, businessDate, look);
        if (look.now === 'ended') again.delete(businessDate);
        else again.set(businessDate, look.again);
      }
    } finally {
      await advancing.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message, detail } = asFailure(thrown);
    logger.error({ code, place: detail.place, found: detail.found, hint: detail.hint }, message);
  }
  return again.size === 0 ? null : Math.min(...again.values());
}

function tell(logger: Logger, businessDate: string, look: NightLook): void {
  if (look.now === 'waits') {
    logger.info({ businessDate, again: formatInstant(look.again) }, 'waits for the national check');
  } else if (look.now === 'stopped') {
    const { code, message, detail } = look.failure;
    const { place, found, hint } = detail;
    logger.error({ businessDate, code, place, found, hint, again: formatInstant(look.again) }, message);
  } else {
    const { run, changed } = look;
    const said = { run: formatRunId(run), state: run.state, reason: run.reason, released: run.released };
    if (run.state === 'sealed') logger.info(said, 'released and sealed');
    else if (changed) logger.error(said, look.now === 'held' ? 'held: a person must look' : 'nothing left');
  }
}

export const heartbeatFile = ({ dataDir }: Pick<SendingConfig, 'dataDir'>): string =>
  path.join(dataDir, 'nightly.alive');

/**
 * The dead man's switch: written after each look that came to its end, replaced whole. Whoever watches from outside alarms when it grows
 * older than a quarter of an hour.
 */
export async function beat(config: Pick<SendingConfig, 'dataDir'>, said: object): Promise<void> {
  const file = heartbeatFile(config);
  const beside = `${file}.${process.pid}`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(
      `${JSON.stringify({ at: formatInstant(systemClock.now()), pid: process.pid, ...said })}\n`,
    );
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
