/** Run as a process of its own and killed: takes the right to advance runs and keeps it, or says why it was refused. */
import { writeSync } from 'node:fs';

import { Failure } from '../../src/domain/failure.ts';
import { takeAdvanceLock } from '../../src/ledger/advance-lock.ts';

async function hold(dataDir: string): Promise<void> {
  const said = await takeAdvanceLock(dataDir).then(
    () => 'held',
    (thrown: unknown) => (thrown instanceof Failure ? thrown.code : 'unexpected'),
  );
  writeSync(1, `${said}\n`);
  setInterval(() => undefined, 1_000);
}

void hold(process.argv[2] ?? '');
