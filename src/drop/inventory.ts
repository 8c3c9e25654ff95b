/** Everything that lies under the outbound folder, read for those who compare it with the log. Nothing is touched or flushed. */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { readDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { DropInventory, StandingDrop, StandingManifest } from '../ports.ts';
import type { Disk } from './disk.ts';
import { digestOf } from './numbers-file.ts';
import { isNumbersFile, isRevisionFolder, isStagingFolder, manifestName } from './place.ts';
import { parseJson } from './published.ts';
import { isMark } from './standing.ts';

/** A file system's own folder at the root of a volume. */
const ofTheVolume = 'lost+found';
/** A manifest of a drop is far shorter; what is longer is none of ours. */
const longestManifest = 16 * 1024 * 1024;

/**
 * Reads what stands. What is no part of a drop, or not ours to read, is a stranger; what vanishes under the eye of the reader was not
 * there. Throws `drop-write-failed` for trouble of the disk.
 */
export async function takeInventory(disk: Disk): Promise<DropInventory> {
  const found = { drops: [] as StandingDrop[], staging: [] as string[], strangers: [] as string[] };
  if (!(await disk.hasFolder('.'))) return found;
  for (const { name } of await disk.list('.')) {
    if (isStagingFolder(name)) found.staging.push(name);
    else if (readDate(name) !== null && (await isFolder(disk, name))) await lookInto(disk, name, found);
    else if (name !== ofTheVolume) found.strangers.push(name);
  }
  found.drops.sort((a, b) => (folderOf(a) < folderOf(b) ? -1 : 1));
  return { ...found, staging: found.staging.sort(), strangers: found.strangers.sort() };
}

const folderOf = ({ run }: StandingDrop): string => `${run.businessDate}/r${run.revision}`;

async function lookInto(
  disk: Disk,
  date: string,
  found: { readonly drops: StandingDrop[]; readonly strangers: string[] },
): Promise<void> {
  for (const { name } of (await whileThere(() => disk.list(date))) ?? []) {
    const folder = `${date}/${name}`;
    if (!isRevisionFolder(name) || !(await isFolder(disk, folder))) found.strangers.push(folder);
    else {
      const { files, manifest, strangers } = await readFolder(disk, folder);
      found.strangers.push(...strangers);
      // An empty folder is no drop: a writer makes it before it links anything.
      if (files.length > 0 || manifest !== null)
        found.drops.push({ run: { businessDate: date, revision: Number(name.slice(1)) }, files, manifest });
    }
  }
}

type Folder = Pick<StandingDrop, 'files' | 'manifest'> & { readonly strangers: readonly string[] };

async function readFolder(disk: Disk, folder: string): Promise<Folder> {
  const files: { name: string; sha256: string }[] = [];
  const strangers: string[] = [];
  let manifest: StandingDrop['manifest'] = null;
  const entries = (await whileThere(() => disk.list(folder))) ?? [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    const place = `${folder}/${name}`;
    if (isMark(entry)) continue;
    if (name === manifestName) manifest = await readIfOurs(place, strangers, () => readManifest(disk, place));
    else if (isNumbersFile(name)) {
      const sha256 = await readIfOurs(place, strangers, () => digestOf(disk.read(place)));
      if (sha256 !== null) files.push({ name, sha256 });
    } else strangers.push(place);
  }
  return { files, manifest, strangers };
}

const noteShape = z.object({ checkpoint: z.object({ note: z.string() }) });
const filesShape = z.object({
  files: z.array(z.object({ name: z.string(), rows: z.int(), sha256: z.string() })),
});

async function readManifest(disk: Disk, place: string): Promise<StandingManifest> {
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of disk.read(place)) {
    hash.update(piece);
    length += piece.length;
    if (length <= longestManifest) pieces.push(Buffer.from(piece));
  }
  return { sha256: hash.digest('hex'), ...wordsOf(Buffer.concat(pieces)) };
}

/** What can be read of it: each for itself, for its digest alone says whether it is the one that was published. */
function wordsOf(bytes: Buffer): Pick<StandingManifest, 'note' | 'files'> {
  const parsed = parseJson(bytes);
  return {
    note: noteShape.safeParse(parsed).data?.checkpoint.note ?? null,
    files: filesShape.safeParse(parsed).data?.files ?? [],
  };
}

/** A link, a pipe or another account's file under a name of ours is a stranger. */
async function readIfOurs<T>(place: string, strangers: string[], read: () => Promise<T>): Promise<T | null> {
  try {
    return await whileThere(read);
  } catch (thrown) {
    if (!isUnsafe(thrown)) throw thrown;
    strangers.push(place);
    return null;
  }
}

async function isFolder(disk: Disk, place: string): Promise<boolean> {
  try {
    return await disk.hasFolder(place);
  } catch (thrown) {
    if (isUnsafe(thrown)) return false;
    throw thrown;
  }
}

const isUnsafe = (thrown: unknown): boolean => thrown instanceof Failure && thrown.code === 'place-unsafe';

async function whileThere<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.detail.found === 'ENOENT') return null;
    throw thrown;
  }
}
