/** A PostgreSQL for a test file, and for each test a database of its own with the two roles that an installation has. */
import { afterAll, beforeAll } from '@jest/globals';
import { preparePostgresLedger } from '../../src/ledger/postgres-ledger.ts';
import { startPostgres } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';

export const gateRole = 'gate';

export interface Database {
  /** Of the role that runs the gate. */
  readonly url: string;
  readonly ownerUrl: string;
  readonly query: (url: string, statement: string) => Promise<readonly Record<string, unknown>[]>;
}

export interface Postgres {
  readonly server: PostgresServer;
  database(): Promise<Database>;
}

/** Call once in a test file. */
export function usePostgres(): Postgres {
  let server: PostgresServer;
  let databases = 0;
  beforeAll(async () => {
    server = await startPostgres();
    await query(server.url('postgres'), `CREATE ROLE ${gateRole} LOGIN`);
    await query(server.url('postgres'), 'CREATE DATABASE prepared');
    await preparePostgresLedger(server.url('prepared'), gateRole);
  }, 60_000);
  afterAll(() => server.stop());
  return {
    get server() {
      return server;
    },
    async database() {
      const name = `ledger_${++databases}`;
      await query(server.url('postgres'), `CREATE DATABASE ${name} TEMPLATE prepared`);
      return { url: server.url(name, gateRole), ownerUrl: server.url(name), query };
    },
  };
}

async function query(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, options: '-c search_path=export_gate' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
