/** One machine and its far side: real intake folders, real ledger, real drop, real MESH client, the simulator, and one clock for all. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { createPersonLists } from '../../src/audit/person-lists.ts';
import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { formatInstant, hour } from '../../src/domain/calendar.ts';
import type { Instant } from '../../src/domain/calendar.ts';
import { asFailure } from '../../src/domain/failure.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { Finding } from '../../src/domain/reconciliation.ts';
import { createOutboundDrop } from '../../src/drop/outbound-drop.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { initKeys, keyFilesIn, readMasterKey, readSigningKey } from '../../src/keys/key-files.ts';
import { createKeyring } from '../../src/keys/keyring.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import { advanceRun } from '../../src/pipeline/advance.ts';
import type { Advanced } from '../../src/pipeline/advance.ts';
import { reconcile } from '../../src/pipeline/reconcile/reconcile.ts';
import type { Pipeline, Progress } from '../../src/pipeline/context.ts';
import type { Anchor, Ledger, StoredEntry } from '../../src/ports.ts';
import { createSimulator } from '../../src/simulator/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { systemChance } from '../../src/wiring.ts';
import { writeIntake } from './intake-folder.ts';
import type { IntakeCells, Spoiling } from './intake-folder.ts';
import { leaksBelow, leaksIn, wantedOf } from './leak-scan.ts';
import { releasedIn } from './released.ts';
import { network, onlyKeptIsAcknowledged, serve, worldClock } from './world-mesh.ts';
import type { Meanwhile } from './world-mesh.ts';
import { checkpointBoard } from '../../src/audit/checkpoint-file.ts';

export const tonight = '2026-11-22';
export const mailboxId = 'X26ABC1';
export const secrets = { password: 'not-a-secret', sharedKey: 'not-a-key' };

export interface WorldOptions {
  readonly optedOut?: readonly string[];
  readonly simulator?: Partial<SimulatorOptions>;
  /** Environment variables over the test defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Those of the settings are not made here: the world has none but these. */
  readonly anchors?: readonly Anchor[];
}

/** An entry of the audit log as it was read back. */
export type Told = Readonly<Record<string, unknown>> & { readonly what: string; readonly run: string };

export interface World {
  readonly folder: string;
  readonly meshUrl: string;
  readonly simulator: Simulator;
  config: Config;
  readonly events: Progress[];
  /** Numbers with a national opt-out; may change while the world goes on. */
  readonly optedOut: Set<string>;
  ledger: Ledger;
  pipeline: Pipeline;
  /** Writes an intake folder of a date, produced an hour before now unless told. */
  intake(cells: IntakeCells, spoiling?: Spoiling, date?: string): string;
  run(date?: string, rehearse?: boolean): Promise<Advanced>;
  meanwhile: Meanwhile;
  /** As after a crash: a new process over the same files. */
  restart(): Promise<void>;
  /** The same under other settings from now on. */
  reconfigure(settings: Readonly<Record<string, string>>): Promise<void>;
  /** As after a restore: a new process over an older ledger file. */
  restore(ledgerFile: string): Promise<void>;
  now(): Instant;
  pass(milliseconds: number): void;
  /** Lets time pass until 02:30 London (in winter) of a date. */
  toNight(date: string): void;
  /** Numbers of a published drop, all files together; null where there is no manifest. */
  released(date?: string, revision?: number): string[] | null;
  /** Where a drop stands, or would. */
  dropFolder(date?: string, revision?: number): string;
  entries(): Promise<Told[]>;
  /** How the world differs from the log; nothing, unless a test has meddled with it. */
  reconcile(): Promise<readonly Finding[]>;
  /** From now on log, ledger and drops are allowed to differ, and the log to be altered. */
  meddled: boolean;
  /** Numbers that must be found nowhere but in intake and drop; those of intakes written here are watched for anyway. */
  watchFor(numbers: Iterable<string>): void;
}

/** A disk in memory where there is one: nothing here asks what outlives a power cut. */
const quickDisk = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
const open: (World & { end(): Promise<void> })[] = [];
let worlds = 0;

/**
 * Call once in a test file that makes worlds. After each test every world of it is closed, and three things must hold: nothing was
 * acknowledged that the ledger did not hold, no NHS number stands or was said anywhere but in intake and drop, and log, ledger and drops
 * agree, whatever the night came to.
 */
