/** Where a drop is written and checked before anything of it can be seen: a folder of its own, beside the dates. */
import { createHash } from 'node:crypto';

import type { FileDigest } from '../domain/evidence.ts';
import type { Chance, DropPlan } from '../ports.ts';
import type { Disk } from './disk.ts';
import { byName, manifestText } from './manifest.ts';
import { digestOf, numbersText, recheckFailed, recheckNumbers } from './numbers-file.ts';
import { isStagingFolder, manifestName, stagingPlace, unsafe } from './place.ts';

/** A drop that is flushed, read back and found right, but linked nowhere yet. */
export interface StagedDrop {
  readonly place: string;
  readonly files: readonly FileDigest[];
  readonly manifest: Pick<FileDigest, 'name' | 'sha256'>;
}

/**
 * Removes the staging folders of writers that died: they hold numbers. A writer that is not dead but stalled can link nothing
 * afterwards, since what it would link is gone.
 */
export async function sweepStaging(disk: Disk): Promise<void> {
  for (const { name } of await disk.list('.')) {
    if (isStagingFolder(name)) await disk.removeStaging(name);
  }
}

/** Does the work with a staging folder of its own, which is gone afterwards. */
export async function withStaging<T>(
  disk: Disk,
  chance: Chance,
  work: (place: string) => Promise<T>,
): Promise<T> {
  const place = stagingPlace(chance.bytes(16));
  if (!(await disk.makeFolder(place)))
    throw unsafe(place, 'A fresh staging folder was there already.', 'Run again.');
  const outcome = await work(place).catch(async (thrown: unknown) => {
    // The first trouble is the one to tell; what cannot be removed now is swept by the next publish.
    await Promise.allSettled([disk.removeStaging(place)]);
    throw thrown;
  });
  await disk.removeStaging(place);
  return outcome;
}

/** Writes and checks every file of the plan, then its manifest. Throws `drop-recheck-failed`, `drop-write-failed`. */
export async function stage(
  disk: Disk,
  plan: DropPlan,
  header: string | null,
  place: string,
): Promise<StagedDrop> {
  const files: FileDigest[] = [];
  for (const { name, numbers } of byName(plan.files)) {
    const file = `${place}/${name}`;
    await disk.writeNew(file, numbersText(numbers, header, plan.canaries));
    await disk.announceCheck(file);
    const sha256 = await recheckNumbers(disk.read(file), numbers, header, file);
    files.push({ name, rows: numbers.length, sha256 });
  }
  return { place, files, manifest: await stageManifest(disk, `${place}/${manifestName}`, plan, files) };
}

/** What `stage` would find it has written, without writing it. */
export function rendered(plan: DropPlan, header: string | null): Omit<StagedDrop, 'place'> {
  const files = byName(plan.files).map(({ name, numbers }) => {
    const hash = createHash('sha256');
    for (const piece of numbersText(numbers, header, plan.canaries)) hash.update(piece);
    return { name, rows: numbers.length, sha256: hash.digest('hex') };
  });
  const sha256 = createHash('sha256').update(manifestText(plan, files)).digest('hex');
  return { files, manifest: { name: manifestName, sha256 } };
}

async function stageManifest(
  disk: Disk,
  file: string,
  plan: DropPlan,
  files: readonly FileDigest[],
): Promise<StagedDrop['manifest']> {
  const text = manifestText(plan, files);
  await disk.writeNew(file, [text]);
  await disk.announceCheck(file);
  const sha256 = await digestOf(disk.read(file));
  if (sha256 !== createHash('sha256').update(text).digest('hex')) throw recheckFailed(file, 'the manifest');
  return { name: manifestName, sha256 };
}
