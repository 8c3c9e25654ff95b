import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { LedgerReader } from '../ports.ts';

/** Where the newest checkpoint is shown to everybody. */
export interface CheckpointBoard {
  /** Where it is, for people. */
  readonly place: string;
  /** The note that was shown last, or null where none was. */
  read(): Promise<string | null>;
  /** Shows this one in its place. Throws `audit-invalid` where a larger tree is shown, `checkpoint-not-shown`. */
  show(note: string): Promise<void>;
}

/** The file of a data folder; see `publishCheckpointFile` for what it promises. */
export const checkpointBoard = (file: string): CheckpointBoard => ({
  place: file,
  read: () => readCheckpointFile(file),
  show: (note) => publishCheckpointFile(file, note),
});

/** The note that was shown last, or null where none was. Throws `checkpoint-not-shown` where that cannot be read. */
export async function readCheckpointFile(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw notShown(file, cause);
  }
}

/**
 * Replaces the checkpoint file durably: written beside, flushed, renamed, folder flushed. A reader sees the old or the new one whole; two
 * writers never share the file beside. Throws `audit-invalid` where a larger tree is shown, `checkpoint-not-shown` for a fault of the disk.
 */
export async function publishCheckpointFile(file: string, note: string): Promise<void> {
  const shown = await readCheckpointFile(file);
  if (shown === note) return;
  if (shown !== null && !(sizeIn(shown) <= sizeIn(note))) throw goesBack(file);
  try {
    await replaceDurably(file, note);
  } catch (cause) {
    throw notShown(file, cause);
  }
}

async function replaceDurably(file: string, note: string): Promise<void> {
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
 * What was signed and shown never shrinks and is never forked: the note that was shown must be one that this ledger signed. Throws
 * `audit-invalid` if it is not: the ledger is an older one that was put back, even one that has outgrown what was shown; or it was cut; or
 * the file is somebody else's.
 */
export async function demandOurs(ledger: LedgerReader, shown: string | null, place: string): Promise<void> {
  if (shown === null || (await ledger.checkpoint())?.note === shown) return;
  if ((await ledger.checkpoints()).some(({ note }) => note === shown)) return;
  throw new Failure('audit-invalid', {
    message:
      'A checkpoint was shown that this ledger never signed: the ledger is an older one, was cut or forked, or the file was replaced.',
    place,
    found: `a checkpoint of ${String(sizeIn(shown))} entries; the ledger holds ${(await ledger.frontier()).size}`,
    hint: 'Nothing was signed or sent. Keep both. Put the newest ledger back, or restore a backup with `export-gate restore`, which needs two people and says what is lost.',
  });
}

/** The second line of a checkpoint; NaN, which nothing is at most, where there is none. */
const sizeIn = (note: string): number => {
  const digits = note.split('\n')[1] ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : NaN;
};

const goesBack = (file: string): Failure =>
  new Failure('audit-invalid', {
    message: 'A larger tree is shown than the one to be shown now.',
    place: file,
    hint: 'Nothing was changed. Find out which of the two is the newer log, and keep both.',
  });

const notShown = (file: string, cause: unknown): Failure =>
  new Failure('checkpoint-not-shown', {
    message: 'The checkpoint of the log could not be shown, or the one shown could not be read.',
    place: file,
    found: (cause as NodeJS.ErrnoException).code ?? 'a fault without a name',
    hint: 'What was done is signed and stored. See that the disk has room and the files are ours, then run the same command again: it shows the newest one.',
    cause,
  });

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
