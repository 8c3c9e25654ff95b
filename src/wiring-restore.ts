/** Restoring a backup: where ledger files, log, keys, intake and drop meet outside a run. */
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createAuditLog } from './audit/audit-log.ts';
import { ledgerName, openBackup } from './audit/backup.ts';
import type { OpenedBackup } from './audit/backup.ts';
import type { KeyChange } from './audit/key-succession.ts';
import { knownLog, lossesOf } from './audit/losses.ts';
import { createPersonLists } from './audit/person-lists.ts';
import { readStanding } from './audit/standing-log.ts';
import type { StandingLog } from './audit/standing-log.ts';
import type { Config } from './config.ts';
import { asFailure, Failure } from './domain/failure.ts';
import { restoreText } from './domain/restoring.ts';
import type { RestoreTerms } from './domain/restoring.ts';
import { demandReason } from './domain/signed-request.ts';
import { createOutboundDrop } from './drop/outbound-drop.ts';
import { createIntakeReader } from './intake/intake-folder.ts';
import { approversIn, createApprovers } from './keys/approvers.ts';
import { readNextKey } from './keys/key-change.ts';
import { keyFilesIn, readMasterKey, readSigningKey } from './keys/key-files.ts';
import { createKeyring } from './keys/keyring.ts';
import { takeAdvanceLock } from './ledger/advance-lock.ts';
import { replaceSqlite } from './ledger/replace-sqlite.ts';
import { flushFolder, openSqliteCopy } from './ledger/sqlite-copy.ts';
import { openSqliteLedger } from './ledger/sqlite-ledger.ts';
import { approvalOf, settingsInForce } from './pipeline/restore-rights.ts';
import { settleRestored } from './pipeline/restored.ts';
import type { Restoring, Settled } from './pipeline/restored.ts';
import type { AuditLog, Clock } from './ports.ts';
import { ownKeyChanges, ownVerifierKeys } from './wiring-keys.ts';
import { demandSameMasterKey, systemChance } from './wiring.ts';
import { checkpointBoard } from './audit/checkpoint-file.ts';

const lostPrefix = 'checkpoint-lost-';
const stagingPrefix = 'restoring-';

export interface RestoreRequest {
  readonly folder: string;
  readonly reason: string;
  /** Checkpoint files that somebody else kept: an auditor, a witness, an anchor. Each must be there; the log may lie beside it. */
  readonly checkpoints: readonly string[];
}

export interface RestoreDesk {
  readonly config: Config;
  readonly clock: Clock;
  readonly by: string;
}

export interface RestorePlan {
  readonly backup: OpenedBackup;
  readonly terms: RestoreTerms;
  readonly text: string;
}

/** What a restore would do, and the text that a second person signs. Changes nothing. Throws `backup-invalid`, `usage`, `restore-refused`. */
export async function planRestore({ config }: RestoreDesk, request: RestoreRequest): Promise<RestorePlan> {
  const reason = demandReason(request.reason);
  if (config.databaseUrl !== null) throw ofTheDatabase();
  const { dataDir, auditOrigin: origin } = config;
  const audit = auditIn(config, dataDir);
  const standing = await standingLog(dataDir, audit);
  const keys = [...ownVerifierKeys(config), ...(typeof standing === 'string' ? [] : standing.verifierKeys)];
  const backup = await openBackup(request.folder, audit, openSqliteCopy, keys);
  keyChangesSince(config, backup);
  const files = [...(await shownBefore(dataDir)), ...(await anchoredIn(config)), ...request.checkpoints];
  const known = await Promise.all(files.map((file) => knownLog(file, origin, keys)));
  const { digest, size, root, leaves } = backup;
  const terms = { origin, backup: digest, size, root, ...lossesOf(leaves, standing, known), reason };
  return { backup, terms, text: restoreText(terms) };
}

export interface Restored extends Settled {
  readonly terms: RestoreTerms;
  readonly approvedBy: readonly string[];
  /** Where the ledger that stood there lies now, without its papers; null where there was none. */
  readonly setAside: string | null;
}

/**
 * Puts a backup in the place of the ledger. Two people: whoever runs it, and an approver whose signature is over exactly this backup, the
 * ledger it replaces, and what is lost. Everything is prepared beside, entry and signature included; then the checkpoint of what is lost
 * is moved aside and the ledger changes places by one rename, so that a crash leaves the old one or the new one whole. Throws what
 * `planRestore` throws, `restore-refused`, `approval-refused`, `master-key-wrong`, `busy`.
 */
export async function restoreLedger(
  desk: RestoreDesk,
  request: RestoreRequest,
  signature: string | null,
): Promise<Restored> {
  const { dataDir, approversFile } = desk.config;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await takeAdvanceLock(dataDir);
  const staging = path.join(dataDir, `${stagingPrefix}${randomUUID()}`);
  try {
    await clearStaging(dataDir);
    const { backup, terms, text } = await planRestore(desk, request);
    await mkdir(staging, { mode: 0o700 });
    await copyFile(path.join(request.folder, ledgerName), path.join(staging, ledgerName));
    await chmod(path.join(staging, ledgerName), 0o600);
    const approvers = {
      ...{ approversIn, atHand: createApprovers(approversFile) },
      inForce: await settingsInForce(
        typeof terms.standing === 'string' ? [staging] : [dataDir, staging],
        (place) => openSqliteLedger(path.join(place, ledgerName)),
      ),
    };
    const approvedBy = await approvalOf(desk, approvers, text, signature);
    const keyChanges = keyChangesSince(desk.config, backup);
    const settled = await settle(desk, staging, { terms, approvedBy, keyChanges });
    const setAside = await changePlaces(dataDir, staging, terms);
    return { ...settled, terms, approvedBy, setAside };
  } finally {
    await rm(staging, { recursive: true, force: true });
    await lock.release();
  }
}

