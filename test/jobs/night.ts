/** A night of the twenty people on a machine of its own: folders, keys, a far side, and the programs to run. Today's business date. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { stampIntake } from '../../scripts/stamp-fixture.ts';
import { londonDate } from '../../src/domain/calendar.ts';
import { initKeys, keyFilesIn, systemChance } from '../../src/wiring.ts';
import { wantedOf } from '../support/leak-scan.ts';
import { start, startFarSide } from '../support/processes.ts';
import type { Ended, FarSide, Programs, Running, Settings } from '../support/processes.ts';

const fixture = path.join(import.meta.dirname, '..', '..', 'fixtures', 'twenty-people');
const read = (...names: string[]): string => readFileSync(path.join(fixture, ...names), 'utf8');

/** The numbers that leave on an undisturbed night, ascending. */
export const released = (JSON.parse(read('expected.json')) as { released: string[] }).released;

/** Every NHS number of the fixture, valid or not, in whatever form it may slip out. */
export const everybody = wantedOf(
  read('2026-11-22', 'service-users.csv')
    .replaceAll(' ', '')
    .match(/\b\d{10}\b/g) ?? [],
);

export const secrets = { password: 'night-of-no-secret', sharedKey: 'night-of-no-key' };
const mailbox = 'X26ABC1';

export interface Night {
  readonly date: string;
  readonly intake: string;
  readonly dataDir: string;
  /** The folder of tonight's drop. */
  readonly drop: string;
  readonly outbound: string;
  readonly settings: Settings;
  readonly farSide: FarSide;
  readonly programs: Programs;
  /** Writes tonight's intake anew, as the fixture has it, or edited; the manifest agrees. */
  readonly writeIntake: (edit?: (folder: string) => void) => void;
  /** `export-gate` with these arguments, to its end. */
  readonly gate: (...args: readonly string[]) => Promise<Ended>;
  /** The same with something on standard input. */
  readonly told: (input: string, ...args: readonly string[]) => Promise<Ended>;
  readonly start: (...args: readonly string[]) => Running;
  /** The scheduler of one machine, until it is told to end. */
  readonly watch: () => Running;
  /** A worker, with settings of its own over the night's. */
  readonly work: (settings?: Settings) => Running;
  /** `export-gate run` for tonight, told as JSON. */
  readonly run: () => Promise<Ended>;
  /** The same with settings of its own over the night's. */
  readonly runUnder: (settings: Settings) => Promise<Ended>;
  /** The run that kills itself; see `support/dying-run.ts`. */
  readonly die: (...args: readonly string[]) => Promise<Ended>;
  readonly close: () => Promise<void>;
}

export interface NightOptions {
  readonly settings?: Settings;
  /** Flags of the simulator over those of a quick, well-behaved far side. */
  readonly farSide?: readonly string[];
  readonly keys?: boolean;
}

export async function createNight(programs: Programs, options: NightOptions = {}): Promise<Night> {
  const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-night-'));
  const date = londonDate(Date.now());
  const dataDir = path.join(folder, 'var');
  const outbound = path.join(folder, 'outbound');
  const intake = path.join(folder, 'intake', date);
  const farSide = await startFarSide(programs.simulator, [
    ...['--mailbox', mailbox, '--password', secrets.password, '--shared-key', secrets.sharedKey],
    ...['--opt-outs', path.join(fixture, 'national-opt-outs.txt')],
    ...['--receipt-delay-ms', '50', '--answer-delay-ms', '150', ...(options.farSide ?? [])],
  ]);
  const settings = {
    EXPORT_GATE_DATA_DIR: dataDir,
    EXPORT_GATE_INTAKE_DIR: path.dirname(intake),
    EXPORT_GATE_OUTBOUND_DIR: outbound,
    NHS_NUMBER_POLICY: 'test',
    NIGHTLY_AT: '00:00',
    INTAKE_TRIED_UNTIL: '23:59',
    MESH_URL: farSide.url,
    MESH_MAILBOX_ID: mailbox,
    MESH_MAILBOX_PASSWORD: secrets.password,
    MESH_SHARED_KEY: secrets.sharedKey,
    MESH_POLL_SECONDS: '0.1',
    ...options.settings,
  };
  const writeIntake = (edit?: (folder: string) => void): void => {
    const stamp = { businessDate: date, producedAt: new Date().toISOString() };
    rmSync(intake, { recursive: true, force: true });
    stampIntake(path.join(fixture, '2026-11-22'), intake, stamp);
    if (edit === undefined) return;
    edit(intake);
    stampIntake(intake, intake, stamp);
  };
  const running: Running[] = [];
  const begin = (program: string, args: readonly string[], input = '', own: Settings = {}): Running => {
    const started = start(program, args, { ...settings, ...own }, input);
    running.push(started);
    return started;
  };
  const run = (...args: readonly string[]): Running => begin(programs.cli, args);
  writeIntake();
  mkdirSync(dataDir, { mode: 0o700 });
  if (options.keys !== false) initKeys(keyFilesIn(dataDir), systemChance, false);
  return {
    date,
    intake,
    dataDir,
    outbound,
    drop: path.join(outbound, date, 'r1'),
    settings,
    farSide,
    programs,
    writeIntake,
    gate: (...args) => run(...args).ended,
    told: (input, ...args) => begin(programs.cli, args, input).ended,
    start: run,
    watch: () => begin(programs.nightly, []),
    work: (own = {}) => begin(programs.worker, [], '', own),
    run: () => run('run', '--date', date, '--json').ended,
    runUnder: (own) => begin(programs.cli, ['run', '--date', date, '--json'], '', own).ended,
    die: (...args) => begin(programs.dyingRun, [date, ...args]).ended,
    async close() {
      for (const started of running) started.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      await farSide.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
