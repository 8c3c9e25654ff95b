import { earliest, londonDate } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import { Canaries } from '../domain/canary.ts';
import type { Decision } from '../domain/decision.ts';
import type { Terms } from '../domain/eligibility.ts';
import { Failure } from '../domain/failure.ts';
import { ChoiceBook } from '../domain/in-service-choice.ts';
import type { HomeOptOuts } from '../domain/opt-outs-told.ts';
import { hasAgreement, leasesEnd, participates } from '../domain/provider.ts';
import type { Provider } from '../domain/provider.ts';
import { foldId } from '../domain/service-user.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import { holds, numberList } from '../domain/number-list.ts';
import type { NumberList } from '../domain/number-list.ts';
import { Roster } from '../domain/roster.ts';
import { demandRulesHold } from '../domain/rule-pairs.ts';
import type {
  CarriedObjection,
  Ledger,
  LedgerReader,
  LedgerWriter,
  StoredRun,
  VerifiedIntake,
} from '../ports.ts';
import { loadCarried, OptOutsSeen } from './carried.ts';
import type { Pipeline } from './context.ts';
import { HomesTold } from './opt-outs-told.ts';
import { recordedChoices } from './recorded-choices.ts';
import { firstOpenedAt, sinceFirstRun } from './since-first-run.ts';
import type { SinceFirstRun } from './since-first-run.ts';
import { stopsNow } from './stops.ts';

/** An intake read whole and decided on. */
export interface DecidedIntake {
  readonly intake: VerifiedIntake;
  readonly decision: Decision;
  /** Opt-outs of earlier nights that object tonight. */
  readonly carried: number;
  /** Those of them that the intake tells of no more: their row is gone, or their column has flipped back. */
  readonly goneMissing: number;
  /** By home: rows of people whose opt-out is carried, and whether the intake tells of it. */
  readonly homes: Readonly<Record<string, HomeOptOuts>>;
  /** Service users with a recent opt-out whom no roster has ever shown: a mistyped id is the likely cause. */
  readonly unmatchedRecent: number;
  readonly unmatchedOlder: number;
  /** How many choices recorded in the ledger were heard; with one more the decision is out of date. */
  readonly choicesHeard: number;
  /** The same of words about stops. */
  readonly stopsHeard: number;
  /** Providers stopped by what was heard, by folded id. */
  readonly stoppedProviders: ReadonlySet<string>;
  /** The first day on which a lease of a provider that takes part ends; null where none does. */
  readonly leasesEnd: LocalDate | null;
  /** The made-up people who went through the decision with the real ones, and were held back. */
  readonly canaries: NumberList;
  /** Writes down the opt-outs seen, so that they last (R12). */
  readonly carry: (ledger: LedgerWriter) => Promise<void>;
}

/** What deciding on an intake needs. */
export type DecisionDesk = Pick<Pipeline, 'intake' | 'keyring' | 'clock' | 'lists'> & {
  readonly ledger: Pick<Ledger, 'read'>;
};

export const termsOf = (pipeline: Pipeline, businessDate: LocalDate): Terms => ({
  businessDate,
  releaseDate: londonDate(pipeline.clock.now()),
  numbers: pipeline.config.numbers,
});

/**
 * Reads providers, choices and roster of a verified intake and decides on every row; choices are read as of now. In a rerun nobody comes
 * back who was heard objecting `since` its date's first run opened. The rules are tried before, and made-up people go through with the real
 * ones: throws `self-test-failed`, `canary-survived`, `canary-lost`.
 */
