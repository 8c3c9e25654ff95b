/** Requests to the national check. A local id is never used again, so none is ever forgotten. */
import type { Kysely, Selectable } from 'kysely';
import { requestStates } from '../domain/run.ts';
import type { LedgerReader, LedgerWriter, StoredRequest } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import { oneOf } from './tables.ts';
import type { Tables } from './tables.ts';

type RequestReader = Pick<LedgerReader, 'requests' | 'request' | 'requestSentAs'>;
type RequestWriter = Pick<LedgerWriter, 'insertRequest' | 'moveRequest' | 'nextSequence'>;

const columns = [
  'localId',
  'businessDate',
  'revision',
  'state',
  'level',
  'sequence',
  'subject',
  'intendedAt',
  'sentAt',
  'messageId',
  'epoch',
] as const;

export const readRequests = (db: Kysely<Tables>): RequestReader => ({
  /** In the order in which they were planned. */
  async requests({ businessDate, revision }) {
    const rows = await db
      .selectFrom('requests')
      .select(columns)
      .where('businessDate', '=', businessDate)
      .where('revision', '=', revision)
      .orderBy('place')
      .execute();
    return rows.map(requestOf);
  },

  async request(localId) {
    const row = await db
      .selectFrom('requests')
      .select(columns)
      .where('localId', '=', localId)
      .executeTakeFirst();
    return row === undefined ? null : requestOf(row);
  },

  async requestSentAs(messageId) {
    const row = await db
      .selectFrom('requests')
      .select(columns)
      .where('messageId', '=', messageId)
      .executeTakeFirst();
    return row === undefined ? null : requestOf(row);
  },
});

export const writeRequests = (db: Kysely<Tables>, appended: Appended): RequestWriter => ({
  async insertRequest({ run, ...request }) {
    if ((await readRequests(db).request(request.localId)) !== null) {
      throw refused(
        `request ${request.localId}`,
        'This local id was used before.',
        'a local id that was never used',
      );
    }
    const { businessDate, revision } = run;
    await db
      .insertInto('requests')
      .values({ ...request, businessDate, revision })
      .execute();
  },

  async moveRequest(localId, from, to, change, proof) {
    appended.demand(proof);
    const { numUpdatedRows } = await db
      .updateTable('requests')
      .set({ ...change, state: to })
      .where('localId', '=', localId)
      .where('state', '=', from)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) {
      throw refused(
        `request ${localId}`,
        `The request cannot become ${to}.`,
        `a request that stands in ${from}`,
      );
    }
  },

  async nextSequence(month) {
    const { last } = await db
      .insertInto('sequences')
      .values({ month, last: 1 })
      .onConflict((conflict) =>
        conflict.column('month').doUpdateSet((row) => ({ last: row('sequences.last', '+', 1) })),
      )
      .returning('last')
      .executeTakeFirstOrThrow();
    return last;
  },
});

function requestOf({
  businessDate,
  revision,
  state,
  ...row
}: Pick<Selectable<Tables['requests']>, (typeof columns)[number]>): StoredRequest {
  return {
    ...row,
    run: { businessDate, revision },
    state: oneOf(requestStates, state, 'state of a request'),
  };
}
