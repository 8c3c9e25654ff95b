/** The stored bytes of the audit log, its checkpoints, and the person-level lists its entries name. Nothing here is ever altered. */
import type { Kysely } from 'kysely';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import type { Tables } from './tables.ts';

type EntryReader = Pick<LedgerReader, 'entries' | 'frontier' | 'checkpoint' | 'checkpoints' | 'personList'>;
type EntryWriter = Pick<LedgerWriter, 'appendEntry' | 'setFrontier' | 'putCheckpoint' | 'putPersonList'>;

const entriesInOnePage = 500;
const theFrontier = 1;

export const readEntries = (db: Kysely<Tables>): EntryReader => ({
  /** From `from` up to but not including `to`, which may be `Infinity`. */
  async *entries(from, to) {
    for (let next = from; next < to;) {
      const page = await db
        .selectFrom('entries')
        .selectAll()
        .where('position', '>=', next)
        .orderBy('position')
        .limit(Math.min(entriesInOnePage, to - next))
        .execute();
      for (const entry of page) {
        if (entry.position >= to) return;
        yield entry;
        next = entry.position + 1;
      }
      if (page.length < entriesInOnePage) return;
    }
  },

  async frontier() {
    const row = await db.selectFrom('frontier').selectAll().executeTakeFirst();
    if (row === undefined) return { size: 0, hashes: [] };
    const hashes = JSON.parse(row.hashes) as string[];
    return { size: row.size, hashes: hashes.map((hash) => Buffer.from(hash, 'hex')) };
  },

  async checkpoint() {
    const row = await db
      .selectFrom('checkpoints')
      .select(['size', 'note'])
      .orderBy('place', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ?? null;
  },

  checkpoints: () => db.selectFrom('checkpoints').select(['size', 'note']).orderBy('place').execute(),

  async personList({ businessDate, revision }, list) {
    const row = await db
      .selectFrom('personLists')
      .select('bytes')
      .where('businessDate', '=', businessDate)
      .where('revision', '=', revision)
      .where('list', '=', list)
      .orderBy('place', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.bytes ?? null;
  },
});

export const writeEntries = (db: Kysely<Tables>, appended: Appended): EntryWriter => ({
  /** Throws `transition-refused` unless the entry's position follows the last one. */
  async appendEntry({ position, line, leaf }) {
    const last = await db
      .selectFrom('entries')
      .select('position')
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (position !== (last?.position ?? -1) + 1) {
      throw refused(`entry ${position}`, 'The entry does not follow the last one.', 'the next position');
    }
    await db.insertInto('entries').values({ position, line, leaf }).execute();
    appended.note(position);
  },

  async setFrontier({ size, hashes }) {
    const row = { size, hashes: JSON.stringify(hashes.map((hash) => Buffer.from(hash).toString('hex'))) };
    await db
      .insertInto('frontier')
      .values({ id: theFrontier, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
  },

  async putCheckpoint(size, note) {
    await db.insertInto('checkpoints').values({ size, note }).execute();
  },

  /** A decision withdrawn leaves its list where it is; the list of the decision that stands is the newest. */
  async putPersonList({ businessDate, revision }, list, bytes, proof) {
    appended.demand(proof);
    await db.insertInto('personLists').values({ businessDate, revision, list, bytes }).execute();
  },
});
