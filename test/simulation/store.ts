/** Where the ledger of a history lies. */
import fs from 'node:fs';
import path from 'node:path';

import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import type { Ledger } from '../../src/ports.ts';

export interface Store {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

let stores = 0;

export async function openStore(folder: string): Promise<Store> {
  const place = path.join(folder, `ledger-${(stores += 1)}`);
  fs.mkdirSync(place, { mode: 0o700 });
  const ledger = await openSqliteLedger(path.join(place, 'ledger.sqlite'));
  return {
    ledger,
    async close() {
      await ledger.close();
      fs.rmSync(place, { recursive: true, force: true });
    },
  };
}
