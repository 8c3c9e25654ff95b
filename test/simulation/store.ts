/** Where the ledger of a history lies. */
import type { Ledger } from '../../src/ports.ts';
import { memoryStore, openMemoryLedger } from '../support/memory-ledger.ts';

export interface Store {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

export function openStore(): Store {
  const ledger = openMemoryLedger(memoryStore(), (call) => call());
  return { ledger, close: () => ledger.close() };
}
