import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createFolderAnchor } from './anchor/folder.ts';
import { createWitnessAnchor } from './anchor/witness.ts';
import { createAuditLog } from './audit/audit-log.ts';
import { cosignerOf } from './audit/cosignature.ts';
import { createPersonLists } from './audit/person-lists.ts';
import type { AnchorsConfig, Config, MeshConfig, SendingConfig } from './config.ts';
import { Failure } from './domain/failure.ts';
import { createOutboundDrop } from './drop/outbound-drop.ts';
import { createIntakeReader } from './intake/intake-folder.ts';
import { createApprovers } from './keys/approvers.ts';
import { initKeys, keyFilesIn, readMasterKey, readSigningKey } from './keys/key-files.ts';
import { createKeyring } from './keys/keyring.ts';
import { takeAdvanceLock } from './ledger/advance-lock.ts';
import { openSqliteLedger } from './ledger/sqlite-ledger.ts';
import { createMailbox } from './mesh/mailbox.ts';
import { advanceRun } from './pipeline/advance.ts';
import type { AnchorDesk } from './pipeline/anchoring.ts';
import type { Pipeline, Progress } from './pipeline/context.ts';
import type { Anchor, Approvers, AuditLog, Chance, Clock, Keyring, Ledger } from './ports.ts';

export { advanceRun, initKeys, keyFilesIn };

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        reject(interrupted());
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, milliseconds);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    }),
};

export const systemChance: Chance = { bytes: (length) => randomBytes(length) };

export const interrupted = (): Failure =>
  new Failure('interrupted', {
    message: 'The run was interrupted and stands where it was.',
    hint: 'Run the same command again: it goes on from there.',
  });

/** What reading, holding and recording need: the ledger, the log and the keys. */
export interface Office {
  readonly config: Config;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly keyring: Keyring;
  readonly approvers: Approvers;
  close(): Promise<void>;
}

const masterKeySetting = 'master-key-id';

/** Opens the ledger of the embedded default. Throws `configuration-invalid`, `master-key-missing`, `master-key-wrong`, `ledger-newer`. */
export async function openOffice(config: Config): Promise<Office> {
  refuseServers(config);
  const files = keyFilesIn(config.dataDir);
  const keyring = createKeyring(readMasterKey(config.masterKey, files.master), systemChance);
  const signingKey = readSigningKey(files.signing);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const ledger = await openSqliteLedger(path.join(config.dataDir, 'ledger.sqlite'));
  const checkpointFile = path.join(config.dataDir, 'checkpoint');
  const audit = createAuditLog({ origin: config.auditOrigin, signingKey, checkpointFile });
  try {
    await recognise(ledger, keyring, audit);
  } catch (thrown) {
    await ledger.close();
    throw thrown;
  }
  return {
    config,
    clock: systemClock,
    chance: systemChance,
    ledger,
    audit,
    keyring,
    approvers: createApprovers(config.approversFile),
    close: () => ledger.close(),
  };
}

/** A ledger remembers the master key it began with: another one would not recognise who opted out, and so is refused. */
async function recognise(ledger: Ledger, keyring: Keyring, audit: AuditLog): Promise<void> {
  const known = await ledger.read((tx) => tx.setting(masterKeySetting));
  if (known === null) {
    const claim = await ledger.claim('opening');
    await ledger.transact(claim, async (tx) => {
      if ((await tx.setting(masterKeySetting)) !== null) return;
      await tx.set(masterKeySetting, keyring.masterKeyId);
      const at = new Date(systemClock.now()).toISOString();
      const { origin, verifierKey } = audit;
      await audit.append(tx, { what: 'log-opened', at, run: '', by: 'export-gate', origin, verifierKey });
    });
    return;
  }
  if (known === keyring.masterKeyId) return;
  throw new Failure('master-key-wrong', {
    message:
      'This master key is not the one the ledger was begun with: earlier opt-outs could not be recognised under it.',
    place: 'EXPORT_GATE_MASTER_KEY',
    found: `key ${keyring.masterKeyId}`,
    allowed: `key ${known}`,
    hint: 'Restore the master key that belongs to this ledger. Nothing was read or sent.',
  });
}

