/** A server that dies under the ledger. */
import { setTimeout } from 'node:timers/promises';

import { expect, it } from '@jest/globals';

import { openPostgresLedger } from '../../src/ledger/postgres-ledger.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { writerTo } from '../support/ledger-samples.ts';
import { usePostgres } from '../support/postgres.ts';

const postgres = usePostgres();

it('a server that dies at any moment has kept what it confirmed, and goes on (fault 24)', async () => {
  const { url } = await postgres.database();
  let confirmed = 0;
  for (let death = 0; death < 4; death++) {
    const ledger = await openPostgresLedger(url);
    const write = writerTo(ledger, await ledger.claim('advance'));
    const working = (async () => {
      for (;;) {
        const next = confirmed + 1;
        await write((tx) => tx.set('count', String(next)));
        confirmed = next;
      }
    })();
    const told = expect(working).rejects.toEqual(failing('ledger-failed'));
    await setTimeout(100 + death * 37);
    await postgres.server.crash();
    await told;
    await ledger.close();
    const again = await openPostgresLedger(url);
    const stored = await again.read(async (tx) => [
      Number(await tx.setting('count')),
      (await tx.frontier()).size,
    ]);
    await again.close();
    // Of the last one nobody can say from outside whether it was kept: both are true ends.
    expect([confirmed, confirmed + 1]).toContain(stored[0]);
    expect(stored[1]).toBe(stored[0]);
    confirmed = stored[0] ?? 0;
  }
  expect(confirmed).toBeGreaterThan(4);
});
