/**
 * Working papers and the wrapped keys they lie under (design, section 5): the wrapped key is all that stands between a paper and its
 * erasure. Choices recorded here are papers too, but of those that must last.
 */
import type { Kysely, Selectable } from 'kysely';
import type { LedgerReader, LedgerWriter, WrappedKey } from '../ports.ts';
import { keyIsGone, refused } from './ledger-failures.ts';
import { forgetYear } from './person-evidence.ts';
import type { Appended } from './proofs.ts';
import { oneOf, wordsOf } from './tables.ts';
import type { Tables } from './tables.ts';

type PaperReader = Pick<LedgerReader, 'paper' | 'key' | 'keyOf' | 'keys' | 'keysDue' | 'recordedChoices'>;
type PaperWriter = Pick<LedgerWriter, 'putPaper' | 'addKey' | 'setKeyDeath' | 'destroyKey' | 'recordChoice'>;

const purposes = wordsOf<WrappedKey['purpose']>({
  'run-papers': true,
  'day-papers': true,
  'year-pseudonyms': true,
  'choice-papers': true,
});
const choicesInOnePage = 200;

export const readPapers = (db: Kysely<Tables>): PaperReader => ({
  async paper(keyId, name) {
    const row = await db
      .selectFrom('papers')
      .selectAll()
      .where('keyId', '=', keyId)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ?? null;
  },

  async key(keyId) {
    const row = await db.selectFrom('keys').selectAll().where('keyId', '=', keyId).executeTakeFirst();
    return row === undefined ? null : keyOf(row);
  },

  async keyOf(purpose, scope) {
    const row = await db
      .selectFrom('keys')
      .selectAll()
      .where('purpose', '=', purpose)
      .where('scope', '=', scope)
      .executeTakeFirst();
    return row === undefined ? null : keyOf(row);
  },

  async keys() {
    return (await db.selectFrom('keys').selectAll().orderBy('keyId').execute()).map(keyOf);
  },

  /** Longest overdue first. */
  async keysDue(now) {
    const rows = await db
      .selectFrom('keys')
      .selectAll()
      .where('dieAt', '<=', now)
      .orderBy('dieAt')
      .orderBy('keyId')
      .execute();
    return rows.map(keyOf);
  },

  /** In the order in which they were recorded. */
  async *recordedChoices() {
    let after = 0;
    for (;;) {
      const page = await db
        .selectFrom('choices')
        .selectAll()
        .where('place', '>', after)
        .orderBy('place')
        .limit(choicesInOnePage)
        .execute();
      for (const { place, ...paper } of page) {
        after = place;
        yield paper;
      }
      if (page.length < choicesInOnePage) return;
    }
  },
});

export const writePapers = (db: Kysely<Tables>, appended: Appended): PaperWriter => ({
  /** Throws `key-destroyed` if the paper's key is not in the ledger. */
  async putPaper({ keyId, name, sealed }) {
    await demandKey(db, keyId);
    await db
      .insertInto('papers')
      .values({ keyId, name, sealed })
      .onConflict((conflict) => conflict.columns(['keyId', 'name']).doUpdateSet({ sealed }))
      .execute();
  },

  /** Throws `transition-refused` if there is a key of this id, or of this purpose and scope, already. */
  async addKey({ keyId, purpose, scope, wrapped }, dieAt) {
    const reader = readPapers(db);
    if ((await reader.key(keyId)) !== null || (await reader.keyOf(purpose, scope)) !== null) {
      throw refused(`key of ${purpose} ${scope}`, 'There is such a key already.', 'one key for each scope');
    }
    await db.insertInto('keys').values({ keyId, purpose, scope, wrapped, dieAt }).execute();
  },

  /** Throws `key-destroyed`. */
  async setKeyDeath(keyId, dieAt) {
    await demandKey(db, keyId);
    await db.updateTable('keys').set({ dieAt }).where('keyId', '=', keyId).execute();
  },

  /** Throws `key-destroyed`; throws `transition-refused` while a recorded choice lies under the key: an opt-out must not die with it. */
  async destroyKey(keyId, proof) {
    appended.demand(proof);
    const { purpose, scope } = await demandKey(db, keyId);
    const choice = await db
      .selectFrom('choices')
      .select('place')
      .where('keyId', '=', keyId)
      .limit(1)
      .executeTakeFirst();
    if (choice !== undefined) {
      throw refused(
        `key ${keyId}`,
        'Choices that people made lie under this key.',
        'a key under which none lies',
      );
    }
    await db.deleteFrom('papers').where('keyId', '=', keyId).execute();
    await db.deleteFrom('keys').where('keyId', '=', keyId).execute();
    if (purpose === 'year-pseudonyms') await forgetYear(db, scope);
  },

  /** Recorded for good: throws `transition-refused` for a name that is there already, `key-destroyed` without its key. */
  async recordChoice({ keyId, name, sealed }, proof) {
    appended.demand(proof);
    await demandKey(db, keyId);
    const known = await db.selectFrom('choices').select('place').where('name', '=', name).executeTakeFirst();
    if (known !== undefined) {
      throw refused(`choice ${name}`, 'This choice is recorded already.', 'a choice of another name');
    }
    await db.insertInto('choices').values({ keyId, name, sealed }).execute();
  },
});

async function demandKey(db: Kysely<Tables>, keyId: string): Promise<WrappedKey> {
  const key = await readPapers(db).key(keyId);
  if (key === null) throw keyIsGone(keyId);
  return key;
}

function keyOf({ keyId, purpose, scope, wrapped }: Selectable<Tables['keys']>): WrappedKey {
  return { keyId, purpose: oneOf(purposes, purpose, 'purpose of a key'), scope, wrapped };
}
