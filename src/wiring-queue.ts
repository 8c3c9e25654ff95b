/** Bells and workers put together with the ledger that tells what is owed. */
import type { SendingConfig } from './config.ts';
import { asFailure } from './domain/failure.ts';
import { answerBells, openBells } from './queue/bells.ts';
import { beat, lookAfterOne, survey } from './wiring-nights.ts';
import type { NightWatch } from './wiring-nights.ts';

export { openBells };

/** Has sweeps rung at the hour of the night and every minute, and rings for what is owed already. Throws what `openBells` throws. */
export async function hangBells(redisUrl: string, config: SendingConfig): Promise<void> {
  const bells = await openBells(redisUrl);
  try {
    await bells.schedule(config.nightlyAt);
    await survey(config, bells);
  } finally {
    await bells.close();
  }
}

const sweptEvery = 30_000;
/** A worker that was told to end comes to a safe place within this time, or is left to be taken up by another. */
const patience = 20_000;

/**
 * A worker: answers bells until it is ended. It sweeps by itself too, so that bells lost with their Redis ring again. Throws what
 * `openBells` throws.
 */
export async function startWorker(redisUrl: string, watch: NightWatch): Promise<() => Promise<void>> {
  const { config, logger, signal } = watch;
  const bells = await openBells(redisUrl);
  const sweep = async (): Promise<void> => {
    await survey(config, bells);
    await beat(watch, 'worker', {});
  };
  const trouble = (thrown: unknown): void => {
    const { code, message } = asFailure(thrown);
    logger.warn({ code, fault: (thrown as { code?: string }).code }, message);
  };
  const worker = answerBells(redisUrl, {
    night: (businessDate) => lookAfterOne(watch, businessDate),
    sweep,
    trouble,
    stopped: signal,
  });
  let sweeping: Promise<void> = sweep().catch(trouble);
  const timer = setInterval(() => {
    sweeping = sweeping.then(() => (signal.aborted ? undefined : sweep())).catch(trouble);
  }, sweptEvery);
  return async () => {
    clearInterval(timer);
    await worker.close(patience);
    await sweeping;
    await bells.close();
  };
}
