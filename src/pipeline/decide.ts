import type { LocalDate } from '../domain/calendar.ts';
import type { AskedRow } from '../domain/decision.ts';
import { heldBackReasons } from '../domain/eligibility.ts';
import { rulesVersion } from '../domain/evidence.ts';
import type { ListDigest, RunTotals } from '../domain/evidence.ts';
import { answeredShare, isBeforeAsking, judgedAfterRuns, judgeRemovals, jumps } from '../domain/hold.ts';
import type { HoldReason } from '../domain/hold.ts';
import { holds, numberList } from '../domain/number-list.ts';
import type { NumberList } from '../domain/number-list.ts';
import { judgedNights, removalsDrift } from '../domain/removal-drift.ts';
import type { AnsweredNight } from '../domain/removal-drift.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import { foldId } from '../domain/service-user.ts';
import type { LedgerReader, PersonListName, StoredRun } from '../ports.ts';
import { readAnswers } from './answers.ts';
import type { Answers } from './answers.ts';
import { keyOfRun, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { demandAnchored } from './demand-anchored.ts';
import { answersExpireAt, commitSigned, expiredApproval, withhold } from './end.ts';
import { holdRun, isApproved, notedHoldReasons } from './holds.ts';
import { decideAgain, termsOf } from './intake-decision.ts';
import type { DecidedIntake } from './intake-decision.ts';
import { noteObjectedLate } from './objected-late.ts';
import { yearKey } from './open.ts';
import { encodePieces, encodePlaces, listPaper, placesPaper } from './list-paper.ts';
import {
  askedPaper,
  blindingPaper,
  canariesPaper,
  decodeAsked,
  decodeNumbers,
  gateTotalsPaper,
  putPaper,
  takePaper,
} from './papers.ts';
import { PersonRows } from './person-rows.ts';
import { planRelease } from './release-plan.ts';
import type { Release } from './release-plan.ts';
import { demandNotStopped } from './stops.ts';

/**
 * answered -> decided: the newest intake is read again whole and late objections are applied before any answer is looked at; then every
 * asked number gets its outcome. Ends withheld if nothing may leave or no answer is young enough (whatever state the intake is in), held
 * if a person must look. Returns the release if it was decided. Throws `anchor-overdue`, `anchor-refused` where something might leave.
 */
export async function decideRun(pipeline: Pipeline, run: StoredRun): Promise<Release | null> {
  const { ledger } = pipeline;
  const expired = expiredApproval(pipeline, run);
  if (expired !== null) return ended(withhold(pipeline, run, expired));
  const answers = await ledger.read((tx) => readAnswers(pipeline, tx, run));
  if (answers.tooOld && answers.answered === 0) return ended(withhold(pipeline, run, 'answers-too-old'));
  if (answers.answered === 0 && !(await cameOddly(pipeline, run)))
    return ended(withhold(pipeline, run, 'nothing-answered'));
  await ledger.read(demandNotStopped);
  await demandAnchored(pipeline);

  const decided = await decideOnAnswers(pipeline, run, answers);
  const { release } = decided;
  const reasons = await reasonsToHold(pipeline, run, answers, decided);
  const hold = { stage: 'before-release', reasons, digest: release.digest } as const;
  const approved = await ledger.read((tx) => isApproved(tx, run, hold));
  if (reasons.length > 0 && !approved) return ended(holdRun(pipeline, run, hold));
  if (release.numbers.length === 0) return ended(withhold(pipeline, run, 'nobody-to-release'));
  await commitDecision(pipeline, run, decided);
  return release;
}

/** Whether something came that could not be believed: nothing leaves then either, but until its age limit a person must look. */
const cameOddly = ({ ledger, clock, config }: Pipeline, run: StoredRun): Promise<boolean> =>
  ledger.read(async (tx) => {
    const limit = await answersExpireAt(tx, run, config.check.maxAgeHours);
    if (limit !== null && clock.now() > limit) return false;
    return (await notedHoldReasons(tx, run)).some((reason) => !isBeforeAsking(reason));
  });

const ended = (end: Promise<void>): Promise<null> => end.then(() => null);

/** What the gate left for the decision: the rows asked about, its totals, and the blinding of the run's commitments. */
interface Gated {
  readonly rows: Iterable<AskedRow>;
  readonly totals: RunTotals;
  readonly blinding: Uint8Array;
  readonly canaries: NumberList;
}

const takeGated = (pipeline: Pipeline, run: StoredRun): Promise<Gated> =>
  pipeline.ledger.read(async (tx) => {
    const desk = { keyring: pipeline.keyring, key: await keyOfRun(tx, run) };
    const totals = Buffer.from(await takePaper(tx, desk, gateTotalsPaper)).toString();
    return {
      rows: decodeAsked(await takePaper(tx, desk, askedPaper)),
      totals: JSON.parse(totals) as RunTotals,
      blinding: await takePaper(tx, desk, blindingPaper),
      canaries: decodeNumbers(await takePaper(tx, desk, canariesPaper)),
    };
  });

interface Decided {
  readonly release: Release;
  /** The rows asked about. */
  readonly rows: Iterable<AskedRow>;
  /** Those whom nothing but a stop of their provider keeps back. */
  readonly stopped: NumberList;
  /** The newest intake, without the memory that deciding on it took. */
  readonly newest: Pick<DecidedIntake, 'intake' | 'unmatchedRecent' | 'stoppedProviders'>;
}

/** Decides anew on the newest intake and settles every number asked about. */
async function decideOnAnswers(pipeline: Pipeline, run: StoredRun, answers: Answers): Promise<Decided> {
  const { newest, allowed, stopped, objecting } = await decideAgain(pipeline, run);
  const { rows, totals, blinding, canaries } = await takeGated(pipeline, run);
  const release = planRelease({
    rows,
    answers,
    again: newest.decision,
    allowed,
    canaries: numberList([...canaries, ...newest.canaries]),
    newestIntake: newest.intake.digest,
    choicesHeard: newest.choicesHeard,
    stopsHeard: newest.stopsHeard,
    releaseDate: termsOf(pipeline, run.businessDate).releaseDate,
    layout: pipeline.config.drop.layout,
    blinding,
    gated: totals,
  });
  const late = release.late.filter((number) => holds(objecting, number));
  if (late.length > 0)
    await pipeline.ledger.transact(pipeline.claim, (tx) => noteObjectedLate(pipeline.keyring, tx, run, late));
  const { intake, unmatchedRecent, stoppedProviders } = newest;
  return { release, rows, stopped, newest: { intake, unmatchedRecent, stoppedProviders } };
}

/**
 * What was answered on the nights before, oldest first, a date by its newest revision; from the one on whose drift somebody has looked at
 * and approved, it begins anew.
 */
async function answeredNights(tx: LedgerReader, run: StoredRun): Promise<AnsweredNight[]> {
  const approved = new Set(
    (await tx.holds())
      .filter(({ decision, reasons }) => decision === 'approved' && reasons.includes('removals-drifting'))
      .map((hold) => formatRunId(hold.run)),
  );
  const nights = new Map<LocalDate, AnsweredNight>();
  for (const each of await tx.runs({ withoutRehearsals: true, limit: 3 * judgedNights })) {
    const { businessDate, state, totals } = each;
    if (approved.has(formatRunId(each))) break;
    if ((state !== 'released' && state !== 'sealed') || totals === null) continue;
    if (businessDate >= run.businessDate || nights.has(businessDate)) continue;
    const { released, 'not-cleared': removed } = totals.outcomes;
    nights.set(businessDate, { answered: released + removed, removed });
  }
  return [...nights.values()].reverse();
}

/** Everything that a person must look at before this release. Reasons of the gate are judged anew on the newest intake. */
async function reasonsToHold(
  pipeline: Pipeline,
  run: StoredRun,
  answers: Answers,
  { newest, release }: Decided,
): Promise<readonly HoldReason[]> {
  const { removalBand: band, baseRate } = pipeline.config.check;
  const { noted, sizes, nights } = await pipeline.ledger.read(async (tx) => ({
    noted: await notedHoldReasons(tx, run),
    sizes: await tx.releasedSizes(judgedAfterRuns),
    nights: await answeredNights(tx, run),
  }));
  const whole = answers.judged.reduce(
    (sum, one) => ({ asked: sum.asked + one.asked, returned: sum.returned + one.returned }),
    { asked: 0, returned: 0 },
  );
  const judgements = [...answers.judged, whole].map(({ asked, returned }) =>
    judgeRemovals(asked, returned, band),
  );
  const reasons: (HoldReason | null)[] = [
    ...noted.filter((reason) => !isBeforeAsking(reason)),
    ...judgements,
    removalsDrift([...nights, { answered: whole.asked, removed: whole.asked - whole.returned }], baseRate)
      ? 'removals-drifting'
      : null,
    newest.unmatchedRecent > 0 ? 'opt-out-unmatched' : null,
    answers.judged.some(({ level, returned }) => level === 0 && returned === 0) ? 'answer-empty' : null,
    answers.answered < answers.asked * answeredShare ? 'too-few-answered' : null,
    jumps(
      release.numbers.length,
      sizes.map(({ released }) => released),
    )
      ? 'drop-jump'
      : null,
  ];
  return [...new Set(reasons.filter((reason) => reason !== null))].sort();
}

/** Writes the decision down: who leaves is fixed, and a signed checkpoint covers it before anything is linked. */
async function commitDecision(pipeline: Pipeline, run: StoredRun, decided: Decided): Promise<void> {
  const { keyring, lists } = pipeline;
  const { newest, release } = decided;
  const people = personRows(decided);
  await commitSigned(pipeline, async (tx) => {
    const desk = { keyring, key: await keyOfRun(tx, run) };
    const year = await yearKey(pipeline, tx, run.businessDate);
    const keep = async (list: PersonListName, rows: PersonRows): Promise<ListDigest> => {
      const { digest, pieces } = lists.build(rows.groups(keyring, year, run));
      await putPaper(tx, desk, listPaper(list), encodePieces(pieces));
      await putPaper(tx, desk, placesPaper(list), encodePlaces(rows.places(keyring, year)));
      return digest;
    };
    const releasedList = await keep('released', people.released);
    const heldBackLateList = await keep('held-back-late', people.late);
    const proof = await tell(pipeline, tx, run, {
      what: isRehearsal(run) ? 'run-rehearsed' : 'run-decided',
      totals: release.totals,
      newestIntake: newest.intake.digest,
      releasedList: isRehearsal(run) ? null : releasedList,
      heldBackLateList,
      commitment: release.digest,
      rules: rulesVersion,
    });
    const change = { totals: release.totals, released: release.numbers.length };
    await tx.moveRun(run, 'answered', 'decided', change, proof);
  });
}

/** A person whom only a stop keeps back has not objected: a rerun may bring them back once it is lifted. */
export const lateCode = (isStopped: boolean): number =>
  heldBackReasons.indexOf(isStopped ? 'provider-stopped' : 'objected-late');

/**
 * Those who leave, and those whom a late objection keeps back, by provider. Nobody leaves by a provider stopped since the gate while a row
 * of another one stands.
 */
function personRows({ rows, stopped, release: { numbers, late }, newest: { stoppedProviders } }: Decided): {
  released: PersonRows;
  late: PersonRows;
} {
  const isStopped = (providerId: string): boolean => stoppedProviders.has(foldId(providerId));
  const elsewhere: number[] = [];
  for (const { number, providerId } of rows) if (!isStopped(providerId)) elsewhere.push(number);
  const standing = numberList(elsewhere);
  const people = { released: new PersonRows(), late: new PersonRows() };
  for (const { number, providerId } of rows) {
    if (holds(numbers, number)) {
      if (!isStopped(providerId) || !holds(standing, number)) people.released.add(providerId, number, 0);
    } else if (holds(late, number)) people.late.add(providerId, number, lateCode(holds(stopped, number)));
  }
  return people;
}