export async function decideOn(
  pipeline: DecisionDesk,
  intake: VerifiedIntake,
  terms: Terms,
  since: SinceFirstRun | null,
): Promise<DecidedIntake> {
  const { intake: reader, keyring, ledger } = pipeline;
  demandRulesHold(terms);
  const stops = await ledger.read(stopsNow);
  const providers = await reader.providers(intake);
  const book = new ChoiceBook(pipeline.clock.now(), since?.openedAt);
  for await (const choice of reader.choices(intake)) book.add(choice);
  const choicesWritten = book.rows;
  for await (const choice of recordedChoices(pipeline)) book.add(choice);

  const choicesHeard = book.rows - choicesWritten;

  const carried = await ledger.read((tx) => loadCarried(tx, keyring, book, since?.stays));
  // Before the made-up choices are heard: nothing of those may last.
  const seen = new OptOutsSeen(keyring, book);
  const canaries = new Canaries(providers.values(), terms);
  for (const choice of canaries.choices(book.readAt)) book.add(choice);
  const stoppedProviders = new Set(stops.providers.keys());
  const roster = new Roster({ ...terms, stopped: stoppedProviders }, providers, book);
  const homes = new HomesTold();
  const chosen = book.objectionsByFoldedId();
  const isTold = ({ serviceUserId, choiceColumn }: ServiceUserRow): boolean =>
    choiceColumn === 'opted_out' || chosen.get(foldId(serviceUserId)) === 'opted-out-in-service';
  for await (const row of reader.roster(intake)) {
    const isCarried = carried.against(row);
    if (isCarried) homes.add(row, isTold(row));
    const objectedBefore = row.number.kind === 'valid' && since?.objected(row.number.number) === true;
    roster.add(row, isCarried, objectedBefore);
    seen.add(row);
  }
  canaries.plant(roster);
  const decision = roster.settle();
  canaries.demandHeldBack(decision);
  seen.settle(roster);
  const underNewNumbers = carried.underNewNumbers(roster);
  demandTotals(intake, decision);
  const { recentIds, recentNameless, older } = decision.unmatched;
  const strangers = recentIds.filter((id) => !carried.isKnown(id));
  return {
    intake,
    decision,
    carried: carried.count,
    goneMissing: carried.goneMissing(seen),
    homes: homes.counts(),
    unmatchedRecent: strangers.length + (recentNameless ? 1 : 0),
    unmatchedOlder: older + recentIds.length - strangers.length,
    choicesHeard,
    canaries: canaries.numbers,
    leasesEnd: firstLeaseEnd(providers.values(), terms.businessDate),
    stopsHeard: stops.heard,
    stoppedProviders,
    carry: async (tx) => {
      await carryObjections(tx, seen, intake);
      await tx.carry(underNewNumbers);
    },
  };
}

/** Under which name the ledger remembers `leasesEnd` of the newest gated intake. */
export const leasesEndSetting = 'leases-end';

function firstLeaseEnd(providers: Iterable<Provider>, date: LocalDate): LocalDate | null {
  const ends = [...providers]
    .filter((provider) => participates(provider, date) && hasAgreement(provider, date))
    .map(leasesEnd);
  return ends.length === 0 ? null : earliest(ends);
}

async function carryObjections(
  ledger: LedgerWriter,
  seen: OptOutsSeen,
  intake: VerifiedIntake,
): Promise<void> {
  const accepted = await ledger.acceptIntake({
    digest: intake.digest,
    businessDate: intake.businessDate,
    producedAt: intake.producedAt,
    rows: rosterRows(intake),
  });
  const earlier = new Map<string, CarriedObjection>();
  for await (const objection of ledger.carried()) earlier.set(objection.id, objection);
  await ledger.carry([...seen.toCarry(earlier, accepted)]);
}

export const rosterRows = (intake: VerifiedIntake): number =>
  intake.files.find((file) => file.name === 'service-users.csv')?.rows ?? 0;

/** Every row ends with exactly one outcome, and they add up, or the run stops (R2). */
function demandTotals(intake: VerifiedIntake, decision: Decision): void {
  const sum = Object.values(decision.counts()).reduce((total, count) => total + count, 0);
  const rows = rosterRows(intake);
  if (sum === rows) return;
  throw new Failure('intake-totals', {
    message: 'The outcomes do not add up to the rows of the roster.',
    place: 'service-users.csv',
    found: `${sum} outcomes`,
    allowed: `${rows} rows`,
    hint: 'Nothing was sent. Report this: it is a fault of the gate.',
  });
}

/** Instants of production that opened runs of other dates: the same one again is another night's list under tonight's name. */
export async function producedElsewhere(
  ledger: LedgerReader,
  businessDate: LocalDate,
): Promise<ReadonlySet<Instant>> {
  const others = (await ledger.intakes({})).filter((intake) => intake.businessDate !== businessDate);
  return new Set(others.map((intake) => intake.producedAt));
}

