/** Brings a ledger to the schema of this program. The number of migrations done is kept in the file itself and moves with them. */
import { Failure } from '../domain/failure.ts';
import type { SqliteConnection } from './sqlite-driver.ts';

/**
 * Runs the migrations that are missing, all or none; two programs that open a new ledger at once do it one after the other.
 * Throws `ledger-newer` if the ledger has more of them than this program knows, `ledger-failed`.
 */
export function migrate(connection: SqliteConnection, migrations: readonly (readonly string[])[]): void {
  if (migrationsDone(connection, migrations.length) === migrations.length) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    const missing = migrations.slice(migrationsDone(connection, migrations.length));
    for (const statement of missing.flat()) connection.exec(statement);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
    connection.exec('COMMIT');
  } catch (thrown) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw thrown;
  }
}

function migrationsDone(connection: SqliteConnection, known: number): number {
  const done = Number(connection.value('PRAGMA user_version'));
  if (done <= known) return done;
  throw new Failure('ledger-newer', {
    message: 'This ledger was written by a newer version of this program.',
    found: `migration ${done}`,
    allowed: `up to migration ${known}`,
    hint: 'Start the newer version. An older one might overlook what the newer one has withheld.',
  });
}
