import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { LedgerReader } from '../ports.ts';

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
 * writers never share the file beside. A larger one stays where it is: another process was quicker to show what came later.
 */
export async function publishCheckpointFile(file: string, note: string): Promise<void> {
  const shown = await readCheckpointFile(file);
  if (shown !== null && (shown === note || sizeIn(shown) > sizeIn(note))) return;
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

/**
 * What was signed and shown never shrinks: the checkpoint in the file must be one that this ledger signed. Throws `audit-invalid` if it is
 * not: then the ledger is an older one that was put back, or was cut, or the file is somebody else's.
 */
export async function demandShown(ledger: LedgerReader, file: string): Promise<void> {
  const shown = await readCheckpointFile(file);
  if (shown === null || (await ledger.checkpoint())?.note === shown) return;
  if ((await ledger.checkpoints()).some(({ note }) => note === shown)) return;
  throw new Failure('audit-invalid', {
    message:
      'A checkpoint was shown that this ledger does not hold: the ledger is an older one, or was cut, or the file is not ours.',
    place: file,
    found: `a checkpoint of ${String(sizeIn(shown))} entries; the ledger holds ${(await ledger.frontier()).size}`,
    hint: 'Nothing was signed or sent. Put the newest ledger back, or restore a backup with `export-gate restore`, which needs two people and says what is lost.',
  });
}

/** The second line of a checkpoint; NaN where there is none. */
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
