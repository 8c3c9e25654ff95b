/** A real Redis for tests: the system's `redis-server`, in a folder of its own, on loopback only. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface RedisServer {
  readonly url: string;
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Forgets everything, as a disk that was lost. */
  lose(): Promise<void>;
  stop(): Promise<void>;
}

export const thereIsRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

const durable = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];

export async function startRedis(settings: readonly string[] = durable): Promise<RedisServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-redis-'));
  const port = await freePort();
  let server: ChildProcess | undefined;
  const gone = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    await new Promise((resolve) => server?.once('exit', resolve));
  };
  const start = async (): Promise<void> => {
    await gone();
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    server = spawn('redis-server', [...own, ...settings], { stdio: 'ignore' });
    await untilItListens(port);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: (signal) => void server?.kill(signal),
    async lose() {
      server?.kill('SIGKILL');
      await gone();
      rmSync(path.join(folder, 'appendonlydir'), { recursive: true, force: true });
      rmSync(path.join(folder, 'appendonly.aof'), { force: true });
      await start();
    },
    async stop() {
      server?.kill('SIGKILL');
      await gone();
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilItListens(port: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (isThere) return;
    if (attempt === 400) throw new Error('Redis does not listen');
    await setTimeout(25);
  }
}
