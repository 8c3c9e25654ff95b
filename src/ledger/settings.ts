/** Settings: single words the ledger remembers; and claims, the right to change it. */
import type { Kysely } from 'kysely';
import { Failure } from '../domain/failure.ts';
import type { Claim, LedgerReader, LedgerWriter } from '../ports.ts';
import type { Tables } from './tables.ts';

export const readSettings = (db: Kysely<Tables>): Pick<LedgerReader, 'setting'> => ({
  async setting(name) {
    const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
    return row?.value ?? null;
  },
});

export const writeSettings = (db: Kysely<Tables>): Pick<LedgerWriter, 'set'> => ({
  async set(name, value) {
    await db
      .insertInto('settings')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  },
});

/** Takes the claim in one statement, so that no two takers get the same epoch. */
export async function takeClaim(db: Kysely<Tables>, name: string): Promise<Claim> {
  const { epoch } = await db
    .insertInto('claims')
    .values({ name, epoch: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((row) => ({ epoch: row('claims.epoch', '+', 1) })),
    )
    .returning('epoch')
    .executeTakeFirstOrThrow();
  return { name, epoch };
}

/** Throws `epoch-stale` unless the claim is the newest of its name; an engine with many writers keeps its row locked until the end. */
export async function demandClaim(db: Kysely<Tables>, { name, epoch }: Claim): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('claims')
    .set({ epoch })
    .where('name', '=', name)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  if (numUpdatedRows === 1n) return;
  throw new Failure('epoch-stale', {
    message: 'Somebody else has taken over; this worker changes nothing any more.',
    place: `claim ${name}`,
    found: `epoch ${epoch}`,
    hint: 'Nothing of this step was stored. Start again: the newest holder goes on.',
  });
}
