import type { LocalDate } from '../domain/calendar.ts';
import { demandNoCanary } from '../domain/canary.ts';
import type { AskedRow, Decision } from '../domain/decision.ts';
import { askedOutcome, askedOutcomes } from '../domain/eligibility.ts';
import type { AskedOutcome } from '../domain/eligibility.ts';
import type { Digest } from '../domain/digest.ts';
import type { RunTotals } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { holds, numberList } from '../domain/number-list.ts';
import type { NumberList } from '../domain/number-list.ts';
import type { DropFile } from '../ports.ts';
import type { Answers } from './answers.ts';
import { sha256 } from './context.ts';
import { encodeNumbers } from './papers.ts';

/** What leaves if nobody objects. */
export interface Release {
  readonly files: readonly DropFile[];
  /** Every number that stands in some file, ascending. */
  readonly numbers: NumberList;
  /** Those whom a choice or a lease that changed since the gate keeps back. */
  readonly late: NumberList;
  readonly totals: RunTotals;
  /** Blinded digest over file names and numbers: exactly what leaves. */
  readonly digest: Digest;
  /** Numbers of the made-up people whom the gate and this decision held back. */
  readonly canaries: NumberList;
  /** Digest of the newest intake that was read. */
  readonly newestIntake: Digest;
  /** Choices recorded in the ledger that were heard; with one more this is out of date. */
  readonly choicesHeard: number;
  /** The same of words about stops. */
  readonly stopsHeard: number;
}

export interface ReleaseTerms {
  readonly rows: Iterable<AskedRow>;
  readonly answers: Answers;
  /** The newest intake, decided on now. */
  readonly again: Decision;
  /** Numbers that it allows, and with it the run's own. */
  readonly allowed: NumberList;
  readonly canaries: NumberList;
  readonly newestIntake: Digest;
  readonly choicesHeard: number;
  readonly stopsHeard: number;
  readonly releaseDate: LocalDate;
  readonly layout: 'single' | 'per-location';
  readonly blinding: Uint8Array;
  /** Totals as the gate left them. */
  readonly gated: RunTotals;
}

/**
 * Settles every asked number and lays out the files: one list, or one a location for the rows that both intakes place there. Throws
 * `canary-survived`, `intake-totals`.
 */
export function planRelease(terms: ReleaseTerms): Release {
  const numbers: number[] = [];
  const inForce: number[] = [];
  for (const { number, until } of terms.rows) {
    numbers.push(number);
    if (until >= terms.releaseDate) inForce.push(number);
  }
  const leased = numberList(inForce);
  const byOutcome = new Map<AskedOutcome, number[]>(askedOutcomes.map((outcome) => [outcome, []]));
  for (const number of numberList(numbers)) {
    const stillAllowed = holds(terms.allowed, number) && holds(leased, number);
    byOutcome.get(askedOutcome({ stillAllowed, check: terms.answers.check(number) }))?.push(number);
  }
  const cleared = Float64Array.from(byOutcome.get('released') ?? []);
  const files =
    terms.layout === 'single'
      ? [{ name: 'nhs-numbers.csv', numbers: cleared }]
      : filesByLocation(terms, cleared);
  const released =
    terms.layout === 'single' ? cleared : numberList(files.flatMap((file) => [...file.numbers]));
  demandNoCanary(released, terms.canaries, 'the release');
  const unplaced = [...cleared].filter((number) => !holds(released, number));
  const late = numberList([...(byOutcome.get('objected-late') ?? []), ...unplaced]);
  byOutcome.set('released', [...released]).set('objected-late', [...late]);
  const parts = files.flatMap((file) => [Buffer.from(`${file.name}\n`), encodeNumbers(file.numbers)]);
  return {
    files,
    numbers: released,
    late,
    totals: addTotals(terms.gated, byOutcome),
    digest: sha256(terms.blinding, ...parts),
    canaries: terms.canaries,
    newestIntake: terms.newestIntake,
    choicesHeard: terms.choicesHeard,
    stopsHeard: terms.stopsHeard,
  };
}

function filesByLocation({ rows, again, releaseDate }: ReleaseTerms, cleared: NumberList): DropFile[] {
  const still = new Set<string>();
  for (const { number, locationId } of again.askedRows()) still.add(`${number}/${locationId}`);
  const byLocation = new Map<string, number[]>();
  for (const { number, locationId, until } of rows) {
    if (until < releaseDate || !holds(cleared, number) || !still.has(`${number}/${locationId}`)) continue;
    const list = byLocation.get(locationId);
    if (list === undefined) byLocation.set(locationId, [number]);
    else list.push(number);
  }
  return [...byLocation]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([locationId, list]) => ({
      name: `location-${locationId}.csv`,
      locationId,
      numbers: numberList(list),
    }));
}

/**
 * The gate's totals already hold those it did not ask about again or found objecting by a newer intake; the rest is added. Every asked
 * number has exactly one outcome, or the run stops (I9).
 */
function addTotals(gated: RunTotals, byOutcome: ReadonlyMap<AskedOutcome, readonly number[]>): RunTotals {
  const outcomes = askedOutcomes.map(
    (outcome) => [outcome, gated.outcomes[outcome] + (byOutcome.get(outcome)?.length ?? 0)] as const,
  );
  const sum = outcomes.reduce((total, [, count]) => total + count, 0);
  if (sum === gated.asked)
    return { ...gated, outcomes: Object.fromEntries(outcomes) as Record<AskedOutcome, number> };
  throw new Failure('intake-totals', {
    message: 'The outcomes do not add up to the numbers that passed the gate.',
    found: `${sum} outcomes`,
    allowed: `${gated.asked} numbers`,
    hint: 'Nothing was sent. Report this: it is a fault of the gate.',
  });
}
