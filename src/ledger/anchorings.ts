/** What anchors took of the log. */
import type { Kysely, Selectable } from 'kysely';
import { anchorNames } from '../domain/anchoring.ts';
import type { LedgerReader, LedgerWriter, StoredAnchoring } from '../ports.ts';
import type { Appended } from './proofs.ts';
import { oneOf } from './tables.ts';
import type { Tables } from './tables.ts';

type AnchoringReader = Pick<LedgerReader, 'anchorings' | 'lastAnchoring'>;
type AnchoringWriter = Pick<LedgerWriter, 'putAnchoring'>;

const anchoringsInOnePage = 100;

export const readAnchorings = (db: Kysely<Tables>): AnchoringReader => ({
  async *anchorings(fromSize) {
    for (let after = 0; ;) {
      const page = await db
        .selectFrom('anchorings')
        .selectAll()
        .where('size', '>=', fromSize)
        .where('place', '>', after)
        .orderBy('place')
        .limit(anchoringsInOnePage)
        .execute();
      for (const row of page) {
        yield anchoringOf(row);
        after = row.place;
      }
      if (page.length < anchoringsInOnePage) return;
    }
  },

  async lastAnchoring(anchor, target) {
    const ofAnchor = db.selectFrom('anchorings').selectAll().where('anchor', '=', anchor);
    const row = await (target === undefined ? ofAnchor : ofAnchor.where('target', '=', target))
      .orderBy('place', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? null : anchoringOf(row);
  },
});

export const writeAnchorings = (db: Kysely<Tables>, appended: Appended): AnchoringWriter => ({
  async putAnchoring({ anchor, target, size, at, receipt }, proof) {
    appended.demand(proof);
    await db.insertInto('anchorings').values({ anchor, target, size, at, receipt }).execute();
  },
});

const anchoringOf = ({
  anchor,
  target,
  size,
  at,
  receipt,
}: Selectable<Tables['anchorings']>): StoredAnchoring => ({
  anchor: oneOf(anchorNames, anchor, 'anchorings.anchor'),
  target,
  size,
  at,
  receipt,
});
