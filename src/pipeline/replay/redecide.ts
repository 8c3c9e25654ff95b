/** A past run decided again: with the rules, settings, choices and carried opt-outs of then. */
import { numberPolicyIn } from '../../config-settings.ts';
import { londonDate } from '../../domain/calendar.ts';
import { heldBackReasons } from '../../domain/eligibility.ts';
import { formatNhsNumber } from '../../domain/nhs-number.ts';
import type { NhsNumber } from '../../domain/nhs-number.ts';
import { holds } from '../../domain/number-list.ts';
import type { NumberList } from '../../domain/number-list.ts';
import type { Clock, Keyring, Ledger, PersonLists } from '../../ports.ts';
import { lateCode } from '../decide.ts';
import { allowedByBoth, decideOn } from '../intake-decision.ts';
import type { DecidedAgain, DecidedIntake } from '../intake-decision.ts';
import { PersonRows } from '../person-rows.ts';
import type { FoundIntake } from './intakes.ts';
import type { PastRun } from './past-run.ts';
import { sinceFirstRun } from '../since-first-run.ts';
import { asOf } from './then.ts';
import type { Moment } from './then.ts';

export interface RedecideDesk {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly keyring: Keyring;
  readonly lists: PersonLists;
  readonly clock: Clock;
}

/** What comes out now. */
export interface Redecided {
  readonly own: DecidedIntake;
  /** Whom the gate let pass, and a newer intake, there already, did not. */
  readonly objectedLate: NumberList;
  readonly heldBack: PersonRows;
  /** Null where nothing was decided. */
  readonly decided: {
    /** Who was asked about and must be held back late. */
    readonly late: PersonRows;
    /** The same of numbers that the check has refused since or before: whether they were asked about then is not kept. */
    readonly perhapsLate: PersonRows;
    /** Who may be released if the national check clears them. */
    readonly eligible: PersonRows;
  } | null;
}

/** Decides on everything that the run decided on, at its gate and before its release. `intakes` are those it names, by digest. */
export async function redecide(
  desk: RedecideDesk,
  past: PastRun,
  intakes: ReadonlyMap<string, FoundIntake>,
): Promise<Redecided> {
  const { gated, account, beforeGate, atGate } = past;
  const own = await decideThen(desk, past, intakes.get(gated.intake), beforeGate);
  const candidates = own.decision.askedNumbers();
  const allowedLater =
    gated.newestIntake === gated.intake
      ? candidates
      : (await allowedThen(desk, past, intakes, { newest: gated.newestIntake, moment: atGate })).allowed;
  const objectedLate = candidates.filter((number) => !holds(allowedLater, number));
  const heldBack = new PersonRows();
  for (const { number, providerId, reason } of own.decision.heldBackRows())
    heldBack.add(providerId, number, heldBackReasons.indexOf(reason));
  for (const { number, providerId } of own.decision.askedRows((one) => holds(objectedLate, one)))
    heldBack.add(providerId, number, lateCode(false));
  if (past.atDecision === null || account.decided === null)
    return { own, objectedLate, heldBack, decided: null };

  const choice = { newest: account.decided.newestIntake, moment: past.atDecision };
  const { allowed, stopped } = await allowedThen(desk, past, intakes, choice);
  const isRefused = await refusedBy(desk, past);
  const decided = { late: new PersonRows(), perhapsLate: new PersonRows(), eligible: new PersonRows() };
  for (const { number, providerId } of own.decision.askedRows((one) => holds(allowedLater, one))) {
    if (holds(allowed, number)) decided.eligible.add(providerId, number, 0);
    else
      (isRefused(number) ? decided.perhapsLate : decided.late).add(
        providerId,
        number,
        lateCode(holds(stopped, number)),
      );
  }
  return { own, objectedLate, heldBack, decided };
}

/** Numbers that the newest intake and the run's own one allowed. */
async function allowedThen(
  desk: RedecideDesk,
  past: PastRun,
  intakes: ReadonlyMap<string, FoundIntake>,
  { newest, moment }: { readonly newest: string; readonly moment: Moment },
): Promise<Pick<DecidedAgain, 'allowed' | 'stopped'>> {
  const { intake } = past.gated;
  const own = (await decideThen(desk, past, intakes.get(intake), moment)).decision;
  if (newest === intake) return allowedByBoth(own, own);
  return allowedByBoth((await decideThen(desk, past, intakes.get(newest), moment)).decision, own);
}

async function decideThen(
  desk: RedecideDesk,
  { configuration, run }: PastRun,
  found: FoundIntake | undefined,
  moment: Moment,
): Promise<DecidedIntake> {
  if (found === undefined) throw new TypeError('an intake that was found before');
  const terms = {
    businessDate: run.businessDate,
    releaseDate: londonDate(moment.at),
    numbers: numberPolicyIn(configuration.settings),
  };
  const then = asOf({ ...desk, intake: found.reader }, moment);
  return decideOn(then, found.intake, terms, await sinceFirstRun(then, run));
}

async function refusedBy(
  { ledger, keyring }: RedecideDesk,
  { run }: PastRun,
): Promise<(number: NhsNumber) => boolean> {
  const refused = await ledger.read((tx) => tx.refusedNumbers(run.businessDate));
  return (number) => refused.size > 0 && refused.has(keyring.carriedName('number', formatNhsNumber(number)));
}
