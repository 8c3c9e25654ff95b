import type { Instant } from '../domain/calendar.ts';
import {
  channels,
  ChoiceBook,
  choices,
  deciders,
  hear,
  isRecentObjection,
  nothingSaid,
  sevenDayClock,
} from '../domain/in-service-choice.ts';
import type { InServiceChoice } from '../domain/in-service-choice.ts';
import { isInRange } from '../domain/nhs-number.ts';
import type { NumberCell, NumberPolicy } from '../domain/nhs-number.ts';
import type { Provider } from '../domain/provider.ts';
import { choiceColumns, foldId, isLocationId, personTypes, yesOrNo } from '../domain/service-user.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import { cellTeller, shown } from './cell.ts';
import type { SayOfCell } from './cell.ts';
import { readChoice } from './choice-row.ts';
import { fault } from './fault.ts';
import type { Tell } from './fault.ts';
import { readRosterRow } from './roster-row.ts';
import { choicesTable, rosterTable } from './tables.ts';
import type { ChoiceCells, RosterCells } from './tables.ts';
import { Spellings } from './spellings.ts';

type SayOfChoice = SayOfCell<typeof choicesTable.columns>;
type SayOfRoster = SayOfCell<typeof rosterTable.columns>;

export interface PeopleTerms {
  readonly now: Instant;
  readonly policy: NumberPolicy;
  /** null: they could not be read, so that nothing can be said of a provider_id. */
  readonly providers: ReadonlyMap<string, Provider> | null;
  /** As they are spelt in providers.csv. */
  readonly providerIds: Spellings;
}

/** What is worth telling of the choices and of the roster. All choices come first, then all rows of the roster, then `tellUnmatched`. */
export class PeopleCheck {
  readonly #terms: PeopleTerms;
  readonly #tell: Tell;
  readonly #book: ChoiceBook;
  readonly #choicesById = new Map<string, string>();
  /** Folded ids of choices that no roster row bears so far, with the line of their last choice. */
  readonly #waiting = new Map<string, number>();
  readonly #people = new Spellings();

  constructor(terms: PeopleTerms, tell: Tell) {
    this.#terms = terms;
    this.#tell = tell;
    this.#book = new ChoiceBook(terms.now);
  }

  addChoice(row: ChoiceCells): void {
    const choice = readChoice(row, this.#tell);
    const say = cellTeller(choicesTable, row, this.#tell);
    const { now } = this.#terms;
    sayOfChoice(choice, now, say);
    this.#sayRepeated(row, say);
    if (choice.serviceUserId === '') {
      say('id-missing', 'service_user_id');
      if (isRecentObjection(hear(nothingSaid, choice, now), now)) say('opt-out-unmatched', 'service_user_id');
      return;
    }
    this.#book.add(choice);
    this.#waiting.set(foldId(choice.serviceUserId), row.line);
    if (this.#people.differs(choice.serviceUserId)) say('id-case-differs', 'service_user_id');
  }

  #sayRepeated({ cells }: ChoiceCells, say: SayOfChoice): void {
    const [choiceId, ...content] = cells;
    if (choiceId === '') {
      say('choice-id-missing', 'choice_id');
      return;
    }
    const said = JSON.stringify(content);
    const before = this.#choicesById.get(choiceId);
    if (before === undefined) this.#choicesById.set(choiceId, said);
    else if (before !== said) say('choice-repeated', 'choice_id');
  }

  addRosterRow(row: RosterCells): void {
    const person = readRosterRow(row, this.#tell);
    const say = cellTeller(rosterTable, row, this.#tell);
    const { providers, providerIds, policy } = this.#terms;
    sayOfLists(person, say);
    if (providers?.has(person.providerId) === false) say('provider-unknown', 'provider_id');
    if (providerIds.differs(person.providerId)) say('id-case-differs', 'provider_id');
    sayOfDates(person, row, say);
    if (person.personType !== 'staff') {
      if (!isLocationId(person.locationId)) say('location-invalid', 'location_id');
      sayOfNumber(person.number, policy, say);
    }
    if (person.serviceUserId === '') {
      say('id-missing', 'service_user_id');
      return;
    }
    this.#waiting.delete(foldId(person.serviceUserId));
    if (this.#people.differs(person.serviceUserId)) say('id-case-differs', 'service_user_id');
  }

  /** Tells of choices whose service user stands on no row: a recent opt-out among them holds the run. */
  tellUnmatched(): void {
    for (const [id, standing] of this.#book.entries()) {
      const line = this.#waiting.get(foldId(id));
      if (line === undefined) continue;
      const code = isRecentObjection(standing, this.#terms.now) ? 'opt-out-unmatched' : 'choice-unmatched';
      this.#tell(fault(code, { file: choicesTable.name, line, column: 'service_user_id' }, shown(id)));
    }
  }
}

function sayOfChoice(choice: InServiceChoice, now: Instant, say: SayOfChoice): void {
  if (choice.choice === 'unknown') say('value-unknown', 'choice', choices.join(', '));
  if (choice.channel === 'unknown') say('value-unknown', 'channel', channels.join(', '));
  if (choice.decidedBy === 'unknown') say('value-unknown', 'decided_by', deciders.join(', '));
  const { requestedAt, recordedAt } = choice;
  if (requestedAt === null) say('time-unreadable', 'requested_at');
  if (recordedAt === null) say('time-unreadable', 'recorded_at');
  if (choice.choice === 'opt_in' && (choice.decidedBy === 'relative' || choice.decidedBy === 'staff'))
    say('opt-in-not-counted', 'decided_by');
  if (choice.choice !== 'opt_out' || requestedAt === null || recordedAt === null) return;
  if (sevenDayClock(requestedAt, recordedAt, now) === 'breached') say('opt-out-recorded-late', 'recorded_at');
}

function sayOfLists(person: ServiceUserRow, say: SayOfRoster): void {
  if (person.personType === 'unknown') say('value-unknown', 'person_type', personTypes.join(', '));
  if (person.choiceColumn === 'unknown') say('value-unknown', 'in_service_choice', choiceColumns.join(', '));
  if (person.restricted === 'unknown') say('value-unknown', 'restricted', yesOrNo.join(', '));
}

/** Not to have been informed yet is no fault, and a member of staff need not be. */
function sayOfDates(person: ServiceUserRow, { cells }: RosterCells, say: SayOfRoster): void {
  const [, , , , , informedOn, , , , residentFrom] = cells;
  if (person.informedOn === null && informedOn !== '') say('date-unreadable', 'informed_on');
  if (person.residentFrom === null && (residentFrom !== '' || person.personType !== 'staff'))
    say('date-unreadable', 'resident_from');
  if (person.residentTo === null) say('date-unreadable', 'resident_to');
}

function sayOfNumber(number: NumberCell, policy: NumberPolicy, say: SayOfRoster): void {
  if (number.kind === 'missing') say('number-missing', 'nhs_number');
  else if (number.kind === 'invalid') say('number-invalid', 'nhs_number');
  else if (!isInRange(number.number, policy))
    say('number-out-of-range', 'nhs_number', `a range of the ${policy.name} policy`);
}
