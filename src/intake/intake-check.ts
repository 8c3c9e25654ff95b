/** Everything that can be said against an intake folder, at once: for the supplier who writes it and the operator who waits for it. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';

import { formatInstant, londonDate, readDate } from '../domain/calendar.ts';
import type { Instant } from '../domain/calendar.ts';
import type { NumberPolicy } from '../domain/nhs-number.ts';
import type { Provider } from '../domain/provider.ts';
import { cellTeller } from './cell.ts';
import { tableRows } from './csv-table.ts';
import { fault } from './fault.ts';
import type { Tell } from './fault.ts';
import { FaultList } from './fault-list.ts';
import { HashedFile, openHashed } from './hashed-file.ts';
import { isFolder, producedBeside } from './intake-folder.ts';
import type { IntakeReport } from './intake-report.ts';
import { digestOf, faultsOfAge, faultsOfFile, readManifestFile } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { PeopleCheck } from './people-check.ts';
import { checkProvider } from './provider-check.ts';
import { addProvider, readProvider } from './provider-row.ts';
import { Spellings } from './spellings.ts';
import { choicesTable, providersTable, rosterTable } from './tables.ts';
import type { Table, TableRow } from './tables.ts';

export interface CheckTerms {
  readonly now: Instant;
  readonly policy: NumberPolicy;
}

/**
 * Checks a folder as a run that opens now would, and every cell besides, and goes on after a fault wherever that can be done. The
 * business date is the manifest's; a folder that is itself named after a date must bear the same. Never throws for what it finds.
 */
export async function checkIntake(folder: string, { now, policy }: CheckTerms): Promise<IntakeReport> {
  const faults = new FaultList();
  const { tell } = faults;
  const place = await placeOf(folder);
  if (!(await isFolder(place))) {
    tell(fault('intake-missing', {}, 'no such folder, or a link'));
    return reportOf(folder, null, faults, []);
  }
  const manifest = await checkManifest(place, now, tell);
  const date = manifest?.businessDate ?? londonDate(now);
  const checked: Checked = { place, manifest, tell };

  const providers = new Map<string, Provider>();
  const providerIds = new Spellings();
  const listed = await checkTable(checked, providersTable, (row) => {
    const provider = readProvider(row, tell);
    addProvider(providers, provider, row.line, tell);
    checkProvider(provider, { date, providerIds }, cellTeller(providersTable, row, tell));
  });
  const known = listed.isWhole ? providers : null;
  const people = new PeopleCheck({ now, policy, providers: known, providerIds }, tell);
  const choices = await checkTable(checked, choicesTable, (row) => {
    people.addChoice(row);
  });
  const roster = await checkTable(checked, rosterTable, (row) => {
    people.addRosterRow(row);
  });
  if (roster.isWhole) people.tellUnmatched();
  return reportOf(folder, manifest, faults, [roster, choices, listed]);
}

/** A folder under the name of its date must be one itself, as for a run; under another name a link may stand for it. */
async function placeOf(folder: string): Promise<string> {
  const place = path.resolve(folder);
  return readDate(path.basename(place)) === null ? realpath(place).catch(() => place) : place;
}

interface Checked {
  readonly place: string;
  readonly manifest: Manifest | null;
  readonly tell: Tell;
}

async function checkManifest(place: string, now: Instant, tell: Tell): Promise<Manifest | null> {
  const reading = await readManifestFile(place);
  if ('faults' in reading) {
    reading.faults.forEach(tell);
    return null;
  }
  const { manifest } = reading;
  const businessDate = readDate(path.basename(place)) ?? manifest.businessDate;
  const terms = { businessDate, openedAt: now, now, usedElsewhere: new Set<Instant>() };
  faultsOfAge(manifest, terms, await producedBeside(path.dirname(place), businessDate)).forEach(tell);
  return manifest;
}

/** What became of a table; whole: no row of it was missed. */
interface CheckedTable {
  readonly name: string;
  readonly rows: number;
  readonly isWhole: boolean;
}

async function checkTable<Columns extends readonly string[]>(
  { place, manifest, tell }: Checked,
  table: Table<Columns>,
  check: (row: TableRow<Columns>) => void,
): Promise<CheckedTable> {
  const { name } = table;
  const file = await openHashed(place, name);
  if (!(file instanceof HashedFile)) {
    tell(file);
    return { name, rows: 0, isWhole: false };
  }
  let missed = 0;
  const tellMissed: Tell = (of) => {
    missed++;
    tell(of);
  };
  try {
    let rows = 0;
    for await (const batch of tableRows(file.chunks(), table, tellMissed)) {
      rows += batch.length;
      batch.forEach(check);
    }
    const isWhole = missed === 0;
    if (isWhole && rows === 0) tell(fault('file-empty', { file: name }, '0 rows'));
    const expected = manifest === null ? null : digestOf(manifest.files, name);
    if (expected !== null) {
      const found = { rows: isWhole ? rows : expected.rows, sha256: await file.digest() };
      faultsOfFile(expected, found).forEach(tell);
    }
    return { name, rows, isWhole };
  } finally {
    await file.close();
  }
}

function reportOf(
  folder: string,
  manifest: Manifest | null,
  faults: FaultList,
  checked: readonly CheckedTable[],
): IntakeReport {
  const counts = faults.counts();
  return {
    folder,
    businessDate: manifest?.businessDate ?? null,
    producedAt: manifest === null ? null : formatInstant(manifest.producedAt),
    supplier: manifest?.supplier ?? null,
    accepted: faults.ofSeverity('refuses') === 0,
    holdsRun: counts['opt-out-unmatched'] !== undefined,
    rows: Object.fromEntries(checked.map(({ name, rows }) => [name, rows])),
    severities: {
      refuses: faults.ofSeverity('refuses'),
      'holds-back': faults.ofSeverity('holds-back'),
      note: faults.ofSeverity('note'),
    },
    counts,
    notListed: faults.notKept(),
    faults: faults.kept(),
  };
}
