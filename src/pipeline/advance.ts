import { hour } from '../domain/calendar.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { asFailure } from '../domain/failure.ts';
import { isFinal, isRehearsal } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { StoredRun } from '../ports.ts';
import { askAll } from './ask-all.ts';
import { awaitAnswers } from './await-answers.ts';
import type { Pipeline } from './context.ts';
import { decideRun } from './decide.ts';
import { answersExpireAt, fail, reread } from './end.ts';
import { gateRun } from './gate.ts';
import { expireHold } from './holds.ts';
import { openRun } from './open.ts';
import { releaseRun, resumeDecided, sealRun } from './release.ts';

/** How far a run came: `changed` is false where there was nothing left to do. */
export interface Advanced {
  readonly run: StoredRun;
  readonly changed: boolean;
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
  const existing = await currentRun(pipeline, businessDate, rehearse);
  const id = existing ?? (await nextId(pipeline, businessDate, rehearse));
  if (existing === null) await openRun(pipeline, id);
  else if (isFinal(existing.state)) return { run: existing, changed: false };
  for (;;) {
    pipeline.signal.throwIfAborted();
    const run = await pipeline.ledger.read((tx) => tx.run(id));
    if (run === null) throw new Error('a run that was opened has vanished');
    pipeline.onProgress({ step: 'state', run: id, state: run.state });
    if (isFinal(run.state)) return { run, changed: true };
    if (run.state === 'held' && !(await holdHasExpired(pipeline, run)))
      return { run, changed: existing?.state !== 'held' };
    await step(pipeline, run);
  }
}

/** The run to take up: the latest revision, or an unfinished rehearsal. */
async function currentRun(
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

/** One step of the table in `domain/run.ts`. */
async function step(pipeline: Pipeline, run: StoredRun): Promise<void> {
  try {
    await stepFrom(pipeline, run);
  } catch (thrown) {
    const failure = asFailure(thrown);
    // Its papers are gone, so it can never go on: it ends here, with nothing having left.
    if (failure.code !== 'key-destroyed' || run.state === 'released') throw thrown;
    await fail(pipeline, run, failure.code);
  }
}

async function stepFrom(pipeline: Pipeline, run: StoredRun): Promise<void> {
  switch (run.state) {
    case 'opened':
      return gateRun(pipeline, run);
    case 'gated':
      return askAll(pipeline, run);
    case 'asked':
      return awaitAnswers(pipeline, run);
    case 'answered': {
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

/** A hold that nobody decides ends with the answers' age limit, or as long after it was opened where nothing was asked yet. */
async function holdHasExpired({ ledger, clock, config }: Pipeline, run: StoredRun): Promise<boolean> {
  return ledger.read(async (tx) => {
    const open = (await tx.holds(run)).find(({ decision }) => decision === 'open');
    const limit = await answersExpireAt(tx, run, config.check.maxAgeHours);
    const openedLimit = (open?.openedAt ?? run.openedAt) + config.check.maxAgeHours * hour;
    return clock.now() > (limit ?? openedLimit);
  });
}