/** The ledger of the backup, beside its place: recognised, brought up to the world, its first entry written and signed. */
async function settle(
  { config, clock, by }: RestoreDesk,
  staging: string,
  restoring: Omit<Restoring, 'standing'>,
): Promise<Settled> {
  const { dataDir, intakeDir, outboundDir, drop } = config;
  const keyring = createKeyring(readMasterKey(config.masterKey, keyFilesIn(dataDir).master), systemChance);
  const ledger = await openSqliteLedger(path.join(staging, ledgerName));
  const isReadable = typeof restoring.terms.standing !== 'string';
  const standing = isReadable ? await openSqliteLedger(path.join(dataDir, ledgerName)) : null;
  try {
    await demandSameMasterKey(ledger, keyring);
    const room = {
      ...{ ledger, keyring, clock, by, config, chance: systemChance },
      // In the staging folder nothing larger was ever shown, so that what is signed here may be smaller than what is lost.
      audit: auditIn(config, staging),
      claim: await ledger.claim('restoring'),
      drop: createOutboundDrop({ outboundDir, header: drop.header, chance: systemChance }),
      intake: createIntakeReader({ intakeDir }),
      lists: createPersonLists(systemChance),
    };
    return await settleRestored(room, { ...restoring, standing });
  } finally {
    await standing?.close();
    await ledger.close();
  }
}

/** The checkpoint of what is lost goes first: between any two steps the old ledger stands whole, or the new one. */
async function changePlaces(
  dataDir: string,
  staging: string,
  { standing, lost }: RestoreTerms,
): Promise<string | null> {
  const shown = path.join(dataDir, 'checkpoint');
  if (lost.length > 0 && (await exists(shown)))
    await rename(shown, path.join(dataDir, `${lostPrefix}${randomUUID()}`));
  const setAside = path.join(dataDir, `ledger-replaced-${randomUUID()}.sqlite`);
  await replaceSqlite(path.join(dataDir, ledgerName), path.join(staging, ledgerName), {
    setAside,
    standing: typeof standing === 'string' ? standing : 'readable',
  });
  await rename(path.join(staging, 'checkpoint'), shown);
  await flushFolder(dataDir);
  return standing === 'none' ? null : setAside;
}

/** The changes of key that the log of a backup must be told of. Throws `restore-refused` where its key is gone and named no other. */
function keyChangesSince(config: Config, { signedWith }: OpenedBackup): readonly KeyChange[] {
  const audit = auditIn(config, config.dataDir);
  if (signedWith === audit.verifierKey || signedWith === audit.nextVerifierKey) return [];
  const changes = ownKeyChanges(config);
  const first = changes.findIndex(({ previous }) => previous === signedWith);
  if (first >= 0) return changes.slice(first);
  throw new Failure('restore-refused', {
    message:
      'The log in this backup is signed with another key, and nothing at hand shows that ours follows it.',
    place: 'key-changes.json',
    found: signedWith,
    allowed: audit.verifierKey,
    hint: 'Nothing was changed. Put the key folder of this log back whole, or use a backup made after the change of key.',
  });
}

async function standingLog(dataDir: string, audit: AuditLog): Promise<StandingLog | 'none' | 'unreadable'> {
  const file = path.join(dataDir, ledgerName);
  if (!(await exists(file))) return 'none';
  try {
    const copy = await openSqliteCopy(file);
    try {
      return await copy.read((tx) => readStanding(tx, audit));
    } finally {
      await copy.close();
    }
  } catch (thrown) {
    if (asFailure(thrown).code === 'unexpected') throw thrown;
    return 'unreadable';
  }
}

/** What was shown of this log: now, and of the parts that earlier restores have lost. */
async function shownBefore(dataDir: string): Promise<readonly string[]> {
  const names = (await exists(dataDir)) ? await readdir(dataDir) : [];
  return names
    .filter((name) => name === 'checkpoint' || name.startsWith(lostPrefix))
    .map((name) => path.join(dataDir, name));
}

/** What the anchor folder holds; it may hold nothing yet. */
async function anchoredIn({ anchors }: Config): Promise<readonly string[]> {
  if (anchors.folder === null) return [];
  const file = path.join(anchors.folder, 'checkpoint');
  return (await exists(file)) ? [file] : [];
}

/** A restore that was cut short leaves the ledger that it was preparing. */
async function clearStaging(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir))
    if (name.startsWith(stagingPrefix)) await rm(path.join(dataDir, name), { recursive: true });
}

/** The log as this configuration signs it, with its checkpoint shown in this folder. */
const auditIn = ({ auditOrigin, dataDir }: Config, folder: string): AuditLog =>
  createAuditLog({
    origin: auditOrigin,
    signingKey: readSigningKey(keyFilesIn(dataDir).signing),
    nextKey: readNextKey(keyFilesIn(dataDir)),
    board: checkpointBoard(path.join(folder, 'checkpoint')),
  });

const exists = (place: string): Promise<boolean> =>
  stat(place).then(
    () => true,
    (cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cause;
    },
  );

const ofTheDatabase = (): Failure =>
  new Failure('usage', {
    message: 'A ledger in PostgreSQL is put back by the means of its database.',
    place: 'DATABASE_URL',
    hint: 'Nothing was changed. Whoever restored the database: the gate refuses a ledger older than the checkpoint beside it or than its anchors.',
  });
