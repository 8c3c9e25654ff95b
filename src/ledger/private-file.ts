/** Files that only we may read: 0600 in a folder that nobody else may write to. */
import { mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import { engineFailure } from './ledger-failures.ts';

const ownFolder = 0o700;
const ownFile = 0o600;
const openToOthers = 0o077;
const writableByOthers = 0o022;

/**
 * Sees that the file is there, ours alone and durable in its folder; makes what is missing (folder 0700, file 0600, whatever the umask).
 * A file that is there is never opened: closing it would drop the locks that SQLite holds on it in this process.
 * Throws `place-unsafe` if others may read the file or write to its folder, `ledger-failed` if it cannot be made.
 */
export async function preparePrivateFile(file: string): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  try {
    const made = await mkdir(folder, { recursive: true, mode: ownFolder });
    await demandMode(folder, writableByOthers, 'a folder that only its owner may write to: chmod 700');
    if (await create(file)) {
      await syncUp(folder, made === undefined ? folder : path.dirname(made));
    }
    await demandMode(file, openToOthers, 'a file that only its owner may read: chmod 600');
  } catch (thrown) {
    throw thrown instanceof Failure ? thrown : engineFailure(thrown);
  }
}

/** False if it is there already. */
async function create(file: string): Promise<boolean> {
  try {
    const created = await open(file, 'wx', ownFile);
    try {
      await created.chmod(ownFile);
      await created.sync();
    } finally {
      await created.close();
    }
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}

/** A new name lasts once the folder it stands in is flushed. */
async function syncUp(folder: string, top: string): Promise<void> {
  const opened = await open(folder, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
  if (folder !== top) await syncUp(path.dirname(folder), top);
}

async function demandMode(place: string, forbidden: number, allowed: string): Promise<void> {
  const { mode } = await stat(place);
  if ((mode & forbidden) === 0) return;
  throw new Failure('place-unsafe', {
    message: 'Others on this machine may get at the ledger.',
    place,
    found: `mode ${(mode & 0o777).toString(8)}`,
    allowed,
    hint: 'Find out who could read or write here and what that means, then take the rights away and start again.',
  });
}
