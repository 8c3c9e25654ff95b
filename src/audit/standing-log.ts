/** The log of a ledger that is about to be replaced: how far it came, and what was erased in it. */
import type { LostTree } from '../domain/custody.ts';
import type { Entry } from '../domain/evidence.ts';
import type { LostErasure } from '../domain/restoring.ts';
import type { AuditLog, LedgerReader } from '../ports.ts';

export interface StandingLog {
  readonly tree: LostTree;
  readonly verifierKeys: readonly string[];
  readonly erasures: readonly ToldErasure[];
}

interface ToldErasure {
  readonly leaf: Uint8Array;
  readonly told: LostErasure;
}

/** Reads it whole. Throws `audit-invalid` where it does not verify: then nothing in it is believed. */
export async function readStanding(ledger: LedgerReader, audit: AuditLog): Promise<StandingLog> {
  const tree = await audit.verify(ledger);
  const verifierKeys = (await audit.keys(ledger)).map(({ verifierKey }) => verifierKey);
  const erasures: ToldErasure[] = [];
  for (const what of ['year-erased', 'person-erased'] as const)
    for await (const { position, line, leaf } of ledger.entriesOf(what)) {
      const entry = JSON.parse(Buffer.from(line).toString()) as Entry;
      if (entry.what === 'year-erased')
        erasures.push({ leaf, told: { what: entry.what, position, year: entry.year } });
      if (entry.what === 'person-erased')
        erasures.push({ leaf, told: { what: entry.what, position, blocks: entry.blocks.length } });
    }
  return { tree, verifierKeys, erasures: erasures.sort((a, b) => a.told.position - b.told.position) };
}

/** Those erasures that stand in no log of these leaves. Every entry is blinded: no two have one leaf. */
export function lostErasures(
  { erasures }: StandingLog,
  leaves: readonly Uint8Array[],
): readonly LostErasure[] {
  const kept = new Set(leaves.map(hex));
  return erasures.filter(({ leaf }) => !kept.has(hex(leaf))).map(({ told }) => told);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
