import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { ledgerContract } from '../support/contracts/ledger-contract.ts';

ledgerContract('SQLite', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ledger-'));
  const file = path.join(folder, 'ledger.db');
  const ledger = await openSqliteLedger(file);
  let newest = ledger;
  return {
    ledger,
    async reopen() {
      await newest.close();
      return (newest = await openSqliteLedger(file));
    },
    async destroy() {
      await newest.close();
      await rm(folder, { recursive: true });
    },
    async raw(statement) {
      const connection = await openConnection(file);
      try {
        connection.exec(statement);
      } finally {
        connection.close();
      }
    },
  };
});
