/**
 * What an auditor pack may say of one provider (R59, R73, R78): totals of that provider, small ones hidden. It says nothing of persons, of
 * other providers, of how many were asked about, or of what the national check answered.
 */
import type { LocalDate } from './calendar.ts';
import { addDays, daysBetween } from './calendar.ts';
import type { Digest } from './digest.ts';
import { heldBackReasons } from './eligibility.ts';
import type { HeldBackReason } from './eligibility.ts';
import type { AttestedList } from './evidence.ts';
import { Failure } from './failure.ts';
import { smallestShown, suppressed } from './suppression.ts';

export const packFormat = 'export-gate-pack-1';
/** A year and a day: what is asked for beyond it is asked for in several packs. */
export const longestPeriod = 366;

/** `null` is hidden: it is under ten, or could tell one that is. */
export type Shown = number | null;

/** The people of a provider on the lists of one run, each once a list. */
export interface CountedPeople {
  readonly released: number;
  /** By reason; what the gate held back. */
  readonly heldBack: Readonly<Record<HeldBackReason, number>>;
  /** Objected, or left, between the gate and the release. */
  readonly late: number;
}

export interface ShownPeople {
  readonly released: Shown;
  readonly heldBack: Shown;
  readonly reasons: Readonly<Record<HeldBackReason, Shown>>;
  readonly late: Shown;
}

export interface ShownRun {
  /** `2026-11-22/r1` */
  readonly run: string;
  readonly outcome: 'sent' | 'nothing-sent' | 'not-over' | 'not-attested';
  /** Where it is told in the log, and when; null where it is not. */
  readonly entry: number | null;
  readonly at: string | null;
  readonly rules: string | null;
  readonly configuration: Digest | null;
  readonly legalBasis: string | null;
  readonly recipientAgreement: string | null;
  readonly purpose: string | null;
  /** Null where nothing was sent, and where the lists were lost. */
  readonly people: ShownPeople | null;
  /** The lists against whose roots a total of this provider is proved. */
  readonly proved: readonly AttestedList['list'][];
}

export interface ShownNight {
  readonly businessDate: LocalDate;
  /** None: the night is missing. */
  readonly runs: readonly ShownRun[];
}

export interface PackFacts {
  readonly format: typeof packFormat;
  readonly provider: { readonly id: string; readonly name: string | null };
  readonly from: LocalDate;
  readonly to: LocalDate;
  readonly log: { readonly origin: string; readonly size: number; readonly root: Digest };
  readonly nights: readonly ShownNight[];
}

/**
 * The counts as they may be shown. Nobody released is hidden like any number under ten: beside a known roster it would say what the
 * national check answered about everybody. The total of those held back is shown only beside hidden reasons that are all small by
 * themselves and come to ten or more together: where another had to be hidden with them, total and rule together could tell which.
 */
export function showPeople({ released, heldBack, late }: CountedPeople): ShownPeople {
  const { cells, total } = suppressed(heldBack);
  const hidden = heldBackReasons.filter((reason) => cells[reason] === null).map((reason) => heldBack[reason]);
  const left = hidden.reduce((sum, count) => sum + count, 0);
  const tells = hidden.length > 0 && (left < smallestShown || !hidden.every(isSmall));
  return {
    released: released < smallestShown ? null : released,
    heldBack: tells ? null : total,
    reasons: cells,
    late: suppressed({ late }).total,
  };
}

const isSmall = (count: number): boolean => count > 0 && count < smallestShown;

export const nobodyHeldBack = (): Record<HeldBackReason, number> =>
  Object.fromEntries(heldBackReasons.map((reason) => [reason, 0])) as Record<HeldBackReason, number>;

/** The dates of a period, first to last. Throws `usage` for one that ends before it begins, has not come, or is longer than a year. */
export function datesOf(from: LocalDate, to: LocalDate, today: LocalDate): readonly LocalDate[] {
  const days = daysBetween(from, to) + 1;
  if (days < 1 || days > longestPeriod || to > today) {
    throw new Failure('usage', {
      message: 'This is not a period that a pack can speak of.',
      found: `${from} to ${to}`,
      allowed: `1 to ${longestPeriod} days, the last of them ${today} or earlier`,
      hint: 'Nothing was exported. Name the first and the last business date; ask for a longer period in several packs.',
    });
  }
  return Array.from({ length: days }, (_, at) => addDays(from, at));
}
