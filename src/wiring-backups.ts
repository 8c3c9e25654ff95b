/** Making, checking and restoring backups: where ledger files, log, keys and drop meet outside a run. */
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createAuditLog } from './audit/audit-log.ts';
import { openBackup, sealBackup } from './audit/backup.ts';
import type { OpenedBackup } from './audit/backup.ts';
import { knownTrees, lostTrees } from './audit/lost-trees.ts';
import type { Config } from './config.ts';
import type { LostTree } from './domain/custody.ts';
import { asFailure, Failure } from './domain/failure.ts';
import { demandReason, restoreText } from './domain/restoring.ts';
import type { RestoreTerms } from './domain/restoring.ts';
import { createOutboundDrop } from './drop/outbound-drop.ts';
import { createIntakeReader } from './intake/intake-folder.ts';
import { createApprovers } from './keys/approvers.ts';
import { keyFilesIn, readMasterKey, readSigningKey } from './keys/key-files.ts';
import { createKeyring } from './keys/keyring.ts';
import { takeAdvanceLock } from './ledger/advance-lock.ts';
import { replaceSqlite } from './ledger/replace-sqlite.ts';
import { flushFolder, openSqliteCopy } from './ledger/sqlite-copy.ts';
import { openSqliteLedger } from './ledger/sqlite-ledger.ts';
import { commitSigned } from './pipeline/end.ts';
import { tell } from './pipeline/context.ts';
import type { Pipeline } from './pipeline/context.ts';
import { settleRestored } from './pipeline/restored.ts';
import type { Settled } from './pipeline/restored.ts';
import type { AuditLog, Clock, LedgerReader } from './ports.ts';
import { demandSameMasterKey, systemChance } from './wiring.ts';

const lastBackupSetting = 'last-backup';
const ledgerName = 'ledger.sqlite';
const checkpointName = 'checkpoint';

/**
 * Makes a backup: the log is signed, the ledger copied without what must die, the folder sealed and renamed into place, then read back
 * and recomputed from the disk; only then an entry says that it was made. Throws `backup-invalid` if what lies there is not what was
 * meant; `usage` where the place is taken.
 */
export async function makeBackup(
  desk: Pick<Pipeline, 'ledger' | 'audit' | 'config' | 'keyring' | 'claim' | 'clock' | 'by'>,
  folder: string,
): Promise<OpenedBackup> {
  const { ledger, audit, clock } = desk;
  await commitSigned(desk, () => Promise.resolve());
  const checkpoint = await ledger.read((tx) => tx.checkpoint());
  await sealBackup(folder, audit, openSqliteCopy, {
    copyTo: (place) => ledger.copyTo(path.join(place, ledgerName)),
    checkpoint: checkpoint?.note ?? '',
    configuration: desk.config.digest,
    masterKeyId: desk.keyring.masterKeyId,
    madeAt: new Date(clock.now()).toISOString(),
  });
  const made = await openBackup(folder, audit, openSqliteCopy, [audit.verifierKey]);
  const { size, root, digest, madeAt } = made;
  // Signed with the next step: a backup restored at once then holds all that was ever signed.
  await ledger.transact(desk.claim, async (tx) => {
    await tell(desk, tx, null, { what: 'backup-made', size, root, digest });
    await tx.set(lastBackupSetting, JSON.stringify({ at: madeAt, size, digest }));
  });
  return made;
}

export interface RestoreRequest {
  readonly folder: string;
  readonly reason: string;
  /** A checkpoint that somebody else kept: an auditor, a witness, an anchor. */
  readonly newestCheckpoint: string | null;
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
  demandReason(request.reason);
  const audit = auditIn(config, config.dataDir);
  const keys = [audit.verifierKey];
  const backup = await openBackup(request.folder, audit, openSqliteCopy, keys);
  const standing = await standingLedger(config, audit);
  const files = [path.join(config.dataDir, checkpointName), request.newestCheckpoint ?? []].flat();
  const known = await knownTrees(files, config.auditOrigin, keys);
  const trees = typeof standing === 'string' ? known : [...known, standing];
  const lost = lostTrees(backup.leaves, trees);
  const { digest, size, root } = backup;
  const terms = { backup: digest, size, root, standing, lost, reason: request.reason.trim() };
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
  const { config } = desk;
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const lock = await takeAdvanceLock(config.dataDir);
  const staging = path.join(config.dataDir, `restoring-${randomUUID()}`);
  try {
    const plan = await planRestore(desk, request);
    const approvedBy = await approvalOf(desk, plan, signature);
    await mkdir(staging, { mode: 0o700 });
    const settled = await prepare(desk, plan, { staging, folder: request.folder, approvedBy });
    const setAside = await changePlaces(config.dataDir, staging, plan.terms);
    return { ...settled, terms: plan.terms, approvedBy, setAside };
  } finally {
    await rm(staging, { recursive: true, force: true });
    await lock.release();
  }
}

