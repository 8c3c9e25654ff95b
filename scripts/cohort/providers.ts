import type { Chance } from './chance.ts';
import type { Days } from './days.ts';
import { scattered } from './numbers.ts';

/** What a provider's leases allow on the business date, in the words of the policy. */
export type Standing = 'takes-part' | 'provider-not-participating' | 'agreement-expired';

export const providerColumns = [
  'provider_id',
  'name',
  'ods_code',
  'participating_from',
  'participating_to',
  'agreement_ref',
  'agreement_expires_on',
  'notice_version',
  'policy_review_due_on',
  'data_protection_lead',
] as const;

export type ProviderRow = Readonly<Record<(typeof providerColumns)[number], string>>;

export interface Provider {
  readonly row: ProviderRow;
  readonly standing: Standing;
  /** Days since residents could first be told about the project. */
  readonly joinedDaysAgo: number;
  /** The number behind the `v` of `notice_version`; there was always one before. */
  readonly notice: number;
}

export interface Home {
  readonly locationId: string;
  readonly provider: Provider;
}

export interface Sector {
  readonly providers: readonly Provider[];
  /** Homes of one provider stand side by side. */
  readonly homes: readonly Home[];
}

/** Providers of uneven size and their homes. The last fortieth of them (two at least), with one home each, are out. */
export function makeSector(counts: { providers: number; homes: number }, chance: Chance, days: Days): Sector {
  const outsiders = counts.providers < 5 ? 0 : Math.max(2, Math.round(counts.providers / 40));
  const insiders = counts.providers - outsiders;
  const providers = Array.from({ length: counts.providers }, (_, index) =>
    makeProvider(index, index < insiders ? 'takes-part' : standingOfOutsider(index - insiders), chance, days),
  );
  const owners = [
    ...shareOut(counts.homes - outsiders, insiders).flatMap((size, index) => Array<number>(size).fill(index)),
    ...Array.from({ length: outsiders }, (_, index) => insiders + index),
  ];
  const places = scattered(1_000_000, chance);
  const homes = owners.flatMap((owner) => {
    const provider = providers[owner];
    return provider === undefined
      ? []
      : [{ locationId: locationId(places.next().value as number), provider }];
  });
  return { providers, homes };
}

/** A home and where else its residents might turn up. */
export interface Neighbourhood {
  readonly home: Home;
  /** Another home of the same provider; the home itself where there is no other. */
  readonly sister: Home;
  /** A home of another provider; null where there is no other. */
  readonly stranger: Home | null;
}

export function neighbourhoods(homes: readonly Home[]): Neighbourhood[] {
  let stranger: Home | null = null;
  return homes.toReversed().map((home, fromEnd) => {
    const index = homes.length - 1 - fromEnd;
    const next = homes[index + 1] ?? homes[0] ?? home;
    if (next.provider !== home.provider) stranger = next;
    const sister = [homes[index + 1], homes[index - 1]].find((other) => other?.provider === home.provider);
    return { home, sister: sister ?? home, stranger };
  });
}

const standingOfOutsider = (index: number): Standing =>
  index % 2 === 0 ? 'provider-not-participating' : 'agreement-expired';

/** `total` homes among `count` providers: one each, the rest by size, the first owning most. */
function shareOut(total: number, count: number): number[] {
  const weights = Array.from({ length: count }, (_, index) => 1 / (index + 4));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  let given = 0;
  return weights.map((weight) => {
    reached += weight;
    const extra = Math.round((reached / whole) * (total - count)) - given;
    given += extra;
    return 1 + extra;
  });
}

/** Shaped like a CQC location id. */
const locationId = (place: number): string => `1-1099${String(place).padStart(6, '0')}`;

function makeProvider(index: number, standing: Standing, chance: Chance, days: Days): Provider {
  const notice = chance.between(2, 4);
  const joinedDaysAgo = chance.between(30, 700);
  const out = standing === 'provider-not-participating';
  // Who is out has either left the day before or not begun.
  const left = out && chance.draw() < 0.5;
  const serial = String(index + 1).padStart(4, '0');
  const row: ProviderRow = {
    provider_id: `PR-${serial}`,
    name: providerName(index, chance),
    ods_code: `ZZ${index.toString(36).toUpperCase().padStart(3, '0')}`,
    participating_from: out && !left ? days.day(chance.between(1, 60)) : days.day(-joinedDaysAgo),
    participating_to: left ? days.day(-1) : '',
    agreement_ref: `DPA-${serial}`,
    agreement_expires_on: days.day(standing === 'agreement-expired' ? -1 : chance.between(30, 700)),
    notice_version: `v${notice}`,
    policy_review_due_on: days.day(chance.between(5, 360)),
    data_protection_lead: chance.oneOf([
      'Data Protection Lead',
      'Caldicott Guardian',
      'Information Governance Lead',
    ]),
  };
  return { row, standing, joinedDaysAgo, notice };
}

const first = 'Thistle Oaken Brack Hollow Larch Marl Harbour Sorrel Wether Quill'.split(' ');
const second = 'mere fold water combe wick stead ridge garth lea moor holt'.split(' ');

/** Two invented syllables: as 10 and 11 share no divisor, a pair comes back after 110. Some names need quoting in a CSV file. */
function providerName(index: number, chance: Chance): string {
  const stem = `${first[index % first.length] ?? ''}${second[index % second.length] ?? ''}`;
  const round = Math.floor(index / (first.length * second.length));
  const place = round === 0 ? stem : `${stem} ${round + 1}`;
  return chance.oneOf([
    `${place} Care`,
    `${place} Care Homes Ltd`,
    `${place} Residential`,
    `St ${first[index % first.length] ?? ''}'s, ${place}`,
    `${place}, Hart & Partners`,
    `The "${place}" Trust`,
  ]);
}
