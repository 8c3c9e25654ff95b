import { generateKeyPairSync, sign } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { createPersonLists } from '../../src/audit/person-lists.ts';
import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { createOutboundDrop } from '../../src/drop/outbound-drop.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { createApprovers } from '../../src/keys/approvers.ts';
import { initKeys, keyFilesIn, readMasterKey, readSigningKey } from '../../src/keys/key-files.ts';
import { createKeyring } from '../../src/keys/keyring.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import type { Pipeline } from '../../src/pipeline/context.ts';
import type { Approvers, Clock } from '../../src/ports.ts';
import { bridge } from '../../src/simulator/http-bridge.ts';
import { createSimulator } from '../../src/simulator/simulator.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { systemChance } from '../../src/wiring.ts';
import { checkpointBoard } from '../../src/audit/checkpoint-file.ts';

/** A machine to be lost: the real program over HTTP against a simulator, under a clock that nobody waits for. */
export interface Machine {
  readonly folder: string;
  readonly config: Config;
  /** The settings of its configuration, for a process of its own. */
  readonly settings: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly simulator: Simulator;
  readonly pipeline: Pipeline;
  readonly approvers: Approvers;
  /** A detached signature of the one who may approve. */
  signature(text: string): string;
  toNight(date: string): void;
  /** Does something once while the next run waits for its answers. */
  meanwhile(act: () => Promise<void>): void;
  /** A new process over whatever files stand now. */
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export interface MachineTerms {
  readonly firstNight: string;
  readonly isOptedOut: (number: string) => boolean;
  /** With somebody who may approve; without, a restore needs nobody under the test policy. */
  readonly approved: boolean;
}

const mailboxId = 'X26DRILL';
const secrets = { password: 'drill-password', sharedKey: 'drill-key' };
const largestBody = 10_000_000;
const nightOf = (date: string): number => Date.parse(`${date}T02:30:00Z`);

export async function createMachine({ firstNight, isOptedOut, approved }: MachineTerms): Promise<Machine> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-drill-'));
  const simulator = createSimulator({
    ...{
      sharedKey: secrets.sharedKey,
      mailboxes: [{ id: mailboxId, password: secrets.password }],
      isOptedOut,
    },
    ...{ receiptDelayMs: 60_000, answerDelayMs: 20 * 60_000, now: () => nightOf(firstNight) },
  });
  const server = http.createServer((incoming, outgoing) => {
    // The server's own clock is not the simulator's, and would look like a skew.
    outgoing.sendDate = false;
    bridge(simulator.handle, largestBody, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const guardian = generateKeyPairSync('ed25519');
  const approversFile = path.join(folder, 'approvers.json');
  const publicKey = guardian.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const validity = { validFrom: '2000-01-01', validTo: '2099-12-31' };
  fs.writeFileSync(
    approversFile,
    JSON.stringify([{ name: 'G. Guardian', role: 'Caldicott Guardian', publicKey, ...validity }]),
  );
  const settings = {
    EXPORT_GATE_DATA_DIR: path.join(folder, 'var'),
    EXPORT_GATE_INTAKE_DIR: path.join(folder, 'intake'),
    EXPORT_GATE_OUTBOUND_DIR: path.join(folder, 'outbound'),
    NHS_NUMBER_POLICY: 'test',
    ...(approved ? { APPROVERS_FILE: approversFile } : {}),
    ...{ MESH_URL: url, MESH_MAILBOX_ID: mailboxId, MESH_MAILBOX_PASSWORD: secrets.password },
    ...{ MESH_SHARED_KEY: secrets.sharedKey, MESH_POLL_SECONDS: '300' },
  };
  const config = readConfig(settings);
  for (const place of [config.dataDir, config.intakeDir, config.outboundDir])
    fs.mkdirSync(place, { mode: 0o700 });
  initKeys(keyFilesIn(config.dataDir), systemChance, false);

  let planned: (() => Promise<void>) | null = null;
  const clock: Clock = {
    now: simulator.clock.now,
    monotonic: simulator.clock.now,
    async sleep(milliseconds) {
      const act = planned;
      planned = null;
      await act?.();
      simulator.clock.advance(milliseconds);
    },
  };
  const mailbox = createMailbox({ url, mailboxId, ...secrets, clock, chance: systemChance });
  let pipeline: Pipeline | null = null;
  const machine: Machine = {
    folder,
    config,
    settings,
    clock,
    simulator,
    approvers: createApprovers(config.approversFile),
    get pipeline() {
      if (pipeline === null) throw new Error('the machine is not started');
      return pipeline;
    },
    signature: (text) => sign(null, Buffer.from(text), guardian.privateKey).toString('base64'),
    toNight: (date) => {
      simulator.clock.advance(nightOf(date) - clock.now());
    },
    meanwhile: (act) => {
      planned = act;
    },
    async start() {
      const ledger = await openSqliteLedger(path.join(config.dataDir, 'ledger.sqlite'));
      const files = keyFilesIn(config.dataDir);
      const { intakeDir, outboundDir, dataDir, drop } = config;
      pipeline = {
        ...{ clock, chance: systemChance, config, ledger, mailbox, by: 'operator:drill' },
        signal: new AbortController().signal,
        onProgress: () => undefined,
        unfetchable: new Set(),
        anchors: [],
        claim: await ledger.claim('advancing'),
        intake: createIntakeReader({ intakeDir }),
        drop: createOutboundDrop({ outboundDir, header: drop.header, chance: systemChance }),
        keyring: createKeyring(readMasterKey(null, files.master), systemChance),
        lists: createPersonLists(systemChance),
        audit: createAuditLog({
          origin: config.auditOrigin,
          signingKey: readSigningKey(files.signing),
          board: checkpointBoard(path.join(dataDir, 'checkpoint')),
        }),
      };
    },
    async stop() {
      await pipeline?.ledger.close();
      pipeline = null;
    },
    async remove() {
      await machine.stop();
      mailbox.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  return machine;
}
