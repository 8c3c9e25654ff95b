import { earliest } from './calendar.ts';
import { Decision } from './decision.ts';
import type { UnmatchedChoices } from './decision.ts';
import { contradictions } from './contradictions.ts';
import {
  firstObjection,
  gateOutcome,
  gateOutcomes,
  missingGround,
  missingGrounds,
  objections,
} from './eligibility.ts';
import { spokenObjection } from './eligibility.ts';
import type { Objection, Terms } from './eligibility.ts';
import { isRecentObjection } from './in-service-choice.ts';
import type { ChoiceBook } from './in-service-choice.ts';
import { KeptRows, none } from './kept-rows.ts';
import type { NhsNumber } from './nhs-number.ts';
import { PersonLinks } from './person-links.ts';
import { leasesEnd, longPast } from './provider.ts';
import type { Provider } from './provider.ts';
import { foldId, mayBeResident } from './service-user.ts';
import type { ServiceUserRow } from './service-user.ts';

/** Reads a roster row by row and decides on all of it at once, because an objection on the last row may reach the first. */
export class Roster {
  readonly #terms: Terms;
  readonly #providers: ReadonlyMap<string, Provider>;
  readonly #book: ChoiceBook;
  readonly #chosen: ReadonlyMap<string, Objection>;
  readonly #links = new PersonLinks();
  readonly #rows = new KeptRows();
  #planted = 0;

  constructor(terms: Terms, providers: ReadonlyMap<string, Provider>, book: ChoiceBook) {
    this.#terms = terms;
    this.#providers = providers;
    this.#book = book;
    this.#chosen = book.objectionsByFoldedId();
  }

  /**
   * Takes in one row. `isCarried`: an opt-out of an earlier night stands against its id or number; `objectedBefore`: its number must not
   * come back in a rerun.
   */
  add(row: ServiceUserRow, isCarried: boolean, objectedBefore = false): void {
    this.#take(row, isCarried, objectedBefore, this.#terms);
  }

  /** Takes in a made-up person after the last real one: counted apart, and not held back for a number that nobody is issued. */
  plant(row: ServiceUserRow, isCarried: boolean): void {
    this.#planted++;
    this.#take(row, isCarried, false, { ...this.#terms, numbers: { name: 'test', extraRanges: [] } });
  }

  /** Whether a row taken in bears this valid number. */
  bears(number: NhsNumber): boolean {
    return this.#links.bears(number);
  }

  #take(row: ServiceUserRow, isCarried: boolean, objectedBefore: boolean, terms: Terms): void {
    const provider = this.#providers.get(row.providerId);
    const chosen = row.serviceUserId === '' ? null : (this.#chosen.get(foldId(row.serviceUserId)) ?? null);
    const lacking = missingGround(row, provider, terms);
    const before = objectedBefore ? 'objected-before' : null;
    const spoken = firstObjection(spokenObjection(row, chosen, isCarried), before);
    const until = earliest([
      row.residentTo ?? longPast,
      provider === undefined ? longPast : leasesEnd(provider),
    ]);
    const { businessDate, releaseDate } = terms;
    const present = [businessDate, releaseDate].some((date) => mayBeResident(row, date));
    const kept = this.#rows;
    this.#link(row);
    kept.provider.push(kept.texts.numberOf(row.providerId));
    kept.location.push(kept.texts.numberOf(row.locationId));
    kept.until.push(kept.texts.numberOf(until));
    kept.lacking.push(lacking === null ? none : missingGrounds.indexOf(lacking));
    kept.spoken.push(spoken === null ? none : objections.indexOf(spoken));
    kept.presence.push(present ? (row.personType === 'service_user' ? 2 : 1) : 0);
  }

  #link(row: ServiceUserRow): void {
    const valid = row.number.kind === 'valid' ? row.number.number : null;
    const numberNode = valid === null ? none : this.#links.numberNode(valid);
    const nameless = numberNode === none ? this.#links.strangerNode() : numberNode;
    const idNode = row.serviceUserId === '' ? nameless : this.#links.idNode(row.serviceUserId);
    if (numberNode !== none) this.#links.join(idNode, numberNode);
    this.#rows.idNode.push(idNode);
    this.#rows.numberNode.push(numberNode);
    this.#rows.number.push(valid ?? none);
  }

  /** The decision on every row taken in. */
  settle(): Decision {
    const rows = this.#rows;
    const { shared, conflicting } = contradictions(rows, this.#links);
    const own = (index: number): Objection | null => {
      const spoken = objections[rows.spoken.at(index)] ?? null;
      const doubled = shared.has(rows.numberNode.at(index)) ? 'number-shared' : null;
      const torn = conflicting.has(this.#links.foldedNode(rows.idNode.at(index))) ? 'number-conflict' : null;
      return firstObjection(spoken, firstObjection(doubled, torn));
    };
    const objecting = new Set<number>();
    for (let index = 0; index < rows.length; index++) {
      if (own(index) !== null) objecting.add(this.#links.personOf(rows.idNode.at(index)));
    }
    const stops = this.#terms.stopped ?? new Set();
    const stopped = (providerId: string): boolean => stops.size > 0 && stops.has(foldId(providerId));
    const outcomes = new Uint8Array(rows.length);
    for (let index = 0; index < rows.length; index++) {
      const elsewhere = objecting.has(this.#links.personOf(rows.idNode.at(index)));
      const lacking = missingGrounds[rows.lacking.at(index)] ?? null;
      const isStopped = stopped(rows.texts.at(rows.provider.at(index)));
      outcomes[index] = gateOutcomes.indexOf(gateOutcome(own(index), lacking, elsewhere, isStopped));
    }
    return new Decision(rows, outcomes, this.#unmatched(), this.#planted);
  }

  /** The valid numbers on the rows of some service users, by folded id; those who stand on no row are left out. */
  numbersOf(foldedIds: Iterable<string>): ReadonlyMap<string, ReadonlySet<NhsNumber>> {
    const found = new Map<string, Set<NhsNumber>>();
    const byNode = new Map<number, Set<NhsNumber>>();
    for (const folded of foldedIds) {
      const node = this.#links.folded(folded);
      if (node === undefined) continue;
      const numbers = byNode.get(node) ?? new Set();
      byNode.set(node, numbers);
      found.set(folded, numbers);
    }
    if (found.size === 0) return found;
    for (const [index, number] of this.#rows.number.entries()) {
      if (number !== none) byNode.get(this.#links.foldedNode(this.#rows.idNode.at(index)))?.add(number);
    }
    return found;
  }

  #unmatched(): UnmatchedChoices {
    const recentIds: string[] = [];
    let older = 0;
    for (const [id, standing] of this.#book.entries()) {
      if (this.#links.knows(id)) continue;
      if (isRecentObjection(standing, this.#book.readAt)) recentIds.push(id);
      else older++;
    }
    return { recentIds, recentNameless: isRecentObjection(this.#book.nameless, this.#book.readAt), older };
  }
}
