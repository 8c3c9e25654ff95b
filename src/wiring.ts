import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createAuditLog } from './audit/audit-log.ts';
import { exportLog } from './audit/export-log.ts';
import { createPersonLists } from './audit/person-lists.ts';
import { proveConsistency, proveEntry, proveRun } from './audit/proofs.ts';
import type { Config, SendingConfig } from './config.ts';
import { headerIn } from './config-settings.ts';
import { readDate } from './domain/calendar.ts';
import { contentOf } from './domain/configuration.ts';
import { asFailure, Failure } from './domain/failure.ts';
import { createOutboundDrop } from './drop/outbound-drop.ts';
import { createIntakeReader } from './intake/intake-folder.ts';
import { approversIn, createApprovers } from './keys/approvers.ts';
import { readNextKey, replaceSigningKey } from './keys/key-change.ts';
import { initKeys, keyFilesIn, makeFolder, readMasterKey, readSigningKey } from './keys/key-files.ts';
import type { KeyFiles } from './keys/key-files.ts';
import { createKeyring } from './keys/keyring.ts';
import { takeAdvanceLock } from './ledger/advance-lock.ts';
import { openPostgresLedger, preparePostgresLedger } from './ledger/postgres-ledger.ts';
import { openSqliteLedger } from './ledger/sqlite-ledger.ts';
import { createMailbox } from './mesh/mailbox.ts';
import { advanceRun } from './pipeline/advance.ts';
import type { AnchorDesk } from './pipeline/anchoring.ts';
import { configurationInForce } from './pipeline/configuration.ts';
import type { Pipeline, Progress } from './pipeline/context.ts';
import type {
  Approvers,
  ApproversIn,
  AuditLog,
  Chance,
  Claim,
  Clock,
  IntakeReader,
  Keyring,
  Ledger,
  OutboundDrop,
  PersonLists,
} from './ports.ts';

import { createAnchors } from './wiring-anchors.ts';
import { checkpointBoard } from './audit/checkpoint-file.ts';

export { exportLog, proveConsistency, proveEntry, proveRun };
export { advanceRun, initKeys, keyFilesIn, replaceSigningKey, takeAdvanceLock };

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(performance.now()),
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
  readonly intake: IntakeReader;
  readonly drop: OutboundDrop;
  readonly lists: PersonLists;
  readonly approvers: Approvers;
  readonly approversIn: ApproversIn;
  close(): Promise<void>;
}

const masterKeySetting = 'master-key-id';

/** Opens the ledger: the embedded one, or that of `DATABASE_URL`. Throws `configuration-invalid`, `master-key-missing`, `master-key-wrong`, `ledger-newer`. */
export async function openOffice(config: Config): Promise<Office> {
  const files = keyFilesIn(config.dataDir);
  const keyring = createKeyring(readMasterKey(config.masterKey, files.master), systemChance);
  makeFolder(config.dataDir);
  const board = checkpointBoard(path.join(config.dataDir, 'checkpoint'));
  const openLog = (): AuditLog =>
    createAuditLog({
      origin: config.auditOrigin,
      signingKey: readSigningKey(files.signing),
      nextKey: readNextKey(files),
      board,
    });
  // Before the ledger: where the key is none, nothing is opened.
  let audit = openLog();
  const ledger = await openLedger(config);
  try {
    await recognise(ledger, keyring, audit);
    if (await settleSigningKey(ledger, audit, files)) audit = openLog();
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
    intake: createIntakeReader({ intakeDir: config.intakeDir }),
    drop: dropOf(config),
    lists: createPersonLists(systemChance),
    approvers: createApprovers(config.approversFile, config.settings[contentOf('APPROVERS_FILE')]),
    approversIn,
    close: () => ledger.close(),
  };
}

const openLedger = ({ databaseUrl, dataDir }: Config): Promise<Ledger> =>
  databaseUrl === null
    ? openSqliteLedger(path.join(dataDir, 'ledger.sqlite'))
    : openPostgresLedger(databaseUrl);

/** Readers of folders that each hold one folder a business date, or are one. */
export const intakesUnder = (folders: readonly string[]): readonly IntakeReader[] =>
  folders.map((folder) => {
    const place = path.resolve(folder);
    const date = readDate(path.basename(place));
    if (date === null) return createIntakeReader({ intakeDir: place });
    const beside = createIntakeReader({ intakeDir: path.dirname(place) });
    return { ...beside, dates: () => Promise.resolve([date]) };
  });

/** The drop where the settings in force put it, whatever this process was told; or in a folder that somebody names. */
export async function dropInForce(
  { config, ledger }: Pick<Office, 'config' | 'ledger'>,
  folder?: string,
): Promise<OutboundDrop> {
  const settings = (await ledger.read(configurationInForce))?.settings;
  const outboundDir = folder ?? settings?.['EXPORT_GATE_OUTBOUND_DIR'] ?? config.outboundDir;
  const header = settings === undefined ? config.drop.header : headerIn(settings);
  return createOutboundDrop({ outboundDir: path.resolve(outboundDir), header, chance: systemChance });
}

const dropOf = ({ outboundDir, drop }: Config): OutboundDrop =>
  createOutboundDrop({ outboundDir, header: drop.header, chance: systemChance });

/** A ledger remembers the master key it began with: another one would not recognise who opted out, and so is refused. */
async function recognise(ledger: Ledger, keyring: Keyring, audit: AuditLog): Promise<void> {
  const isKnown = async (): Promise<boolean> =>
    (await ledger.read((tx) => tx.setting(masterKeySetting))) !== null;
  while (!(await isKnown())) {
    try {
      await begin(ledger, keyring, audit);
    } catch (thrown) {
      // Another process opens it for the first time at this moment too: what it wrote stands, and so does its key.
      if (asFailure(thrown).code !== 'epoch-stale') throw thrown;
    }
  }
  await demandSameMasterKey(ledger, keyring);
}

