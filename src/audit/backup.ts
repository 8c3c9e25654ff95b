/**
 * A backup: a sealed folder with a copy of the ledger and the checkpoint of its log.
 *
 *   ledger.sqlite   without papers and without the keys that must die
 *   checkpoint      the newest of the log in it
 *
 * No key file is in it: the master key and the signing key are kept apart, or the backup would be as good as the installation.
 */
import path from 'node:path';
import type { Digest } from '../domain/digest.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { AuditLog, Ledger } from '../ports.ts';
import { rootOf } from './merkle-tree.ts';
import { recompute } from './recompute.ts';
import { makeSealedFolder, openSealedFolder, writeFlushed } from './sealed-folder.ts';

const backupFormat = 'export-gate-backup-1';
export const ledgerName = 'ledger.sqlite';
const checkpointName = 'checkpoint';

interface LogRead {
  readonly size: number;
  readonly root: Digest;
  /** The key that signs the log as it stands there. */
  readonly signedWith: string;
  /** Leaf hashes of its entries. */
  readonly leaves: readonly Uint8Array[];
}

export interface OpenedBackup extends LogRead {
  readonly digest: Digest;
  readonly madeAt: string;
  readonly masterKeyId: string;
}

export interface BackupContents {
  readonly copyTo: (file: string) => Promise<void>;
  readonly checkpoint: string;
  readonly configuration: Digest;
  readonly masterKeyId: string;
  readonly madeAt: string;
}

type OpenCopy = (file: string) => Promise<Pick<Ledger, 'read' | 'close'>>;

/** Makes the folder; its manifest names the size and root of the log as they were computed from the copy. */
export const sealBackup = (
  folder: string,
  audit: AuditLog,
  openCopy: OpenCopy,
  { copyTo, checkpoint, ...details }: BackupContents,
): Promise<Digest> =>
  makeSealedFolder(
    folder,
    audit,
    {
      kind: 'backup',
      async details(beside) {
        const { size, root } = await readLog(beside, audit, openCopy);
        return { format: backupFormat, origin: audit.origin, size, root, ...details };
      },
    },
    async (beside) => {
      await copyTo(path.join(beside, ledgerName));
      await writeFlushed(beside, checkpointName, Buffer.from(checkpoint));
    },
  );

/**
 * Reads a backup from the disk: seal, every file, and the whole log in the copy recomputed. `verifierKeys`: every key this log was ever
 * signed with, for one of them sealed the backup. Throws `backup-invalid` unless all of it is what was sealed.
 */
export async function openBackup(
  folder: string,
  audit: Pick<AuditLog, 'origin' | 'keys'>,
  openCopy: OpenCopy,
  verifierKeys: readonly string[],
): Promise<OpenedBackup> {
  try {
    const { digest, manifest } = await openSealedFolder(folder, 'backup', verifierKeys);
    const log = await readLog(folder, audit, openCopy);
    const { format, origin, size, root } = manifest;
    if (format !== backupFormat || origin !== audit.origin || size !== log.size || root !== log.root)
      throw otherLog(log.size);
    const [madeAt, masterKeyId] = [String(manifest['madeAt']), String(manifest['masterKeyId'])];
    return { digest, madeAt, masterKeyId, ...log };
  } catch (thrown) {
    const { code, detail } = asFailure(thrown);
    if (code !== 'audit-invalid' && code !== 'ledger-failed') throw thrown;
    throw new Failure('backup-invalid', {
      ...detail,
      hint: 'Nothing was changed. Use another backup, and find out what happened to this one.',
    });
  }
}

/** Without the key that signs: a backup may be older than the present one. */
async function readLog(
  folder: string,
  audit: Pick<AuditLog, 'origin' | 'keys'>,
  openCopy: OpenCopy,
): Promise<LogRead> {
  const copy = await openCopy(path.join(folder, ledgerName));
  try {
    return await copy.read(async (tx) => {
      const assumed = (await audit.keys(tx)).slice(0, 1);
      const { frontier, keys } = await recompute(tx, audit.origin, assumed);
      const root = Buffer.from(rootOf(frontier)).toString('hex');
      const leaves: Uint8Array[] = [];
      for await (const { leaf } of tx.entries(0, frontier.size)) leaves.push(leaf);
      return { size: frontier.size, root, signedWith: keys.at(-1)?.verifierKey ?? '', leaves };
    });
  } finally {
    await copy.close();
  }
}

const otherLog = (size: number): Failure =>
  new Failure('audit-invalid', {
    message: 'The log in this backup is not the one its manifest names.',
    place: `log of ${size} entries`,
  });
