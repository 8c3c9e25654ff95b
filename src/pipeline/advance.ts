import type { Instant, LocalDate } from '../domain/calendar.ts';
import { asFailure, exitCodeOf, exitCodes } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import { isFinal, isRehearsal } from '../domain/run.ts';
import type { RunId, RunState } from '../domain/run.ts';
import type { StoredRun } from '../ports.ts';
import { askAll } from './ask-all.ts';
import { awaitAnswers, look } from './await-answers.ts';
import { demandApproved, demandBegunWith, takeIntoForce } from './configuration.ts';
import { ComeBack } from './come-back.ts';
import type { Pipeline } from './context.ts';
import { decideRun } from './decide.ts';
import { fail, reread, showCheckpoint, signRest } from './end.ts';
import { gateRun } from './gate.ts';
import { expireHold, holdHasExpired } from './holds.ts';
import { destroyDueKeys } from './housekeeping.ts';
import { demandKnownDrops } from './known-drops.ts';
import { openRun, tellRefusal } from './open.ts';
import { releaseRun, resumeDecided, sealRun } from './release.ts';

/** How far a run came: `changed` is false where there was nothing left to do. */
export interface Advanced {
  readonly run: StoredRun;
  readonly changed: boolean;
  /** When it goes on, where it has to wait and this process does not (`Pipeline.leavesToWait`). */
  readonly comeBack: Instant | null;
}

/**
 * Opens the run of a business date or takes it up where it stands, and brings it as far as it will go: to its end, or to a hold. Safe to
 * call again after a crash at any point. Throws what stopped it; the run then waits where it stands. `rehearse` makes a run of its own that
 * never links a drop.
 */
export async function advanceRun(
  pipeline: Pipeline,
  businessDate: LocalDate,
  rehearse: boolean,
): Promise<Advanced> {
  await showCheckpoint(pipeline);
  await destroyDueKeys(pipeline);
  if (!rehearse) await demandKnownDrops(pipeline, businessDate);
  const existing = await currentRun(pipeline, businessDate, rehearse);
  const id = existing ?? (await nextId(pipeline, businessDate, rehearse));
  if (existing === null) {
    await pipeline.ledger.read((tx) => demandApproved(pipeline.config, tx));
    await openRun(pipeline, id);
  } else if (isFinal(existing.state)) return { run: existing, changed: false, comeBack: null };
  else await takeUp(pipeline, existing);
  let cameFrom: RunState | null = null;
  for (;;) {
    pipeline.signal.throwIfAborted();
    const run: StoredRun | null = await pipeline.ledger.read((tx) => tx.run(id));
    if (run === null) throw new Error('a run that was opened has vanished');
    pipeline.onProgress({ step: 'state', run: id, state: run.state });
    if (isFinal(run.state)) return { run, changed: true, comeBack: null };
    if (run.state === 'held' && !(await holdHasExpired(pipeline, run)))
      return { run, changed: existing?.state !== 'held', comeBack: null };
    const comeBack = await stepOrLeave(pipeline, run, cameFrom);
    if (comeBack !== null) return { run, changed: true, comeBack };
    cameFrom = run.state;
  }
}

/** What is released already is only sealed, under whatever settings; everything before goes on under those it began with. */
async function takeUp(pipeline: Pipeline, run: StoredRun): Promise<void> {
  if (run.state === 'released') return;
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    await demandBegunWith(pipeline.config, tx, run);
    await takeIntoForce(pipeline, tx);
  });
}

/** The run to take up: the latest revision, or an unfinished rehearsal. */
export async function currentRun(
  pipeline: Pipeline,
  businessDate: LocalDate,
  rehearse: boolean,
): Promise<StoredRun | null> {
  const runs = await pipeline.ledger.read((tx) => tx.runs({ businessDate }));
  return runs.find((run) => isRehearsal(run) === rehearse && !(rehearse && isFinal(run.state))) ?? null;
}

async function nextId(pipeline: Pipeline, businessDate: LocalDate, rehearse: boolean): Promise<RunId> {
  if (!rehearse) return { businessDate, revision: 1 };
  const runs = await pipeline.ledger.read((tx) => tx.runs({ businessDate }));
  return { businessDate, revision: -runs.filter(isRehearsal).length };
}

/** When to come back, where the step has to wait and nobody does. */
async function stepOrLeave(
  pipeline: Pipeline,
  run: StoredRun,
  cameFrom: RunState | null,
): Promise<Instant | null> {
  try {
    await step(pipeline, run, cameFrom);
    return null;
  } catch (thrown) {
    if (thrown instanceof ComeBack) return thrown.at;
    throw thrown;
  }
}

/** One step of the table in `domain/run.ts`. `cameFrom`: where this process found the run a moment ago; null when it takes it up. */
async function step(pipeline: Pipeline, run: StoredRun, cameFrom: RunState | null): Promise<void> {
  try {
    await stepFrom(pipeline, run, cameFrom);
  } catch (thrown) {
    const failure = asFailure(thrown);
    await tellRefusal(pipeline, run, failure.code);
    // A night without MESH, or without those who remember the log, ends here too.
    if (endsTheNight(failure.code)) await signRest(pipeline);
    // Its papers are gone, so it can never go on: it ends here, with nothing having left.
    if (failure.code !== 'key-destroyed' || run.state === 'released') throw thrown;
    await fail(pipeline, run, failure.code);
  }
}

const endsTheNight = (code: FailureCode): boolean =>
  exitCodeOf(code) === exitCodes.partnerUnavailable || code === 'anchor-overdue';

async function stepFrom(pipeline: Pipeline, run: StoredRun, cameFrom: RunState | null): Promise<void> {
  switch (run.state) {
    case 'opened':
      return gateRun(pipeline, run);
    case 'gated':
      return askAll(pipeline, run, cameFrom === 'opened');
    case 'asked':
      return awaitAnswers(pipeline, run);
    case 'answered': {
      // Held or interrupted for a while, a run may have had more mail: a second answer that differs, above all.
      if (cameFrom !== 'asked') await look(pipeline, run);
      const release = await decideRun(pipeline, run);
      if (release !== null) await releaseRun(pipeline, await reread(pipeline, run), release);
      return;
    }
    case 'decided':
      return resumeDecided(pipeline, run);
    case 'released':
      return sealRun(pipeline, run);
    case 'held':
      return expireHold(pipeline, run);
    case 'sealed':
    case 'withheld':
    case 'failed':
      return;
  }
}
