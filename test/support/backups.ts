/** Backups of a world, and restoring one as an operator would: nobody has the ledger open meanwhile. */
import path from 'node:path';
import { makeBackup } from '../../src/wiring-backup.ts';
import { planRestore, restoreLedger } from '../../src/wiring-restore.ts';
import type { Restored, RestoreDesk, RestorePlan, RestoreRequest } from '../../src/wiring-restore.ts';
import type { World } from './gate-world.ts';

let made = 0;

/** The folder of a new backup. */
export async function backUp(world: World): Promise<string> {
  const folder = path.join(world.folder, `backup-${++made}`);
  const claim = await world.ledger.claim('backups');
  await makeBackup({ ...world.pipeline, claim }, folder);
  return folder;
}

export const reason = 'the disk of the machine was lost';

const deskOf = ({ config, pipeline: { clock, by } }: World, approversFile: string | null): RestoreDesk => ({
  ...{ clock, by },
  config: { ...config, approversFile },
});

export interface Restoring extends Partial<RestoreRequest> {
  readonly approversFile?: string;
  /** Signs the text that is printed; null gives no signature. */
  readonly sign?: (text: string) => string | null;
}

export const plan = (world: World, folder: string, over: Restoring = {}): Promise<RestorePlan> =>
  planRestore(deskOf(world, over.approversFile ?? null), { folder, reason, checkpoints: [], ...over });

export async function restoreFrom(world: World, folder: string, over: Restoring = {}): Promise<Restored> {
  const desk = deskOf(world, over.approversFile ?? null);
  const request = { folder, reason, checkpoints: [], ...over };
  await world.ledger.close();
  try {
    const signature = over.sign?.((await planRestore(desk, request)).text) ?? null;
    return await restoreLedger(desk, request, signature);
  } finally {
    await world.restart();
  }
}
