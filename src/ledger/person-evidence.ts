/** Person-level lists in pieces, the index by which a person is found in them, and the one change a piece may suffer: an erasure. */
import { sql } from 'kysely';
import type { CompiledQuery, Insertable, Kysely, Selectable } from 'kysely';
import type { LedgerReader, LedgerWriter, PersonListName, PersonPlaces, StoredPersonList } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import { writeSettings } from './settings.ts';
import { oneOf, wordsOf } from './tables.ts';
import type { Tables } from './tables.ts';

type PersonReader = Pick<
  LedgerReader,
  'personList' | 'personLists' | 'personListPieces' | 'indexedProviders' | 'indexedPersons' | 'indexSizes'
>;
type PersonWriter = Pick<LedgerWriter, 'putPersonList' | 'indexPersons' | 'forgetPerson' | 'overwritePiece'>;

const listNames = wordsOf<PersonListName>({ released: true, 'held-back': true, 'held-back-late': true });
const tokenLength = 16;
/** Rows of one statement: engines bound its parameters. */
const rowsAtOnce = 1000;

/** Set while copies of rows taken out of the index may still lie in its pages. */
export const indexWipeSetting = 'person-index-wipe-due';

export const readPersonEvidence = (db: Kysely<Tables>): PersonReader => ({
  async personList({ businessDate, revision }, list) {
    const newest = await db
      .selectFrom('evidenceLists')
      .select('id')
      .where('businessDate', '=', businessDate)
      .where('revision', '=', revision)
      .where('list', '=', list)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (newest === undefined) return null;
    const pieces = await readPersonEvidence(db).personListPieces([newest.id], null);
    return pieces.length === 1 && pieces[0] !== undefined
      ? pieces[0].bytes
      : Buffer.concat(pieces.map(({ bytes }) => bytes));
  },

  async personLists() {
    const rows = await db.selectFrom('evidenceLists').selectAll().orderBy('id').execute();
    return rows.map(listOf);
  },

  /** In the order of lists and, within each, of its pieces. */
  async personListPieces(lists, providerId) {
    const wanted = lists.length === 0 ? [-1] : [...lists];
    const pieces = db.selectFrom('evidencePieces as piece').selectAll('piece').orderBy('piece.listId');
    if (providerId === null)
      return pieces.where('piece.listId', 'in', wanted).orderBy('piece.first').execute();
    const holding = db
      .selectFrom('evidencePieces')
      .select(({ fn }) => ['listId', fn.max('first').as('first')])
      .where('listId', 'in', wanted)
      .where('first', '<=', providerId)
      .groupBy('listId');
    return pieces
      .innerJoin(holding.as('holding'), (join) =>
        join.onRef('holding.listId', '=', 'piece.listId').onRef('holding.first', '=', 'piece.first'),
      )
      .execute();
  },

  async indexSizes() {
    return db
      .selectFrom('personIndex')
      .select(({ fn }) => ['year', 'providerId', fn.countAll<number>().as('persons')])
      .groupBy(['year', 'providerId'])
      .orderBy('year')
      .orderBy('providerId')
      .execute();
  },

  async indexedProviders(year, token) {
    const rows = await db
      .selectFrom('personIndex')
      .select('providerId')
      .where('year', '=', year)
      .where('token', '=', token)
      .orderBy('providerId')
      .execute();
    return rows.map(({ providerId }) => providerId);
  },

  async *indexedPersons(year) {
    let after: Uint8Array = new Uint8Array();
    for (;;) {
      const page = await db
        .selectFrom('personIndex')
        .select('token')
        .distinct()
        .where('year', '=', year)
        .where('token', '>', after)
        .orderBy('token')
        .limit(rowsAtOnce)
        .execute();
      for (const { token } of page) yield (after = token);
      if (page.length < rowsAtOnce) return;
    }
  },
});

export const writePersonEvidence = (db: Kysely<Tables>, appended: Appended): PersonWriter => ({
  /** A decision withdrawn leaves its list where it is; the list of the decision that stands is the newest. */
  async putPersonList({ businessDate, revision }, list, { pieces, indexed }, proof) {
    appended.demand(proof);
    const { id } = await db
      .insertInto('evidenceLists')
      .values({ businessDate, revision, list, indexed: Number(indexed) })
      .returning('id')
      .executeTakeFirstOrThrow();
    for (const { first, bytes } of pieces)
      await db.insertInto('evidencePieces').values({ listId: id, first, bytes }).execute();
  },

  async indexPersons(year, places, proof) {
    appended.demand(proof);
    await insertAll(db, indexRows(year, places));
  },

  async forgetPerson(year, token, proof) {
    appended.demand(proof);
    await db.deleteFrom('personIndex').where('year', '=', year).where('token', '=', token).execute();
    await writeSettings(db).set(indexWipeSetting, 'yes');
  },

  async overwritePiece(id, bytes, proof) {
    appended.demand(proof);
    const old = await db
      .selectFrom('evidencePieces')
      .select(sql<number>`length(bytes)`.as('length'))
      .where('id', '=', id)
      .executeTakeFirst();
    if (old?.length !== bytes.length) {
      throw refused(`piece ${id}`, 'A piece may be overwritten, not replaced.', 'bytes of the same length');
    }
    await db.insertInto('pieceErasures').values({ pieceId: id, position: proof.position }).execute();
    await db.updateTable('evidencePieces').set({ bytes }).where('id', '=', id).execute();
  },
});

/** Every index row of a year dies with its key. */
export async function forgetYear(db: Kysely<Tables>, year: string): Promise<void> {
  await db.deleteFrom('personIndex').where('year', '=', year).execute();
  await writeSettings(db).set(indexWipeSetting, 'yes');
}

function* indexRows(
  year: string,
  places: readonly PersonPlaces[],
): Generator<Insertable<Tables['personIndex']>> {
  for (const { providerId, tokens } of places)
    for (let at = 0; at < tokens.length; at += tokenLength)
      yield { year, token: tokens.subarray(at, at + tokenLength), providerId };
}

/** Slice after slice, so that only one is in memory as rows. */
function* slicesOf<T>(rows: Iterable<T>): Generator<T[]> {
  let slice: T[] = [];
  for (const row of rows) {
    if (slice.push(row) < rowsAtOnce) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

/** The statement is compiled once and run with the values of each slice: compiling costs more than storing. */
async function insertAll(
  db: Kysely<Tables>,
  rows: Iterable<Insertable<Tables['personIndex']>>,
): Promise<void> {
  let compiled: { readonly length: number; readonly query: CompiledQuery } | undefined;
  for (const slice of slicesOf(rows)) {
    if (compiled?.length !== slice.length) {
      const query = db
        .insertInto('personIndex')
        .values(slice)
        .onConflict((conflict) => conflict.doNothing())
        .compile();
      compiled = { length: slice.length, query };
    }
    const parameters = slice.flatMap(({ year, token, providerId }): unknown[] => [year, token, providerId]);
    await db.executeQuery({ ...compiled.query, parameters });
  }
}

const listOf = ({
  id,
  businessDate,
  revision,
  list,
  indexed,
}: Selectable<Tables['evidenceLists']>): StoredPersonList => ({
  id,
  run: { businessDate, revision },
  list: oneOf(listNames, list, 'name of a list'),
  indexed: indexed === 1,
});
