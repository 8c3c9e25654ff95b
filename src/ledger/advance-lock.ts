/** One process advances runs, the others refuse: a lock that dies with its holder, however it dies. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import { preparePrivateFile } from './private-file.ts';
import { isBusy, openConnection } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-driver.ts';

export interface AdvanceLock {
  /** Lets the next one in; a second call does nothing. */
  release(): Promise<void>;
}

// A connection that nobody can reach is closed by the garbage collector, and its lock would be gone.
const held = new Set<SqliteConnection>();

/**
 * Takes the one right of this data folder to advance runs: an exclusive SQLite transaction on a file of its own, which the system ends
 * when the process ends. Does not wait, and hinders no reader of the ledger. Throws `busy` if it is taken, here or elsewhere;
 * `place-unsafe`, `ledger-failed`.
 */
export async function takeAdvanceLock(dataDir: string): Promise<AdvanceLock> {
  const lockFile = path.join(dataDir, 'advance.lock');
  const pidFile = path.join(dataDir, 'advance.pid');
  await preparePrivateFile(lockFile);
  const connection = await openConnection(lockFile);
  try {
    connection.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (thrown) {
    connection.close();
    throw isBusy(thrown) ? await busy(pidFile) : thrown;
  }
  held.add(connection);
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 }).catch(() => undefined);
  return {
    async release() {
      if (!held.delete(connection)) return;
      // Whatever becomes of that kindness, the next one is let in.
      await rm(pidFile, { force: true }).catch(() => undefined);
      connection.close();
    },
  };
}

async function busy(pidFile: string): Promise<Failure> {
  const holder = await holderIn(pidFile);
  return new Failure('busy', {
    message: `Another process${holder === null ? '' : ` (pid ${holder})`} is advancing runs.`,
    place: 'advance.lock',
    hint: 'Nothing was changed. Wait until it has finished, or stop it; status and other readers go on meanwhile.',
  });
}

/** The pid is a kindness to whoever is refused: a file that is missing or half written is no fault. */
async function holderIn(pidFile: string): Promise<string | null> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  return /^(\d+)\n$/.exec(text)?.[1] ?? null;
}