function refuseServers(config: Config): void {
  const named = [
    config.databaseUrl === null ? [] : ['DATABASE_URL'],
    config.redisUrl === null ? [] : ['REDIS_URL'],
  ].flat();
  if (named.length === 0) return;
  throw new Failure('configuration-invalid', {
    message: `${named.join(' and ')} cannot be used yet: this version runs on one machine with its embedded ledger.`,
    place: named.join(', '),
    hint: 'Unset it. A run never falls back silently to another ledger than the one it was told of.',
  });
}

/** An office that may advance runs. */
export interface Advancing extends Office {
  readonly pipeline: Pipeline;
}

/** Who acts, who may stop it, and who is told. */
export interface Watch {
  readonly by: string;
  readonly signal: AbortSignal;
  readonly onProgress: (event: Progress) => void;
}

/** An office that may anchor the log, and needs no MESH for it. */
export type Anchoring = Office & AnchorDesk;

/** Takes the one right to advance runs, under which anchors are shown the log too. Throws `busy` while another process has it. */
export async function openAnchoring(config: Config, watch: Watch): Promise<Anchoring> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const anchors = await createAnchors(config.anchors);
  const lock = await takeAdvanceLock(config.dataDir);
  try {
    const office = await openOffice(config);
    const close = (): Promise<void> => office.close().then(() => lock.release());
    return { ...office, ...watch, anchors, claim: await office.ledger.claim('advancing'), close };
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

/** Throws `configuration-invalid` where certificates or key cannot be read. */
async function createAnchors({ folder, timestamp, witness }: AnchorsConfig): Promise<readonly Anchor[]> {
  return [
    timestamp === null ? [] : await createStamps(timestamp),
    witness === null
      ? []
      : createWitnessAnchor({ url: witness.url, cosigner: cosignerOf(witness.verifierKey) }),
    folder === null ? [] : createFolderAnchor({ folder }),
  ].flat();
}

/** What reads certificates is large, and loaded only where there is an authority. */
async function createStamps(timestamp: NonNullable<AnchorsConfig['timestamp']>): Promise<Anchor> {
  const { createTimestampAnchor } = await import('./anchor/timestamp.ts');
  const authorities = readCertificates(timestamp.caFile);
  return createTimestampAnchor({ ...timestamp, authorities, chance: systemChance });
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure('configuration-invalid', {
      message: 'The certificates of the time-stamp authority cannot be read.',
      place: `ANCHOR_TSA_CA_FILE, ${file}`,
      allowed: 'a PEM file',
      hint: 'Nothing was read or sent. Get it from the authority and check its digest by another way.',
      cause,
    });
  }
}

/**
 * Takes the one right to advance runs on this machine and puts the pipeline together. Throws `busy` while another process has it.
 */
export async function openPipeline(config: SendingConfig, watch: Watch): Promise<Advancing> {
  mkdirSync(config.outboundDir, { recursive: true, mode: 0o700 });
  const office = await openAnchoring(config, watch);
  const mailbox = createMailbox({ ...meshOptions(config.mesh), clock: systemClock, chance: systemChance });
  watch.signal.addEventListener('abort', () => {
    mailbox.close();
  });
  const { outboundDir, drop } = config;
  return {
    ...office,
    pipeline: {
      ...office,
      mailbox,
      unfetchable: new Set(),
      intake: createIntakeReader({ intakeDir: config.intakeDir }),
      drop: createOutboundDrop({ outboundDir, header: drop.header, chance: systemChance }),
      lists: createPersonLists(systemChance),
    },
    close: async () => {
      mailbox.close();
      await office.close();
    },
  };
}

function meshOptions({
  url,
  mailboxId,
  password,
  sharedKey,
  tls,
}: MeshConfig): Omit<Parameters<typeof createMailbox>[0], 'clock' | 'chance'> {
  const material =
    tls === null
      ? {}
      : {
          tls: {
            cert: readFileSync(tls.certFile),
            key: readFileSync(tls.keyFile),
            ca: readFileSync(tls.caFile),
          },
        };
  return { url, mailboxId, password, sharedKey, ...material };
}
