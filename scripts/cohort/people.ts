import type { Chance } from './chance.ts';
import type { Days } from './days.ts';
import type { Home } from './providers.ts';

/** What becomes of a roster row before the national check, in the words of the policy. */
export type Outcome =
  | 'asked'
  | 'provider-not-participating'
  | 'agreement-expired'
  | 'id-missing'
  | 'not-a-service-user'
  | 'not-resident'
  | 'location-invalid'
  | 'number-missing'
  | 'number-invalid'
  | 'number-out-of-range'
  | 'not-informed'
  | 'opted-out-in-service'
  | 'restricted'
  | 'value-unknown'
  | 'number-shared'
  | 'number-conflict'
  | 'objection-elsewhere';

export const rosterColumns = [
  'service_user_id',
  'provider_id',
  'location_id',
  'nhs_number',
  'person_type',
  'informed_on',
  'notice_version',
  'in_service_choice',
  'restricted',
  'resident_from',
  'resident_to',
] as const;

export const choiceColumns = [
  'choice_id',
  'service_user_id',
  'choice',
  'channel',
  'requested_at',
  'recorded_at',
  'recorded_by',
  'decided_by',
] as const;

/** The cells of a row of `service-users.csv`. */
export type RosterRow = Readonly<Record<(typeof rosterColumns)[number], string>>;

/** The cells of a row of `in-service-choices.csv` but for its id, which is given when it is written. */
export type Choice = Readonly<Record<Exclude<(typeof choiceColumns)[number], 'choice_id'>, string>>;

/** A row with what it is meant to come to while its provider takes part. */
export interface PersonRow {
  readonly row: RosterRow;
  readonly home: Home;
  readonly outcome: Outcome;
}

export interface Person {
  readonly rows: readonly PersonRow[];
  readonly choices: readonly Choice[];
}

/** Where people come from: chance, days, and ids and numbers that are used once. */
export interface Source {
  readonly chance: Chance;
  readonly days: Days;
  id(): string;
  number(): string;
  unallocatedNumber(): string;
}

/** A row against which nothing speaks. */
export function residentRow(source: Source, home: Home, number = source.number()): RosterRow {
  const { chance, days } = source;
  const { provider } = home;
  const daysResident = chance.between(30, 2500);
  return {
    service_user_id: source.id(),
    provider_id: provider.row.provider_id,
    location_id: home.locationId,
    nhs_number: number,
    person_type: 'service_user',
    informed_on: days.day(-chance.between(1, Math.min(daysResident, provider.joinedDaysAgo))),
    notice_version: provider.row.notice_version,
    in_service_choice: 'none',
    restricted: 'no',
    resident_from: days.day(-daysResident),
    resident_to: '',
  };
}

export type Said = Partial<Pick<Choice, 'choice' | 'channel' | 'decided_by'>>;

/** A choice asked for between `from` and `to` days ago and keyed within a day; an opt-out by the person unless `said` otherwise. */
export function choiceOf(
  source: Source,
  id: string,
  [from, to]: readonly [number, number],
  said: Said,
): Choice {
  const { chance, days } = source;
  const daysAgo = to + chance.draw() * (from - to);
  return {
    service_user_id: id,
    choice: said.choice ?? 'opt_out',
    channel: said.channel ?? chance.oneOf(['verbal', 'written', 'digital']),
    requested_at: days.ago(daysAgo),
    recorded_at: days.ago(Math.max(daysAgo - chance.draw(), daysAgo / 2)),
    recorded_by: chance.oneOf(['senior-carer', 'home-administrator', 'resident-portal', 'deputy-matron']),
    decided_by: said.decided_by ?? 'self',
  };
}
