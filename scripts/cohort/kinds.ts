import { choiceOf, residentRow } from './people.ts';
import type { Choice, Outcome, Person, RosterRow, Said, Source } from './people.ts';
import type { Home, Neighbourhood } from './providers.ts';

/** A person about to move in: an ordinary row, to be changed as the kind demands. */
export interface Newcomer extends Neighbourhood {
  readonly source: Source;
  readonly row: RosterRow;
}

/** How a person of one kind differs from an ordinary resident, and how many of a thousand are of that kind. */
interface Kind {
  readonly perThousand: number;
  readonly make: (newcomer: Newcomer) => Person;
}

type Cells = Partial<RosterRow>;

/** One row, changed in some cells. */
function single(newcomer: Newcomer, outcome: Outcome, cells: Cells, choices: readonly Choice[] = []): Person {
  const { home, row } = newcomer;
  return { rows: [{ home, row: { ...row, ...cells }, outcome }], choices };
}

/** A second row of the same person at `home`; cells that are not named are those of an ordinary row there. */
function beside(
  newcomer: Newcomer,
  person: Person,
  second: { home: Home; outcome: Outcome; cells: Cells },
): Person {
  const { home, outcome, cells } = second;
  const row = { ...residentRow(newcomer.source, home, newcomer.row.nhs_number), ...cells };
  return { ...person, rows: [...person.rows, { home, row, outcome }] };
}

const ordinary = ({ home, row }: Newcomer): Person => ({
  rows: [{ home, row, outcome: 'asked' }],
  choices: [],
});

const choose = (newcomer: Newcomer, daysAgo: readonly [number, number], said: Said = {}): Choice =>
  choiceOf(newcomer.source, newcomer.row.service_user_id, daysAgo, said);

const optedOut = { in_service_choice: 'opted_out' };
const optedIn = { in_service_choice: 'opted_in' };
const anyTime = [400, 0.01] as const;
const longAgo = [400, 100] as const;
const lately = [90, 2] as const;

