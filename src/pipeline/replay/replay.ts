/**
 * A past run decided again on the intakes it was decided on, and held against what log and lists say of it (R82). What the national check
 * said cannot be replayed: nobody keeps it.
 */
import type { AuditLog, Claim, IntakeReader, Ledger, PersonLists } from '../../ports.ts';
import { tell } from '../context.ts';
import { commitSigned } from '../end.ts';
import { firstOpenedAt } from '../since-first-run.ts';
import { countDifferences, listDifferences } from './compare.ts';
import type { Difference } from './compare.ts';
import { findIntakes } from './intakes.ts';
import { readPastRun } from './past-run.ts';
import { redecide } from './redecide.ts';
import type { RedecideDesk } from './redecide.ts';

/** What replaying needs. */
export interface ReplayDesk extends RedecideDesk {
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly lists: PersonLists;
  readonly claim: Claim;
  readonly by: string;
}

export interface Replay {
  readonly run: string;
  /** Digests of the intakes it was decided on again. */
  readonly intakes: readonly string[];
  readonly rows: number;
  /** Whether person lists were compared; nobody can once the year's key is destroyed. */
  readonly byPerson: boolean;
  readonly differences: readonly Difference[];
}

/**
 * Replays a run from these intake folders; that it was, and how many differences there were, is an entry. Throws `run-not-found`,
 * `audit-invalid`, and `not-replayable` where an intake is in none of the folders, or rules or settings of then are not known here.
 */
export async function replayRun(
  desk: ReplayDesk,
  run: string,
  readers: readonly IntakeReader[],
): Promise<Replay> {
  const { ledger, audit } = desk;
  const past = await ledger.read((tx) => readPastRun(audit, tx, run));
  const { gated, account } = past;
  const named = [gated.intake, gated.newestIntake, account.decided?.newestIntake ?? gated.intake];
  const wanted = new Set(named);
  const openedAt = await firstOpenedAt(desk, past.run);
  const again = await redecide(desk, past, await findIntakes(readers, past, wanted, openedAt));
  const ofLists = await ledger.read((tx) => listDifferences(desk, tx, past, again));
  const differences = [...countDifferences(past, again), ...(ofLists ?? [])];
  await commitSigned(desk, async (tx) => {
    await tell(desk, tx, past.run, { what: 'run-replayed', differences: differences.length });
  });
  const { rows } = again.own.decision;
  return { run, intakes: [...wanted], rows, byPerson: ofLists !== null, differences };
}
