/** SQLite as this program uses it: the runtime's own `node:sqlite` where it is no experiment, else the package with the same calls. */
import { setTimeout } from 'node:timers/promises';
import {
  CamelCasePlugin,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { DatabaseConnection, Dialect, TransactionSettings } from 'kysely';
import { Failure } from '../domain/failure.ts';
import { engineFailure } from './ledger-failures.ts';
import type { Tables } from './tables.ts';

/** What both drivers have and we need. */
interface NativeStatement {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  columns(): readonly unknown[];
}
interface NativeConnection {
  exec(sql: string): void;
  prepare(sql: string): NativeStatement;
  close(): void;
  readonly isOpen: boolean;
  readonly isTransaction: boolean;
}
interface NativeSqlite {
  readonly DatabaseSync: new (path: string) => NativeConnection;
}

/** A connection whose every fault is `ledger-failed`. */
export interface SqliteConnection {
  exec(sql: string): void;
  /** The first column of the first row, or undefined. */
  value(sql: string): unknown;
  readonly isTransaction: boolean;
  close(): void;
  /** In the shape that kysely wants. */
  prepare(sql: string): {
    readonly reader: boolean;
    all(values: readonly unknown[]): unknown[];
    run(values: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
    iterate(values: readonly unknown[]): IterableIterator<unknown>;
  };
}

const sqliteBusy = 5;
const pauseBetweenTries = 5;

// Node 22 has node:sqlite too, but warns that it may change under us.
const firstNodeWithSqlite = 24;

async function loadSqlite(): Promise<NativeSqlite> {
  const own =
    Number.parseInt(process.versions.node) >= firstNodeWithSqlite
      ? process.getBuiltinModule('node:sqlite')
      : undefined;
  return (own as NativeSqlite | undefined) ?? import('@photostructure/sqlite');
}

/** A statement waits for the garbage collector before its memory goes: those used again and again are made once and kept. */
const mostStatements = 100;

function keptStatements(prepare: (sql: string) => NativeStatement): (sql: string) => NativeStatement {
  const kept = new Map<string, NativeStatement>();
  return (sql) => {
    const statement = kept.get(sql) ?? prepare(sql);
    kept.delete(sql);
    kept.set(sql, statement);
    for (const oldest of kept.keys()) {
      if (kept.size <= mostStatements) break;
      kept.delete(oldest);
    }
    return statement;
  };
}

/** Opens a connection to a file; the pragmas that every use of it needs are up to the caller. Throws `ledger-failed`. */
export async function openConnection(path: string): Promise<SqliteConnection> {
  const { DatabaseSync } = await loadSqlite();
  const native = faultless(() => new DatabaseSync(path));
  const prepared = keptStatements((sql) => native.prepare(sql));
  return {
    exec: (sql) => {
      faultless(() => {
        native.exec(sql);
      });
    },
    value: (sql) => {
      const [row] = faultless(() => native.prepare(sql).all()) as Record<string, unknown>[];
      return row === undefined ? undefined : Object.values(row)[0];
    },
    prepare(sql) {
      const statement = faultless(() => prepared(sql));
      return {
        reader: statement.columns().length > 0,
        all: (values) => faultless(() => statement.all(...values)),
        run: (values) => faultless(() => statement.run(...values)),
        iterate: (values) => faultless(() => statement.all(...values)).values(),
      };
    },
    get isTransaction() {
      return native.isTransaction;
    },
    close: () => {
      if (native.isOpen) native.close();
    },
  };
}

function faultless<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw engineFailure(thrown);
  }
}

/** Whether the fault was only that another connection was in the way. */
export function isBusy(thrown: unknown): boolean {
  if (!(thrown instanceof Failure)) return false;
  const { errcode } = Object(thrown.detail.cause) as { readonly errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === sqliteBusy;
}

/**
 * Tries until it is done or `patience` milliseconds are over, and tells whether it was done. Between two tries the event loop goes on:
 * what is in the way may be another connection of this very process.
 */
export async function tryFor(patience: number, attempt: () => boolean): Promise<boolean> {
  const deadline = performance.now() + patience;
  while (!attempt()) {
    if (performance.now() > deadline) return false;
    await setTimeout(pauseBetweenTries);
  }
  return true;
}

/** Queries over a connection, which `destroy` closes once it was used. A transaction waits `patience` milliseconds for its turn to write. */
export function queriesOver(connection: SqliteConnection, patience: number): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ImmediateDriver(connection, patience),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] });
}

class ImmediateDriver extends SqliteDriver {
  readonly #connection: SqliteConnection;
  readonly #patience: number;

  constructor(connection: SqliteConnection, patience: number) {
    super({ database: connection });
    this.#connection = connection;
    this.#patience = patience;
  }

  /** Takes the right to write at the start: a transaction that first reads and then may not write would have to begin anew. */
  override async beginTransaction(_: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? 'BEGIN' : 'BEGIN IMMEDIATE';
    let last: unknown;
    const begun = await tryFor(this.#patience, () => {
      try {
        this.#connection.exec(begin);
        return true;
      } catch (thrown) {
        if (!isBusy(thrown)) throw thrown;
        last = thrown;
        return false;
      }
    });
    if (!begun) throw last;
  }

  /** After some faults SQLite has rolled back by itself; the fault must not be hidden behind a second one. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#connection.isTransaction) await super.rollbackTransaction(connection);
  }
}
