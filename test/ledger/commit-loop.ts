/** Run as a process of its own and killed: appends entries, and says the position of each once the ledger has promised to keep it. */
import { writeSync } from 'node:fs';

import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { testAuditLog } from '../support/test-audit-log.ts';

async function commitForEver(file: string): Promise<never> {
  const ledger = await openSqliteLedger(file);
  const claim = await ledger.claim('advance');
  const audit = testAuditLog();
  for (;;) {
    const { position } = await ledger.transact(claim, async (tx) => {
      const proof = await audit.append(tx, { what: 'run-asked', at: '', run: '', by: 'loop' });
      await tx.set('twin', String(proof.position));
      return proof;
    });
    writeSync(1, `${position}\n`);
  }
}

void commitForEver(process.argv[2] ?? '');
