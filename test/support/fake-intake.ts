/** Intake folders in memory, held by the same contract as those on a disk. */
import { createHash } from 'node:crypto';

import type { Instant, LocalDate } from '../../src/domain/calendar.ts';
import type { FailureCode } from '../../src/domain/failure.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { InServiceChoice } from '../../src/domain/in-service-choice.ts';
import type { Provider } from '../../src/domain/provider.ts';
import { endOfTime } from '../../src/domain/service-user.ts';
import type { ServiceUserRow } from '../../src/domain/service-user.ts';
import { failureOf, fault, refuse } from '../../src/intake/fault.ts';
import { alteration, digestOf, faultsOfAge } from '../../src/intake/manifest.ts';
import { addProvider } from '../../src/intake/provider-row.ts';
import type { TableName } from '../../src/intake/tables.ts';
import type { IntakeReader, VerifiedIntake } from '../../src/ports.ts';

/** What a care record system knows on one night. */
export interface Night {
  readonly producedAt: Instant;
  readonly supplier: string;
  readonly providers: readonly Provider[];
  readonly choices: readonly InServiceChoice[];
  readonly roster: readonly ServiceUserRow[];
}

export interface FakeIntake extends IntakeReader {
  /** Lays down the folder of a date, or another in its place. */
  put(businessDate: LocalDate, night: Night): void;
  /** From now on the folder of this date is refused with this code. */
  refuse(businessDate: LocalDate, code: FailureCode): void;
}

/** An `IntakeReader` that reads what `put` laid down, in domain rows. */
export function createFakeIntake(): FakeIntake {
  const nights = new Map<LocalDate, Night>();
  const refusals = new Map<LocalDate, FailureCode>();

  /** The rows, and at their end the same doubt as with files: are they still what was verified? */
  async function* rows<Row>(intake: VerifiedIntake, name: TableName, of: (night: Night) => readonly Row[]) {
    const night = nights.get(intake.businessDate);
    if (night === undefined) throw failureOf(fault('intake-file-missing', { file: name }, 'nothing'));
    for (const row of of(night)) yield await Promise.resolve(row);
    const expected = digestOf(intake.files, name);
    const found = sha256(of(night));
    if (found !== expected.sha256) refuse(alteration(expected, found));
  }

  return {
    put: (businessDate, night) => {
      nights.set(businessDate, structuredClone(night));
    },
    refuse: (businessDate, code) => {
      refusals.set(businessDate, code);
    },
    verify: async (terms) => {
      await Promise.resolve();
      const code = refusals.get(terms.businessDate);
      if (code !== undefined) throw new Failure(code, { message: 'Refused as told.' });
      const night = nights.get(terms.businessDate);
      if (night === undefined) throw new Failure('intake-missing', { message: 'Nothing was put there.' });
      const intake = verified(terms.businessDate, night);
      const others = [...nights].filter(([date]) => date !== terms.businessDate);
      faultsOfAge(intake, terms, new Set(others.map(([, { producedAt }]) => producedAt))).forEach(refuse);
      return intake;
    },
    dates: () => Promise.resolve([...nights.keys()].toSorted().toReversed()),
    providers: async (intake) => {
      const known = new Map<string, Provider>();
      let line = 2;
      for await (const provider of rows(intake, 'providers.csv', (night) => night.providers))
        addProvider(known, provider, line++, refuse);
      return known;
    },
    choices: (intake) => rows(intake, 'in-service-choices.csv', (night) => night.choices),
    roster: (intake) => rows(intake, 'service-users.csv', (night) => night.roster),
    remove: (businessDate) => {
      nights.delete(businessDate);
      return Promise.resolve();
    },
  };
}

const sha256 = (of: unknown): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');

function verified(businessDate: LocalDate, night: Night): VerifiedIntake {
  const { producedAt, supplier } = night;
  const tables = {
    'service-users.csv': night.roster,
    'in-service-choices.csv': night.choices,
    'providers.csv': night.providers,
  };
  const files = Object.entries(tables).map(([name, of]) => ({ name, rows: of.length, sha256: sha256(of) }));
  const digest = sha256({ businessDate, producedAt, supplier, files });
  return { folder: `memory:${businessDate}`, digest, businessDate, producedAt, supplier, files };
}

/** A night on which one person lives with one provider and nobody has said anything. */
export const aNight = (over: Partial<Night> = {}): Night => ({
  producedAt: Date.parse('2026-11-22T01:45:00Z'),
  supplier: 'Test Care Records',
  providers: [aProvider()],
  choices: [],
  roster: [aPerson()],
  ...over,
});

/** A provider that takes part. */
export const aProvider = (over: Partial<Provider> = {}): Provider => ({
  providerId: 'PR-01',
  name: 'Alderfold House Care',
  odsCode: 'ZZ001',
  participatingFrom: '2026-01-05',
  participatingTo: endOfTime,
  agreementRef: 'DPA-0001',
  agreementExpiresOn: '2027-03-31',
  noticeVersion: 'v2',
  policyReviewDueOn: '2027-01-05',
  dataProtectionLead: 'Data Protection Lead',
  ...over,
});

/** A row of somebody who may be asked about in November 2026. */
export const aPerson = (over: Partial<ServiceUserRow> = {}): ServiceUserRow => ({
  serviceUserId: 'SU-000001',
  providerId: 'PR-01',
  locationId: '1-1099000101',
  number: { kind: 'valid', number: 9_990_000_018 },
  personType: 'service_user',
  informedOn: '2026-01-19',
  noticeVersion: 'v2',
  choiceColumn: 'none',
  restricted: 'no',
  residentFrom: '2024-06-03',
  residentTo: endOfTime,
  ...over,
});

/** An opt-out by the person. */
export const aChoice = (over: Partial<InServiceChoice> = {}): InServiceChoice => ({
  serviceUserId: 'SU-000001',
  choice: 'opt_out',
  channel: 'verbal',
  requestedAt: Date.parse('2026-11-18T10:05:00Z'),
  recordedAt: Date.parse('2026-11-18T10:20:00Z'),
  decidedBy: 'self',
  ...over,
});
