/** Holds: opened by the gate, decided once by a person or by time. */
import type { Kysely, Selectable } from 'kysely';
import { holdReasons } from '../domain/hold.ts';
import type { HoldStage } from '../domain/hold.ts';
import { formatRunId } from '../domain/run.ts';
import type { LedgerReader, LedgerWriter, StoredHold } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import { oneOf, wordsOf } from './tables.ts';
import type { Tables } from './tables.ts';

const stages = wordsOf<HoldStage>({ 'before-asking': true, 'before-release': true });
const decisions = wordsOf<StoredHold['decision']>({
  open: true,
  approved: true,
  rejected: true,
  expired: true,
});

export const readHolds = (db: Kysely<Tables>): Pick<LedgerReader, 'holds'> => ({
  /** In the order in which they were opened. */
  async holds(run) {
    let query = db.selectFrom('holds').selectAll().orderBy('id');
    if (run !== undefined) {
      query = query.where('businessDate', '=', run.businessDate).where('revision', '=', run.revision);
    }
    return (await query.execute()).map(holdOf);
  },
});

export const writeHolds = (
  db: Kysely<Tables>,
  appended: Appended,
): Pick<LedgerWriter, 'openHold' | 'decideHold'> => ({
  /** Throws `transition-refused` while another hold of the run is open: nobody may approve past it. */
  async openHold({ run, stage, reasons, digest, openedAt, openedBy }, proof) {
    appended.demand(proof);
    const others = await readHolds(db).holds(run);
    if (others.some(({ decision }) => decision === 'open')) {
      throw refused(
        `run ${formatRunId(run)}`,
        'A hold of this run is open already.',
        'one open hold at a time',
      );
    }
    const { businessDate, revision } = run;
    const { id } = await db
      .insertInto('holds')
      .values({
        ...{ businessDate, revision, stage, digest, openedAt, openedBy },
        reasons: JSON.stringify(reasons),
        decision: 'open',
        decidedBy: null,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return id;
  },

  async decideHold(id, decision, by, proof) {
    appended.demand(proof);
    const { numUpdatedRows } = await db
      .updateTable('holds')
      .set({ decision, decidedBy: by })
      .where('id', '=', id)
      .where('decision', '=', 'open')
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) {
      throw refused(`hold ${id}`, `The hold cannot become ${decision}.`, 'a hold that is open');
    }
  },
});

function holdOf({ businessDate, revision, ...row }: Selectable<Tables['holds']>): StoredHold {
  const reasons = JSON.parse(row.reasons) as string[];
  return {
    ...row,
    run: { businessDate, revision },
    stage: oneOf(stages, row.stage, 'stage of a hold'),
    reasons: reasons.map((reason) => oneOf(holdReasons, reason, 'reason of a hold')),
    decision: oneOf(decisions, row.decision, 'decision of a hold'),
  };
}
