/** Messages received: kept once, then acknowledged, then understood once. */
import type { Kysely, Selectable } from 'kysely';
import type { LedgerReader, LedgerWriter, StoredMessage } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import type { Tables } from './tables.ts';

type MessageReader = Pick<LedgerReader, 'message' | 'messages' | 'unsettledMessages'>;
type MessageWriter = Pick<LedgerWriter, 'insertMessage' | 'settleMessage'>;

const messagesInOnePage = 500;
const columns = ['messageId', 'localId', 'keyId', 'receivedAt', 'acknowledged', 'understood'] as const;

export const readMessages = (db: Kysely<Tables>): MessageReader => ({
  async message(messageId) {
    const row = await db
      .selectFrom('messages')
      .select(columns)
      .where('messageId', '=', messageId)
      .executeTakeFirst();
    return row === undefined ? null : messageOf(row);
  },

  async *messages() {
    let after = 0;
    for (;;) {
      const page = await db
        .selectFrom('messages')
        .select([...columns, 'place'])
        .where('place', '>', after)
        .orderBy('place')
        .limit(messagesInOnePage)
        .execute();
      for (const { place, ...row } of page) {
        after = place;
        yield messageOf(row);
      }
      if (page.length < messagesInOnePage) return;
    }
  },

  async unsettledMessages() {
    const rows = await db
      .selectFrom('messages')
      .select(columns)
      .where((row) => row.or([row('acknowledged', '=', 0), row('understood', 'is', null)]))
      .orderBy('place')
      .execute();
    return rows.map(messageOf);
  },
});

export const writeMessages = (db: Kysely<Tables>, appended: Appended): MessageWriter => ({
  async insertMessage(message, proof) {
    appended.demand(proof);
    if ((await readMessages(db).message(message.messageId)) !== null) return false;
    await db
      .insertInto('messages')
      .values({ ...message, acknowledged: Number(message.acknowledged) })
      .execute();
    return true;
  },

  async settleMessage(messageId, { acknowledged, understood }, proof) {
    appended.demand(proof);
    const message = await readMessages(db).message(messageId);
    if (message === null || (understood !== undefined && message.understood !== null)) {
      throw refused(
        `message ${messageId}`,
        'The message cannot be settled.',
        'a message that is kept and was not understood before',
      );
    }
    await db
      .updateTable('messages')
      .set({
        acknowledged: Number(acknowledged ?? message.acknowledged),
        understood: understood ?? message.understood,
      })
      .where('messageId', '=', messageId)
      .execute();
  },
});

const messageOf = (row: Pick<Selectable<Tables['messages']>, (typeof columns)[number]>): StoredMessage => ({
  ...row,
  acknowledged: row.acknowledged === 1,
});
