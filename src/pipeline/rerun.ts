/** A date run once more, with the choices in force now (R17): first what would change, then a new revision beside the old one. */
import type { LocalDate } from '../domain/calendar.ts';
import { heldBackReasons } from '../domain/eligibility.ts';
import type { HeldBackReason } from '../domain/eligibility.ts';
import type { Entry } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import { holds } from '../domain/number-list.ts';
import { formatRunId, isFinal } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, StoredRun } from '../ports.ts';
import { advanceRun, currentRun } from './advance.ts';
import type { Advanced } from './advance.ts';
import { demandApproved } from './configuration.ts';
import type { Pipeline } from './context.ts';
import { decideOnNewer, decideOnOwn } from './gate.ts';
import type { DecidedAgain, DecidedIntake } from './intake-decision.ts';
import { openRun } from './open.ts';
import { lastReleased } from './release.ts';
import { peopleOn } from './since-first-run.ts';
import type { RunPeople } from './since-first-run.ts';
import { demandNotStopped } from './stops.ts';

/** Why somebody who was sent would not be sent again. */
export const removalReasons = [...heldBackReasons, 'refused-by-check', 'not-on-roster'] as const;
export type RemovalReason = (typeof removalReasons)[number];

/** What a rerun would change, before the national check is asked. Counts of people. */
export interface RerunPreview {
  /** The revision that stands last, however it ended. */
  readonly latest: StoredRun;
  readonly next: RunId;
  /** Whose drop the new one takes the place of; null where nothing was released. */
  readonly superseded: StoredRun | null;
  /** Nothing it would be decided on is another than when the latest revision was released. */
  readonly isSame: boolean;
  readonly asked: number;
  /** Of those asked about who were not sent before: they leave only if the check returns them. */
  readonly added: number;
  readonly kept: number;
  readonly removed: Readonly<Record<RemovalReason, number>>;
}

/**
 * Decides anew without asking anybody. Throws `run-not-found`, `run-unfinished`, `configuration-unapproved`, `evidence-destroyed`, and what
 * reading the intake throws.
 */
export async function previewRerun(pipeline: Pipeline, businessDate: LocalDate): Promise<RerunPreview> {
  const latest = await currentRun(pipeline, businessDate, false);
  if (latest === null) throw notRunYet(businessDate);
  if (!isFinal(latest.state)) throw unfinished(latest);
  await pipeline.ledger.read((tx) => demandApproved(pipeline.config, tx));
  const next = { businessDate, revision: latest.revision + 1 };
  const terms = { ...next, openedAt: pipeline.clock.now() };
  const own = await decideOnOwn(pipeline, terms);
  const later = await decideOnNewer(pipeline, terms, own);
  const { superseded, isSame, before, refused } = await pipeline.ledger.read(async (tx) => {
    const stands = await lastReleased(tx, next);
    return {
      superseded: stands,
      isSame: await isUnchanged(tx, latest, own, later),
      before: stands === null ? [] : await peopleOn(pipeline, tx, stands, 'released'),
      refused: await tx.refusedNumbers(businessDate),
    };
  });
  const isRefused = (number: NhsNumber): boolean =>
    refused.size > 0 && refused.has(pipeline.keyring.carriedName('number', formatNhsNumber(number)));
  return { latest, next, superseded, isSame, ...difference({ own, later, before: before[0], isRefused }) };
}

/**
 * Opens the next revision of the date and brings it as far as it will go; where nothing changed since the latest was released, it does
 * nothing. Throws as `previewRerun` and `advanceRun`.
 */
export async function rerun(
  pipeline: Pipeline,
  { latest, next, superseded, isSame }: RerunPreview,
  reason: string,
): Promise<Advanced> {
  if (isSame) return { run: latest, changed: false, comeBack: null };
  await pipeline.ledger.read(demandNotStopped);
  const supersedes = superseded === null ? '' : formatRunId(superseded);
  await openRun(pipeline, next, { reason, supersedes });
  return advanceRun(pipeline, next.businessDate, false);
}