/** The first entry of a ledger. Throws `epoch-stale` where another process begins it too. */
async function begin(ledger: Ledger, keyring: Keyring, audit: AuditLog): Promise<void> {
  const claim = await ledger.claim('opening');
  await ledger.transact(claim, async (tx) => {
    if ((await tx.setting(masterKeySetting)) !== null) return;
    await tx.set(masterKeySetting, keyring.masterKeyId);
    const at = new Date(systemClock.now()).toISOString();
    const { origin, verifierKey } = audit;
    await audit.append(tx, { what: 'log-opened', at, run: '', by: 'export-gate', origin, verifierKey });
  });
}

/** Throws `master-key-wrong` unless the ledger was begun with this key. */
export async function demandSameMasterKey(ledger: Ledger, keyring: Keyring): Promise<void> {
  const known = await ledger.read((tx) => tx.setting(masterKeySetting));
  if (known === null || known === keyring.masterKeyId) return;
  throw new Failure('master-key-wrong', {
    message:
      'This master key is not the one the ledger was begun with: earlier opt-outs could not be recognised under it.',
    place: 'EXPORT_GATE_MASTER_KEY',
    found: `key ${keyring.masterKeyId}`,
    allowed: `key ${known}`,
    hint: 'Restore the master key that belongs to this ledger. Nothing was read or sent.',
  });
}

/**
 * A change of key that was cut short after its announcement ends here; true if there was one. Throws `configuration-invalid` where the
 * key of this ledger is not at hand.
 */
async function settleSigningKey(ledger: Ledger, audit: AuditLog, files: KeyFiles): Promise<boolean> {
  const inForce = (await ledger.read((tx) => audit.keys(tx))).at(-1)?.verifierKey;
  if (inForce === audit.verifierKey) return false;
  if (inForce === audit.nextVerifierKey) {
    replaceSigningKey(files);
    return true;
  }
  throw new Failure('configuration-invalid', {
    message: 'This is not the key that the log of this ledger is signed with.',
    place: files.signing,
    found: audit.verifierKey,
    allowed: inForce ?? 'none',
    hint: 'Put the right key back. Was AUDIT_ORIGIN changed? The log keeps the name it began with. Nothing was read or sent.',
  });
}

/** Makes the tables of `DATABASE_URL` by their owner. Throws `configuration-invalid` where one of the two addresses is missing. */
export async function prepareLedger({
  databaseUrl,
  databaseOwnerUrl,
}: Config): Promise<{ readonly role: string }> {
  if (databaseUrl === null || databaseOwnerUrl === null) {
    throw new Failure('configuration-invalid', {
      message: 'Only a ledger in PostgreSQL needs to be prepared; the embedded one makes itself.',
      place: 'DATABASE_URL, DATABASE_OWNER_URL',
      allowed: 'the address as the role that runs the gate, and as the role that owns the tables',
      hint: 'Set both.',
    });
  }
  const role = decodeURIComponent(new URL(databaseUrl).username);
  await preparePostgresLedger(databaseOwnerUrl, role);
  return { role };
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

/** An office that may show the log to its anchors, and needs no MESH for it. */
export type Anchoring = Office & AnchorDesk;

/**
 * Takes the one right to advance runs on this machine, under which anchors are shown the log too. Throws `busy` while another process has
 * it, `place-unsafe` where the data folder cannot be made.
 */
export async function openAnchoring(config: Config, watch: Watch): Promise<Anchoring> {
  makeFolder(config.dataDir);
  const anchors = await createAnchors(config.anchors, systemChance);
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

/**
 * Takes the one right to advance runs on this machine and puts the pipeline together. Throws `busy` while another process has it,
 * `place-unsafe` where a folder is not ours alone or cannot be made.
 */
export async function openPipeline(config: SendingConfig, watch: Watch): Promise<Advancing> {
  const mailbox = openMailbox(config);
  makeFolder(config.outboundDir);
  // Looked at now: where a drop could not stand, nobody should be asked about.
  await dropOf(config).dates();
  const office = await openAnchoring(config, watch);
  const hangUp = (): void => {
    mailbox.close();
  };
  watch.signal.addEventListener('abort', hangUp);
  return {
    ...office,
    pipeline: {
      ...office,
      mailbox,
      unfetchable: new Set(),
    },
    close: async () => {
      watch.signal.removeEventListener('abort', hangUp);
      hangUp();
      await office.close();
    },
  };
}

/**
 * The mailbox of the configuration, which opens no connection before its first call. Throws `configuration-invalid` for a certificate, key
 * or CA that cannot be read or do not belong together.
 */
export function openMailbox({ mesh }: Pick<SendingConfig, 'mesh'>): ReturnType<typeof createMailbox> {
  const { url, mailboxId, password, sharedKey, tls } = mesh;
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
  return createMailbox({
    url,
    mailboxId,
    password,
    sharedKey,
    ...material,
    clock: systemClock,
    chance: systemChance,
  });
}

/** An office that reads person-level evidence, and has some of it erased. */
export interface Archive extends Office {
  readonly by: string;
  readonly claim: Claim;
}

/** Throws what `openOffice` throws. */
export async function openArchive(config: Config, by: string): Promise<Archive> {
  return claimed({ ...(await openOffice(config)), by });
}

/** The same with the right to write taken anew: somebody else may have had it while a person was typing. Runs go on beside it. */
export const claimed = async (archive: Omit<Archive, 'claim'>): Promise<Archive> => ({
  ...archive,
  claim: await archive.ledger.claim('archive'),
});
