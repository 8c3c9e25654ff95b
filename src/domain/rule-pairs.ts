/**
 * The rules, tried on made-up people before they are trusted with real ones: for each reason to hold back, pairs of people that differ in
 * one thing only, of whom one would be asked about and the other is held back for that reason.
 */
import { addDays } from './calendar.ts';
import type { LocalDate } from './calendar.ts';
import { askedOutcome } from './eligibility.ts';
import type { AskedFacts, AskedOutcome, GateOutcome, Terms } from './eligibility.ts';
import { Failure } from './failure.ts';
import { ChoiceBook } from './in-service-choice.ts';
import type { InServiceChoice } from './in-service-choice.ts';
import type { NumberCell, NumberPolicy } from './nhs-number.ts';
import type { Provider } from './provider.ts';
import { Roster } from './roster.ts';
import { foldId } from './service-user.ts';
import type { ServiceUserRow } from './service-user.ts';

/** Somebody with all that bears on them. */
export interface Someone {
  readonly row: ServiceUserRow;
  readonly provider: Provider;
  readonly choices: readonly InServiceChoice[];
  readonly isCarried: boolean;
  readonly objectedBefore: boolean;
  readonly isStopped: boolean;
  /** Another row of the same roster. */
  readonly beside: ServiceUserRow | null;
  readonly numbers: NumberPolicy;
}

interface Pair {
  readonly asked: Someone;
  readonly heldBack: Someone;
}

type Pairs = Readonly<Record<Exclude<GateOutcome, 'asked'>, readonly Pair[]>>;

const numbered = (number: number): NumberCell => ({ kind: 'valid', number });
/** Of the test range, and of no range at all. */
const [one, another, ofNoRange] = [9_990_000_018, 9_990_000_026, 19].map(numbered) as [
  NumberCell,
  NumberCell,
  NumberCell,
];
const readAt = Date.UTC(2020, 0, 1);

function pairsAt({ businessDate, releaseDate }: Terms): Pairs {
  const [first, last] = [businessDate, releaseDate].sort() as [LocalDate, LocalDate];
  const person: Someone = {
    row: {
      serviceUserId: 'one',
      providerId: 'home',
      locationId: '1-000000000',
      number: one,
      personType: 'service_user',
      informedOn: addDays(businessDate, -1),
      noticeVersion: 'notice',
      choiceColumn: 'none',
      restricted: 'no',
      residentFrom: first,
      residentTo: last,
    },
    provider: {
      providerId: 'home',
      name: '',
      odsCode: '',
      participatingFrom: first,
      participatingTo: last,
      agreementRef: '',
      agreementExpiresOn: last,
      noticeVersion: 'notice',
      policyReviewDueOn: null,
      dataProtectionLead: '',
    },
    choices: [],
    isCarried: false,
    objectedBefore: false,
    isStopped: false,
    beside: null,
    numbers: { name: 'test', extraRanges: [] },
  };
  const rowWith = (over: Partial<ServiceUserRow>): ServiceUserRow => ({ ...person.row, ...over });
  const withFact = (over: Partial<Someone>): Pair => ({ asked: person, heldBack: { ...person, ...over } });
  const withRow = (over: Partial<ServiceUserRow>): Pair => withFact({ row: rowWith(over) });
  const withProvider = (over: Partial<Provider>): Pair =>
    withFact({ provider: { ...person.provider, ...over } });
  const between = (asked: Partial<Someone>, heldBack: Partial<Someone>): Pair => ({
    asked: { ...person, ...asked },
    heldBack: { ...person, ...heldBack },
  });
  const said = (over: Partial<InServiceChoice>): InServiceChoice => ({
    serviceUserId: 'one',
    choice: 'opt_out',
    channel: 'verbal',
    requestedAt: readAt,
    recordedAt: readAt,
    decidedBy: 'self',
    ...over,
  });
  const optIn = (over: Partial<InServiceChoice> = {}): InServiceChoice =>
    said({ choice: 'opt_in', requestedAt: readAt - 1, ...over });
  const optOut = said({ requestedAt: readAt - 2 });
  return {
    'provider-not-participating': [
      withRow({ providerId: 'elsewhere' }),
      withProvider({ participatingTo: addDays(last, -1) }),
      withProvider({ participatingFrom: addDays(first, 1) }),
      withProvider({ participatingFrom: null }),
    ],
    'agreement-expired': [
      withProvider({ agreementExpiresOn: addDays(last, -1) }),
      withProvider({ agreementExpiresOn: null }),
    ],
    'id-missing': [withRow({ serviceUserId: '' })],
    'not-a-service-user': [withRow({ personType: 'staff' })],
    'not-resident': [
      withRow({ residentTo: addDays(last, -1) }),
      withRow({ residentFrom: addDays(first, 1) }),
      withRow({ residentFrom: null }),
    ],
    'location-invalid': [withRow({ locationId: '1-00000' })],
    'number-missing': [withRow({ number: { kind: 'missing' } })],
    'number-invalid': [withRow({ number: { kind: 'invalid' } })],
    'number-out-of-range': [
      withRow({ number: ofNoRange }),
      withFact({ numbers: { name: 'live', extraRanges: [] } }),
    ],
    'not-informed': [
      withRow({ informedOn: businessDate }),
      withRow({ informedOn: null }),
      withRow({ noticeVersion: '' }),
      withProvider({ noticeVersion: 'newer notice' }),
    ],
    'opted-out-in-service': [
      withRow({ choiceColumn: 'opted_out' }),
      withFact({ isCarried: true }),
      withFact({ choices: [said({ channel: 'verbal' })] }),
      withFact({ choices: [said({ channel: 'written' })] }),
      withFact({ choices: [said({ channel: 'digital' })] }),
      withFact({ choices: [said({ requestedAt: readAt + 1 })] }),
      between({ choices: [said({ serviceUserId: 'two' })] }, { choices: [said({ serviceUserId: 'ONE' })] }),
      between({ choices: [optOut, optIn()] }, { choices: [optOut, optIn({ decidedBy: 'relative' })] }),
      between({ choices: [optOut, optIn()] }, { choices: [said({}), optIn()] }),
      between({ choices: [optOut, optIn()] }, { choices: [optOut, optIn({ requestedAt: readAt - 2 })] }),
    ],
    restricted: [withRow({ restricted: 'yes' })],
    'value-unknown': [
      withRow({ choiceColumn: 'unknown' }),
      withRow({ restricted: 'unknown' }),
      withRow({ personType: 'unknown' }),
      between({ choices: [optIn()] }, { choices: [optIn({ channel: 'unknown' })] }),
      between({ choices: [optIn()] }, { choices: [optIn({ requestedAt: null })] }),
    ],
    'number-shared': [
      between(
        { beside: rowWith({ serviceUserId: 'two', number: another }) },
        { beside: rowWith({ serviceUserId: 'two' }) },
      ),
    ],
    'number-conflict': [between({ beside: person.row }, { beside: rowWith({ number: another }) })],
    'objected-before': [withFact({ objectedBefore: true })],
    'objection-elsewhere': [
      between({ beside: person.row }, { beside: rowWith({ choiceColumn: 'opted_out' }) }),
    ],
    'provider-stopped': [withFact({ isStopped: true })],
  };
}

