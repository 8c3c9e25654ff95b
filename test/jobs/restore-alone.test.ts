/** One person alone, who brings settings of their own, puts no older ledger in the place of ours. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { guardian, signer } from '../support/approvals.ts';
import type { Signer } from '../support/approvals.ts';
import { backUp, restoreFrom } from '../support/backups.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { residents } from '../support/residents.ts';

worldsEndWell();

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'approvers-'));
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function listOf(who: Signer): string {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${who.name}.json`);
  fs.writeFileSync(file, JSON.stringify([who.entry]));
  return file;
}

/** A backup of a ledger in which a list of approvers is in force. */
async function guarded(): Promise<{ world: World; backup: string }> {
  const world = await createWorld({ settings: { APPROVERS_FILE: listOf(guardian) } });
  world.intake({ choices: [], roster: residents(3) });
  await world.run();
  return { world, backup: await backUp(world) };
}

const isLost = [false, true];

it.each(isLost)('without a list, where one is in force (ledger lost: %s)', async (lost) => {
  const { world, backup } = await guarded();
  if (lost) world.meddled = true;
  if (lost) await loseLedger(world);
  await expect(restoreFrom(world, backup)).rejects.toMatchObject({ code: 'restore-refused' });
});

it.each(isLost)('with a list of their own (ledger lost: %s)', async (lost) => {
  const { world, backup } = await guarded();
  if (lost) world.meddled = true;
  if (lost) await loseLedger(world);
  const intruder = signer('Nobody Else');
  const own = { approversFile: listOf(intruder), sign: (text: string) => intruder.sign(text) };
  await expect(restoreFrom(world, backup, own)).rejects.toMatchObject({ code: 'approval-refused' });
  const right = { approversFile: listOf(guardian), sign: (text: string) => guardian.sign(text) };
  expect(await restoreFrom(world, backup, right)).toMatchObject({
    approvedBy: ['Grace Hopwood (Caldicott Guardian)'],
  });
});

/** As if its disk were gone: nothing of it can be read. */
async function loseLedger(world: World): Promise<void> {
  await world.ledger.close();
  for (const suffix of ['', '-wal', '-shm'])
    fs.rmSync(path.join(world.config.dataDir, `ledger.sqlite${suffix}`), { force: true });
}
