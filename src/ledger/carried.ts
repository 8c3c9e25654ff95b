/** Objections carried from night to night under keyed names (R12), and numbers the check refused, which are not asked about for a while. */
import type { Compilable, CompiledQuery, Kysely, Selectable } from 'kysely';
import type { CarriedObjection, LedgerReader, LedgerWriter } from '../ports.ts';
import type { Appended } from './proofs.ts';
import type { Tables } from './tables.ts';

type CarriedReader = Pick<LedgerReader, 'carried' | 'carriedFrom' | 'refusedNumbers'>;
type CarriedWriter = Pick<LedgerWriter, 'carry' | 'refuseNumber'>;

/** Rows of one statement: engines bound its parameters. */
const rowsAtOnce = 1000;

export const readCarried = (db: Kysely<Tables>): CarriedReader => ({
  /** In the order of their ids. */
  async *carried(before = Number.MAX_SAFE_INTEGER) {
    let after = '';
    for (;;) {
      const page = await db
        .selectFrom('carried')
        .selectAll()
        .where('id', '>', after)
        .where('carriedFrom', '<=', before)
        .orderBy('id')
        .limit(rowsAtOnce)
        .execute();
      for (const row of page) {
        after = row.id;
        yield objectionOf(row);
      }
      if (page.length < rowsAtOnce) return;
    }
  },

  async carriedFrom() {
    const rows = await db.selectFrom('carried').select('carriedFrom').orderBy('carriedFrom').execute();
    return rows.map(({ carriedFrom }) => carriedFrom);
  },

  /** A number is refused up to and including the date it was refused until. */
  async refusedNumbers(date) {
    const rows = await db.selectFrom('refusedNumbers').select('name').where('until', '>=', date).execute();
    return new Set(rows.map(({ name }) => name));
  },
});

export const writeCarried = (db: Kysely<Tables>, appended: Appended): CarriedWriter => ({
  async carry(objections) {
    const merged = new Map<string, CarriedObjection>();
    for (const objection of objections) add(merged, objection);
    const ids = [...merged.keys()];
    for (let at = 0; at < ids.length; at += rowsAtOnce) {
      const stored = await db
        .selectFrom('carried')
        .selectAll()
        .where('id', 'in', ids.slice(at, at + rowsAtOnce))
        .execute();
      for (const row of stored) add(merged, objectionOf(row));
    }
    const frontier = await db.selectFrom('frontier').select('size').executeTakeFirst();
    await upsertAll(db, [...merged.values()], frontier?.size ?? 0);
  },

  /** Refused once more, the later date counts. */
  async refuseNumber(name, until, proof) {
    appended.demand(proof);
    await db
      .insertInto('refusedNumbers')
      .values({ name, until })
      .onConflict((conflict) =>
        conflict.column('name').doUpdateSet({ until }).where('refusedNumbers.until', '<', until),
      )
      .execute();
  },
});

function add(merged: Map<string, CarriedObjection>, objection: CarriedObjection): void {
  const other = merged.get(objection.id);
  merged.set(objection.id, other === undefined ? objection : merge(other, objection));
}

/** Says no less than either of the two: an objection can only grow. */
function merge(a: CarriedObjection, b: CarriedObjection): CarriedObjection {
  const seen = Math.max(a.columnSeenIn ?? -1, b.columnSeenIn ?? -1);
  return {
    id: a.id,
    foldedId: a.foldedId,
    since: Math.max(a.since, b.since),
    columnSeenIn: seen < 0 ? null : seen,
    known: a.known || b.known,
    numbers: [...a.numbers, ...b.numbers],
  };
}

/** The statement is compiled once and run with the values of each slice: compiling costs more than storing. */
async function upsertAll(
  db: Kysely<Tables>,
  objections: readonly CarriedObjection[],
  carriedFrom: number,
): Promise<void> {
  let compiled: { readonly length: number; readonly query: CompiledQuery } | undefined;
  for (let at = 0; at < objections.length; at += rowsAtOnce) {
    const rows = objections.slice(at, at + rowsAtOnce).map((objection) => rowOf(objection, carriedFrom));
    const { length } = rows;
    if (compiled?.length !== length) compiled = { length, query: upsert(db, rows).compile() };
    const parameters = rows.flatMap((row): unknown[] => Object.values(row));
    await db.executeQuery({ ...compiled.query, parameters });
  }
}

const upsert = (db: Kysely<Tables>, rows: readonly Selectable<Tables['carried']>[]): Compilable =>
  db
    .insertInto('carried')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((row) => ({
        since: row.ref('excluded.since'),
        columnSeenIn: row.ref('excluded.columnSeenIn'),
        known: row.ref('excluded.known'),
        numbers: row.ref('excluded.numbers'),
      })),
    );

/** `carriedFrom` is that of the first time: the upsert leaves it alone. */
const rowOf = (objection: CarriedObjection, carriedFrom: number): Selectable<Tables['carried']> => ({
  id: objection.id,
  foldedId: objection.foldedId,
  since: objection.since,
  columnSeenIn: objection.columnSeenIn,
  known: Number(objection.known),
  numbers: JSON.stringify([...new Set(objection.numbers)].sort()),
  carriedFrom,
});

const objectionOf = (row: Selectable<Tables['carried']>): CarriedObjection => ({
  id: row.id,
  foldedId: row.foldedId,
  since: row.since,
  columnSeenIn: row.columnSeenIn,
  known: row.known === 1,
  numbers: JSON.parse(row.numbers) as string[],
});