export function worldsEndWell(): void {
  beforeAll(() => {
    network.listen({ onUnhandledRequest: 'error' });
  });
  afterEach(async () => {
    const ending = open.splice(0);
    try {
      for (const world of ending) await world.end();
    } finally {
      network.resetHandlers();
      for (const world of ending) fs.rmSync(world.folder, { recursive: true, force: true });
    }
  });
  afterAll(() => {
    network.close();
  });
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const folder = fs.mkdtempSync(path.join(quickDisk, 'export-gate-'));
  const meshUrl = `http://127.0.0.1:${18_000 + worlds++}`;
  const environment = {
    EXPORT_GATE_DATA_DIR: path.join(folder, 'var'),
    EXPORT_GATE_INTAKE_DIR: path.join(folder, 'intake'),
    EXPORT_GATE_OUTBOUND_DIR: path.join(folder, 'outbound'),
    NHS_NUMBER_POLICY: 'test',
    MESH_URL: meshUrl,
    MESH_MAILBOX_ID: mailboxId,
    MESH_MAILBOX_PASSWORD: secrets.password,
    MESH_SHARED_KEY: secrets.sharedKey,
    MESH_POLL_SECONDS: '300',
    ...options.settings,
  };
  let config = readConfig(environment);
  for (const place of [config.intakeDir, config.outboundDir, config.dataDir])
    fs.mkdirSync(place, { mode: 0o700 });
  const optedOut = new Set(options.optedOut ?? []);
  const simulator = createSimulator({
    sharedKey: secrets.sharedKey,
    mailboxes: [{ id: mailboxId, password: secrets.password }],
    isOptedOut: (number) => optedOut.has(number),
    receiptDelayMs: 60_000,
    answerDelayMs: 20 * 60_000,
    now: () => nightOf(tonight),
    ...options.simulator,
  });
  serve(simulator, meshUrl);
  const { clock, meanwhile } = worldClock(simulator);
  const files = keyFilesIn(config.dataDir);
  initKeys(files, systemChance, false);
  const ledgerFile = path.join(config.dataDir, 'ledger.sqlite');
  const events: Progress[] = [];
  const refusals: Failure[] = [];
  const watched = new Set<string>();
  const unkept: string[] = [];
  const mailbox = createMailbox({ url: meshUrl, mailboxId, ...secrets, clock, chance: systemChance });

  const assemble = async (ledger: Ledger): Promise<Pipeline> => ({
    clock,
    chance: systemChance,
    config,
    ledger,
    by: 'operator:test',
    signal: new AbortController().signal,
    onProgress: (event) => void events.push(event),
    unfetchable: new Set(),
    anchors: options.anchors ?? [],
    claim: await ledger.claim('advancing'),
    intake: createIntakeReader({ intakeDir: config.intakeDir }),
    drop: createOutboundDrop({
      outboundDir: config.outboundDir,
      header: config.drop.header,
      chance: systemChance,
    }),
    mailbox: onlyKeptIsAcknowledged(mailbox, ledger, unkept),
    keyring: createKeyring(readMasterKey(null, files.master), systemChance),
    lists: createPersonLists(systemChance),
    audit: createAuditLog({
      origin: config.auditOrigin,
      signingKey: readSigningKey(files.signing),
      board: checkpointBoard(path.join(config.dataDir, 'checkpoint')),
    }),
  });
  const ledger = await openSqliteLedger(ledgerFile);
  const reopen = async (): Promise<void> => {
    world.ledger = await openSqliteLedger(ledgerFile);
    world.pipeline = await assemble(world.ledger);
  };
  const dropFolder = (date = tonight, revision = 1): string =>
    path.join(config.outboundDir, date, `r${revision}`);

  const world: (typeof open)[number] = {
    folder,
    meshUrl,
    simulator,
    config,
    events,
    optedOut,
    ledger,
    pipeline: await assemble(ledger),
    intake(cells, spoiling = {}, date = tonight) {
      world.watchFor((cells.roster ?? []).map((row) => row.nhs_number.replaceAll(' ', '')));
      const producedAt = formatInstant(clock.now() - hour);
      return writeIntake(config.intakeDir, { producedAt, ...cells }, spoiling, date);
    },
    async run(date = tonight, rehearse = false) {
      try {
        return await advanceRun(world.pipeline, date, rehearse);
      } catch (thrown) {
        refusals.push(asFailure(thrown));
        throw thrown;
      }
    },
    meanwhile,
    async restart() {
      await world.ledger.close();
      await reopen();
    },
    async reconfigure(settings) {
      config = readConfig({ ...environment, ...settings });
      fs.mkdirSync(config.outboundDir, { recursive: true, mode: 0o700 });
      world.config = config;
      await world.restart();
    },
    async restore(backup) {
      await world.ledger.close();
      for (const suffix of ['', '-wal', '-shm']) fs.rmSync(`${ledgerFile}${suffix}`, { force: true });
      fs.copyFileSync(backup, ledgerFile);
      await reopen();
    },
    now: () => clock.now(),
    pass: (milliseconds) => {
      simulator.clock.advance(milliseconds);
    },
    toNight: (date) => {
      simulator.clock.advance(nightOf(date) - clock.now());
    },
    released: (date, revision) => releasedIn(dropFolder(date, revision)),
    dropFolder,
    entries: async () => {
      const lines: Told[] = [];
      await world.ledger.read(async (tx) => {
        for await (const entry of tx.entries(0, Number.MAX_SAFE_INTEGER)) lines.push(parsed(entry));
      });
      return lines;
    },
    reconcile: async () => (await reconcile(world.pipeline)).findings,
    meddled: false,
    watchFor: (numbers) => {
      for (const number of numbers) if (/^\d{10}$/.test(number)) watched.add(number);
    },
    async end() {
      const wanted = wantedOf(watched);
      const entries = await world.entries();
      const { size, findings } = world.meddled
        ? { size: entries.length, findings: [] }
        : await reconcile(await assemble(world.ledger));
      await world.ledger.close();
      expect(size).toBe(entries.length);
      expect(findings).toEqual([]);
      expect({ acknowledgedButNotKept: unkept }).toEqual({ acknowledgedButNotKept: [] });
      expect(leaksBelow(folder, wanted, isWhereNumbersBelong)).toEqual([]);
      const said = JSON.stringify([events, refusals.map(({ message, detail }) => [message, detail])]);
      expect(leaksIn(Buffer.from(said), wanted)).toEqual([]);
    },
  };
  open.push(world);
  return world;
}

/** 02:30 London on a business date in winter. */
const nightOf = (date: string): Instant => Date.parse(`${date}T02:30:00Z`);

const isWhereNumbersBelong = (place: string): boolean => /^intake\/|^outbound\/.*\.csv$/.test(place);

const parsed = ({ line }: StoredEntry): Told => JSON.parse(Buffer.from(line).toString()) as Told;
