/** A small intake whose files go wrong: written, read and gated by the gate, and by the reference gate beside it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { asFailure } from '../../src/domain/failure.ts';
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import { ChoiceBook } from '../../src/domain/in-service-choice.ts';
import { Roster } from '../../src/domain/roster.ts';
import { checkIntake } from '../../src/intake/intake-check.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { choicesTable, providersTable, rosterTable } from '../../src/intake/tables.ts';
import { mayBeAsked } from '../support/reference-gate.ts';
import { readCsv } from './csv-reading.ts';

export const tableFiles = ['providers.csv', 'in-service-choices.csv', 'service-users.csv'] as const;
export type TableFile = (typeof tableFiles)[number];
export type Texts = Readonly<Record<TableFile, Buffer>>;
export type Fields = Record<string, unknown>;

export interface IntakeOutcome {
  /** The failure code, or `taken`. */
  readonly code: string;
  readonly asked: readonly string[];
}

const businessDate = '2026-11-22';
const readAt = '2026-11-22T02:30:00Z';
const now = Date.parse(readAt);
const policy = { name: 'test', extraRanges: [] } as const;

const columnsOf: Readonly<Record<TableFile, readonly string[]>> = {
  'providers.csv': providersTable.columns,
  'in-service-choices.csv': choicesTable.columns,
  'service-users.csv': rosterTable.columns,
};

export const soundTexts: Texts = {
  'providers.csv': Buffer.from(
    [
      'provider_id,name,ods_code,participating_from,participating_to,agreement_ref,agreement_expires_on,notice_version,policy_review_due_on,data_protection_lead',
      'PR-01,"Alderfold House, Care",ZZ001,2026-01-05,,DPA-0001,2027-03-31,v2,2027-01-05,Data Protection Lead',
      'PR-02,The Elms,ZZ002,2026-01-05,2026-12-31,DPA-0002,2027-03-31,v3,2027-01-05,Data Protection Lead',
      '',
    ].join('\n'),
  ),
  'in-service-choices.csv': Buffer.from(
    [
      'choice_id,service_user_id,choice,channel,requested_at,recorded_at,recorded_by,decided_by',
      'CH-01,SU-02,opt_out,verbal,2026-11-18T10:05:00Z,2026-11-18T10:20:00Z,senior-carer,self',
      'CH-02,SU-03,opt_out,written,2026-10-01T09:00:00+01:00,2026-10-02T09:00:00+01:00,manager,attorney',
      'CH-03,SU-03,opt_in,digital,2026-11-01T09:00:00Z,2026-11-01T09:00:00Z,manager,attorney',
      '',
    ].join('\n'),
  ),
  'service-users.csv': Buffer.from(
    [
      'service_user_id,provider_id,location_id,nhs_number,person_type,informed_on,notice_version,in_service_choice,restricted,resident_from,resident_to',
      'SU-01,PR-01,1-1099000101,9990000018,service_user,2026-01-19,v2,none,no,2024-06-03,',
      'SU-02,PR-01,1-1099000101,9990000026,service_user,2026-01-19,v2,none,no,2024-06-03,',
      'SU-03,PR-01,1-1099000101,999 000 0034,service_user,2026-01-19,v2,opted_in,no,2024-06-03,2027-01-31',
      'SU-04,PR-02,1-1099000201,9990000042,service_user,2026-02-16,v3,opted_out,no,2024-06-03,',
      'SU-05,PR-02,1-1099000201,9990000050,service_user,2026-02-16,v3,none,yes,2024-06-03,',
      'SU-06,PR-02,1-1099000201,9990000069,staff,,,none,no,2024-06-03,',
      '',
    ].join('\n'),
  ),
};

export interface IntakeDesk {
  /** Writes the folder; the manifest agrees with its files, unless `spoil` alters its fields or `manifest` stands in its place. */
  take(
    texts: Texts,
    spoil?: (fields: Fields) => void,
    manifest?: (text: Buffer) => Buffer,
  ): Promise<IntakeOutcome>;
  /** The codes of everything that can be said against what was written last. */
  said(): Promise<readonly string[]>;
  close(): void;
}

export function openIntakeDesk(): IntakeDesk {
  const intakeDir = fs.mkdtempSync(
    path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'intake-'),
  );
  const folder = path.join(intakeDir, businessDate);
  fs.mkdirSync(folder);
  const reader = createIntakeReader({ intakeDir });
  return {
    async take(texts, spoil, manifest = (text) => text) {
      const fields: Fields = manifestOf(texts);
      spoil?.(fields);
      for (const name of tableFiles) fs.writeFileSync(path.join(folder, name), texts[name]);
      fs.writeFileSync(path.join(folder, 'manifest.json'), manifest(Buffer.from(JSON.stringify(fields))));
      try {
        const terms = { businessDate, openedAt: now, now, usedElsewhere: new Set<number>() };
        const intake = await reader.verify(terms);
        const providers = await reader.providers(intake);
        const book = new ChoiceBook(now);
        for await (const choice of reader.choices(intake)) book.add(choice);
        const roster = new Roster(
          { businessDate, releaseDate: businessDate, numbers: policy },
          providers,
          book,
        );
        for await (const row of reader.roster(intake)) roster.add(row, false);
        return { code: 'taken', asked: [...roster.settle().askedNumbers()].map(formatNhsNumber) };
      } catch (thrown) {
        return { code: asFailure(thrown).code, asked: [] };
      }
    },
    said: async () => Object.keys((await checkIntake(folder, { now, policy })).counts),
    close: () => {
      fs.rmSync(intakeDir, { recursive: true });
    },
  };
}

const manifestOf = (texts: Texts): Fields => ({
  businessDate,
  producedAt: '2026-11-22T01:45:00Z',
  supplier: 'Malformed Care Records',
  files: tableFiles.map((name) => ({
    name,
    rows: Math.max(0, (readCsv(texts[name])?.length ?? String(texts[name]).split('\n').length - 1) - 1),
    sha256: createHash('sha256').update(texts[name]).digest('hex'),
  })),
});

/** Whom the policy lets be asked about by these files, read here; null where one of them is no table that may be taken. */
export function referenceAsked(texts: Texts): ReadonlySet<string> | null {
  const read = (name: TableFile): Record<string, string>[] | null => {
    const [header, ...rows] = readCsv(texts[name]) ?? [];
    const columns = columnsOf[name];
    if (header === undefined || [...header].sort().join('\n') !== [...columns].sort().join('\n')) return null;
    if (rows.some((row) => row.length !== header.length)) return null;
    return rows.map((row) => Object.fromEntries(row.map((cell, n) => [header[n] ?? '', cell])));
  };
  const [providers, choices, serviceUsers] = tableFiles.map(read);
  if (!providers || !choices || !serviceUsers) return null;
  return mayBeAsked({ intake: { providers, choices, serviceUsers }, businessDate, readAt, policy: 'test' });
}
