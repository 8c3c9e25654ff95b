import type { LocalDate } from './calendar.ts';
import { isInRange } from './nhs-number.ts';
import type { NumberPolicy } from './nhs-number.ts';
import { hasAgreement, participates } from './provider.ts';
import type { Provider } from './provider.ts';
import { isLocationId, isResident } from './service-user.ts';
import type { ServiceUserRow } from './service-user.ts';

/** The ground a row must give before its number may be asked about; the first that is missing is the row's reason. */
export const missingGrounds = [
  'provider-not-participating',
  'agreement-expired',
  'id-missing',
  'not-a-service-user',
  'not-resident',
  'location-invalid',
  'number-missing',
  'number-invalid',
  'number-out-of-range',
  'not-informed',
] as const;
export type MissingGround = (typeof missingGrounds)[number];

/**
 * What speaks against a person, wherever it stands; of several, the first in this order. `objected-before`: in a rerun, whoever was heard
 * objecting since the date's first run opened, though nothing of it is left.
 */
export const objections = [
  'opted-out-in-service',
  'restricted',
  'value-unknown',
  'number-shared',
  'number-conflict',
  'objected-before',
] as const;
export type Objection = (typeof objections)[number];

/** How a row stands after the gate: asked about, or held back for one reason. */
export type GateOutcome = MissingGround | Objection | 'objection-elsewhere' | 'provider-stopped' | 'asked';

/** How an asked row ends. `not-cleared` is never written down of a person. */
export const askedOutcomes = [
  'released',
  'not-cleared',
  'refused-by-check',
  'not-answered',
  'objected-late',
] as const;
export type AskedOutcome = (typeof askedOutcomes)[number];

export const gateOutcomes: readonly GateOutcome[] = [
  ...objections,
  ...missingGrounds,
  'objection-elsewhere',
  'provider-stopped',
  'asked',
];

/** The reasons of the held-back lists, by code. The order is part of the format: a new reason goes to the end. */
export const heldBackReasons = [
  'opted-out-in-service',
  'restricted',
  'value-unknown',
  'number-shared',
  'number-conflict',
  ...missingGrounds,
  'objection-elsewhere',
  'objected-late',
  'objected-before',
  'provider-stopped',
] as const satisfies readonly (Exclude<GateOutcome, 'asked'> | 'objected-late')[];
export type HeldBackReason = (typeof heldBackReasons)[number];

/** Whether a reason speaks against the person rather than of a ground that was lacking; `objected-late` may be either. */
export const isObjection = (reason: HeldBackReason): boolean =>
  reason === 'objection-elsewhere' ||
  reason === 'objected-late' ||
  (objections as readonly HeldBackReason[]).includes(reason);

/** What the decision is taken against. `dates`: the business date, and the date of release where it differs. */
export interface Terms {
  readonly businessDate: LocalDate;
  readonly releaseDate: LocalDate;
  readonly numbers: NumberPolicy;
  /** Providers whose rows somebody has stopped, by folded id. */
  readonly stopped?: ReadonlySet<string>;
}

/**
 * The first ground that a row does not give, or null (R1, R4, R11, R25, R67). Leases and residence must hold on the business date
 * and on the date of release; being informed must lie before the business date, for the same day cannot be proved to be before.
 */
export function missingGround(
  row: ServiceUserRow,
  provider: Provider | undefined,
  terms: Terms,
): MissingGround | null {
  const dates = [terms.businessDate, terms.releaseDate];
  if (provider === undefined || !dates.every((date) => participates(provider, date)))
    return 'provider-not-participating';
  if (!dates.every((date) => hasAgreement(provider, date))) return 'agreement-expired';
  if (row.serviceUserId === '') return 'id-missing';
  if (row.personType !== 'service_user') return 'not-a-service-user';
  if (!dates.every((date) => isResident(row, date))) return 'not-resident';
  if (!isLocationId(row.locationId)) return 'location-invalid';
  if (row.number.kind === 'missing') return 'number-missing';
  if (row.number.kind === 'invalid') return 'number-invalid';
  if (!isInRange(row.number.number, terms.numbers)) return 'number-out-of-range';
  return isInformed(row, provider, terms.businessDate) ? null : 'not-informed';
}

const isInformed = (row: ServiceUserRow, provider: Provider, businessDate: LocalDate): boolean =>
  row.informedOn !== null &&
  row.informedOn < businessDate &&
  row.noticeVersion !== '' &&
  row.noticeVersion === provider.noticeVersion;

/**
 * What the row, its service user's choices (`chosen`) and the opt-outs carried from earlier nights say against being asked about, or
 * null (R12, R13, R45, R46). Shared and conflicting numbers are seen only across rows: roster.ts.
 */
export function spokenObjection(
  row: ServiceUserRow,
  chosen: Objection | null,
  isCarried: boolean,
): Objection | null {
  if (row.choiceColumn === 'opted_out' || isCarried) return 'opted-out-in-service';
  const listed = [row.choiceColumn, row.restricted, row.personType];
  const written =
    row.restricted === 'yes' ? 'restricted' : listed.includes('unknown') ? 'value-unknown' : null;
  return firstObjection(chosen, written);
}

/** Of two objections the one that stands first in the list. */
export function firstObjection(a: Objection | null, b: Objection | null): Objection | null {
  if (a === null || b === null) return a ?? b;
  return objections.indexOf(a) <= objections.indexOf(b) ? a : b;
}

/**
 * THE decision: a row's outcome from its own objection, the ground it lacks, whether anything speaks against its person elsewhere, and
 * whether its provider is stopped. Out wins: nobody is asked about while any row of theirs objects. A row that only the stop holds back
 * would have been asked about.
 */
export function gateOutcome(
  own: Objection | null,
  lacking: MissingGround | null,
  objectedElsewhere: boolean,
  isStopped = false,
): GateOutcome {
  return (
    own ?? lacking ?? (objectedElsewhere ? 'objection-elsewhere' : isStopped ? 'provider-stopped' : 'asked')
  );
}

/** What is known of an asked number when the run decides. */
export interface AskedFacts {
  /** The newest intake and the choices recorded since allow the number still. */
  readonly stillAllowed: boolean;
  /** The request it stood in: answered with the number, answered without it, refused because of it, or never answered. */
  readonly check: 'returned' | 'not-returned' | 'refused' | 'unanswered';
}

/** What becomes of an asked number. Late objections come before the answer is looked at; neither opt-out overrides the other (R7, R18). */
export function askedOutcome(facts: AskedFacts): AskedOutcome {
  if (!facts.stillAllowed) return 'objected-late';
  switch (facts.check) {
    case 'returned':
      return 'released';
    case 'not-returned':
      return 'not-cleared';
    case 'refused':
      return 'refused-by-check';
    case 'unanswered':
      return 'not-answered';
  }
}
