/** People who may approve a hold: keys of their own, and the file that names them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Advanced } from '../../src/pipeline/advance.ts';
import { createApprovers } from '../../src/keys/approvers.ts';
import { approvalText, approveHold, rejectHold } from '../../src/pipeline/holds.ts';
import type { Approvers, StoredHold } from '../../src/ports.ts';
import type { World } from './gate-world.ts';

export interface Signer {
  readonly name: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** A detached Ed25519 signature, base64. */
  sign(text: string): string;
}

export function signer(name: string, over: Readonly<Record<string, unknown>> = {}): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const entry = { name, role: 'Caldicott Guardian', validFrom: '2026-01-01', validTo: '2027-12-31' };
  return {
    name,
    entry: { ...entry, publicKey: pem, ...over },
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
}

export const guardian = signer('Grace Hopwood');

export function approversOf(world: World, ...signers: readonly Signer[]): Approvers {
  const file = path.join(world.folder, 'approvers.json');
  fs.writeFileSync(file, JSON.stringify(signers.map(({ entry }) => entry)));
  return createApprovers(file);
}

/** The hold of a world that nobody has decided yet. */
export async function openHold({ ledger }: World): Promise<StoredHold> {
  const hold = await ledger.read(async (tx) =>
    (await tx.holds()).find(({ decision }) => decision === 'open'),
  );
  if (hold === undefined) throw new Error('nothing is held');
  return hold;
}

/** Approves the open hold as the guardian would, and gives it. */
export async function approve(world: World): Promise<StoredHold> {
  const hold = await openHold(world);
  const signature = guardian.sign(approvalText(hold));
  const words = { signature, reason: 'looked at and found to be right' };
  await approveHold(world.pipeline, approversOf(world, guardian), hold.id, words);
  return hold;
}

/** Runs a night; where opt-outs have vanished from its list on purpose, somebody looks, accepts it, and it goes on. */
export async function runAccepting(world: World, date: string): Promise<Advanced> {
  const advanced = await world.run(date);
  if (advanced.run.state !== 'held') return advanced;
  const { reasons } = await openHold(world);
  if (!reasons.every((reason) => reason.endsWith('opt-outs-vanished'))) return advanced;
  await approve(world);
  return world.run(date);
}

/** Rejects the open hold. */
export async function reject(world: World): Promise<void> {
  await rejectHold(world.pipeline, (await openHold(world)).id, 'looked at and found to be wrong');
}
