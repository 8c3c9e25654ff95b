import type { KindName } from './kinds.ts';
import { isTestNumber } from './numbers.ts';
import type { Outcome, Person, PersonRow } from './people.ts';

/** What a cohort comes to, known because it was made so. */
export interface Tally {
  people: number;
  rows: number;
  /** People by kind; adds up to `people`. */
  readonly kinds: Partial<Record<KindName, number>>;
  /** Rows by what they come to before the national check, under the `test` number policy; adds up to `rows`. */
  readonly outcomes: Partial<Record<Outcome, number>>;
  /** Different numbers to be asked about. */
  numbersAsked: number;
  /** Those of them without a national opt-out. */
  numbersCleared: number;
  /** Numbers with a national opt-out, whether or not they are to be asked about. */
  nationalOptOuts: number;
}

export const emptyTally = (): Tally => ({
  people: 0,
  rows: 0,
  kinds: {},
  outcomes: {},
  numbersAsked: 0,
  numbersCleared: 0,
  nationalOptOuts: 0,
});

/** Adds a person. `hasNationalOptOut` is asked once for each sound number that the person bears as a service user. */
export function tallyPerson(
  tally: Tally,
  name: KindName,
  person: Person,
  hasNationalOptOut: (number: string) => boolean,
): void {
  tally.people++;
  tally.kinds[name] = (tally.kinds[name] ?? 0) + 1;
  const numbers = new Map<string, boolean>();
  for (const personRow of person.rows) {
    const outcome = outcomeOf(personRow);
    tally.rows++;
    tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
    const number = personRow.row.nhs_number.replaceAll(' ', '');
    if (personRow.row.person_type === 'staff' || !isTestNumber(number)) continue;
    numbers.set(number, outcome === 'asked' || numbers.get(number) === true);
  }
  for (const [number, asked] of numbers) {
    const objects = hasNationalOptOut(number);
    if (objects) tally.nationalOptOuts++;
    if (asked) tally.numbersAsked++;
    if (asked && !objects) tally.numbersCleared++;
  }
}

const objections = new Set<Outcome>([
  'opted-out-in-service',
  'restricted',
  'value-unknown',
  'number-shared',
  'number-conflict',
]);

/** A row's own objection comes first, then what its provider lacks, then what it was made for. */
function outcomeOf({ home, outcome }: PersonRow): Outcome {
  const { standing } = home.provider;
  return objections.has(outcome) || standing === 'takes-part' ? outcome : standing;
}
