import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';

/** The note that was shown last, or null where none was. */
export async function readCheckpointFile(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

/**
 * Replaces the checkpoint file durably: written beside, flushed, renamed, folder flushed. A reader sees the old or the new one whole; two
 * writers never share the file beside. Throws `audit-invalid` where a larger tree was shown already.
 */
export async function publishCheckpointFile(file: string, note: string): Promise<void> {
  const shown = await readCheckpointFile(file);
  if (shown === note) return;
  demandNotAhead(shown, sizeIn(note), file);
  const beside = `${file}.${randomUUID()}`;
  const written = await open(beside, 'wx', 0o600);
  try {
    await written.writeFile(note);
    await written.sync();
  } finally {
    await written.close();
  }
  await rename(beside, file);
  await syncFolder(path.dirname(file));
}

/** What was signed and shown never shrinks. Throws `audit-invalid` unless the note shown is of a tree of at most this size. */
export function demandNotAhead(shown: string | null, size: number, file: string): void {
  if (shown === null || sizeIn(shown) <= size) return;
  throw new Failure('audit-invalid', {
    message:
      'A larger log than this one was signed and shown before: this ledger is an older one, or was cut.',
    place: file,
    found: `a checkpoint of ${String(sizeIn(shown))} entries; the ledger holds ${size}`,
    hint: 'Nothing was signed. Put the newest ledger back; a restore needs its own command and two people.',
  });
}

/** The second line of a checkpoint; NaN, which nothing is at most, where there is none. */
const sizeIn = (note: string): number => {
  const digits = note.split('\n')[1] ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : NaN;
};

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
