/** Nights looked after by programs that nobody watches: configuration in, one look at what is owed. */
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Config, SendingConfig } from './config.ts';
import { formatInstant, second } from './domain/calendar.ts';
import type { Instant, LocalDate } from './domain/calendar.ts';
import { asFailure } from './domain/failure.ts';
import { formatRunId } from './domain/run.ts';
import type { DueNight } from './domain/schedule.ts';
import { makeFolder } from './keys/key-files.ts';
import type { Logger } from './logger.ts';
import type { Pipeline } from './pipeline/context.ts';
import { showCheckpoint } from './pipeline/end.ts';
import { lookAfter, nightsOwed } from './pipeline/look-after.ts';
import type { NightLook } from './pipeline/look-after.ts';
import type { Bells } from './queue/bells.ts';
import { openOffice, openPipeline, systemClock } from './wiring.ts';
import { healthNow, metricsText } from './wiring-health.ts';

export interface NightWatch {
  readonly config: SendingConfig;
  /** Which program on which machine, as the entries say it. */
  readonly by: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** When each night that is owed is to be looked after again. */
export type NightTimes = ReadonlyMap<LocalDate, Instant>;

/**
 * Looks after every night that is owed and whose time has come, oldest first, and gives the times of those that are still owed; null where
 * it could not be looked, which is logged. Throws nothing but the signal's reason.
 */
export const lookAfterNights = (watch: NightWatch, times: NightTimes): Promise<NightTimes | null> =>
  withPipeline(watch, async (pipeline) => {
    const again = new Map<LocalDate, Instant>();
    for (const night of await nightsOwed(pipeline)) {
      const { businessDate } = night;
      const time = times.get(businessDate);
      const isEarly = time !== undefined && time > systemClock.now();
      const next = isEarly ? time : await lookOnce(watch, pipeline, night, time === undefined);
      if (next !== null) again.set(businessDate, next);
    }
    return again;
  });

/** A worker that could not look tries again after so long. */
const unableFor = 15 * second;

/** The same for one night, if it is owed; gives the time to look again, or null. */
export async function lookAfterOne(watch: NightWatch, businessDate: LocalDate): Promise<Instant | null> {
  const looked = await withPipeline(watch, async (pipeline) => {
    const night = (await nightsOwed(pipeline)).find((owed) => owed.businessDate === businessDate);
    return { again: night === undefined ? null : await lookOnce(watch, pipeline, night, true) };
  });
  return looked === null ? systemClock.now() + unableFor : looked.again;
}

async function withPipeline<T>(
  { config, by, signal, logger }: NightWatch,
  work: (pipeline: Pipeline) => Promise<T>,
): Promise<T | null> {
  try {
    const advancing = await openPipeline(config, {
      ...{ by, signal },
      onProgress: (event) => {
        logger.info(event, event.step);
      },
    });
    try {
      return await work({ ...advancing.pipeline, leavesToWait: true });
    } finally {
      await advancing.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message, detail } = asFailure(thrown);
    const { place, found, hint } = detail;
    logger.error({ code, place, found, hint }, message);
    return null;
  }
}

async function lookOnce(
  { logger }: NightWatch,
  pipeline: Pipeline,
  night: DueNight,
  isNew: boolean,
): Promise<Instant | null> {
  const { businessDate, isLate } = night;
  if (isLate && isNew) logger.warn({ businessDate }, 'this night is late');
  const look = await lookAfter(pipeline, night);
  tell(logger, businessDate, look);
  return look.now === 'ended' ? null : look.again;
}

function tell(logger: Logger, businessDate: LocalDate, look: NightLook): void {
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

/**
 * The dead man's switch: a file written after each look that came to its end, replaced whole. Whoever watches from outside alarms when it
 * grows older than a quarter of an hour.
 */
export async function beat(
  { config }: Pick<NightWatch, 'config'>,
  program: string,
  said: object,
): Promise<void> {
  const at = formatInstant(systemClock.now());
  await replace(
    path.join(config.dataDir, `${program}.alive`),
    `${JSON.stringify({ at, pid: process.pid, ...said })}\n`,
  );
}

/**
 * Shows the newest checkpoint, which whoever signed it may have died over; rings for every night that is owed now, oldest first; and writes
 * the numbers of `status --metrics` as a file, for a collector that reads text files: it needs no port of ours.
 */
export async function survey(
  config: Config,
  bells: Pick<Bells, 'ring' | 'waiting'> | null = null,
): Promise<void> {
  const office = await openOffice(config);
  try {
    await showCheckpoint(office);
    for (const { businessDate } of await nightsOwed(office)) await bells?.ring(businessDate);
    const health = await healthNow(office, (await bells?.waiting()) ?? null);
    // In a folder of its own: whoever collects it need not see keys and ledger.
    const folder = path.join(config.dataDir, 'metrics');
    makeFolder(folder);
    await replace(path.join(folder, 'metrics.prom'), await metricsText(health));
  } finally {
    await office.close();
  }
}

async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
