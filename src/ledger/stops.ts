/** Stops, as they were set and lifted, each by an entry. */
import type { Kysely } from 'kysely';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import type { Appended } from './proofs.ts';
import type { Tables } from './tables.ts';

export const readStops = (db: Kysely<Tables>): Pick<LedgerReader, 'stops'> => ({
  async stops() {
    const rows = await db.selectFrom('stops').selectAll().orderBy('place').execute();
    return rows.map(({ position, provider, stands, at, saidBy, reason }) => ({
      ...{ position, provider, at, reason },
      stands: stands === 1,
      by: saidBy,
    }));
  },
});

export const writeStops = (db: Kysely<Tables>, appended: Appended): Pick<LedgerWriter, 'putStop'> => ({
  async putStop({ provider, stands, at, by, reason }, proof) {
    appended.demand(proof);
    const { position } = proof;
    const row = { position, provider, stands: stands ? 1 : 0, at, saidBy: by, reason };
    await db.insertInto('stops').values(row).execute();
  },
});