/** What the newest intake and, where it still stands beside it, the run's own say now. */
export interface DecidedAgain {
  readonly newest: DecidedIntake;
  /** Numbers that both allow, with the choices known now. */
  readonly allowed: NumberList;
  /** Numbers that both would allow but for a stop of their provider. */
  readonly stopped: NumberList;
  /** Numbers against which one of them knows an objection. */
  readonly objecting: NumberList;
}

/**
 * Decides anew. What the newest intake tells of is carried before the own one is decided on, for it may speak of somebody by an id that
 * only the own one shows; and it lasts, even if this run is held and the row is gone when the run goes on.
 */
export async function decideAgain(
  pipeline: Pipeline,
  run: Pick<StoredRun, 'businessDate' | 'revision' | 'openedAt' | 'intake'>,
): Promise<DecidedAgain> {
  const terms = termsOf(pipeline, run.businessDate);
  const since = await sinceFirstRun(pipeline, run);
  const standing = await standingIntakes(pipeline, run.businessDate, await firstOpenedAt(pipeline, run));
  const newest = await decideOn(pipeline, standing[0], terms, since);
  await pipeline.ledger.transact(pipeline.claim, (tx) => newest.carry(tx));
  const allowed = newest.decision.askedNumbers();
  const stopped = newest.decision.stoppedNumbers();
  const objecting = newest.decision.objectingNumbers();
  const own = standing.find(({ digest }) => digest === run.intake);
  if (own === undefined || own === standing[0]) return { newest, allowed, stopped, objecting };
  const { decision } = await decideOn(pipeline, own, terms, since);
  return {
    newest,
    ...allowedByBoth(newest.decision, decision),
    objecting: numberList([...objecting, ...decision.objectingNumbers()]),
  };
}

/** Numbers that two decisions allow, and those that both would but for a stop. */
export function allowedByBoth(one: Decision, other: Decision): Pick<DecidedAgain, 'allowed' | 'stopped'> {
  const [asked, askedToo] = [one.askedNumbers(), other.askedNumbers()];
  const allowed = asked.filter((number) => holds(askedToo, number));
  const [stopped, stoppedToo] = [one.stoppedNumbers(), other.stoppedNumbers()];
  const wouldBeToo = numberList([...askedToo, ...stoppedToo]);
  const wouldBe = numberList([...asked, ...stopped]).filter((number) => holds(wouldBeToo, number));
  return { allowed, stopped: wouldBe.filter((number) => !holds(allowed, number)) };
}

/** Of the intake folders that pass their manifest and age check the one produced last, whatever its date; throws as `standingIntakes`. */
export async function newestIntake(
  pipeline: Pipeline,
  run: Pick<StoredRun, 'businessDate' | 'revision' | 'openedAt'>,
): Promise<VerifiedIntake> {
  const openedAt = await firstOpenedAt(pipeline, run);
  return (await standingIntakes(pipeline, run.businessDate, openedAt))[0];
}

/**
 * The intakes of a date and later that pass their manifest and age check, the one produced last first: a folder written ahead of its date
 * must not hide what has been corrected since. Throws what the run's own folder failed with if none does.
 */
async function standingIntakes(
  pipeline: Pipeline,
  businessDate: LocalDate,
  openedAt: Instant,
): Promise<[VerifiedIntake, ...VerifiedIntake[]]> {
  const found: VerifiedIntake[] = [];
  let refusal: unknown = null;
  for (const date of await pipeline.intake.dates()) {
    if (date < businessDate) break;
    const usedElsewhere = await pipeline.ledger.read((tx) => producedElsewhere(tx, date));
    const terms = { businessDate: date, openedAt, now: pipeline.clock.now(), usedElsewhere };
    try {
      found.push(await pipeline.intake.verify(terms));
    } catch (thrown) {
      refusal = thrown;
    }
  }
  const [newest, ...others] = found.toSorted((a, b) => b.producedAt - a.producedAt);
  if (newest !== undefined) return [newest, ...others];
  if (refusal instanceof Failure) throw refusal;
  throw new Failure('intake-missing', {
    message: `No intake of ${businessDate} or later can be read again before the release.`,
    place: businessDate,
    hint: 'Nothing was released. Have the care record system write the intake again, then run the same command.',
  });
}
