import { ledgerContract } from '../support/contracts/ledger-contract.ts';
import { memoryStore, openMemoryLedger } from '../support/memory-ledger.ts';

// Without `raw`: there is no prompt at which somebody could go past it, and nothing of it is a file.
ledgerContract('in memory', () => {
  const store = memoryStore();
  let newest = openMemoryLedger(store);
  return Promise.resolve({
    ledger: newest,
    async reopen() {
      await newest.close();
      return (newest = openMemoryLedger(store));
    },
    destroy: () => newest.close(),
  });
});
