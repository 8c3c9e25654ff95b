/** The intake as it lies on disk: one folder a business date, verified before it is believed. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';

import { readDate } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { Provider } from '../domain/provider.ts';
import type { IntakeReader, IntakeTerms, VerifiedIntake } from '../ports.ts';
import { shown } from './cell.ts';
import { readChoice } from './choice-row.ts';
import { tableRows } from './csv-table.ts';
import { failureOf, fault, refuse } from './fault.ts';
import { HashedFile, openHashed, errorCodeOf } from './hashed-file.ts';
import { alteration, digestOf, faultsOfAge, faultsOfFile, readManifestFile } from './manifest.ts';
import { addProvider, readProvider } from './provider-row.ts';
import { readRosterRow } from './roster-row.ts';
import { choicesTable, manifestName, providersTable, rosterTable, tableNames, tables } from './tables.ts';
import type { Table, TableRow } from './tables.ts';

/**
 * The `IntakeReader` of a folder that holds one folder for each business date (design, section 4). `verify` counts rows with the same
 * CSV reader that reads them later, and so also throws `intake-header` and `intake-malformed`.
 */
export function createIntakeReader({ intakeDir }: { readonly intakeDir: string }): IntakeReader {
  return {
    verify: (terms) => verify(intakeDir, terms),
    dates: () => intakeDates(intakeDir),
    providers: async (intake) => {
      const known = new Map<string, Provider>();
      const read = (row: TableRow<typeof providersTable.columns>): void => {
        addProvider(known, readProvider(row, refuse), row.line, refuse);
      };
      await drain(believedRows(intake, providersTable, read));
      return known;
    },
    choices: (intake) => each(believedRows(intake, choicesTable, (row) => readChoice(row, refuse))),
    roster: (intake) => each(believedRows(intake, rosterTable, (row) => readRosterRow(row, refuse))),
    remove: (businessDate) => remove(intakeDir, businessDate),
  };
}

async function verify(intakeDir: string, terms: IntakeTerms): Promise<VerifiedIntake> {
  const folder = path.join(intakeDir, terms.businessDate);
  if (readDate(terms.businessDate) === null || !(await isFolder(folder)))
    throw failureOf(fault('intake-missing', {}, `no folder ${shown(terms.businessDate)}`));
  const reading = await readManifestFile(folder);
  if ('faults' in reading) throw failureOf(reading.faults[0]);
  const { manifest } = reading;
  const beside = await producedBeside(intakeDir, terms.businessDate);
  faultsOfAge(manifest, terms, beside).forEach(refuse);
  const intake = { folder, ...manifest };
  for (const table of tables) await drain(believedRows<readonly string[], null>(intake, table, () => null));
  return intake;
}

/**
 * The rows of a table in batches. What has been yielded is to be believed once the last batch has come without a throw: only then
 * are digest and number of rows known to be those of the manifest. A fault of a file whose bytes changed is `intake-file-altered`.
 */
async function* believedRows<Columns extends readonly string[], Row>(
  intake: Pick<VerifiedIntake, 'folder' | 'files'>,
  table: Table<Columns>,
  read: (row: TableRow<Columns>) => Row,
): AsyncGenerator<readonly Row[]> {
  const file = await openHashed(intake.folder, table.name);
  if (!(file instanceof HashedFile)) throw failureOf(file);
  const expected = digestOf(intake.files, table.name);
  try {
    let rows = 0;
    for await (const batch of tableRows(file.chunks(), table, refuse)) {
      rows += batch.length;
      yield batch.map(read);
    }
    faultsOfFile(expected, { rows, sha256: await file.digest() }).forEach(refuse);
  } catch (thrown) {
    const sha256 = await file.digest();
    if (sha256 !== expected.sha256) throw failureOf(alteration(expected, sha256));
    throw thrown;
  } finally {
    await file.close();
  }
}

async function drain(batches: AsyncIterable<readonly unknown[]>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) rows += batch.length;
  return rows;
}

async function* each<Row>(batches: AsyncIterable<readonly Row[]>): AsyncGenerator<Row> {
  for await (const batch of batches) for (const row of batch) yield row;
}

/** A folder itself, no link to one. */
export const isFolder = (folder: string): Promise<boolean> =>
  lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Folders named after a date in which at least one file of an intake lies, newest first. */
export async function intakeDates(intakeDir: string): Promise<readonly LocalDate[]> {
  const entries = await readdir(intakeDir, { withFileTypes: true }).catch((): Dirent[] => []);
  const folders = entries.filter((entry) => entry.isDirectory() && readDate(entry.name) !== null);
  const dates: LocalDate[] = [];
  for (const { name } of folders) {
    const inside = await readdir(path.join(intakeDir, name)).catch((): string[] => []);
    if (intakeFiles.some((file) => inside.includes(file))) dates.push(name);
  }
  return dates.toSorted().toReversed();
}

const intakeFiles: readonly string[] = [manifestName, ...tableNames];

/** When the manifests of the other dates in the same folder were produced; those that cannot be read are left out. */
export async function producedBeside(
  intakeDir: string,
  businessDate: LocalDate,
): Promise<ReadonlySet<Instant>> {
  const produced = new Set<Instant>();
  for (const date of await intakeDates(intakeDir)) {
    if (date === businessDate) continue;
    const reading = await readManifestFile(path.join(intakeDir, date));
    if ('manifest' in reading) produced.add(reading.manifest.producedAt);
  }
  return produced;
}

/** The manifest goes first, so that a folder removed by half is no intake; what is not ours stays, and the folder with it. */
async function remove(intakeDir: string, businessDate: LocalDate): Promise<void> {
  const folder = path.join(intakeDir, businessDate);
  if (readDate(businessDate) === null || !(await isFolder(folder))) return;
  try {
    for (const file of intakeFiles) await unlink(path.join(folder, file)).catch(unless('ENOENT'));
    await rmdir(folder).catch(unless('ENOTEMPTY', 'EEXIST'));
  } catch (thrown) {
    throw new Failure('place-unsafe', {
      message: `The intake folder of ${businessDate} has outlived its keep days and could not be removed.`,
      place: businessDate,
      found: errorCodeOf(thrown),
      allowed: 'a folder in which this program may delete',
      hint: 'It holds NHS numbers. Remove it by hand and give the program the right to delete there.',
    });
  }
}

const unless =
  (...codes: readonly string[]) =>
  (thrown: unknown): void => {
    if (!codes.includes(errorCodeOf(thrown))) throw thrown;
  };
