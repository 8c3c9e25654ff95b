import { carriedSince, isHeardOf, lifts } from '../domain/in-service-choice.ts';
import type { ChoiceBook } from '../domain/in-service-choice.ts';
import type { Instant } from '../domain/calendar.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import { foldId } from '../domain/service-user.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import type { CarriedObjection, Keyring, LedgerReader } from '../ports.ts';

/** Opt-outs of earlier nights that no opt-in in force has lifted: they object wherever their id or their number stands. */
export interface CarriedAgainst {
  readonly count: number;
  /** Whether an opt-out that matches no roster row is one we knew of. */
  isKnown(serviceUserId: string): boolean;
  against(row: ServiceUserRow): boolean;
}

/** Loads the carried objections and drops those that the choices now in force lift. */
export async function loadCarried(
  ledger: LedgerReader,
  keyring: Keyring,
  book: ChoiceBook,
): Promise<CarriedAgainst> {
  const optedIn = new Map<string, (since: Instant) => boolean>();
  for (const [id, standing] of book.entries()) {
    if (lifts(standing, -Infinity))
      optedIn.set(keyring.carriedName('id', id), (since) => lifts(standing, since));
  }
  const ids = new Set<string>();
  const numbers = new Set<string>();
  const knownSince = new Map<string, Instant>();
  let count = 0;
  for await (const objection of ledger.carried()) {
    if (objection.known) knownSince.set(objection.id, objection.since);
    if (optedIn.get(objection.id)?.(objection.since) === true) continue;
    count++;
    ids.add(objection.foldedId);
    for (const number of objection.numbers) numbers.add(number);
  }
  const against = (row: ServiceUserRow): boolean =>
    (row.serviceUserId !== '' && ids.has(keyring.carriedName('folded-id', foldId(row.serviceUserId)))) ||
    (row.number.kind === 'valid' &&
      numbers.has(keyring.carriedName('number', formatNhsNumber(row.number.number))));
  const isKnown = (id: string): boolean =>
    isHeardOf(book.of(id), knownSince.get(keyring.carriedName('id', id)), book.readAt);
  return { count, isKnown, against: count === 0 ? () => false : against };
}

interface Seen {
  readonly since: Instant | null;
  columnSeen: boolean;
  onRoster: boolean;
  readonly numbers: Set<string>;
}

/** Collects the opt-outs of one intake while its roster is read, to be carried from now on (R12). */
export class OptOutsSeen {
  readonly #keyring: Keyring;
  readonly #seen = new Map<string, Seen>();
  /** By folded id: a choice may spell an id in another case than the roster, and means the same person. */
  readonly #seenByFolded = new Map<string, Seen[]>();
  /** Opted-out rows without an id: carried by their number alone, and lifted by nobody. */
  readonly #namelessNumbers = new Set<string>();

  constructor(keyring: Keyring, book: ChoiceBook) {
    this.#keyring = keyring;
    for (const [id, standing] of book.entries()) {
      const since = carriedSince(standing, book.readAt);
      if (since !== null) this.#begin(id, since);
    }
  }

  add(row: ServiceUserRow): void {
    const byColumn = row.choiceColumn === 'opted_out';
    if (row.serviceUserId === '') {
      if (byColumn) this.#nameNumber(row, this.#namelessNumbers);
      return;
    }
    if (byColumn)
      (this.#seen.get(row.serviceUserId) ?? this.#begin(row.serviceUserId, null)).columnSeen = true;
    for (const seen of this.#seenByFolded.get(foldId(row.serviceUserId)) ?? []) {
      seen.onRoster = true;
      this.#nameNumber(row, seen.numbers);
    }
  }

  #begin(id: string, since: Instant | null): Seen {
    const seen: Seen = { since, columnSeen: false, onRoster: false, numbers: new Set() };
    this.#seen.set(id, seen);
    const folded = foldId(id);
    this.#seenByFolded.set(folded, [...(this.#seenByFolded.get(folded) ?? []), seen]);
    return seen;
  }

  #nameNumber(row: ServiceUserRow, names: Set<string>): void {
    if (row.number.kind !== 'valid') return;
    names.add(this.#keyring.carriedName('number', formatNhsNumber(row.number.number)));
  }

  /**
   * The objections to carry. A column's opt-out begins with the first intake of an unbroken spell: `earlier` says what was carried,
   * `ordinal` counts intakes, `producedAt` dates this one.
   */
  *toCarry(
    earlier: ReadonlyMap<string, CarriedObjection>,
    intake: { readonly ordinal: number; readonly producedAt: Instant },
  ): Generator<CarriedObjection> {
    for (const [serviceUserId, seen] of this.#seen) {
      const id = this.#keyring.carriedName('id', serviceUserId);
      const lastSeen = earlier.get(id)?.columnSeenIn ?? null;
      const unbroken = lastSeen !== null && lastSeen >= intake.ordinal - 1;
      const byColumn = seen.columnSeen && !unbroken ? intake.producedAt : -Infinity;
      yield {
        id,
        foldedId: this.#keyring.carriedName('folded-id', foldId(serviceUserId)),
        since: Math.max(seen.since ?? -Infinity, byColumn, earlier.get(id)?.since ?? 0),
        columnSeenIn: seen.columnSeen ? intake.ordinal : null,
        known: seen.onRoster,
        numbers: [...seen.numbers],
      };
    }
    for (const number of this.#namelessNumbers) {
      yield {
        id: number,
        foldedId: number,
        since: intake.producedAt,
        columnSeenIn: intake.ordinal,
        known: true,
        numbers: [number],
      };
    }
  }
}
