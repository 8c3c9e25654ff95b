/** Runs and the intakes they were opened with. */
import type { Kysely, Selectable } from 'kysely';
import type { RunTotals } from '../domain/evidence.ts';
import { formatRunId, mayMove, runStates } from '../domain/run.ts';
import type { LedgerReader, LedgerWriter, StoredRun } from '../ports.ts';
import { refused } from './ledger-failures.ts';
import type { Appended } from './proofs.ts';
import { oneOf } from './tables.ts';
import type { Tables } from './tables.ts';

type RunReader = Pick<LedgerReader, 'run' | 'runs' | 'intakes' | 'releasedSizes'>;
type RunWriter = Pick<LedgerWriter, 'insertRun' | 'moveRun' | 'acceptIntake'>;

export const readRuns = (db: Kysely<Tables>): RunReader => ({
  async run({ businessDate, revision }) {
    const row = await db
      .selectFrom('runs')
      .selectAll()
      .where('businessDate', '=', businessDate)
      .where('revision', '=', revision)
      .executeTakeFirst();
    return row === undefined ? null : runOf(row);
  },

  async runs({ businessDate, withoutRehearsals, limit }) {
    let query = db.selectFrom('runs').selectAll().orderBy('businessDate', 'desc').orderBy('revision', 'desc');
    if (businessDate !== undefined) query = query.where('businessDate', '=', businessDate);
    if (withoutRehearsals === true) query = query.where('revision', '>=', 1);
    if (limit !== undefined) query = query.limit(limit);
    return (await query.execute()).map(runOf);
  },

  async intakes({ businessDate, digest }) {
    let query = db.selectFrom('intakes').selectAll().orderBy('ordinal');
    if (businessDate !== undefined) query = query.where('businessDate', '=', businessDate);
    if (digest !== undefined) query = query.where('digest', '=', digest);
    return query.execute();
  },

  async releasedSizes(limit) {
    const rows = await db
      .selectFrom('runs')
      .select(['totals', 'released'])
      .where('state', 'in', ['released', 'sealed'])
      .where('totals', 'is not', null)
      .where('released', 'is not', null)
      .orderBy('businessDate', 'desc')
      .orderBy('revision', 'desc')
      .limit(limit)
      .$narrowType<{ totals: string; released: number }>()
      .execute();
    return rows.map(({ totals, released }) => ({ rows: rowsIn(totalsOf(totals)), released }));
  },
});

export const writeRuns = (db: Kysely<Tables>, appended: Appended): RunWriter => ({
  async insertRun({ totals, ...run }, proof) {
    appended.demand(proof);
    if ((await readRuns(db).run(run)) !== null) {
      throw refused(formatRunId(run), 'This run is there already.', 'a revision that is new');
    }
    await db
      .insertInto('runs')
      .values({ ...run, totals: totals === null ? null : JSON.stringify(totals) })
      .execute();
  },

  async moveRun(id, from, to, { totals, ...change }, proof) {
    appended.demand(proof);
    if (!mayMove(from, to)) throw notMoved(formatRunId(id), `${from} to ${to}`);
    let query = db
      .updateTable('runs')
      .set({ ...change, ...(totals === undefined ? {} : { totals: JSON.stringify(totals) }), state: to })
      .where('businessDate', '=', id.businessDate)
      .where('revision', '=', id.revision)
      .where('state', '=', from);
    // A run held before asking must never come out of its hold behind the asking.
    if (from === 'held' && to !== 'withheld') query = query.where('heldFrom', '=', to);
    const { numUpdatedRows } = await query.executeTakeFirst();
    if (numUpdatedRows !== 1n) throw notMoved(formatRunId(id), `${from} to ${to}`);
  },

  async acceptIntake({ digest, businessDate, producedAt, rows }) {
    const [known] = await readRuns(db).intakes({ digest });
    if (known !== undefined) return known;
    const { newest } = await db
      .selectFrom('intakes')
      .select((row) => row.fn.max('ordinal').as('newest'))
      .$castTo<{ newest: number | null }>()
      .executeTakeFirstOrThrow();
    const intake = { digest, businessDate, producedAt, rows, ordinal: (newest ?? 0) + 1 };
    await db.insertInto('intakes').values(intake).execute();
    return intake;
  },
});

function runOf(row: Selectable<Tables['runs']>): StoredRun {
  return {
    ...row,
    state: oneOf(runStates, row.state, 'state of a run'),
    heldFrom: row.heldFrom === null ? null : oneOf(runStates, row.heldFrom, 'state of a held run'),
    totals: row.totals === null ? null : totalsOf(row.totals),
  };
}

const totalsOf = (json: string): RunTotals => JSON.parse(json) as RunTotals;

const rowsIn = ({ rows }: RunTotals): number => Object.values(rows).reduce((sum, count) => sum + count, 0);

const notMoved = (run: string, move: string): Error =>
  refused(
    `run ${run}`,
    `The run cannot move from ${move}.`,
    'a move of the table, from where the run stands',
  );