/** The second person; under the test policy without approvers there is none, and the entry says so by naming nobody. */
async function approvalOf(
  { config, clock, by }: RestoreDesk,
  { text }: RestorePlan,
  signature: string | null,
): Promise<readonly string[]> {
  if (config.approversFile === null && config.numbers.name === 'test') return [];
  if (config.approversFile === null || signature === null) {
    throw new Failure('restore-refused', {
      message:
        'A restore needs a second person: somebody of APPROVERS_FILE who signs what is restored and what is lost.',
      place: config.approversFile === null ? 'APPROVERS_FILE' : '--signature',
      hint: 'Print the text with `export-gate restore DIR --reason "..." --text`, have it signed, and give the signature. Nothing was changed.',
    });
  }
  const { name, role } = await createApprovers(config.approversFile).check(text, signature, clock.now());
  if (name !== by && name !== by.replace(/^[a-z]+:/, '')) return [`${name} (${role})`];
  throw new Failure('approval-refused', {
    message: 'Nobody approves a restore that they make themselves.',
    hint: 'Ask another person of APPROVERS_FILE. Nothing was changed.',
  });
}

interface Preparing {
  readonly staging: string;
  readonly folder: string;
  readonly approvedBy: readonly string[];
}

/** The ledger of the backup, beside its place: recognised, brought up to the world, its first entry written and signed. */
async function prepare(
  { config, clock, by }: RestoreDesk,
  { terms }: RestorePlan,
  { staging, folder, approvedBy }: Preparing,
): Promise<Settled> {
  const file = path.join(staging, ledgerName);
  await copyFile(path.join(folder, ledgerName), file);
  await chmod(file, 0o600);
  const keyring = createKeyring(
    readMasterKey(config.masterKey, keyFilesIn(config.dataDir).master),
    systemChance,
  );
  const ledger = await openSqliteLedger(file);
  try {
    await demandSameMasterKey(ledger, keyring);
    const { intakeDir, outboundDir, drop } = config;
    // In the staging folder nothing larger was ever shown, so that what is signed here may be smaller than what is lost.
    const audit = auditIn(config, staging);
    const room = {
      ...{ ledger, audit, keyring, clock, by, config, claim: await ledger.claim('restoring') },
      drop: createOutboundDrop({ outboundDir, header: drop.header, chance: systemChance }),
      intake: createIntakeReader({ intakeDir }),
    };
    return await settleRestored(room, terms, approvedBy);
  } finally {
    await ledger.close();
  }
}

/** The checkpoint of what is lost goes first: between any two steps the old ledger stands whole, or the new one. */
async function changePlaces(
  dataDir: string,
  staging: string,
  { standing, lost }: RestoreTerms,
): Promise<string | null> {
  const shown = path.join(dataDir, checkpointName);
  if (lost.length > 0 && (await exists(shown)))
    await rename(shown, path.join(dataDir, `checkpoint-lost-${randomUUID()}`));
  const setAside = path.join(dataDir, `ledger-replaced-${randomUUID()}.sqlite`);
  await replaceSqlite(path.join(dataDir, ledgerName), path.join(staging, ledgerName), {
    setAside,
    standing: typeof standing === 'string' ? standing : 'readable',
  });
  await rename(path.join(staging, checkpointName), shown);
  await flushFolder(dataDir);
  return standing === 'none' ? null : setAside;
}

async function standingLedger(
  { dataDir }: Config,
  audit: AuditLog,
): Promise<LostTree | 'none' | 'unreadable'> {
  const file = path.join(dataDir, ledgerName);
  if (!(await exists(file))) return 'none';
  try {
    const copy = await openSqliteCopy(file);
    try {
      return await copy.read((tx) => audit.verify(tx));
    } finally {
      await copy.close();
    }
  } catch (thrown) {
    if (asFailure(thrown).code === 'unexpected') throw thrown;
    return 'unreadable';
  }
}

/** The log as this configuration signs it, with its checkpoint shown in this folder. */
const auditIn = (config: Config, folder: string): AuditLog =>
  createAuditLog({
    origin: config.auditOrigin,
    signingKey: readSigningKey(keyFilesIn(config.dataDir).signing),
    checkpointFile: path.join(folder, checkpointName),
  });

const exists = (place: string): Promise<boolean> =>
  stat(place).then(
    () => true,
    (cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cause;
    },
  );

/** When the last backup was made, and how far its log went; null if there is none. */
export async function lastBackup(
  ledger: LedgerReader,
): Promise<{ readonly at: string; readonly size: number; readonly digest: string } | null> {
  const stored = await ledger.setting(lastBackupSetting);
  return stored === null ? null : (JSON.parse(stored) as { at: string; size: number; digest: string });
}

/** The signature as somebody gave it in a file. */
export const readSignature = (file: string): Promise<string> => readFile(file, 'utf8');
