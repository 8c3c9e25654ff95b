/** The world that a history is played in: one clock, one chance, the stores that outlive a crash, and workers that do not. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { createAuditLog } from '../../src/audit/audit-log.ts';
import { createPersonLists } from '../../src/audit/person-lists.ts';
import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import type { Instant } from '../../src/domain/calendar.ts';
import { formatRunId } from '../../src/domain/run.ts';
import { createKeyring } from '../../src/keys/keyring.ts';
import type { Pipeline } from '../../src/pipeline/context.ts';
import { createFakeDrop } from '../support/fake-drop.ts';
import type { FakeDrop } from '../support/fake-drop.ts';
import { createFakeIntake } from '../support/fake-intake.ts';
import type { FakeIntake } from '../support/fake-intake.ts';
import { createFarSide, ownMailbox } from './far-side.ts';
import type { FarSide } from './far-side.ts';
import { diceForChance } from './history.ts';
import type { History, Trouble } from './history.ts';
import { openStore } from './store.ts';
import type { Store } from './store.ts';
import { nobody, startWorker } from './worker.ts';
import type { People, Shop } from './worker.ts';
import type { CheckpointBoard } from '../../src/audit/checkpoint-file.ts';

/** What a drop showed when it was published. */
export interface Publication {
  readonly run: string;
  readonly businessDate: string;
  readonly numbers: readonly string[];
  readonly at: Instant;
  readonly text: string;
}

export interface SimulatedWorld {
  readonly config: Config;
  readonly intake: FakeIntake;
  readonly drop: FakeDrop;
  readonly farSide: FarSide;
  readonly store: Store;
  readonly publications: Publication[];
  /** Ids of messages acknowledged before the ledger held them. */
  readonly unkept: string[];
  now(): Instant;
  pass(milliseconds: number): void;
  /** What happens while a worker waits. */
  onWait: () => Promise<void>;
  /** Starts a worker, for whom these things go wrong. */
  start(troubles?: readonly Trouble[], people?: People): Promise<Pipeline>;
  end(): Promise<void>;
}

const folder = fs.mkdtempSync(
  path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'export-gate-sim-'),
);
process.once('exit', () => {
  fs.rmSync(folder, { recursive: true, force: true });
});
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signingKey = { privateKey, publicKey };
const masterKey = randomBytes(32);
const configs = new Map<string, Config>();

function configOf({ maxNumbers, layout }: History): Config {
  const name = `${maxNumbers} ${layout}`;
  const known = configs.get(name);
  if (known !== undefined) return known;
  const config = readConfig({
    EXPORT_GATE_DATA_DIR: path.join(folder, 'var'),
    EXPORT_GATE_INTAKE_DIR: path.join(folder, 'intake'),
    EXPORT_GATE_OUTBOUND_DIR: path.join(folder, 'outbound'),
    NHS_NUMBER_POLICY: 'test',
    MESH_URL: 'http://127.0.0.1:1',
    MESH_MAILBOX_ID: ownMailbox,
    MESH_MAILBOX_PASSWORD: 'simulated',
    MESH_SHARED_KEY: 'simulated',
    MESH_POLL_SECONDS: '1800',
    CHECK_DEADLINE_HOURS: '4',
    CHECK_MAX_AGE_HOURS: '20',
    CHECK_MAX_NUMBERS: String(maxNumbers),
    DROP_LAYOUT: layout,
  });
  configs.set(name, config);
  return config;
}

export function createSimulatedWorld(history: History): SimulatedWorld {
  const config = configOf(history);
  const dice = diceForChance(history.seed);
  const chance = { bytes: (length: number) => new Uint8Array(dice.bytes(length)) };
  let now = 0;
  const intake = createFakeIntake();
  const drop = createFakeDrop();
  const farSide = createFarSide(() => now);
  const store = openStore();
  let shown: string | null = null;
  const board: CheckpointBoard = {
    place: 'the board',
    read: () => Promise.resolve(shown),
    show: (note) => Promise.resolve(void (shown = note)),
  };
  const publications: Publication[] = [];
  const unkept: string[] = [];
  const shop: Shop = {
    ledger: store.ledger,
    farSide,
    drop,
    unkept,
    rest: {
      chance,
      config,
      audit: createAuditLog({ origin: config.auditOrigin, signingKey, board, chance }),
      keyring: createKeyring(masterKey, chance),
      lists: createPersonLists(chance),
      intake,
      anchors: [],
      by: 'operator:simulated',
      signal: new AbortController().signal,
    },
    now: () => now,
    async wait(milliseconds) {
      now += milliseconds;
      await world.onWait();
      farSide.deliverDue();
    },
    onPublished(id) {
      const shown = drop.recipient(id);
      if (shown === null) return;
      const run = formatRunId(id);
      const text = JSON.stringify([...shown].sort());
      if (publications.some((each) => each.run === run && each.text === text)) return;
      const numbers = [...shown]
        .filter(([name]) => name !== 'manifest.json')
        .flatMap(([, lines]) => lines.split('\n').slice(1).filter(Boolean));
      publications.push({
        run,
        businessDate: id.businessDate,
        numbers: [...new Set(numbers)],
        at: now,
        text,
      });
    },
  };

  const world: SimulatedWorld = {
    config,
    intake,
    drop,
    farSide,
    store,
    publications,
    unkept,
    now: () => now,
    pass: (milliseconds) => void (now += milliseconds),
    onWait: () => Promise.resolve(),
    start: (troubles = [], people = nobody) => startWorker(shop, troubles, people),
    end: () => store.close(),
  };
  return world;
}