const answered: AskedFacts = { stillAllowed: true, check: 'returned' };
const afterwards: Readonly<Record<AskedOutcome, AskedFacts>> = {
  released: answered,
  'objected-late': { ...answered, stillAllowed: false },
  'not-cleared': { ...answered, check: 'not-returned' },
  'refused-by-check': { ...answered, check: 'refused' },
  'not-answered': { ...answered, check: 'unanswered' },
};

/** What decides: on somebody, and on an answer. */
export interface Rules {
  readonly gate: (someone: Someone, terms: Terms) => GateOutcome;
  readonly afterwards: (facts: AskedFacts) => AskedOutcome;
}

/** The rules that tonight's run goes by. */
export const ownRules: Rules = {
  gate({ row, provider, choices, isCarried, objectedBefore, isStopped, beside, numbers }, terms) {
    const book = new ChoiceBook(readAt);
    for (const choice of choices) book.add(choice);
    const stopped = new Set(isStopped ? [foldId(provider.providerId)] : []);
    const roster = new Roster(
      { ...terms, numbers, stopped },
      new Map([[provider.providerId, provider]]),
      book,
    );
    roster.add(row, isCarried, objectedBefore);
    if (beside !== null) roster.add(beside, false);
    return roster.settle().outcomeOf(0);
  },
  afterwards: askedOutcome,
};

/** Tries every pair on the dates of tonight. Throws `self-test-failed`, naming the first rule that does not hold. */
export function demandRulesHold(terms: Terms, rules: Rules = ownRules): void {
  for (const [reason, pairs] of Object.entries(pairsAt(terms))) {
    for (const { asked, heldBack } of pairs) {
      demand(rules.gate(asked, terms), 'asked', reason);
      demand(rules.gate(heldBack, terms), reason, reason);
    }
  }
  for (const [outcome, facts] of Object.entries(afterwards))
    demand(rules.afterwards(facts), outcome, outcome);
}

function demand(found: string, expected: string, rule: string): void {
  if (found === expected) return;
  throw new Failure('self-test-failed', {
    message: `The rule of ${rule} does not hold when it is tried on made-up people.`,
    place: rule,
    found,
    allowed: expected,
    hint: 'Nothing was read or sent. The fault is in this program or this machine: run nothing more with it, and report this.',
  });
}
