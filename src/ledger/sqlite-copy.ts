/** Copies of a SQLite ledger that nothing can be resurrected from, and reading such a copy without changing a byte of it. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Ledger } from '../ports.ts';
import { engineFailure } from './ledger-failures.ts';
import { migrate } from './migrations.ts';
import { preparePrivateFile } from './private-file.ts';
import { openConnection, queriesOver } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-driver.ts';
import { sqliteMigrations } from './sqlite-schema.ts';
import { readingOn } from './store.ts';

/** What must be able to die stays behind: `VACUUM INTO` would take it along. */
const leftOut: Readonly<Record<string, string>> = {
  papers: 'WHERE FALSE',
  keys: `WHERE purpose NOT IN ('run-papers', 'day-papers')`,
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const named = (table: string): string => `"${table.replaceAll('"', '""')}"`;

/** Row by row into a file with the same schema, in one reading transaction. Throws `ledger-failed` if the file is there already. */
export async function copySqlite(from: string, file: string): Promise<void> {
  await demandNew(file);
  await preparePrivateFile(file);
  const copy = await openConnection(file);
  try {
    copy.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF');
    migrate(copy, sqliteMigrations);
    copy.exec(`ATTACH ${quoted(from)} AS living`);
    copy.exec('BEGIN');
    for (const table of tablesOf(copy)) {
      copy.exec(
        `INSERT INTO main.${named(table)} SELECT * FROM living.${named(table)} ${leftOut[table] ?? ''}`,
      );
    }
    copy.exec('COMMIT');
    copy.exec('DETACH living');
  } finally {
    copy.close();
  }
  await flush(file);
}

/** A copy, opened to be read. Its claims are those of the ledger it was made from; nothing can be written. */
export async function openSqliteCopy(file: string): Promise<Pick<Ledger, 'read' | 'close'>> {
  await demandDatabase(file);
  const connection = await openConnection(file);
  try {
    connection.exec('PRAGMA query_only = ON; PRAGMA temp_store = MEMORY');
    const found = connection.value('PRAGMA quick_check');
    if (found !== 'ok') throw engineFailure(new Error(`the copy is damaged: ${String(found)}`));
    const done = Number(connection.value('PRAGMA user_version'));
    if (done > sqliteMigrations.length) throw newer(done);
    return readingOn(queriesOver(connection, 0));
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

const magic = Buffer.from('SQLite format 3\0');

/** Looked at before the engine opens it: some engines remove the write-ahead log of what they find to be no database. */
async function demandDatabase(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw engineFailure(cause);
  });
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    if (bytesRead < magic.length || !magic.equals(buffer))
      throw engineFailure(new Error('this is no database'));
  } finally {
    await handle.close();
  }
}

const tablesOf = (connection: SqliteConnection): string[] =>
  connection
    .prepare(`SELECT name FROM living.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all([])
    .map((row) => String((row as { name: unknown }).name));

async function demandNew(file: string): Promise<void> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return;
  await handle.close();
  throw engineFailure(new Error('there is a file already'));
}

async function flush(file: string): Promise<void> {
  await flushPlace(file);
  await flushFolder(path.dirname(file));
}

/** Names in a folder last once it is flushed. */
export const flushFolder = (folder: string): Promise<void> => flushPlace(folder);

async function flushPlace(place: string): Promise<void> {
  const handle = await open(place, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const newer = (done: number): Failure =>
  new Failure('ledger-newer', {
    message: 'This copy was made by a newer version of this program.',
    found: `migration ${done}`,
    allowed: `up to migration ${sqliteMigrations.length}`,
    hint: 'Restore it with the newer version.',
  });
