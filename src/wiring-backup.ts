/** Making a backup: where ledger and log meet a folder outside a run. */
import { openBackup, sealBackup } from './audit/backup.ts';
import type { OpenedBackup } from './audit/backup.ts';
import { formatInstant } from './domain/calendar.ts';
import { openSqliteCopy } from './ledger/sqlite-copy.ts';
import { noteBackup } from './pipeline/backups.ts';
import type { Pipeline } from './pipeline/context.ts';
import { signRest } from './pipeline/end.ts';

/**
 * Makes a backup: the log is signed, the ledger copied without what must die, the folder sealed and renamed into place, then read back
 * and recomputed from the disk; only then an entry says that it was made. Runs go on beside it. Throws `backup-invalid` if what lies
 * there is not what was meant; `usage` where the place is taken.
 */
export async function makeBackup(
  desk: Pick<Pipeline, 'ledger' | 'audit' | 'config' | 'keyring' | 'claim' | 'clock' | 'by'>,
  folder: string,
): Promise<OpenedBackup> {
  const { ledger, audit, clock, config, keyring } = desk;
  await signRest(desk);
  const checkpoint = await ledger.read((tx) => tx.checkpoint());
  const madeAt = formatInstant(clock.now());
  await sealBackup(folder, audit, openSqliteCopy, {
    copyTo: (file) => ledger.copyTo(file),
    checkpoint: checkpoint?.note ?? '',
    configuration: config.digest,
    masterKeyId: keyring.masterKeyId,
    madeAt,
  });
  const made = await openBackup(folder, audit, openSqliteCopy, [audit.verifierKey]);
  await noteBackup(desk, { at: madeAt, size: made.size, root: made.root, digest: made.digest });
  return made;
}
