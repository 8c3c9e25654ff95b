/** The ledger in one SQLite file. Local disk only: on a network share its locks and flushes are not what they promise. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Failure } from '../domain/failure.ts';
import type { Ledger } from '../ports.ts';
import { engineFailure } from './ledger-failures.ts';
import { migrate } from './migrations.ts';
import { indexWipeSetting } from './person-evidence.ts';
import { preparePrivateFile } from './private-file.ts';
import { readSettings, writeSettings } from './settings.ts';
import { copySqlite } from './sqlite-copy.ts';
import { openConnection, queriesOver, tryFor } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-driver.ts';
import { sqliteMigrations } from './sqlite-schema.ts';
import { ledgerOn } from './store.ts';
import type { Engine } from './store.ts';
import type { Tables } from './tables.ts';

export interface SqliteLedgerOptions {
  /** How long to wait for another process that writes, or for a reader when compacting; in milliseconds. */
  readonly busyTimeout?: number;
}

const usualBusyTimeout = 10_000;
const largestIdleLog = 64 * 1024 * 1024;
/** Answers 0 first if it could. */
const emptyTheLog = 'PRAGMA wal_checkpoint(TRUNCATE)';

/**
 * Opens the ledger at this path, making it (0600, folder 0700) if there is none. What `transact` resolved is on the disk, flushed.
 * Throws `place-unsafe`, `ledger-newer`, `ledger-failed`.
 */
export async function openSqliteLedger(path: string, options: SqliteLedgerOptions = {}): Promise<Ledger> {
  const busyTimeout = options.busyTimeout ?? usualBusyTimeout;
  await preparePrivateFile(path);
  const writing = await openConnection(path);
  try {
    prepareWriter(writing, busyTimeout);
    migrate(writing, sqliteMigrations);
    const reading = await openConnection(path);
    reading.exec(`PRAGMA busy_timeout = ${busyTimeout}; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY`);
    writing.exec('PRAGMA busy_timeout = 0');
    return ledgerOn(sqliteEngine(reading, writing, { path, patience: busyTimeout }));
  } catch (thrown) {
    writing.close();
    throw thrown;
  }
}

function prepareWriter(connection: SqliteConnection, busyTimeout: number): void {
  connection.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
  const mode = connection.value('PRAGMA journal_mode = WAL');
  if (mode !== 'wal') throw engineFailure(new Error(`no write-ahead log here: ${String(mode)}`));
  connection.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = ${largestIdleLog}`);
}

function sqliteEngine(
  readingFrom: SqliteConnection,
  writingTo: SqliteConnection,
  { path, patience }: { readonly path: string; readonly patience: number },
): Engine {
  const reading = queriesOver(readingFrom, patience);
  const writing = queriesOver(writingTo, patience);
  /** Waits until nobody reads or writes through this ledger, and lets nobody in meanwhile. */
  const alone = <T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    reading.connection().execute(() => writing.connection().execute(work));

  return {
    reading,
    writing,
    compact: () =>
      alone(async (db) => {
        await db.transaction().execute(wipeDestroyed);
        await emptyLog(writingTo, patience);
      }),
    copyTo: (file) => copySqlite(path, file),
    close: () =>
      alone(async () => {
        // The package lets go of its files only when its statements are collected: leave nothing to do in the log.
        try {
          writingTo.value(emptyTheLog);
        } finally {
          await reading.destroy();
          await writing.destroy();
        }
      }),
  };
}

/**
 * Secure deletion overwrites a row where it lay last, but not the copies that stay behind when a page is split or joined and its rows
 * move. So the tables whose rows must die are cleared page by page, which overwrites whole pages, and filled again; the index of persons,
 * which is large, only when somebody was taken out of it. Pieces of person-level lists never move and are overwritten where they lie.
 */
async function wipeDestroyed(db: Kysely<Tables>): Promise<void> {
  const isIndexDue = (await readSettings(db).setting(indexWipeSetting)) === 'yes';
  for (const table of ['keys', 'papers', ...(isIndexDue ? ['person_index'] : [])]) {
    await sql`CREATE TABLE living AS SELECT * FROM ${sql.table(table)}`.execute(db);
    await sql`DELETE FROM ${sql.table(table)}`.execute(db);
    await sql`INSERT INTO ${sql.table(table)} SELECT * FROM living`.execute(db);
    await sql`DROP TABLE living`.execute(db);
  }
  if (isIndexDue) await writeSettings(db).set(indexWipeSetting, 'no');
}

async function emptyLog(connection: SqliteConnection, patience: number): Promise<void> {
  if (await tryFor(patience, () => connection.value(emptyTheLog) === 0)) return;
  throw new Failure('ledger-failed', {
    message: 'The write-ahead log could not be emptied: somebody else is reading or writing the ledger.',
    place: 'ledger',
    hint: 'What was destroyed may still lie in the log file. Let the other one finish and run the same command again.',
  });
}
