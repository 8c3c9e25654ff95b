/** The stored bytes of the audit log and its checkpoints. Nothing here is ever altered. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import type { Tables } from './tables.ts';

type EntryReader = Pick<LedgerReader, 'entries' | 'entriesOf' | 'frontier' | 'checkpoint' | 'checkpoints'>;
type EntryWriter = Pick<LedgerWriter, 'appendEntry' | 'setFrontier' | 'putCheckpoint'>;

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

  /** A line says what it is of in these very bytes, and a quotation mark within a text is always escaped. */
  async *entriesOf(what) {
    const mark = Buffer.from(`"what":${JSON.stringify(what)}`);
    for (let next = 0; ;) {
      const page = await db
        .selectFrom('entries')
        .selectAll()
        .where('position', '>=', next)
        .where(sql<boolean>`instr(line, ${mark}) > 0`)
        .orderBy('position')
        .limit(entriesInOnePage)
        .execute();
      for (const entry of page) {
        yield entry;
        next = entry.position + 1;
      }
      if (page.length < entriesInOnePage) return;
    }
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
});
