/** Configurations as they came into force, each by an entry. */
import type { Kysely } from 'kysely';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import type { Appended } from './proofs.ts';
import type { Tables } from './tables.ts';

export const readConfigurations = (db: Kysely<Tables>): Pick<LedgerReader, 'configurations'> => ({
  /** Oldest first. */
  async configurations() {
    const rows = await db.selectFrom('configurations').selectAll().orderBy('place').execute();
    return rows.map(({ position, digest, guarded, settings, approvers }) => ({
      ...{ position, digest, guarded, approvers },
      settings: JSON.parse(settings) as Record<string, string>,
    }));
  },
});

export const writeConfigurations = (
  db: Kysely<Tables>,
  appended: Appended,
): Pick<LedgerWriter, 'putConfiguration'> => ({
  async putConfiguration({ digest, guarded, settings, approvers }, proof) {
    appended.demand(proof);
    const { position } = proof;
    const row = { position, digest, guarded, settings: JSON.stringify(settings), approvers };
    await db.insertInto('configurations').values(row).execute();
  },
});
