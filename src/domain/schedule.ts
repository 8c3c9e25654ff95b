/**
 * Which nights are owed. Told anew each time from the clock and from the runs there are, so that it does not matter who asks, how often,
 * or what became of an alarm clock meanwhile: a night has one run because its business date is the key of the run.
 */
import { addDays, daysBetween, londonDate, londonTime } from './calendar.ts';
import type { Instant, LocalDate } from './calendar.ts';
import { isFinal } from './run.ts';
import type { RunState } from './run.ts';

/** A night that has a run, whatever became of it. */
export interface KnownNight {
  readonly businessDate: LocalDate;
  readonly state: RunState;
}

export interface DueNight {
  readonly businessDate: LocalDate;
  /** Not begun within an hour after its time: whoever is told of it is told that too. */
  readonly isLate: boolean;
}

/** A night missed for longer is not caught up: its intake would be refused as stale, and a newer night has said what it would have said. */
const caughtUpFor = 7;
const patience = 60;

/** The newest business date whose hour has come; `nightlyAt` is London wall-clock time `HH:MM`. */
export function newestNight(now: Instant, nightlyAt: string): LocalDate {
  const today = londonDate(now);
  return londonTime(now) >= nightlyAt ? today : addDays(today, -1);
}

/**
 * Nights to be opened or taken up, oldest first: every date without a run since the first one, no further back than a week, and every run
 * that has not ended. Where nothing was ever run, tonight's and no other. A clock set back owes nothing anew; one set forward asks for
 * nights whose intake is not there yet, and so opens none.
 */
export function dueNights(
  now: Instant,
  nightlyAt: string,
  known: readonly KnownNight[],
): readonly DueNight[] {
  const newest = newestNight(now, nightlyAt);
  const there = new Set(known.map(({ businessDate }) => businessDate));
  const first = known.reduce(
    (least, { businessDate }) => (businessDate < least ? businessDate : least),
    newest,
  );
  const due = new Set(known.filter(({ state }) => !isFinal(state)).map(({ businessDate }) => businessDate));
  for (let back = 0; back < caughtUpFor; back++) {
    const date = addDays(newest, -back);
    if (date >= first && !there.has(date)) due.add(date);
  }
  return [...due]
    .sort()
    .map((businessDate) => ({ businessDate, isLate: isLate(now, nightlyAt, businessDate) }));
}

/** By the clock on the wall: on the two nights on which that jumps, an hour more or less is no matter. */
function isLate(now: Instant, nightlyAt: string, businessDate: LocalDate): boolean {
  const days = daysBetween(businessDate, londonDate(now));
  return days * 24 * 60 + minutesOf(londonTime(now)) > minutesOf(nightlyAt) + patience;
}

/** The hour of the night as node-cron and BullMQ read it: every day, to be taken in London. */
export function nightlyPattern(nightlyAt: string): string {
  const [hours, minutes] = partsOf(nightlyAt);
  return `${minutes} ${hours} * * *`;
}

function minutesOf(time: string): number {
  const [hours, minutes] = partsOf(time);
  return hours * 60 + minutes;
}

function partsOf(time: string): readonly [hours: number, minutes: number] {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return [hours, minutes];
}
