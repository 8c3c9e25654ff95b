/** What stands under a date, and how it is taken away: an unfinished drop to be decided anew, and drops that have outlived their days. */
import type { Dirent } from 'node:fs';

import { readDate } from '../domain/calendar.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { RunId } from '../domain/run.ts';
import type { Disk } from './disk.ts';
import {
  collectedName,
  dateFolder,
  isNumbersFile,
  isRevisionFolder,
  manifestName,
  runFolder,
  unsafe,
} from './place.ts';

/** The entries of the folder of a run, by name. */
export interface Standing {
  readonly published: boolean;
  readonly files: readonly string[];
  /** Whether the recipient has left their mark beside them. */
  readonly hasMark: boolean;
  /** Entries that are no part of any drop. */
  readonly strangers: readonly string[];
}

const nothing: Standing = { published: false, files: [], hasMark: false, strangers: [] };

/** What stands in the folder of a run; nothing if there is none. Throws `place-unsafe` if a name of ours is not a plain file. */
export async function standing(disk: Disk, run: RunId): Promise<Standing> {
  const folder = runFolder(run);
  const exists = (await disk.hasFolder(run.businessDate)) && (await disk.hasFolder(folder));
  return exists ? await standingIn(disk, folder) : nothing;
}

async function standingIn(disk: Disk, folder: string): Promise<Standing> {
  const entries = [...(await disk.list(folder))].sort((a, b) => (a.name < b.name ? -1 : 1));
  const ours = entries.filter(({ name }) => name === manifestName || isNumbersFile(name));
  const odd = ours.find((entry) => !entry.isFile());
  if (odd !== undefined) {
    throw unsafe(`${folder}/${odd.name}`, 'This must be a plain file.', 'Find out who put it here.');
  }
  return {
    published: ours.some(({ name }) => name === manifestName),
    files: ours.map(({ name }) => name).filter(isNumbersFile),
    hasMark: entries.some(isMark),
    strangers: entries.filter((entry) => !ours.includes(entry) && !isMark(entry)).map(({ name }) => name),
  };
}

/** Whose it is does not matter, and it is never opened; a link or a folder of that name is a stranger. */
export const isMark = (entry: Dirent): boolean => entry.name === collectedName && entry.isFile();

/** Unlinks the files of a drop without a manifest, for good, and names them. Throws `drop-exists-different` if there is a manifest. */
export async function unlinkUnfinished(disk: Disk, run: RunId): Promise<readonly string[]> {
  const { published, files } = await standing(disk, run);
  const folder = runFolder(run);
  if (published) {
    throw new Failure('drop-exists-different', {
      message: 'This drop is published: it has a manifest, and the recipient may have read it.',
      place: folder,
      allowed: 'only files without a manifest are unlinked',
      hint: 'What was published is never taken back. To send a different list, open a new revision (rerun).',
    });
  }
  for (const name of files) await disk.unlink(`${folder}/${name}`);
  if (files.length > 0) await disk.flushFolder(folder);
  return files;
}

/**
 * Removes every drop of a date, manifest first and for good, so that no manifest ever stands without its files; then files and folders.
 * Names the folders removed. Throws `place-unsafe`, before it touches anything, if something stands there that is no part of a drop.
 */
export async function removeDate(disk: Disk, businessDate: LocalDate): Promise<readonly string[]> {
  const date = dateFolder(businessDate);
  if (!(await disk.hasFolder(date))) return [];
  const drops = new Map<string, Standing>();
  for (const { name } of await disk.list(date)) {
    const folder = `${date}/${name}`;
    if (!isRevisionFolder(name) || !(await disk.hasFolder(folder))) throw stranger(folder);
    const found = await standingIn(disk, folder);
    for (const strange of found.strangers) throw stranger(`${folder}/${strange}`);
    drops.set(folder, found);
  }
  for (const [folder, found] of drops) await removeDrop(disk, folder, found);
  await disk.flushFolder(date);
  await disk.removeFolder(date);
  await disk.flushFolder('.');
  return [...drops.keys()].sort();
}

async function removeDrop(
  disk: Disk,
  folder: string,
  { published, files, hasMark }: Standing,
): Promise<void> {
  if (published) {
    await disk.unlink(`${folder}/${manifestName}`);
    await disk.flushFolder(folder);
  }
  for (const name of hasMark ? [...files, collectedName] : files) await disk.unlink(`${folder}/${name}`);
  await disk.flushFolder(folder);
  await disk.removeFolder(folder);
}

const stranger = (place: string): Failure =>
  unsafe(
    place,
    'This is no part of a drop, so the drop was not removed.',
    'Find out who put it here, and move it.',
  );

/** Business dates that have a folder, newest first; one that is no folder is named too, so that it is faced when it is touched. */
export async function datesStanding(disk: Disk): Promise<readonly LocalDate[]> {
  const names = (await disk.list('.')).map(({ name }) => name);
  return names
    .filter((name) => readDate(name) !== null)
    .sort()
    .reverse();
}
