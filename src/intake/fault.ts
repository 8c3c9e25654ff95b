/** What can be wrong with an intake folder, in one shape: the reader throws the first as a `Failure`, the check lists them all. */
import { Failure } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { IntakeFileName } from './tables.ts';

/** `refuses`: the folder is not taken. `holds-back`: people are not asked about. `note`: nothing changes tonight. */
export type Severity = 'refuses' | 'holds-back' | 'note';

export interface Place {
  /** null: the folder itself. */
  readonly file: IntakeFileName | null;
  readonly line: number | null;
  /** A column of the table, or a field of the manifest. */
  readonly column: string | null;
}

export interface IntakeFault extends Place {
  readonly code: FaultCode;
  /** What stood there, fit to be shown: no NHS number, nothing that a terminal would obey. */
  readonly found: string;
  readonly allowed: string;
  readonly hint: string;
  readonly severity: Severity;
}

/** Where faults go. The reader's never comes back. */
export type Tell = (fault: IntakeFault) => void;

interface Meaning {
  readonly severity: Severity;
  readonly what: string;
  readonly allowed: string;
  readonly hint: string;
}

const meaning =
  (severity: Severity) =>
  (what: string, allowed: string, hint: string): Meaning => ({ severity, what, allowed, hint });
const refuses = meaning('refuses');
const holdsBack = meaning('holds-back');
const note = meaning('note');

const writeAnew = 'Have the supplier write the whole folder anew, manifest last.';

type RefusalCode = Exclude<Extract<FailureCode, `intake-${string}` | `manifest-${string}`>, 'intake-totals'>;

const refusals = {
  'intake-missing': refuses(
    'The intake folder is not there',
    'a folder, no link, named after the business date',
    'Ask the supplier why it did not come; the run tries again until its deadline.',
  ),
  'manifest-missing': refuses('The manifest is not there', 'manifest.json, a plain file', writeAnew),
  'manifest-invalid': refuses('The manifest cannot be believed', 'the fields of the contract', writeAnew),
  'manifest-stale': refuses(
    'The intake is too old',
    'produced at most 24 hours before the run first opened',
    'An old list of opt-outs lacks the newest. Have the supplier produce a new one.',
  ),
  'manifest-from-the-future': refuses(
    'The intake claims to come from the future',
    'produced at most 2 hours ahead of our clock',
    "Compare both clocks and the time zone of the supplier's.",
  ),
  'manifest-of-another-date': refuses(
    'The manifest belongs to another date',
    'a manifest written for this business date and no other',
    'This is an old folder under a new name, or a copy. Have the supplier produce a new one.',
  ),
  'intake-file-missing': refuses('A file is not there or cannot be read', 'a plain file, no link', writeAnew),
  'intake-file-named-twice': refuses('The manifest names a file twice', 'each file once', writeAnew),
  'intake-file-altered': refuses(
    'The file is not the one that the manifest speaks of',
    'the bytes whose SHA-256 stands in the manifest',
    `It was cut, changed or replaced. ${writeAnew}`,
  ),
  'intake-file-short': refuses(
    'The file has not as many rows as the manifest says',
    'the number of rows in the manifest',
    `Rows may have been lost while it was written. ${writeAnew}`,
  ),
  'intake-header': refuses('The header is not the agreed one', 'each agreed column once', writeAnew),
  'intake-malformed': refuses(
    'The file is not well-formed',
    'CSV (RFC 4180) in UTF-8',
    `What stands in the wrong column hides an opt-out. ${writeAnew}`,
  ),
  'intake-id-unsafe': refuses(
    'The id has white space around it or holds an invisible character',
    'an id without outer white space, control or format characters',
    'An opt-out under this id may miss its person. Put the id right in the care record system.',
  ),
  'intake-provider-twice': refuses(
    'A provider is listed twice',
    'each provider_id once',
    'Which agreement and notice hold cannot be told. Leave one row.',
  ),
} satisfies Record<RefusalCode, Meaning>;

const untilThen = 'until it is put right in the care record system.';

