import { addDays, day, londonDate } from '../domain/calendar.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { isFinal, isRehearsal } from '../domain/run.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';

/**
 * Ends what has outlived its keep days: keys with their papers, intake folders, drops. Each ending is an entry. A date whose run is not over
 * keeps everything (R26, R74).
 */
export async function keepHouse(pipeline: Pipeline): Promise<void> {
  await destroyDueKeys(pipeline);
  const { intake, drop, config } = pipeline;
  for (const date of await intake.dates()) {
    if (!(await hasOutlived(pipeline, date, config.keep.intakeDays))) continue;
    await note(pipeline, 'intake-removed', date, date);
    await intake.remove(date);
  }
  for (const date of await drop.dates()) {
    if (!(await hasOutlived(pipeline, date, config.keep.dropDays))) continue;
    await note(pipeline, 'drop-removed', date, date);
    await drop.remove(date);
  }
}

async function destroyDueKeys(pipeline: Pipeline): Promise<void> {
  const { ledger, claim, clock } = pipeline;
  const due = await ledger.read((tx) => tx.keysDue(clock.now()));
  for (const { keyId, purpose } of due) {
    await ledger.transact(claim, async (tx) => {
      await tx.destroyKey(keyId, await tell(pipeline, tx, null, { what: 'key-destroyed', keyId, purpose }));
    });
  }
  if (due.length > 0) await ledger.compact();
}

/** Whether every run of a date ended that many days ago; a date that never had a run has outlived once a later date was run. */
async function hasOutlived({ ledger, clock }: Pipeline, date: LocalDate, keepDays: number): Promise<boolean> {
  if (addDays(date, keepDays) >= londonDate(clock.now())) return false;
  const { own, newest } = await ledger.read(async (tx) => ({
    own: (await tx.runs({ businessDate: date })).filter((run) => !isRehearsal(run)),
    newest: await tx.runs({ limit: 1 }),
  }));
  if (own.length === 0) return newest.some((run) => run.businessDate > date && isFinal(run.state));
  return own.every(
    ({ state, endedAt }) => isFinal(state) && (endedAt ?? Infinity) + keepDays * day < clock.now(),
  );
}

async function note(
  pipeline: Pipeline,
  what: 'intake-removed' | 'drop-removed',
  businessDate: LocalDate,
  name: string,
): Promise<void> {
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    await tell(pipeline, tx, null, { what, businessDate, name });
  });
}
