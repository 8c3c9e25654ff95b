/** Which words about choices and stops a reading has heard, for somebody may say one more before anything comes of it. */
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import { countRecorded } from './recorded-choices.ts';
import { stopsNow } from './stops.ts';

/** None is ever taken back, so that one more is a new one. */
export interface Heard {
  /** Choices recorded in the ledger. */
  readonly choicesHeard: number;
  readonly stopsHeard: number;
}

/** Nobody has said anything since. */
export const isAllHeard = async (tx: LedgerReader, { choicesHeard, stopsHeard }: Heard): Promise<boolean> =>
  (await stopsNow(tx)).heard === stopsHeard && (await countRecorded(tx)) === choicesHeard;

const setting = (run: RunId): string => `heard-before-asking/${formatRunId(run)}`;

/** Remembers on what the planned requests of a run were decided. */
export const noteHeard = (tx: LedgerWriter, run: RunId, { choicesHeard, stopsHeard }: Heard): Promise<void> =>
  tx.set(setting(run), JSON.stringify({ choicesHeard, stopsHeard }));

/** Whether the planned requests of a run were decided on all that has been said. */
export async function plannedOnAllHeard(tx: LedgerReader, run: RunId): Promise<boolean> {
  const noted = await tx.setting(setting(run));
  return noted !== null && isAllHeard(tx, JSON.parse(noted) as Heard);
}
