import { londonDate, londonTime, minute, second } from '../domain/calendar.ts';
import type { Instant } from '../domain/calendar.ts';
import { asFailure, exitCodeOf, exitCodes, Failure, retryOf } from '../domain/failure.ts';
import type { ExitCode, FailureCode } from '../domain/failure.ts';
import { toleratedSkewMinutes } from '../domain/hold.ts';
import { dueNights } from '../domain/schedule.ts';
import type { DueNight } from '../domain/schedule.ts';
import { isRehearsal } from '../domain/run.ts';
import type { StoredRun } from '../ports.ts';
import { advanceRun } from './advance.ts';
import { anchorAfterFailure } from './anchoring.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';
import { keepHouse } from './housekeeping.ts';

/** What became of a night that was looked after once: it has ended, or waits for a person, or is to be looked after again. */
export type NightLook =
  | { readonly now: 'ended'; readonly run: StoredRun; readonly changed: boolean }
  | { readonly now: 'held'; readonly run: StoredRun; readonly changed: boolean; readonly again: Instant }
  | { readonly now: 'waits'; readonly again: Instant }
  | { readonly now: 'stopped'; readonly failure: Failure; readonly again: Instant };

/** How often an absent or refused intake is tried again. */
export const intakeTriedEvery = 5 * minute;
/** What only a person can mend is looked at again at this pace, so that the mending is found without being told. */
const stoppedFor = 15 * minute;
const ownTroubleFor = 15 * second;
/** A hold is looked at again: it may have been approved, or nobody may have decided in time. */
const heldFor = 5 * minute;

/** The nights that are owed now, oldest first; rehearsals are nobody's night. */
export const nightsOwed = ({
  ledger,
  clock,
  config,
}: Pick<Pipeline, 'ledger' | 'clock' | 'config'>): Promise<readonly DueNight[]> =>
  ledger.read(async (tx) => {
    // Newest revision first: of a date the first counts.
    const latest = new Map<string, StoredRun>();
    for (const run of await tx.runs({ withoutRehearsals: true }))
      if (!latest.has(run.businessDate)) latest.set(run.businessDate, run);
    return dueNights(clock.now(), config.nightlyAt, [...latest.values()]);
  });

/**
 * Looks after a night once, as far as it will go without waiting: the pipeline must be one that comes back (`leavesToWait`). What stops it
 * is given back, not thrown, with the time at which to look again; whatever it was, the log is anchored. A night whose intake is refused
 * until `INTAKE_TRIED_UNTIL` ends failed (design, section 6).
 */
export async function lookAfter(pipeline: Pipeline, { businessDate }: DueNight): Promise<NightLook> {
  const { clock } = pipeline;
  try {
    const { run, changed, comeBack } = await advanceRun(pipeline, businessDate, false);
    if (comeBack !== null) return { now: 'waits', again: comeBack };
    await keepHouse(pipeline);
    return run.state === 'held'
      ? { now: 'held', run, changed, again: clock.now() + heldFor }
      : { now: 'ended', run, changed };
  } catch (thrown) {
    pipeline.signal.throwIfAborted();
    const failure = asFailure(thrown);
    await anchorAfterFailure(pipeline, failure.code);
    if (exitCodeOf(failure.code) === exitCodes.intakeRefused) {
      const failed = await failMissed(pipeline, businessDate, failure.code);
      if (failed !== null) {
        await keepHouse(pipeline);
        return { now: 'ended', run: failed, changed: true };
      }
      return { now: 'stopped', failure, again: clock.now() + intakeTriedEvery };
    }
    return { now: 'stopped', failure, again: clock.now() + pauseAfter(failure.code) };
  }
}

/** A disk, a database or another process of our own is soon back; MESH is asked no more often than it likes, and a stop is a person's. */
function pauseAfter(code: FailureCode): number {
  if (retryOf(code) === 'never') return stoppedFor;
  return soonOver.includes(exitCodeOf(code)) ? ownTroubleFor : intakeTriedEvery;
}

const soonOver: readonly ExitCode[] = [exitCodes.unexpected, exitCodes.busy, exitCodes.interrupted];

/**
 * Ends a night that never got an intake it could believe, once its day is over. Only where MESH agrees about the time: a clock set forward
 * must not end nights that have not begun. Null where the night is not over, or a run of it stands.
 */
export async function failMissed(
  pipeline: Pipeline,
  businessDate: string,
  code: FailureCode,
): Promise<StoredRun | null> {
  const { clock, ledger, config } = pipeline;
  const now = clock.now();
  const today = londonDate(now);
  // A night that begins after that hour is tried until its date ends.
  const isTriedLonger = config.nightlyAt >= config.intakeTriedUntil;
  const isOver =
    businessDate < today ||
    (businessDate === today && !isTriedLonger && londonTime(now) >= config.intakeTriedUntil);
  const standing = await ledger.read((tx) => tx.runs({ businessDate }));
  if (!isOver || standing.some((run) => !isRehearsal(run)) || !(await clocksAgree(pipeline))) return null;
  const id = { businessDate, revision: 1 };
  const run: StoredRun = {
    ...id,
    ...{ state: 'failed', heldFrom: null, openedAt: now, intake: '', configuration: config.digest },
    ...{ keyId: '', totals: null, released: null, reason: code, endedAt: now },
  };
  await commitSigned(pipeline, async (tx) => {
    const proof = await tell(pipeline, tx, id, { what: 'night-missed', code, configuration: config.digest });
    await tx.insertRun(run, proof);
  });
  return run;
}

/** MESH refuses whoever's time is more than two hours from its own, so that an answer alone says much. */
async function clocksAgree({ mailbox }: Pipeline): Promise<boolean> {
  try {
    return Math.abs((await mailbox.handshake()) ?? 0) < toleratedSkewMinutes * minute;
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}