/** Everything that goes wrong, or differs, on a roster. Whoever is of no kind named here is an ordinary resident. */
const table = {
  'number-missing': { perThousand: 6, make: (who) => single(who, 'number-missing', { nhs_number: '' }) },
  'number-mistyped': {
    perThousand: 6,
    make: (who) => single(who, 'number-invalid', { nhs_number: withWrongCheckDigit(who.row.nhs_number) }),
  },
  'number-with-letters': {
    perThousand: 2,
    make: (who) => {
      const letters = [
        who.row.nhs_number.replaceAll('0', 'O').replace('9', 'g'),
        'NOT KNOWN',
        'awaiting',
      ] as const;
      return single(who, 'number-invalid', { nhs_number: who.source.chance.oneOf(letters) });
    },
  },
  'number-placeholder': {
    perThousand: 2,
    make: (who) => {
      const digit = who.source.chance.oneOf(['0', '1', '9']);
      return single(who, 'number-invalid', { nhs_number: digit.repeat(10) });
    },
  },
  'number-too-short': {
    perThousand: 2,
    make: (who) => single(who, 'number-invalid', { nhs_number: who.row.nhs_number.slice(0, 9) }),
  },
  'number-out-of-range': {
    perThousand: 2,
    make: (who) => single(who, 'number-out-of-range', { nhs_number: who.source.unallocatedNumber() }),
  },
  'number-with-spaces': {
    perThousand: 3,
    make: (who) => single(who, 'asked', { nhs_number: inGroups(who.row.nhs_number) }),
  },
  'two-homes': {
    perThousand: 2.5,
    make: (who) => {
      const cells = { service_user_id: who.row.service_user_id };
      return beside(who, ordinary(who), { home: who.sister, outcome: 'asked', cells });
    },
  },
  'two-providers': {
    perThousand: 2.5,
    make: (who) =>
      who.stranger === null
        ? ordinary(who)
        : beside(who, ordinary(who), { home: who.stranger, outcome: 'asked', cells: {} }),
  },
  'objects-elsewhere': {
    perThousand: 0.5,
    make: (who) => {
      const person = single(who, 'opted-out-in-service', optedOut);
      if (who.stranger === null) return person;
      return beside(who, person, { home: who.stranger, outcome: 'objection-elsewhere', cells: {} });
    },
  },
  'number-shared': {
    perThousand: 0.2,
    make: (who) => {
      const person = single(who, 'number-shared', {});
      return beside(who, person, { home: who.sister, outcome: 'number-shared', cells: {} });
    },
  },
  'number-conflict': {
    perThousand: 0.2,
    make: (who) => {
      const cells = { service_user_id: who.row.service_user_id, nhs_number: who.source.number() };
      const person = single(who, 'number-conflict', {});
      return beside(who, person, { home: who.sister, outcome: 'number-conflict', cells });
    },
  },
  staff: {
    perThousand: 30,
    make: (who) => {
      const number = who.source.chance.draw() < 0.5 ? who.row.nhs_number : '';
      return single(who, 'not-a-service-user', { ...staffCells, nhs_number: number });
    },
  },
  'staff-and-resident': {
    perThousand: 0.2,
    make: (who) =>
      beside(who, ordinary(who), { home: who.home, outcome: 'not-a-service-user', cells: staffCells }),
  },
  leaver: {
    perThousand: 20,
    make: (who) => single(who, 'not-resident', { resident_to: onDay(who, -29, -1) }),
  },
  'not-yet-arrived': {
    perThousand: 10,
    make: (who) => single(who, 'not-resident', { resident_from: onDay(who, 1, 30), informed_on: '' }),
  },
  'short-stay': { perThousand: 5, make: (who) => single(who, 'asked', { resident_to: onDay(who, 2, 20) }) },
  'not-informed': {
    perThousand: 12,
    make: (who) => single(who, 'not-informed', { informed_on: '', notice_version: '' }),
  },
  'informed-today': {
    perThousand: 5,
    make: (who) => single(who, 'not-informed', { informed_on: onDay(who, 0, 0) }),
  },
  'notice-outdated': {
    perThousand: 8,
    make: (who) => single(who, 'not-informed', { notice_version: `v${who.home.provider.notice - 1}` }),
  },
  'opted-out': {
    perThousand: 18,
    make: (who) => {
      const decider = who.source.chance.oneOf(['self', 'self', 'self', 'attorney', 'deputy', 'relative']);
      return single(who, 'opted-out-in-service', optedOut, [choose(who, anyTime, { decided_by: decider })]);
    },
  },
  'opted-out-by-column': { perThousand: 4, make: (who) => single(who, 'opted-out-in-service', optedOut) },
  'opted-out-by-choice': {
    perThousand: 4,
    make: (who) => single(who, 'opted-out-in-service', {}, [choose(who, anyTime)]),
  },
  'opted-in-by-relative': {
    perThousand: 1,
    make: (who) => {
      const decided_by = who.source.chance.oneOf(['relative', 'staff']);
      const history = [choose(who, longAgo), choose(who, lately, { choice: 'opt_in', decided_by })];
      return single(who, 'opted-out-in-service', optedIn, history);
    },
  },
  'changed-mind': {
    perThousand: 3,
    make: (who) =>
      single(who, 'asked', optedIn, [choose(who, longAgo), choose(who, lately, { choice: 'opt_in' })]),
  },
  restricted: { perThousand: 3, make: (who) => single(who, 'restricted', { restricted: 'yes' }) },
  'value-unknown': {
    perThousand: 0.8,
    make: (who) => single(who, 'value-unknown', who.source.chance.oneOf(unknownCells)),
  },
  'channel-unknown': {
    perThousand: 0.2,
    make: (who) =>
      single(who, 'value-unknown', optedIn, [choose(who, lately, { choice: 'opt_in', channel: 'email' })]),
  },
  'location-invalid': {
    perThousand: 0.5,
    make: (who) => single(who, 'location-invalid', { location_id: who.source.chance.oneOf(['', 'HOME 12']) }),
  },
  'id-missing': { perThousand: 0.2, make: (who) => single(who, 'id-missing', { service_user_id: '' }) },
} as const satisfies Record<string, Kind>;

const staffCells = { person_type: 'staff', informed_on: '', notice_version: '' };
const unknownCells: readonly [Cells, ...Cells[]] = [
  { in_service_choice: 'N/A' },
  { in_service_choice: '' },
  { in_service_choice: 'Declined, see notes' },
  { restricted: 'unknown' },
  { restricted: 'Yes' },
  { person_type: 'resident' },
];

const onDay = ({ source }: Newcomer, from: number, to: number): string =>
  source.days.day(source.chance.between(from, to));
const inGroups = (digits: string): string => `${digits.slice(0, 3)} ${digits.slice(3, 6)} ${digits.slice(6)}`;
const withWrongCheckDigit = (digits: string): string =>
  digits.slice(0, 9) + String((Number(digits.slice(9)) + 1) % 10);

export type KindName = keyof typeof table | 'ordinary';

const steps = Object.entries<Kind>(table).map(([name, kind]) => ({ ...kind, name: name as KindName }));
const perThousandOfAll = steps.reduce((sum, { perThousand }) => sum + perThousand, 0);
const everybodyElse: NamedKind = { name: 'ordinary', make: ordinary };

interface NamedKind extends Pick<Kind, 'make'> {
  readonly name: KindName;
}

/** The kind of whoever stands at `point` (in [0, 1)) when all people stand side by side, sorted by kind. */
export function kindAt(point: number): NamedKind {
  let rest = point * 1000;
  if (rest >= perThousandOfAll) return everybodyElse;
  for (const kind of steps) {
    rest -= kind.perThousand;
    if (rest < 0) return kind;
  }
  return everybodyElse;
}
