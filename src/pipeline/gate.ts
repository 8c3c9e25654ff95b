import { londonDate } from '../domain/calendar.ts';
import type { AskedRow } from '../domain/decision.ts';
import { heldBackReasons } from '../domain/eligibility.ts';
import type { RunTotals } from '../domain/evidence.ts';
import type { HoldReason } from '../domain/hold.ts';
import { jumps, judgedAfterRuns } from '../domain/hold.ts';
import { requestSubject } from '../domain/national-check.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import { chunkList, holds, numberList } from '../domain/number-list.ts';
import type { NumberList } from '../domain/number-list.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerWriter, StoredRun } from '../ports.ts';
import { awaitsPerson } from './backups.ts';
import { keyOfRun, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { withhold, expiredApproval } from './end.ts';
import {
  decideAgain,
  decideOn,
  leasesEndSetting,
  newestIntake,
  producedElsewhere,
  rosterRows,
  termsOf,
} from './intake-decision.ts';
import type { DecidedAgain, DecidedIntake } from './intake-decision.ts';
import { yearKey } from './open.ts';
import {
  askedPaper,
  canariesPaper,
  encodeAsked,
  encodeNumbers,
  gateTotalsPaper,
  putPaper,
  requestPaper,
} from './papers.ts';
import type { Desk } from './papers.ts';
import { PersonRows } from './person-rows.ts';
import { noteHeard } from './heard.ts';
import { noteHoldReasons } from './holds.ts';
import { noteOptOutsTold, vanishedReasons } from './opt-outs-told.ts';
import { firstOpenedAt, sinceFirstRun } from './since-first-run.ts';

/**
 * opened -> gated: decides on every row of the run's own intake and, where a newer one is there already, of that too; plans the requests.
 * A person with an objection is in no request and in no paper (R13).
 */
export async function gateRun(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const expired = expiredApproval(pipeline, run);
  if (expired !== null) {
    await withhold(pipeline, run, expired);
    return;
  }
  const own = await decideOnOwn(pipeline, run);
  const later = await decideOnNewer(pipeline, run, own);
  const plan = await planRequests(pipeline, run, own, later);
  const held = heldBackRows(own, plan.objectedLate);
  const reasons = await gateReasons(pipeline, own, later);

  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    const desk = { keyring: pipeline.keyring, key: await keyOfRun(tx, run) };
    await own.carry(tx);
    const totals = gateTotals(own, plan);
    await putPaper(tx, desk, askedPaper, plan.paper);
    await putPaper(tx, desk, gateTotalsPaper, Buffer.from(JSON.stringify(totals)));
    const canaries = numberList([...own.canaries, ...(later?.newest.canaries ?? [])]);
    await putPaper(tx, desk, canariesPaper, encodeNumbers(canaries));
    for (const list of plan.lists) await insertRequest(pipeline, tx, { run, desk, list, level: 0 });
    const year = await yearKey(pipeline, tx, run.businessDate);
    const heldBack = pipeline.lists.build(held.groups(pipeline.keyring, year, run));
    const proof = await tell(pipeline, tx, run, {
      what: 'run-gated',
      intake: own.intake.digest,
      rows: totals.rows,
      asked: plan.asked.length,
      requests: plan.lists.length,
      notAskedAgain: plan.notAskedAgain.length,
      objectedLate: plan.objectedLate.length,
      canaries: own.canaries.length,
      carried: own.carried,
      goneMissing: own.goneMissing,
      unmatchedRecent: own.unmatchedRecent,
      unmatchedOlder: own.unmatchedOlder,
      newestIntake: (later?.newest ?? own).intake.digest,
      heldBackList: heldBack.digest,
    });
    await tx.putPersonList(run, 'held-back', { pieces: heldBack.pieces, indexed: true }, proof);
    await tx.indexPersons(year.scope, held.places(pipeline.keyring, year), proof);
    await noteHoldReasons(tx, run, reasons);
    await noteOptOutsTold(tx, run, later?.newest ?? own);
    await noteHeard(tx, run, later?.newest ?? own);
    const { leasesEnd } = later?.newest ?? own;
    if (leasesEnd !== null) await tx.set(leasesEndSetting, leasesEnd);
    await tx.moveRun(run, 'opened', 'gated', { intake: own.intake.digest, totals }, proof);
  });
  pipeline.onProgress({
    step: 'gated',
    rows: own.decision.rows,
    asked: plan.asked.length,
    requests: plan.lists.length,
    unmatched: own.unmatchedRecent + own.unmatchedOlder,
    goneMissing: own.goneMissing,
  });
}

type Gated = Pick<StoredRun, 'businessDate' | 'revision' | 'openedAt'>;

/** The intake of the run's date, as it stands now. Throws what `IntakeReader.verify` throws. */
export async function decideOnOwn(pipeline: Pipeline, run: Gated): Promise<DecidedIntake> {
  const { businessDate } = run;
  const now = pipeline.clock.now();
  const since = await sinceFirstRun(pipeline, run);
  const openedAt = await firstOpenedAt(pipeline, run);
  const usedElsewhere = await pipeline.ledger.read((tx) => producedElsewhere(tx, businessDate));
  const intake = await pipeline.intake.verify({ businessDate, openedAt, now, usedElsewhere });
  return decideOn(pipeline, intake, termsOf(pipeline, businessDate), since);
}

