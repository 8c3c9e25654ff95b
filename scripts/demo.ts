import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCohort } from './make-cohort.ts';

/**
 * `npm start`: tonight's export for a made-up cohort, end to end, on this machine. Makes intake and keys under `var/demo/`, starts the MESH
 * simulator on the loopback interface, and runs `export-gate run` against it as a supplier would, over HTTP.
 */

const root = path.join(import.meta.dirname, '..');
const demo = path.join(root, 'var', 'demo');
const secrets = path.join(demo, 'simulator');
const mailbox = 'X26DEMO1';
const people = 30_000;

const london = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});
const tonight = london.format(new Date());
const intake = path.join(demo, 'intake', tonight);
const nationalOptOuts = path.join(secrets, 'national-opt-outs.txt');
const passwordFile = path.join(secrets, 'password');
const sharedKeyFile = path.join(secrets, 'shared-key');

async function main(): Promise<number> {
  process.umask(0o077);
  say(
    `The demo lives under ${path.relative(process.cwd(), demo)}${path.sep}. NHS number policy: test (900-999 only). MESH: simulator on loopback.`,
  );
  prepare();
  const { simulator, url } = await startSimulator();
  try {
    const environment = {
      ...process.env,
      EXPORT_GATE_DATA_DIR: demo,
      EXPORT_GATE_INTAKE_DIR: path.join(demo, 'intake'),
      EXPORT_GATE_OUTBOUND_DIR: path.join(demo, 'outbound'),
      NHS_NUMBER_POLICY: 'test',
      PURPOSE: 'VIVALDI Social Care (demonstration)',
      MESH_URL: url,
      MESH_MAILBOX_ID: mailbox,
      MESH_MAILBOX_PASSWORD_FILE: passwordFile,
      MESH_SHARED_KEY_FILE: sharedKeyFile,
      MESH_POLL_SECONDS: '0.5',
    };
    gate(['keys', 'init'], environment, 'ignore');
    const exitCode = gate(['run', '--date', tonight], environment, 'inherit');
    const here = path.relative(process.cwd(), demo);
    say(`Here, that is:     EXPORT_GATE_DATA_DIR=${here} npm run -s gate -- status   (or audit verify)`);
    return exitCode;
  } finally {
    simulator.kill();
  }
}

/** A cohort of 700 homes, made once a day: running again the same day shows that a finished run is left as it is. */
function prepare(): void {
  mkdirSync(secrets, { recursive: true });
  for (const file of [passwordFile, sharedKeyFile])
    writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  if (existsSync(path.join(intake, 'manifest.json'))) return;
  rmSync(intake, { recursive: true, force: true });
  const summary = makeCohort({
    out: intake,
    date: tonight,
    producedAt: new Date().toISOString(),
    people,
    nationalOptOuts,
  });
  say(
    `Made an intake of ${summary.rows.toLocaleString('en-GB')} rows for ${summary.homes} homes in ${path.relative(process.cwd(), intake)}.`,
  );
}

function startSimulator(): Promise<{ simulator: ChildProcess; url: string }> {
  const flags = ['--mailbox', mailbox, '--password-file', passwordFile, '--shared-key-file', sharedKeyFile];
  const simulator = spawn(
    process.execPath,
    ['--import', 'tsx', path.join(root, 'jobs', 'simulator.ts'), ...flags, '--opt-outs', nationalOptOuts],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return new Promise((resolve, reject) => {
    simulator.stdout.once('data', (line: Buffer) => {
      const { listening } = JSON.parse(line.toString()) as { listening: string };
      resolve({ simulator, url: listening });
    });
    simulator.once('exit', (code) => {
      reject(new Error(`the simulator ended with code ${String(code)}`));
    });
  });
}

function gate(args: readonly string[], env: NodeJS.ProcessEnv, stdout: 'ignore' | 'inherit'): number {
  const cli = path.join(root, 'jobs', 'cli.ts');
  return (
    spawnSync(process.execPath, ['--import', 'tsx', cli, ...args], {
      cwd: root,
      env,
      stdio: ['ignore', stdout, 'inherit'],
    }).status ?? 1
  );
}

const say = (words: string): boolean => process.stderr.write(`${words}\n`);

process.exitCode = await main();
