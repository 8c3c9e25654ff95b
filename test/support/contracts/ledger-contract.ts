/** What every ledger promises, whatever engine keeps it. */
import { describe } from '@jest/globals';

import { evidenceContract } from './ledger-contract-evidence.ts';
import { papersContract } from './ledger-contract-papers.ts';
import { runsContract } from './ledger-contract-runs.ts';
import { transactionsContract } from './ledger-contract-transactions.ts';
import { ledgerDesk } from './ledger-desk.ts';
import type { LedgerUnderTest } from './ledger-desk.ts';

export function ledgerContract(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`ledger: ${name}`, () => {
    const desk = ledgerDesk(open);
    transactionsContract(desk);
    runsContract(desk);
    papersContract(desk);
    evidenceContract(desk);
  });
}
