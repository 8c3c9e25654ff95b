import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createAuditLog } from './audit/audit-log.ts';
import { exportLog } from './audit/export-log.ts';
import { createPersonLists } from './audit/person-lists.ts';
import { proveConsistency, proveEntry, proveRun } from './audit/proofs.ts';
import type { Config, SendingConfig } from './config.ts';
import { Failure } from './domain/failure.ts';
import { createOutboundDrop } from './drop/outbound-drop.ts';
import { createIntakeReader } from './intake/intake-folder.ts';
import { createApprovers } from './keys/approvers.ts';
import { readNextKey, replaceSigningKey } from './keys/key-change.ts';
import { initKeys, keyFilesIn, makeFolder, readMasterKey, readSigningKey } from './keys/key-files.ts';
import type { KeyFiles } from './keys/key-files.ts';
import { createKeyring } from './keys/keyring.ts';
import { takeAdvanceLock } from './ledger/advance-lock.ts';
import { openSqliteLedger } from './ledger/sqlite-ledger.ts';
import { createMailbox } from './mesh/mailbox.ts';
import { advanceRun } from './pipeline/advance.ts';
import type { Pipeline, Progress } from './pipeline/context.ts';
import type { Approvers, AuditLog, Chance, Claim, Clock, Keyring, Ledger, PersonLists } from './ports.ts';

export { exportLog, proveConsistency, proveEntry, proveRun };
export { advanceRun, initKeys, keyFilesIn, replaceSigningKey, takeAdvanceLock };

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
  makeFolder(config.dataDir);
  const checkpointFile = path.join(config.dataDir, 'checkpoint');
  const openLog = (): AuditLog =>
    createAuditLog({
      origin: config.auditOrigin,
      signingKey: readSigningKey(files.signing),
      nextKey: readNextKey(files),
      checkpointFile,
    });
  // Before the ledger: where the key is none, nothing is opened.
  let audit = openLog();
  const ledger = await openSqliteLedger(path.join(config.dataDir, 'ledger.sqlite'));
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
  await demandSameMasterKey(ledger, keyring);
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

/** Throws `configuration-invalid` where servers are named that this version does not use. */
export function refuseServers(config: Pick<Config, 'databaseUrl' | 'redisUrl'>): void {
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

/**
 * Takes the one right to advance runs on this machine and puts the pipeline together. Throws `busy` while another process has it,
 * `place-unsafe` where a folder is not ours alone or cannot be made.
 */
export async function openPipeline(
  config: SendingConfig,
  watch: {
    readonly by: string;
    readonly signal: AbortSignal;
    readonly onProgress: (event: Progress) => void;
  },
): Promise<Advancing> {
  const mailbox = openMailbox(config);
  for (const folder of [config.dataDir, config.outboundDir]) makeFolder(folder);
  const { outboundDir } = config;
  const drop = createOutboundDrop({ outboundDir, header: config.drop.header, chance: systemChance });
  // Looked at now: where a drop could not stand, nobody should be asked about.
  await drop.dates();
  const lock = await takeAdvanceLock(config.dataDir);
  let office: Office;
  try {
    office = await openOffice(config);
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
  watch.signal.addEventListener('abort', () => {
    mailbox.close();
  });
  return {
    ...office,
    pipeline: {
      ...office,
      ...watch,
      mailbox,
      unfetchable: new Set(),
      intake: createIntakeReader({ intakeDir: config.intakeDir }),
      drop,
      lists: createPersonLists(systemChance),
      claim: await office.ledger.claim('advancing'),
    },
    close: async () => {
      mailbox.close();
      await office.close();
      await lock.release();
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
  readonly lists: PersonLists;
  readonly by: string;
  readonly claim: Claim;
}

/** Throws what `openOffice` throws. */
export async function openArchive(config: Config, by: string): Promise<Archive> {
  const office = await openOffice(config);
  return claimed({ ...office, by, lists: createPersonLists(systemChance) });
}

/** The same with the right to write taken anew: somebody else may have had it while a person was typing. Runs go on beside it. */
export const claimed = async (archive: Omit<Archive, 'claim'>): Promise<Archive> => ({
  ...archive,
  claim: await archive.ledger.claim('archive'),
});
