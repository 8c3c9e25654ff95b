import { ledgerContract } from '../support/contracts/ledger-contract.ts';
import { openPostgresLedger } from '../../src/ledger/postgres-ledger.ts';
import { usePostgres } from '../support/postgres.ts';

const postgres = usePostgres();

ledgerContract('PostgreSQL', async () => {
  const { url, ownerUrl, query } = await postgres.database();
  const ledger = await openPostgresLedger(url);
  let newest = ledger;
  return {
    ledger,
    async reopen() {
      await newest.close();
      return (newest = await openPostgresLedger(url));
    },
    destroy: () => newest.close(),
    // Even the owner is stopped by the triggers, as long as they stand.
    async raw(statement) {
      await query(ownerUrl, statement);
    },
  };
});