const remarks = {
  'value-unknown': holdsBack(
    'The value is not on its closed list',
    'a value of its closed list',
    `It counts as an objection of this person ${untilThen}`,
  ),
  'date-unreadable': holdsBack(
    'The date cannot be read',
    'a date YYYY-MM-DD',
    `Whoever depends on it is held back ${untilThen}`,
  ),
  'time-unreadable': holdsBack(
    'The time cannot be read',
    'an RFC 3339 time with offset',
    `It counts as an objection of this person ${untilThen}`,
  ),
  'number-missing': holdsBack('The NHS number is missing', 'ten digits', 'The row is held back.'),
  'number-invalid': holdsBack(
    'The NHS number is not one',
    'ten ASCII digits, or 3-3-4 with single spaces, with a right check digit',
    `The row is held back ${untilThen}`,
  ),
  'number-out-of-range': holdsBack(
    'The NHS number lies outside the allowed ranges',
    'a range of the number policy in force',
    'The row is held back. Test numbers do not belong into a live roster, nor live ones into a test.',
  ),
  'location-invalid': holdsBack(
    'The location is no CQC location id',
    '1- and 6 to 12 digits',
    `The row is held back ${untilThen}`,
  ),
  'provider-unknown': holdsBack(
    'The provider is not listed in providers.csv',
    'a provider_id of providers.csv',
    'The row is held back, for nobody can say that its provider takes part.',
  ),
  'id-missing': holdsBack(
    'The id is empty',
    'an id',
    'An empty id links nothing: no choice can reach its person. Fill it in.',
  ),
  'opt-out-unmatched': holdsBack(
    'A recent opt-out belongs to nobody on the roster',
    'the service_user_id of a roster row',
    'The id is probably mistyped. The run is held until somebody has looked.',
  ),
  'choice-unmatched': note(
    'The choice belongs to nobody on the roster',
    'the service_user_id of a roster row',
    'Usual for people who have left; it stays in the history.',
  ),
  'id-case-differs': note(
    'The id differs only in case from another',
    'one spelling of each id',
    'Both count as one for opt-outs, but not for opt-ins. Choose one spelling.',
  ),
  'choice-id-missing': note('The choice has no choice_id', 'an id', 'It counts, but cannot be spoken of.'),
  'choice-repeated': note(
    'The choice_id stands for two different choices',
    'a choice_id for each choice',
    'Both count. Find out which is the true one.',
  ),
  'opt-out-recorded-late': note(
    'The opt-out was recorded more than 7 days after it was asked for',
    'recorded_at at most 7 days after requested_at',
    'It counts, but the seven days were missed (R16). Tell the data protection lead.',
  ),
  'opt-in-not-counted': note(
    'The opt-in was decided by somebody who may not decide it',
    'self, attorney or deputy',
    'It does not count (R85). Find out who may decide for this person.',
  ),
  'data-protection-lead-missing': note(
    'The provider names no data protection lead',
    'a name or role',
    'Somebody must keep and watch the opt-outs (R20). Ask the provider.',
  ),
  'policy-review-overdue': note(
    'The review of the policy is overdue or undated',
    'a date YYYY-MM-DD, today or later',
    'The policy must be reviewed every year (R21). Remind the provider.',
  ),
  'file-empty': note(
    'The file has no rows',
    'one row or more',
    'A query that failed looks the same. Make sure that there is truly nothing to list.',
  ),
} satisfies Record<string, Meaning>;

const meanings = { ...refusals, ...remarks };
export type FaultCode = keyof typeof meanings;
export const faultCodes = Object.keys(meanings) as readonly FaultCode[];
/** What happened, in words for people. */
export const whatOf = (code: FaultCode): string => meanings[code].what;

/** A fault; `found` is shown as it is, `allowed` is the code's unless given. */
export function fault(
  code: FaultCode,
  place: Partial<Place>,
  found: string,
  allowed: string = meanings[code].allowed,
): IntakeFault {
  const { severity, hint } = meanings[code];
  const { file = null, line = null, column = null } = place;
  return { file, line, column, code, found, allowed, hint, severity };
}

/** `line 12, nhs_number`; empty for a file as a whole. */
export const spotOf = ({ line, column }: Place): string =>
  [line === null ? null : `line ${line}`, column].filter((part) => part !== null).join(', ');

/** The fault as the reader throws it. */
export function failureOf(of: IntakeFault): Failure {
  const { code, found, allowed, hint } = of;
  const place = [of.file ?? 'the folder', spotOf(of)].filter((part) => part !== '').join(', ');
  // Only refusals are thrown; a remark that comes here is a mistake of ours.
  const refusal = code in refusals ? (code as RefusalCode) : 'unexpected';
  const message = `${whatOf(code)} (${place}). The intake is refused: nobody is asked about and nothing leaves.`;
  return new Failure(refusal, { message, place, found, allowed, hint });
}

/** The reader's `Tell`: one fault that refuses is enough. */
export const refuse: Tell = (of) => {
  throw failureOf(of);
};
