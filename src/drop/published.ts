/** Reading a published drop back, after a crash that left nobody who knows whether it lasts. */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { dropFormatVersion } from '../domain/evidence.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { PublishedDrop } from '../ports.ts';
import type { Disk } from './disk.ts';
import { digestOf, recheckFailed } from './numbers-file.ts';
import { manifestName, runFolder } from './place.ts';
import { standing } from './standing.ts';

const manifestShape = z.object({
  format: z.literal(dropFormatVersion),
  run: z.string(),
  files: z.array(
    z.object({
      name: z.string(),
      rows: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

/**
 * What `publish` would have returned, once the files are found to be those of the manifest, no more and no less, and everything has been
 * flushed: whoever linked it may have died before the flush. Throws `drop-recheck-failed`, also when nothing is published.
 */
export async function readPublished(disk: Disk, run: RunId): Promise<PublishedDrop> {
  const folder = runFolder(run);
  const manifestPlace = `${folder}/${manifestName}`;
  const found = await standing(disk, run);
  if (!found.published) throw recheckFailed(manifestPlace, 'the manifest, which is missing');

  const bytes = await readWhole(disk.read(manifestPlace));
  const manifest = manifestShape.safeParse(parseJson(bytes)).data;
  if (manifest?.run !== formatRunId(run)) throw recheckFailed(manifestPlace, 'the manifest');

  const named = manifest.files.map(({ name }) => name).sort();
  if (named.join('/') !== [...found.files, ...found.strangers].sort().join('/')) {
    throw recheckFailed(folder, 'the names of the files');
  }
  for (const { name, sha256 } of manifest.files) {
    const place = `${folder}/${name}`;
    if ((await digestOf(disk.read(place))) !== sha256) throw recheckFailed(place, 'its digest');
    await disk.flushFile(place);
  }
  await disk.flushFile(manifestPlace);
  for (const place of ['.', run.businessDate, folder]) await disk.flushFolder(place);
  return { folder, files: manifest.files, manifest: createHash('sha256').update(bytes).digest('hex') };
}

async function readWhole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

/** Undefined for what is no JSON, which no manifest is. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
