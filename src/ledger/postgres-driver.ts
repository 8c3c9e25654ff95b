/** PostgreSQL as this program uses it: sessions of one kind, faults of one kind, one writer at a time over all machines. */
import {
  CamelCasePlugin,
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import type {
  DatabaseConnection,
  Dialect,
  PostgresPool,
  PostgresPoolClient,
  TransactionSettings,
} from 'kysely';
import type { Pool } from 'pg';
import { engineFailure, ofTheServer } from './ledger-failures.ts';
import type { Tables } from './tables.ts';

export const ledgerSchema = 'export_gate';
const int8 = 20;
type TypeParsers = (oid: number, format?: string) => (value: string) => unknown;

export interface SessionOptions {
  /** How long to wait for another writer, in milliseconds. */
  readonly busyTimeout: number;
  /** A worker that stands still within a transaction, or whose machine is gone, gives way to the others after so long. */
  readonly longestSilence: number;
  readonly connections: number;
}

/** The program must say soon that nobody answers. */
const longestConnecting = 1_500;

/** Sessions on the database at this address. What they commit is on the disk of the server, whatever its usual setting. */
export async function openPool(
  url: string,
  { busyTimeout, longestSilence, connections }: SessionOptions,
): Promise<Pool> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: longestConnecting,
    keepAlive: true,
    application_name: 'export-gate',
    options: [
      `-c search_path=${ledgerSchema}`,
      '-c synchronous_commit=on',
      `-c lock_timeout=${busyTimeout}`,
      `-c idle_in_transaction_session_timeout=${longestSilence}`,
    ].join(' '),
    types: {
      // Whole numbers of this schema stay far below 2^53.
      getTypeParser: (oid: number, format?: string): ((value: string) => unknown) =>
        oid === int8 ? Number : (pg.types.getTypeParser as TypeParsers)(oid, format),
    },
  });
  // A session may die at any moment. The call that uses it is told, or the next one that would; the process must not end of it.
  const ignore = (): void => undefined;
  pool.on('error', ignore).on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** Queries over these sessions, every fault of which is `ledger-failed`. A transaction that is not read-only waits until no other writes. */
export function queriesOverPool(pool: Pool): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new OneWriterDriver({ pool: faultless(pool) }),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] });
}

/** The lock that every writer holds until the end of its transaction: "export-g" as a number. */
export const takeTheWord = `SELECT pg_advisory_xact_lock(${BigInt('0x6578706f72742d67')})`;

class OneWriterDriver extends PostgresDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    await super.beginTransaction(connection, settings);
    if (settings.accessMode !== 'read only') await connection.executeQuery(CompiledQuery.raw(takeTheWord));
  }
}

/**
 * The pool counts waiting for one of its own sessions as connecting, which must fail soon. So whoever of this process waits for another of
 * this process does so here, for as long as that takes.
 */
function turnsOf(count: number): { take(): Promise<void>; give(): void } {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => void waiting.push(resolve));
    },
    give() {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}

const faultless = (pool: Pool, turns = turnsOf(pool.options.max)): PostgresPool => ({
  async connect() {
    await turns.take();
    const client = await pool.connect().catch((thrown: unknown) => {
      turns.give();
      return rethrow(thrown);
    });
    const query = (text: string, values: unknown[]): Promise<unknown> =>
      client.query(text, values).catch(rethrow);
    return {
      query: query as PostgresPoolClient['query'],
      release: () => {
        client.release();
        turns.give();
      },
    };
  },
  end: () => pool.end(),
});

function rethrow(thrown: unknown): never {
  throw engineFailure(thrown, ofTheServer);
}
