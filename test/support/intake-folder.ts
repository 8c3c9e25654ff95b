/** Intake folders on a disk: valid as they are written, for a test to break. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach } from '@jest/globals';

import { formatInstant } from '../../src/domain/calendar.ts';
import type { Instant } from '../../src/domain/calendar.ts';
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import type { NumberCell } from '../../src/domain/nhs-number.ts';
import { endOfTime } from '../../src/domain/service-user.ts';
import type { PeriodEnd } from '../../src/domain/service-user.ts';
import { choicesTable, providersTable, rosterTable } from '../../src/intake/tables.ts';
import type { TableName } from '../../src/intake/tables.ts';
import type { Night } from './fake-intake.ts';

export type ProviderCells = Record<(typeof providersTable.columns)[number], string>;
export type ChoiceCells = Record<(typeof choicesTable.columns)[number], string>;
export type RosterCells = Record<(typeof rosterTable.columns)[number], string>;

export interface IntakeCells {
  readonly producedAt?: string;
  readonly supplier?: string;
  readonly providers?: readonly ProviderCells[];
  readonly choices?: readonly ChoiceCells[];
  readonly roster?: readonly RosterCells[];
}

export interface ManifestFields {
  businessDate: unknown;
  producedAt: unknown;
  supplier: unknown;
  files: unknown;
  [field: string]: unknown;
}

/** What goes wrong before the folder is written: with the tables the manifest still agrees, for their writer does not know. */
export interface Spoiling {
  readonly tables?: (texts: Record<TableName, string | Buffer>) => void;
  readonly manifest?: (manifest: ManifestFields) => void;
}

export const businessDate = '2026-11-22';
export const producedAt = '2026-11-22T01:45:00Z';

export const providerCells = (over: Partial<ProviderCells> = {}): ProviderCells => ({
  provider_id: 'PR-01',
  name: 'Alderfold House Care',
  ods_code: 'ZZ001',
  participating_from: '2026-01-05',
  participating_to: '',
  agreement_ref: 'DPA-0001',
  agreement_expires_on: '2027-03-31',
  notice_version: 'v2',
  policy_review_due_on: '2027-01-05',
  data_protection_lead: 'Data Protection Lead',
  ...over,
});

export const choiceCells = (over: Partial<ChoiceCells> = {}): ChoiceCells => ({
  choice_id: 'CH-000001',
  service_user_id: 'SU-000001',
  choice: 'opt_out',
  channel: 'verbal',
  requested_at: '2026-11-18T10:05:00Z',
  recorded_at: '2026-11-18T10:20:00Z',
  recorded_by: 'senior-carer',
  decided_by: 'self',
  ...over,
});

export const rosterCells = (over: Partial<RosterCells> = {}): RosterCells => ({
  service_user_id: 'SU-000001',
  provider_id: 'PR-01',
  location_id: '1-1099000101',
  nhs_number: '9990000018',
  person_type: 'service_user',
  informed_on: '2026-01-19',
  notice_version: 'v2',
  in_service_choice: 'none',
  restricted: 'no',
  resident_from: '2024-06-03',
  resident_to: '',
  ...over,
});

/** Writes `intakeDir/2026-11-22` (or another date), one row in each table unless given, and names it. */
export function writeIntake(
  intakeDir: string,
  cells: IntakeCells = {},
  spoiling: Spoiling = {},
  date = businessDate,
): string {
  const { providers = [providerCells()], choices = [choiceCells()], roster = [rosterCells()] } = cells;
  const texts: Record<TableName, string | Buffer> = {
    'providers.csv': csvOf(providersTable.columns, providers),
    'in-service-choices.csv': csvOf(choicesTable.columns, choices),
    'service-users.csv': csvOf(rosterTable.columns, roster),
  };
  spoiling.tables?.(texts);
  const rows: Record<TableName, number> = {
    'providers.csv': providers.length,
    'in-service-choices.csv': choices.length,
    'service-users.csv': roster.length,
  };
  const manifest: ManifestFields = {
    businessDate: date,
    producedAt: cells.producedAt ?? producedAt,
    supplier: cells.supplier ?? 'Test Care Records',
    files: Object.entries(texts).map(([name, text]) => ({
      name,
      rows: rows[name as TableName],
      sha256: createHash('sha256').update(text).digest('hex'),
    })),
  };
  spoiling.manifest?.(manifest);
  const folder = path.join(intakeDir, date);
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) fs.writeFileSync(path.join(folder, name), text);
  fs.writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

/** Call once in a block of tests: gives each of them a folder of its own to write intakes into, which goes with the test. */
export function intakeOfEachTest(): {
  readonly dir: string;
  readonly put: (cells?: IntakeCells, spoiling?: Spoiling, date?: string) => string;
} {
  const place = { dir: '' };
  beforeEach(() => {
    place.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'intake-'));
  });
  afterEach(() => {
    fs.rmSync(place.dir, { recursive: true });
  });
  return Object.assign(place, {
    put: (cells: IntakeCells = {}, spoiling: Spoiling = {}, date?: string) =>
      writeIntake(place.dir, cells, spoiling, date),
  });
}

export const csvCell = (cell: string): string =>
  /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

export const csvOf = <Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, string>>[],
): string =>
  [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((cells) => `${cells.map(csvCell).join(',')}\n`)
    .join('');

/** The cells that say what a night says; what was not understood becomes a cell that cannot be. */
export function cellsOf(night: Night): IntakeCells {
  return {
    producedAt: formatInstant(night.producedAt),
    supplier: night.supplier,
    providers: night.providers.map((provider) => ({
      provider_id: provider.providerId,
      name: provider.name,
      ods_code: provider.odsCode,
      participating_from: provider.participatingFrom ?? 'soon',
      participating_to: endCell(provider.participatingTo),
      agreement_ref: provider.agreementRef,
      agreement_expires_on: provider.agreementExpiresOn ?? 'never',
      notice_version: provider.noticeVersion,
      policy_review_due_on: provider.policyReviewDueOn ?? '',
      data_protection_lead: provider.dataProtectionLead,
    })),
    choices: night.choices.map((choice, index) => ({
      choice_id: `CH-${index}`,
      service_user_id: choice.serviceUserId,
      choice: choice.choice,
      channel: choice.channel,
      requested_at: timeCell(choice.requestedAt),
      recorded_at: timeCell(choice.recordedAt),
      recorded_by: 'senior-carer',
      decided_by: choice.decidedBy,
    })),
    roster: night.roster.map((row) => ({
      service_user_id: row.serviceUserId,
      provider_id: row.providerId,
      location_id: row.locationId,
      nhs_number: numberCell(row.number),
      person_type: row.personType,
      informed_on: row.informedOn ?? '',
      notice_version: row.noticeVersion,
      in_service_choice: row.choiceColumn,
      restricted: row.restricted,
      resident_from: row.residentFrom ?? '',
      resident_to: endCell(row.residentTo),
    })),
  };
}

const timeCell = (at: Instant | null): string => (at === null ? 'yesterday' : formatInstant(at));
const endCell = (end: PeriodEnd): string => (end === endOfTime ? '' : (end ?? 'later'));

function numberCell(cell: NumberCell): string {
  if (cell.kind === 'missing') return '';
  return cell.kind === 'invalid' ? 'not known' : formatNhsNumber(cell.number);
}
