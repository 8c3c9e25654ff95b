/** Where the ledger of a history lies. */
import type { Ledger } from '../../src/ports.ts';
import { memoryStore, openMemoryLedger } from '../support/memory-ledger.ts';

export interface Store {
  readonly ledger: Ledger;
  /** Keeps what is stored now; what it gives puts that back. */
  remember(): () => void;
  close(): Promise<void>;
}

export function openStore(): Store {
  const store = memoryStore();
  const ledger = openMemoryLedger(store, (call) => call());
  return {
    ledger,
    remember() {
      const { tables } = store;
      return () => void (store.tables = tables);
    },
    close: () => ledger.close(),
  };
}