/** What a newer intake and the own one together allow, or null where the own one is the newest. */
export async function decideOnNewer(
  pipeline: Pipeline,
  run: Gated,
  own: DecidedIntake,
): Promise<DecidedAgain | null> {
  const { digest } = own.intake;
  const newest = await newestIntake(pipeline, run);
  if (newest.digest === digest) return null;
  await pipeline.ledger.transact(pipeline.claim, (tx) => own.carry(tx));
  return decideAgain(pipeline, { ...run, intake: digest });
}

/** Totals as the gate leaves them: rows by outcome, and the numbers it settled without asking. */
function gateTotals({ decision }: DecidedIntake, plan: Plan): RunTotals {
  const settled = {
    'refused-by-check': plan.notAskedAgain.length,
    'objected-late': plan.objectedLate.length,
  };
  const outcomes = { released: 0, 'not-cleared': 0, 'not-answered': 0, ...settled };
  return { rows: decision.counts(), asked: decision.askedNumbers().length, outcomes };
}

interface Plan {
  /** The rows of those who are asked about, and only theirs. */
  readonly paper: Uint8Array;
  readonly lists: readonly NumberList[];
  readonly asked: NumberList;
  /** Refused by the check within the last 30 days. */
  readonly notAskedAgain: NumberList;
  /** A newer intake, there already, objects. */
  readonly objectedLate: NumberList;
}

/** Who of the rows that may be asked about is asked about tonight, in lists of the size and partition configured. */
async function planRequests(
  pipeline: Pipeline,
  run: StoredRun,
  own: DecidedIntake,
  later: DecidedAgain | null,
): Promise<Plan> {
  const { keyring, ledger, config } = pipeline;
  const candidates = own.decision.askedNumbers();
  const allowedLater = later?.allowed ?? candidates;
  const refused = await ledger.read((tx) => tx.refusedNumbers(run.businessDate));
  const isRefused = (number: number): boolean =>
    refused.size > 0 && refused.has(keyring.carriedName('number', formatNhsNumber(number)));
  const allowed = candidates.filter((number) => holds(allowedLater, number));
  const asked = allowed.filter((number) => !isRefused(number));
  const rows = (): Iterable<AskedRow> => own.decision.askedRows((number) => holds(asked, number));
  return {
    paper: encodeAsked(run, rows),
    lists: partition(rows(), asked, config.check.partition).flatMap((list) =>
      chunkList(list, config.check.maxNumbers),
    ),
    asked,
    notAskedAgain: allowed.filter(isRefused),
    objectedLate: candidates.filter((number) => !holds(allowedLater, number)),
  };
}

/** One list, or one a provider; a number that stands with several providers is asked about once, under the first of them. */
function partition(
  rows: Iterable<AskedRow>,
  toAsk: NumberList,
  by: 'none' | 'provider',
): readonly NumberList[] {
  if (by === 'none') return [toAsk];
  const providerOf = new Map<number, string>();
  for (const { number, providerId } of rows) {
    const known = providerOf.get(number);
    if (known === undefined || providerId < known) providerOf.set(number, providerId);
  }
  const lists = new Map<string, number[]>();
  for (const number of toAsk) {
    const provider = providerOf.get(number) ?? '';
    const list = lists.get(provider);
    if (list === undefined) lists.set(provider, [number]);
    else list.push(number);
  }
  return [...lists.keys()].sort().map((provider) => numberList(lists.get(provider) ?? []));
}

/** Plans one request: a local id that is never used again, the next sequence number of the month, the list as a paper. */
export async function insertRequest(
  { clock, chance, claim, mailbox }: Pipeline,
  tx: LedgerWriter,
  { run, desk, list, level }: { run: RunId; desk: Desk; list: NumberList; level: number },
): Promise<string> {
  const today = londonDate(clock.now());
  const sequence = await tx.nextSequence(today.slice(0, 7));
  const subject = requestSubject(mailbox.mailboxId, today, sequence);
  const localId = `${subject}-${Buffer.from(chance.bytes(8)).toString('hex')}`;
  await putPaper(tx, desk, requestPaper(localId), encodeNumbers(list));
  await tx.insertRequest({
    localId,
    run: { businessDate: run.businessDate, revision: run.revision },
    state: 'planned',
    level,
    sequence,
    subject,
    intendedAt: null,
    sentAt: null,
    messageId: null,
    epoch: claim.epoch,
  });
  return localId;
}

/** Those whom the gate held back, and those whom a newer intake held back beside it. */
function heldBackRows(own: DecidedIntake, objectedLate: NumberList): PersonRows {
  const people = new PersonRows();
  for (const { number, providerId, reason } of own.decision.heldBackRows()) {
    people.add(providerId, number, heldBackReasons.indexOf(reason));
  }
  for (const { number, providerId } of own.decision.askedRows((number) => holds(objectedLate, number))) {
    people.add(providerId, number, heldBackReasons.indexOf('objected-late'));
  }
  return people;
}

/** What must be looked at before anything is asked. */
async function gateReasons(
  pipeline: Pipeline,
  own: DecidedIntake,
  later: DecidedAgain | null,
): Promise<HoldReason[]> {
  const { sizes, vanished } = await pipeline.ledger.read(async (tx) => ({
    sizes: await tx.releasedSizes(judgedAfterRuns),
    vanished: await vanishedReasons(tx, later?.newest ?? own),
  }));
  const reasons: HoldReason[] = [...vanished];
  if (own.unmatchedRecent + (later?.newest.unmatchedRecent ?? 0) > 0) reasons.push('opt-out-unmatched');
  if (
    jumps(
      rosterRows(own.intake),
      sizes.map(({ rows }) => rows),
    )
  )
    reasons.push('roster-jump');
  if (await pipeline.ledger.read(awaitsPerson)) reasons.push('ledger-restored');
  return reasons;
}
