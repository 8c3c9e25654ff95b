/**
 * The programs as a machine runs them: bundled once, each in a process of its own, told only by its environment and its arguments. What
 * any of them says is kept, so that a test can look through all of it at the end.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { FaultName } from '../../src/simulator/faults.ts';
import type { SentSummary } from '../../src/simulator/sent-summary.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** Files to start with Node. */
export interface Programs {
  readonly cli: string;
  readonly simulator: string;
  readonly witness: string;
  readonly nightly: string;
  readonly worker: string;
  readonly dyingRun: string;
  remove(): void;
}

/** Bundles the entry points, packages and all, so that a process stands in a fifth of a second. */
export function bundlePrograms(): Programs {
  const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-programs-'));
  // The SQLite package brings a library of its own, so it is not bundled but found where it is installed.
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const entries = ['jobs/cli.ts', 'jobs/simulator.ts', 'jobs/witness.ts'].concat([
    ...['jobs/nightly.ts', 'jobs/worker.ts', 'test/support/dying-run.ts'],
  ]);
  const shape = ['--bundle', '--splitting', '--format=esm', '--platform=node', '--log-level=warning'];
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const places = ['--external:@photostructure/sqlite', `--banner:js=${require}`, `--outdir=${folder}`];
  const bundler = path.join(root, 'node_modules', '.bin', 'esbuild');
  execFileSync(bundler, [...entries, ...shape, ...places, '--outbase=.'], { cwd: root, stdio: 'inherit' });
  return {
    cli: path.join(folder, 'jobs', 'cli.js'),
    simulator: path.join(folder, 'jobs', 'simulator.js'),
    witness: path.join(folder, 'jobs', 'witness.js'),
    nightly: path.join(folder, 'jobs', 'nightly.js'),
    worker: path.join(folder, 'jobs', 'worker.js'),
    dyingRun: path.join(folder, 'test', 'support', 'dying-run.js'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** How a process ended, and what it said. */
export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves once the text stands on stderr; rejects if the process ends without having said it. */
  said(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export type Settings = Readonly<Record<string, string>>;

/** Everything that any process said, on either stream. */
export const spoken: string[] = [];

/** Starts a program that sees these settings and nothing else of our environment, and reads `input` where it asks for something. */
export function start(program: string, args: readonly string[], settings: Settings, input = ''): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH, HOME, ...settings },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A program that does not ask may be gone before it is told.
  child.stdin.on('error', () => undefined).end(input);
  const streams = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      streams[name] += text;
      child.emit(`said-${name}`);
    });
  const ended = once(child, 'close').then((how): Ended => {
    spoken.push(streams.stdout, streams.stderr);
    const [code, signal] = how as [number | null, NodeJS.Signals | null];
    return { code, signal, ...streams };
  });
  return {
    ended,
    async said(text) {
      const silent = ended.then((end) => {
        if (!end.stderr.includes(text)) throw new Error(`ended without saying "${text}":\n${end.stderr}`);
      });
      while (!streams.stderr.includes(text)) await Promise.race([once(child, 'said-stderr'), silent]);
    },
    kill: (signal) => void child.kill(signal),
  };
}

/** The simulator in a process of its own, and its levers. */
export interface FarSide {
  readonly url: string;
  /** What MESH accepted from us, in order. */
  sent(): Promise<readonly SentSummary[]>;
  /** Scripts a fault for the next events it fits: one unless told. */
  fault(name: FaultName, times?: number): Promise<void>;
  /** Moves the clock of the far side. */
  advance(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the simulator with its levers open; resolves once it listens. */
export async function startFarSide(program: string, flags: readonly string[]): Promise<FarSide> {
  const child = spawn(process.execPath, [program, '--control', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { listening: url } = JSON.parse(line.toString()) as { readonly listening: string };
  const pull = async (lever: string, method = 'POST'): Promise<unknown> => {
    const response = await fetch(`${url}/simulator/${lever}`, { method });
    if (!response.ok) throw new Error(`the far side refuses ${lever}`);
    return response.json();
  };
  return {
    url,
    sent: async () => (await pull('sent', 'GET')) as SentSummary[],
    async fault(name, times = 1) {
      await pull(`fault?name=${name}&times=${times}`);
    },
    async advance(milliseconds) {
      await pull(`advance?ms=${milliseconds}`);
    },
    async stop() {
      child.kill();
      await gone;
    },
  };
}

/** A witness in a process of its own. */
export interface RunningWitness {
  readonly url: string;
  readonly verifierKey: string;
  stop(): Promise<void>;
}

/** Starts a witness that knows the logs of these keys; resolves once it listens. */
export async function startWitness(
  program: string,
  folder: string,
  logs: readonly string[],
  more: readonly string[] = ['--port', '0'],
): Promise<RunningWitness> {
  const known = logs.flatMap((key) => ['--log', key]);
  const own = ['--name', 'witness.example/w1', '--folder', folder, ...more];
  const child = spawn(process.execPath, [program, ...own, ...known], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { listening: url, verifierKey } = JSON.parse(line.toString()) as Record<
    'listening' | 'verifierKey',
    string
  >;
  return {
    url,
    verifierKey,
    async stop() {
      child.kill();
      await gone;
    },
  };
}
