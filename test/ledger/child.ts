/** A process of our own, started from a TypeScript file, that a test talks to and kills. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Child {
  readonly pid: number;
  /** Lines written so far. */
  readonly lines: readonly string[];
  /** Resolves when it has written this many lines. */
  wrote(lines: number): Promise<void>;
  /** SIGKILL: it cannot clean up. Resolves when it is gone and all it wrote has been read. */
  kill(): Promise<void>;
}

export function startChild(file: string, ...args: readonly string[]): Child {
  const script = path.join(import.meta.dirname, file);
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'close');
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => lines.push(line));
  return {
    pid: child.pid ?? 0,
    lines,
    async wrote(count) {
      while (lines.length < count) await Promise.race([once(reader, 'line'), failed(gone)]);
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function failed(gone: Promise<unknown>): Promise<never> {
  await gone;
  throw new Error('the child ended by itself');
}
