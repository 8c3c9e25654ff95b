import type { LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { isFinal } from '../domain/run.ts';
import type { LedgerWriter, StoredRun } from '../ports.ts';
import { currentRun } from './advance.ts';
import type { Advanced } from './advance.ts';
import { demandSameDropPlace } from './configuration.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned, reread, withholdWithin } from './end.ts';
import { resumeDecided, sealRun } from './release.ts';

/** Which run a person ends, and why. */
export interface Ending {
  readonly businessDate: LocalDate;
  readonly rehearse: boolean;
  readonly words: string;
}

/**
 * Ends an unfinished run by a person's word, with nothing leaving: the way out where it can or shall not go on. Anybody may, for it only
 * ever holds back. A drop that stands already is told and sealed instead. A run that has ended is left as it is. Throws `run-not-found`;
 * `configuration-changed` where a drop may stand under settings that are no longer these.
 */
export async function endWithheld(pipeline: Pipeline, ending: Ending): Promise<Advanced> {
  const { ledger, config } = pipeline;
  const found = await currentRun(pipeline, ending.businessDate, ending.rehearse);
  if (found === null) throw nothingToEnd(ending.businessDate);
  if (isFinal(found.state)) return { run: found, changed: false, comeBack: null };
  if (found.state === 'decided') {
    await ledger.read((tx) => demandSameDropPlace(config, tx, found));
    await resumeDecided(pipeline, found);
  }
  const run = await reread(pipeline, found);
  if (run.state === 'released') await sealRun(pipeline, run);
  else await commitSigned(pipeline, (tx) => endWithin(pipeline, tx, run, ending.words));
  return { run: await reread(pipeline, run), changed: true, comeBack: null };
}

async function endWithin(pipeline: Pipeline, tx: LedgerWriter, run: StoredRun, words: string): Promise<void> {
  for (const { id, digest, decision } of await tx.holds(run)) {
    if (decision !== 'open') continue;
    const step = { what: 'hold-rejected', hold: id, digest, reason: words, signature: null } as const;
    const proof = await tell(pipeline, tx, run, step);
    await tx.decideHold(id, 'rejected', pipeline.by, proof);
  }
  await withholdWithin(pipeline, tx, run, 'ended-by-operator', words);
}

const nothingToEnd = (businessDate: LocalDate): Failure =>
  new Failure('run-not-found', {
    message: `There is no run of ${businessDate} to end.`,
    hint: 'Nothing was changed. See `export-gate status`.',
  });
