import { londonDate } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import type { Decision } from '../domain/decision.ts';
import type { Terms } from '../domain/eligibility.ts';
import { Failure } from '../domain/failure.ts';
import { ChoiceBook } from '../domain/in-service-choice.ts';
import { Roster } from '../domain/roster.ts';
import type { CarriedObjection, LedgerReader, LedgerWriter, VerifiedIntake } from '../ports.ts';
import { loadCarried, OptOutsSeen } from './carried.ts';
import type { Pipeline } from './context.ts';
import { recordedChoices } from './recorded-choices.ts';

/** An intake read whole and decided on. */
export interface DecidedIntake {
  readonly intake: VerifiedIntake;
  readonly decision: Decision;
  /** Opt-outs of earlier nights that object tonight. */
  readonly carried: number;
  /** Service users with a recent opt-out whom no roster has ever shown: a mistyped id is the likely cause. */
  readonly unmatchedRecent: number;
  readonly unmatchedOlder: number;
  /** Writes down the opt-outs seen, so that they last (R12). Call once, in the transaction of the step. */
  readonly carry: (ledger: LedgerWriter) => Promise<void>;
}

export const termsOf = (pipeline: Pipeline, businessDate: LocalDate): Terms => ({
  businessDate,
  releaseDate: londonDate(pipeline.clock.now()),
  numbers: pipeline.config.numbers,
});

/** Reads providers, choices and roster of a verified intake and decides on every row; choices are read as of now. */
export async function decideOn(
  pipeline: Pipeline,
  intake: VerifiedIntake,
  terms: Terms,
): Promise<DecidedIntake> {
  const { intake: reader, keyring, ledger } = pipeline;
  const providers = await reader.providers(intake);
  const book = new ChoiceBook(pipeline.clock.now());
  for await (const choice of reader.choices(intake)) book.add(choice);
  for await (const choice of recordedChoices(pipeline)) book.add(choice);

  const carried = await ledger.read((tx) => loadCarried(tx, keyring, book));
  const seen = new OptOutsSeen(keyring, book);
  const roster = new Roster(terms, providers, book);
  for await (const row of reader.roster(intake)) {
    roster.add(row, carried.against(row));
    seen.add(row);
  }
  const decision = roster.settle();
  demandTotals(intake, decision);
  const { recentIds, recentNameless, older } = decision.unmatched;
  const strangers = recentIds.filter((id) => !carried.knownIds.has(keyring.carriedName('id', id)));
  return {
    intake,
    decision,
    carried: carried.count,
    unmatchedRecent: strangers.length + (recentNameless ? 1 : 0),
    unmatchedOlder: older + recentIds.length - strangers.length,
    carry: (tx) => carryObjections(tx, seen, intake),
  };
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

/** The newest intake folder that passes its manifest and age check; throws what the run's own folder failed with if none does. */
export async function newestIntake(
  pipeline: Pipeline,
  businessDate: LocalDate,
  openedAt: Instant,
): Promise<VerifiedIntake> {
  let refusal: unknown = null;
  for (const date of await pipeline.intake.dates()) {
    if (date < businessDate) break;
    const usedElsewhere = await pipeline.ledger.read((tx) => producedElsewhere(tx, date));
    try {
      return await pipeline.intake.verify({
        businessDate: date,
        openedAt,
        now: pipeline.clock.now(),
        usedElsewhere,
      });
    } catch (thrown) {
      refusal = thrown;
    }
  }
  if (refusal instanceof Failure) throw refusal;
  throw new Failure('intake-missing', {
    message: `No intake of ${businessDate} or later can be read again before the release.`,
    place: businessDate,
    hint: 'Nothing was released. Have the care record system write the intake again, then run the same command.',
  });
}
