/** As much of a ledger as an audit log needs, in memory. */
import type { LedgerWriter, StoredAnchoring, StoredEntry } from '../../src/ports.ts';

type LogLedger = Pick<
  LedgerWriter,
  | 'setting'
  | 'set'
  | 'entries'
  | 'appendEntry'
  | 'frontier'
  | 'setFrontier'
  | 'checkpoint'
  | 'checkpoints'
  | 'putCheckpoint'
  | 'anchorings'
>;

/** What lies in it, for a hand that alters it. */
export interface MemoryLog {
  readonly ledger: LedgerWriter;
  readonly entries: StoredEntry[];
  readonly checkpoints: { size: number; note: string }[];
  readonly settings: Map<string, string>;
  readonly anchorings: StoredAnchoring[];
}

export function memoryLog(): MemoryLog {
  const entries: StoredEntry[] = [];
  const checkpoints: { size: number; note: string }[] = [];
  const settings = new Map<string, string>();
  const anchorings: StoredAnchoring[] = [];
  let frontier = { size: 0, hashes: [] as readonly Uint8Array[] };
  const done = Promise.resolve();
  const ledger: LogLedger = {
    setting: (name) => Promise.resolve(settings.get(name) ?? null),
    set: (name, value) => (settings.set(name, value), done),
    async *entries(from, to) {
      for (const entry of entries.slice(from, to)) yield await Promise.resolve(entry);
    },
    appendEntry: (entry) => (entries.push(entry), done),
    frontier: () => Promise.resolve(frontier),
    setFrontier: (next) => ((frontier = next), done),
    checkpoint: () => Promise.resolve(checkpoints.at(-1) ?? null),
    checkpoints: () => Promise.resolve([...checkpoints]),
    putCheckpoint: (size, note) => (checkpoints.push({ size, note }), done),
    async *anchorings(fromSize) {
      for (const each of anchorings) if (each.size >= fromSize) yield await Promise.resolve(each);
    },
  };
  return { ledger: ledger as LedgerWriter, entries, checkpoints, settings, anchorings };
}
