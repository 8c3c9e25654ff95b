/** A service user, a provider and a decision that ask for nothing unusual, for a test to bend. */
import type { Decision } from '../../src/domain/decision.ts';
import type { Terms } from '../../src/domain/eligibility.ts';
import { ChoiceBook } from '../../src/domain/in-service-choice.ts';
import type { InServiceChoice } from '../../src/domain/in-service-choice.ts';
import { readNumberCell } from '../../src/domain/nhs-number.ts';
import type { NumberCell } from '../../src/domain/nhs-number.ts';
import type { Provider } from '../../src/domain/provider.ts';
import { Roster } from '../../src/domain/roster.ts';
import { endOfTime } from '../../src/domain/service-user.ts';
import type { ServiceUserRow } from '../../src/domain/service-user.ts';

export const [ONE, TWO, THREE] = [9_990_000_018, 9_990_000_026, 9_990_000_034];
export const businessDate = '2026-11-22';
export const readAt = Date.parse('2026-11-22T02:30:00Z');

export const terms: Terms = {
  businessDate,
  releaseDate: businessDate,
  numbers: { name: 'test', extraRanges: [] },
};

export const provider = (over: Partial<Provider> = {}): Provider => ({
  providerId: 'home-1',
  name: 'First Home',
  odsCode: 'ZZ001',
  participatingFrom: '2026-01-01',
  participatingTo: endOfTime,
  agreementRef: 'DPA-1',
  agreementExpiresOn: '2027-01-01',
  noticeVersion: 'v1',
  policyReviewDueOn: null,
  dataProtectionLead: 'lead-1',
  ...over,
});

export const row = (over: Partial<ServiceUserRow> = {}): ServiceUserRow => ({
  serviceUserId: 'su-1',
  providerId: 'home-1',
  locationId: '1-100000001',
  number: numberCell(ONE),
  personType: 'service_user',
  informedOn: '2026-11-21',
  noticeVersion: 'v1',
  choiceColumn: 'none',
  restricted: 'no',
  residentFrom: '2026-01-01',
  residentTo: endOfTime,
  ...over,
});

export const numberCell = (number: number): NumberCell => readNumberCell(String(number));

export const choice = (over: Partial<InServiceChoice> = {}): InServiceChoice => ({
  serviceUserId: 'su-1',
  choice: 'opt_out',
  channel: 'verbal',
  requestedAt: readAt - 1,
  recordedAt: readAt - 1,
  decidedBy: 'self',
  ...over,
});

export interface Night {
  readonly rows: readonly ServiceUserRow[];
  readonly carried?: readonly ServiceUserRow[];
  readonly choices?: readonly InServiceChoice[];
  readonly providers?: readonly Provider[];
  readonly releaseDate?: string;
}

/** The decision on a night's rows; those of `carried` stand under an opt-out of an earlier night. */
export function decideOn({ rows, carried = [], choices = [], providers, releaseDate }: Night): Decision {
  const known = providers ?? [provider(), provider({ providerId: 'home-2' })];
  const book = new ChoiceBook(readAt);
  choices.forEach((each) => {
    book.add(each);
  });
  const roster = new Roster(
    { ...terms, releaseDate: releaseDate ?? businessDate },
    new Map(known.map((each) => [each.providerId, each])),
    book,
  );
  rows.forEach((each) => {
    roster.add(each, carried.includes(each));
  });
  return roster.settle();
}

export const outcomes = (night: Night): string[] => {
  const decision = decideOn(night);
  return Array.from({ length: decision.rows }, (_, index) => decision.outcomeOf(index));
};
