/** Which names may stand in the outbound folder, and whose they must be. Places are relative to it: `2026-11-22/r1/nhs-numbers.csv`. */
import type { Stats } from 'node:fs';

import { readDate } from '../domain/calendar.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { DropFile } from '../ports.ts';

export const manifestName = 'manifest.json';
/** Put beside the manifest by the recipient, who says with it that the drop has arrived; what it holds is nobody's business. */
export const collectedName = 'collected';

const numbersFile = /^(nhs-numbers|location-1-[0-9]{6,12})\.csv$/;
const revisionFolder = /^r[1-9][0-9]*$/;
const stagingFolder = /^\.staging-[0-9a-f]{32}$/;

export const isNumbersFile = (name: string): boolean => numbersFile.test(name);
export const isRevisionFolder = (name: string): boolean => revisionFolder.test(name);
export const isStagingFolder = (name: string): boolean => stagingFolder.test(name);

/** `.staging-` and 16 random bytes in hex: beside the dates, so on their file system, and never under one. */
export const stagingPlace = (random: Uint8Array): string => `.staging-${Buffer.from(random).toString('hex')}`;

export const unsafe = (place: string, message: string, hint: string): Failure =>
  new Failure('place-unsafe', { message, place, hint });

const hintOfNames = 'Nothing was written. This is a fault of the program, not of the folder: report it.';

/** The folder of a business date. Throws `place-unsafe` unless the date is a real one. */
export function dateFolder(businessDate: LocalDate): string {
  if (readDate(businessDate) === null) {
    throw unsafe('businessDate', 'A drop stands under a business date YYYY-MM-DD.', hintOfNames);
  }
  return businessDate;
}

/** The folder of a run, `2026-11-22/r1`; a rehearsal has a name but never a folder. Throws `place-unsafe` unless date and number are real. */
export function runFolder(run: RunId): string {
  dateFolder(run.businessDate);
  if (!Number.isSafeInteger(run.revision)) {
    throw unsafe('revision', 'A revision is a whole number.', hintOfNames);
  }
  return formatRunId(run);
}

/** Throws `place-unsafe` for a rehearsal: nothing of it may stand under a date. */
export function demandRevision(run: RunId): void {
  if (isRehearsal(run)) throw unsafe('revision', 'A rehearsal cannot be published.', hintOfNames);
}

/** Throws `place-unsafe` unless each file bears the one name its location gives it, and no two the same. */
export function demandNames(files: readonly DropFile[]): void {
  const seen = new Set<string>();
  for (const { name, locationId } of files) {
    const allowed = locationId === undefined ? 'nhs-numbers.csv' : `location-${locationId}.csv`;
    if (!isNumbersFile(name) || name !== allowed || seen.has(name)) {
      throw unsafe('plan', 'A file of the plan has a name that may not stand in a drop.', hintOfNames);
    }
    seen.add(name);
  }
}

/** Throws `place-unsafe` if somebody else owns it or may write to it: what was checked could then be changed (R27). */
export function demandOurs(stats: Stats, place: string): void {
  const foreign = stats.uid !== (process.geteuid?.() ?? stats.uid);
  if (foreign || (stats.mode & 0o022) !== 0) {
    throw new Failure('place-unsafe', {
      message: foreign ? 'Another account owns this.' : 'Other accounts may write here.',
      place,
      found: `owner ${stats.uid}, mode ${(stats.mode & 0o7777).toString(8).padStart(4, '0')}`,
      allowed: 'owned by the account of the gate, writable by nobody else',
      hint: 'Find out what else could have written here, then set owner and mode (chmod go-w).',
    });
  }
}