interface Compared {
  readonly own: DecidedIntake;
  readonly later: DecidedAgain | null;
  /** Those sent before. */
  readonly before: RunPeople | undefined;
  readonly isRefused: (number: NhsNumber) => boolean;
}

function difference({
  own,
  later,
  before,
  isRefused,
}: Compared): Pick<RerunPreview, 'asked' | 'added' | 'kept' | 'removed'> {
  const wasSent = (number: NhsNumber): boolean => before?.stands(formatNhsNumber(number)) === true;
  const removed = Object.fromEntries(removalReasons.map((reason) => [reason, 0])) as Record<
    RemovalReason,
    number
  >;
  let [asked, kept, met] = [0, 0, 0];
  for (const number of own.decision.askedNumbers()) {
    const reason =
      later !== null && !holds(later.allowed, number)
        ? 'objected-late'
        : isRefused(number)
          ? 'refused-by-check'
          : null;
    const sent = wasSent(number);
    if (reason === null) asked++;
    if (!sent) continue;
    met++;
    if (reason === null) kept++;
    else removed[reason]++;
  }
  for (const [number, reason] of reasonsOf(own)) {
    if (!wasSent(number)) continue;
    met++;
    removed[reason]++;
  }
  removed['not-on-roster'] = (before?.size ?? 0) - met;
  return { asked, added: asked - kept, kept, removed };
}

/** Each number that the gate holds back, with the first of its reasons. */
function reasonsOf({ decision }: DecidedIntake): ReadonlyMap<NhsNumber, HeldBackReason> {
  const reasons = new Map<NhsNumber, HeldBackReason>();
  const rank = (reason: HeldBackReason): number => heldBackReasons.indexOf(reason);
  for (const { number, reason } of decision.heldBackRows()) {
    const known = reasons.get(number);
    if (known === undefined || rank(reason) < rank(known)) reasons.set(number, reason);
  }
  return reasons;
}

/** What the latest revision was decided on, if it was released: the same intakes, and nothing said since. */
async function isUnchanged(
  tx: LedgerReader,
  latest: StoredRun,
  own: DecidedIntake,
  later: DecidedAgain | null,
): Promise<boolean> {
  if (latest.state !== 'sealed') return false;
  const decided = await lastOf(tx, 'run-decided', latest);
  if (decided?.entry.what !== 'run-decided') return false;
  const newest = (later?.newest ?? own).intake.digest;
  if (latest.intake !== own.intake.digest || decided.entry.newestIntake !== newest) return false;
  const metSince = (await tx.carriedFrom()).some((from) => from > decided.position);
  for await (const { position } of tx.entriesOf('choice-recorded'))
    if (position > decided.position) return false;
  const stopsSince = (await tx.stops()).some(({ position }) => position > decided.position);
  return !metSince && !stopsSince;
}

async function lastOf(
  tx: LedgerReader,
  what: Entry['what'],
  run: RunId,
): Promise<{ readonly position: number; readonly entry: Entry } | null> {
  let last: { readonly position: number; readonly entry: Entry } | null = null;
  for await (const { position, line } of tx.entriesOf(what)) {
    const entry = JSON.parse(Buffer.from(line).toString()) as Entry;
    if (entry.run === formatRunId(run)) last = { position, entry };
  }
  return last;
}

const notRunYet = (businessDate: LocalDate): Failure =>
  new Failure('run-not-found', {
    message: `There is no run of ${businessDate} to run again.`,
    hint: `Nothing was changed. \`export-gate run --date ${businessDate}\` runs it for the first time.`,
  });

const unfinished = (run: StoredRun): Failure =>
  new Failure('run-unfinished', {
    message: `Run ${formatRunId(run)} is not over, so its date cannot be run again.`,
    found: run.state,
    allowed: 'a date whose run has ended',
    hint: `Nothing was changed. \`export-gate run --date ${run.businessDate}\` goes on with it; with --end-withheld --reason "..." it ends with nothing leaving.`,
  });
