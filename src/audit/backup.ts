/**
 * A backup: a sealed folder with a copy of the ledger and the checkpoint of its log.
 *
 *   ledger.sqlite   without papers and without the keys that must die
 *   checkpoint      the newest of the log in it
 *
 * No key file is in it: the master key and the signing key are kept apart, or the backup would be as good as the installation.
 */
import path from 'node:path';
import { asFailure, Failure } from '../domain/failure.ts';
import type { AuditLog, Ledger } from '../ports.ts';
import type { Digest } from '../domain/digest.ts';
import { makeSealedFolder, openSealedFolder, writeFlushed } from './sealed-folder.ts';

export const backupFormat = 'export-gate-backup-1';

export interface OpenedBackup {
  readonly digest: Digest;
  readonly size: number;
  readonly root: Digest;
  readonly madeAt: string;
  readonly masterKeyId: string;
  /** Leaf hashes of the log in it. */
  readonly leaves: readonly Uint8Array[];
}

export interface BackupContents {
  readonly copyTo: (folder: string) => Promise<void>;
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
      await copyTo(beside);
      await writeFlushed(beside, 'checkpoint', Buffer.from(checkpoint));
    },
  );

/**
 * Reads a backup from the disk: seal, every file, and the whole log in the copy recomputed. Throws `backup-invalid` unless all of it is
 * what was sealed.
 */
export async function openBackup(
  folder: string,
  audit: AuditLog,
  openCopy: OpenCopy,
  verifierKeys: readonly string[],
): Promise<OpenedBackup> {
  try {
    const { digest, manifest } = await openSealedFolder(folder, 'backup', verifierKeys);
    const { size, root, leaves } = await readLog(folder, audit, openCopy);
    if (manifest['format'] !== backupFormat || manifest['size'] !== size || manifest['root'] !== root)
      throw otherLog(size);
    const [madeAt, masterKeyId] = [String(manifest['madeAt']), String(manifest['masterKeyId'])];
    return { digest, size, root, madeAt, masterKeyId, leaves };
  } catch (thrown) {
    const { code, detail } = asFailure(thrown);
    if (code !== 'audit-invalid' && code !== 'ledger-failed') throw thrown;
    throw new Failure('backup-invalid', {
      ...detail,
      hint: 'Nothing was changed. Use another backup, and find out what happened to this one.',
    });
  }
}

async function readLog(
  folder: string,
  audit: AuditLog,
  openCopy: OpenCopy,
): Promise<{ size: number; root: Digest; leaves: readonly Uint8Array[] }> {
  const copy = await openCopy(path.join(folder, 'ledger.sqlite'));
  try {
    return await copy.read(async (tx) => {
      const { size, root } = await audit.verify(tx);
      const leaves: Uint8Array[] = [];
      for await (const { leaf } of tx.entries(0, Number.MAX_SAFE_INTEGER)) leaves.push(leaf);
      return { size, root, leaves };
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
