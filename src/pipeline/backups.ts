/** What a ledger remembers of its last backup and of its last restore. */
import { formatInstant } from '../domain/calendar.ts';
import type { LostTree } from '../domain/custody.ts';
import type { Digest } from '../domain/digest.ts';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';

export interface BackupKnown {
  readonly at: string;
  readonly size: number;
  readonly digest: Digest;
}

export interface RestoreKnown {
  readonly at: string;
  readonly size: number;
  readonly lost: readonly LostTree[];
  /** Drops on the disk of which the restored ledger knew nothing. */
  readonly drops: readonly string[];
}

const backupSetting = 'last-backup';
const restoreSetting = 'last-restore';
const awaitingSetting = 'restored-awaiting-person';

/** Writes down that a backup was made. Signed with the next step: a backup restored at once then holds all that was ever signed. */
export async function noteBackup(
  desk: Pick<Pipeline, 'audit' | 'clock' | 'by' | 'ledger' | 'claim'>,
  { root, ...made }: BackupKnown & { readonly root: Digest },
): Promise<void> {
  const { size, digest } = made;
  await desk.ledger.transact(desk.claim, async (tx) => {
    await tell(desk, tx, null, { what: 'backup-made', size, root, digest });
    await tx.set(backupSetting, JSON.stringify(made));
  });
}

/** The last backup; null if there is none. */
export async function lastBackup(ledger: LedgerReader): Promise<BackupKnown | null> {
  return JSON.parse((await ledger.setting(backupSetting)) ?? 'null') as BackupKnown | null;
}

/** Remembers a restore; with `awaiting`, the next run is held until somebody has seen to what it lost. */
export async function noteRestore(
  { clock }: Pick<Pipeline, 'clock'>,
  tx: LedgerWriter,
  known: Omit<RestoreKnown, 'at'>,
  awaiting: boolean,
): Promise<void> {
  await tx.set(restoreSetting, JSON.stringify({ at: formatInstant(clock.now()), ...known }));
  await tx.set(awaitingSetting, awaiting ? 'yes' : 'no');
}

/** The last restore; null if there never was one. */
export async function lastRestore(ledger: LedgerReader): Promise<RestoreKnown | null> {
  return JSON.parse((await ledger.setting(restoreSetting)) ?? 'null') as RestoreKnown | null;
}

/** Whether nobody has yet seen to what the last restore lost. */
export const awaitsPerson = async (ledger: LedgerReader): Promise<boolean> =>
  (await ledger.setting(awaitingSetting)) === 'yes';

/** Somebody has. */
export const noteSeen = (tx: LedgerWriter): Promise<void> => tx.set(awaitingSetting, 'no');
