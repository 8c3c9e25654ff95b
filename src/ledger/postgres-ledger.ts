/** The ledger in PostgreSQL, which many machines share. Its owner prepares it; the role that runs the gate can only add to what was written. */
import { CompiledQuery, sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Failure } from '../domain/failure.ts';
import type { Ledger } from '../ports.ts';
import { ledgerSchema, openPool, queriesOverPool, takeTheWord } from './postgres-driver.ts';
import { grantsTo, mayRewriteQuestion, quotedName } from './postgres-grants.ts';
import { postgresMigrations } from './postgres-schema.ts';
import { indexWipeSetting } from './person-evidence.ts';
import { readSettings, writeSettings } from './settings.ts';
import { ledgerOn } from './store.ts';
import type { Engine } from './store.ts';
import type { Tables } from './tables.ts';

export interface PostgresLedgerOptions {
  /** How long to wait for another that writes, on whatever machine; in milliseconds. */
  readonly busyTimeout?: number;
  /** How long a writer may stand still within a transaction before it gives way to the others; in milliseconds. */
  readonly longestSilence?: number;
}

const usual = { busyTimeout: 60_000, longestSilence: 60_000 };

/**
 * Opens the ledger at this address, which its owner has prepared. What `transact` resolved is on the server's disk, flushed.
 * Throws `ledger-newer`, `ledger-failed`, `place-unsafe` where the role could alter what is written for good, or the server never flushes.
 */
export async function openPostgresLedger(url: string, options: PostgresLedgerOptions = {}): Promise<Ledger> {
  const session = { ...usual, ...options };
  const reading = queriesOverPool(await openPool(url, { ...session, connections: 2 }));
  const writing = queriesOverPool(await openPool(url, { ...session, connections: 1 }));
  try {
    await demandPrepared(writing);
    await demandSafe(writing);
    return ledgerOn(postgresEngine(reading, writing));
  } catch (thrown) {
    await Promise.all([reading.destroy(), writing.destroy()]);
    throw thrown;
  }
}

/**
 * Makes the tables or brings them up to this program, and gives the role that runs the gate exactly its rights. By their owner, before
 * the gate is started. Throws `ledger-newer`, `ledger-failed`.
 */
export async function preparePostgresLedger(ownerUrl: string, role: string): Promise<void> {
  const owner = queriesOverPool(await openPool(ownerUrl, { ...usual, connections: 1 }));
  const schema = quotedName(ledgerSchema);
  try {
    await owner.transaction().execute(async (db) => {
      const run = async (statements: readonly string[]): Promise<void> => {
        for (const statement of statements) await db.executeQuery(CompiledQuery.raw(statement));
      };
      await run([
        takeTheWord,
        `CREATE SCHEMA IF NOT EXISTS ${schema}`,
        `CREATE TABLE IF NOT EXISTS migrations (done BIGINT NOT NULL)`,
      ]);
      const done = await migrationsDone(db);
      await run(postgresMigrations.slice(done).flat());
      await run([`DELETE FROM migrations`, `INSERT INTO migrations VALUES (${postgresMigrations.length})`]);
      await run(grantsTo(role, ledgerSchema));
    });
  } finally {
    await owner.destroy();
  }
}

async function migrationsDone(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ done: number }>`SELECT done FROM migrations`.execute(db);
  const done = rows[0]?.done ?? 0;
  if (done <= postgresMigrations.length) return done;
  throw new Failure('ledger-newer', {
    message: 'This ledger was written by a newer version of this program.',
    found: `migration ${done}`,
    allowed: `up to migration ${postgresMigrations.length}`,
    hint: 'Start the newer version. An older one might overlook what the newer one has withheld.',
  });
}

const asOwner = 'Run `export-gate ledger prepare` with DATABASE_OWNER_URL, then the same command again.';

async function demandPrepared(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{
    there: string | null;
  }>`SELECT to_regclass('migrations')::text AS there`.execute(db);
  const isThere = typeof rows[0]?.there === 'string';
  const done = isThere ? await migrationsDone(db) : 0;
  if (done === postgresMigrations.length) return;
  throw new Failure('ledger-failed', {
    message: 'The database is not prepared for this version of the program.',
    place: 'DATABASE_URL',
    found: `migration ${done}`,
    allowed: `migration ${postgresMigrations.length}`,
    hint: asOwner,
  });
}

async function demandSafe(db: Kysely<Tables>): Promise<void> {
  const [mayRewrite, fsync] = [
    await db.executeQuery<{ answer: boolean }>(CompiledQuery.raw(mayRewriteQuestion)),
    await sql<{ fsync: string }>`SHOW fsync`.execute(db),
  ];
  if (mayRewrite.rows[0]?.answer !== false) {
    throw new Failure('place-unsafe', {
      message: 'The role of DATABASE_URL could alter or remove entries of the audit log.',
      place: 'DATABASE_URL',
      allowed: 'a role that owns nothing here and has the rights that `ledger prepare` gives it',
      hint: `Name another role in DATABASE_URL. ${asOwner}`,
    });
  }
  if (fsync.rows[0]?.fsync === 'on') return;
  throw new Failure('place-unsafe', {
    message: 'The database server does not flush what it commits: a power cut would lose or mix up evidence.',
    place: 'DATABASE_URL',
    found: `fsync = ${fsync.rows[0]?.fsync ?? '?'}`,
    allowed: 'fsync = on',
    hint: 'Set it in postgresql.conf and restart the server.',
  });
}

function postgresEngine(reading: Kysely<Tables>, writing: Kysely<Tables>): Engine {
  return {
    reading,
    writing,
    copyTo: () => Promise.reject(backedUpElsewhere()),
    compact: () => writing.transaction().execute(wipeDestroyed),
    close: async () => {
      await Promise.all([reading.destroy(), writing.destroy()]);
    },
  };
}

const backedUpElsewhere = (): Failure =>
  new Failure('usage', {
    message: 'A ledger in PostgreSQL is backed up by the means of its database.',
    place: 'DATABASE_URL',
    hint: 'Nothing was written. Keep such backups no longer than PAPERS_KEEP_DAYS: what must die lies in them, sealed under the master key.',
  });

/** The index of persons, which is large, only when somebody was taken out of it. What archives of the server's own log keep is its owner's to bound. */
async function wipeDestroyed(db: Kysely<Tables>): Promise<void> {
  const isIndexDue = (await readSettings(db).setting(indexWipeSetting)) === 'yes';
  for (const table of ['keys', 'papers', ...(isIndexDue ? ['person_index'] : [])])
    await sql`SELECT ${sql.id(`wipe_${table}`)}()`.execute(db);
  if (isIndexDue) await writeSettings(db).set(indexWipeSetting, 'no');
}
