import { addDays, day, londonDate } from '../domain/calendar.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { isFinal, isRehearsal } from '../domain/run.ts';
import type { LedgerWriter } from '../ports.ts';
import { anchorAll } from './anchoring.ts';
import { noteCollected } from './arrival.ts';
import { configurationStanding, demandSameDropPlace } from './configuration.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { recomputeWeekly } from './custody.ts';
import { signRest } from './end.ts';
import { unknownDropsOf } from './known-drops.ts';
import { resumeDecided } from './release.ts';

/**
 * Ends what has outlived its keep days: keys with their papers, intake folders, drops. Each ending is an entry. A date whose run is not over
 * keeps everything (R26, R74). What its recipient has collected is written down. Once a week the whole log is computed anew. Last, the log as it was signed is shown to its anchors.
 */
export async function keepHouse(pipeline: Pipeline): Promise<void> {
  await destroyDueKeys(pipeline);
  const { config, ledger } = pipeline;
  // Keep days that one person alone has changed remove nothing.
  const { needsApproval } = await ledger.read((tx) => configurationStanding(config, tx));
  if (!needsApproval) await removeOutlived(pipeline);
  await noteCollected(pipeline);
  await recomputeWeekly(pipeline);
  await signRest(pipeline);
  await anchorAll(pipeline);
}

async function removeOutlived(pipeline: Pipeline): Promise<void> {
  const { intake, drop, config } = pipeline;
  for (const date of await intake.dates()) {
    if (!(await hasOutlived(pipeline, date, config.keep.intakeDays))) continue;
    await remove(pipeline, 'intake-removed', date, () => intake.remove(date));
  }
  for (const date of await drop.dates()) {
    if (!(await hasOutlived(pipeline, date, config.keep.dropDays))) continue;
    await remove(pipeline, 'drop-removed', date, () => drop.remove(date));
  }
}

/** Set while something that was destroyed may still lie in the ledger's files: a crash must not make us forget to compact. */
const compactionSetting = 'compaction-due';

/** Remembers that something was destroyed in this transaction. */
export const noteCompaction = (tx: LedgerWriter): Promise<void> => tx.set(compactionSetting, 'yes');

/** Destroys the keys whose time has come. Done before a run is taken up too: papers that should be dead are used by nobody. */
export async function destroyDueKeys(pipeline: Pipeline): Promise<void> {
  const { ledger, claim, clock } = pipeline;
  for (const { keyId, purpose, scope } of await ledger.read((tx) => tx.keysDue(clock.now()))) {
    if (purpose === 'run-papers' && !(await isSettled(pipeline, scope))) continue;
    await ledger.transact(claim, async (tx) => {
      await tx.destroyKey(keyId, await tell(pipeline, tx, null, { what: 'key-destroyed', keyId, purpose }));
      await noteCompaction(tx);
    });
  }
  await compactIfDue(pipeline);
}

/**
 * A drop may stand that the ledger does not know of: it is told of first, or the evidence of who left would die with the papers. Where that
 * cannot be done they wait for a person, whom the run of that date tells why; other nights go on.
 */
async function isSettled(pipeline: Pipeline, scope: string): Promise<boolean> {
  const [businessDate = '', revision = ''] = scope.split('#');
  const run = await pipeline.ledger.read((tx) => tx.run({ businessDate, revision: Number(revision) }));
  try {
    if (run?.state !== 'decided') return true;
    await pipeline.ledger.read((tx) => demandSameDropPlace(pipeline.config, tx, run));
    await resumeDecided(pipeline, run);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return false;
  }
}

/** Overwrites what was destroyed. Somebody reading the ledger at this moment puts it off to the next run; it is not forgotten. */
export async function compactIfDue({
  ledger,
  claim,
  onProgress,
}: Pick<Pipeline, 'ledger' | 'claim' | 'onProgress'>): Promise<void> {
  if ((await ledger.read((tx) => tx.setting(compactionSetting))) !== 'yes') return;
  try {
    await ledger.compact();
  } catch (thrown) {
    const { code } = asFailure(thrown);
    if (code !== 'ledger-failed') throw thrown;
    onProgress({ step: 'compaction-put-off' });
    return;
  }
  await ledger.transact(claim, (tx) => tx.set(compactionSetting, 'no'));
}

/**
 * Whether every run of a date ended that many days ago, or was opened then and stands since under a drop that it does not know, as after a
 * restore; a date that never had a run has outlived once a later date was run.
 */
async function hasOutlived(pipeline: Pipeline, date: LocalDate, keepDays: number): Promise<boolean> {
  const { ledger, clock } = pipeline;
  if (addDays(date, keepDays) >= londonDate(clock.now())) return false;
  const { own, newest } = await ledger.read(async (tx) => ({
    own: (await tx.runs({ businessDate: date })).filter((run) => !isRehearsal(run)),
    newest: await tx.runs({ limit: 1 }),
  }));
  if (own.length === 0) return newest.some((run) => run.businessDate > date && isFinal(run.state));
  const closed = (await unknownDropsOf(pipeline, date)).map(({ revision }) => revision);
  return own.every(({ state, revision, openedAt, endedAt }) => {
    const over = isFinal(state) ? endedAt : closed.includes(revision) ? openedAt : null;
    return (over ?? Infinity) + keepDays * day < clock.now();
  });
}

/** The entry stands only if the removal did not throw. */
async function remove(
  pipeline: Pipeline,
  what: 'intake-removed' | 'drop-removed',
  businessDate: LocalDate,
  act: () => Promise<unknown>,
): Promise<void> {
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    await tell(pipeline, tx, null, { what, businessDate, name: businessDate });
    await act();
  });
}
