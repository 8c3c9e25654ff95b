/** The disk under an exported log: private files, each written beside, flushed and renamed, so that it is whole or not there. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import { newestCheckpointName, verifierKeysName } from '../domain/log-format.ts';

/** Written beside, and left there by a crash. */
const unfinished = /^\.unfinished-[0-9a-f-]+$/;
const ours = /^(entries\/\d{12}\.jsonl|leaves\/\d{12}|checkpoints\/\d{12})$/;
/** What others put beside the log: receipts of anchors, and person-level lists. */
const besides = /^(anchors|lists)\//;

/**
 * The names of the log's own files in this folder, sorted; none where there is no folder. What a crash has left unfinished is removed.
 * Throws `place-unsafe` if it holds other things.
 */
export async function readLogFolder(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(noFolder);
  const files = found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
  const names = files.filter((name) => !besides.test(name) && !unfinished.test(path.basename(name)));
  const stranger = names.find(
    (name) => !ours.test(name) && name !== verifierKeysName && name !== newestCheckpointName,
  );
  if (stranger === undefined) {
    for (const name of files) if (unfinished.test(path.basename(name))) await rm(path.join(folder, name));
    return names.sort();
  }
  throw new Failure('place-unsafe', {
    message: 'This folder holds files that belong to no exported log.',
    place: `${folder}/${stranger}`,
    hint: 'Nothing was written. Name a new folder, or one that a log was exported to before.',
  });
}

export async function readFileOrNull(folder: string, name: string): Promise<Buffer | null> {
  return readFile(path.join(folder, name)).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  });
}

/** Puts a file in its place, flushed with its folder; an earlier one of this name is replaced at once. */
export async function writeDurably(root: string, name: string, bytes: Uint8Array): Promise<void> {
  const place = path.join(root, name);
  const folder = path.dirname(place);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const beside = path.join(folder, `.unfinished-${randomUUID()}`);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, place);
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const noFolder = (cause: NodeJS.ErrnoException): never[] => {
  if (cause.code === 'ENOENT') return [];
  throw cause;
};
