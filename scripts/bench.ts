import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Command } from 'commander';
import { makeCohort } from './make-cohort.ts';

/**
 * `npm run bench -- --people 500000`: a whole run against the simulator, as two processes; prints wall time and the peak resident memory of
 * the run itself. Figures, not assertions.
 */

const root = path.join(import.meta.dirname, '..');
const { people, keep } = new Command()
  .option('--people <n>', 'people of the cohort', '500000')
  .option('--keep', 'keep the folder afterwards', false)
  .parse()
  .opts<{ people: string; keep: boolean }>();

const folder = path.join(root, 'var', 'bench');
const secret = (name: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return file;
};
/** As installed: compiled, and with the flags of the entry point's first line, which keep the heap small. */
const heapFlags = ['--heap-growing-percent=15', '--semi-space-growth-factor=1'];
const node = (script: string, ...args: string[]): [string, string[]] => [
  process.execPath,
  [...heapFlags, path.join(root, 'dist', 'jobs', script), ...args],
];

process.umask(0o077);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const date = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date());
const nationalOptOuts = path.join(folder, 'national-opt-outs.txt');
const summary = makeCohort({
  out: path.join(folder, 'intake', date),
  date,
  producedAt: new Date().toISOString(),
  people: Number(people),
  homes: Math.max(1, Math.round(Number(people) / 43)),
  nationalOptOuts,
});
console.log(`${summary.rows} roster rows, ${summary.numbersAsked} numbers to ask about`);

const [password, sharedKey] = [secret('password'), secret('shared-key')];
const flags = ['--mailbox', 'X26BENCH', '--password-file', password, '--shared-key-file', sharedKey];
const simulator = spawn(
  ...node('simulator.js', ...flags, '--opt-outs', nationalOptOuts, '--answer-delay-ms', '0'),
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const url = await new Promise<string>((resolve) => {
  simulator.stdout.once('data', (line: Buffer) => {
    resolve((JSON.parse(line.toString()) as { listening: string }).listening);
  });
});

const env = {
  ...process.env,
  EXPORT_GATE_DATA_DIR: folder,
  EXPORT_GATE_INTAKE_DIR: path.join(folder, 'intake'),
  EXPORT_GATE_OUTBOUND_DIR: path.join(folder, 'outbound'),
  NHS_NUMBER_POLICY: 'test',
  MESH_URL: url,
  MESH_MAILBOX_ID: 'X26BENCH',
  MESH_MAILBOX_PASSWORD_FILE: password,
  MESH_SHARED_KEY_FILE: sharedKey,
  MESH_POLL_SECONDS: '0.2',
};
spawnSync(...node('cli.js', 'keys', 'init'), { env, stdio: 'ignore' });
const began = performance.now();
const run = spawn(...node('cli.js', 'run', '--date', date, '--json'), {
  env,
  stdio: ['ignore', 'inherit', 'inherit'],
});
let peak = 0;
const watch = setInterval(() => {
  const status = `/proc/${run.pid ?? 0}/status`;
  if (!existsSync(status)) return;
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8')) ?? [];
  peak = Math.max(peak, Number(kilobytes ?? 0) / 1024);
}, 50);
await new Promise((resolve) => run.once('exit', resolve));
clearInterval(watch);
simulator.kill();
const seconds = (performance.now() - began) / 1000;
console.log(
  `wall ${seconds.toFixed(1)} s, ${Math.round(summary.rows / seconds)} rows/s, peak resident memory ${Math.round(peak)} MB`,
);
if (!keep) rmSync(folder, { recursive: true, force: true });
