import { carriedSince, lifts } from '../domain/in-service-choice.ts';
import type { ChoiceBook } from '../domain/in-service-choice.ts';
import type { Instant } from '../domain/calendar.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import { foldId } from '../domain/service-user.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import type { CarriedObjection, Keyring, LedgerReader } from '../ports.ts';

/** Opt-outs of earlier nights that no opt-in in force has lifted: they object wherever their id or their number stands. */
export interface CarriedAgainst {
  readonly count: number;
  readonly knownIds: ReadonlySet<string>;
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
  const knownIds = new Set<string>();
  let count = 0;
  for await (const objection of ledger.carried()) {
    if (objection.known) knownIds.add(objection.id);
    if (optedIn.get(objection.id)?.(objection.since) === true) continue;
    count++;
    ids.add(objection.foldedId);
    for (const number of objection.numbers) numbers.add(number);
  }
  const against = (row: ServiceUserRow): boolean =>
    (row.serviceUserId !== '' && ids.has(keyring.carriedName('folded-id', foldId(row.serviceUserId)))) ||
    (row.number.kind === 'valid' &&
      numbers.has(keyring.carriedName('number', formatNhsNumber(row.number.number))));
  return { count, knownIds, against: count === 0 ? () => false : against };
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
  /** Opted-out rows without an id: carried by their number alone, and lifted by nobody. */
  readonly #namelessNumbers = new Set<string>();

  constructor(keyring: Keyring, book: ChoiceBook) {
    this.#keyring = keyring;
    for (const [id, standing] of book.entries()) {
      const since = carriedSince(standing, book.readAt);
      if (since !== null)
        this.#seen.set(id, { since, columnSeen: false, onRoster: false, numbers: new Set() });
    }
  }

  add(row: ServiceUserRow): void {
    const byColumn = row.choiceColumn === 'opted_out';
    if (row.serviceUserId === '') {
      if (byColumn) this.#nameNumber(row, this.#namelessNumbers);
      return;
    }
    let seen = this.#seen.get(row.serviceUserId);
    if (seen === undefined) {
      if (!byColumn) return;
      seen = { since: null, columnSeen: false, onRoster: true, numbers: new Set() };
      this.#seen.set(row.serviceUserId, seen);
    }
    seen.onRoster = true;
    seen.columnSeen ||= byColumn;
    this.#nameNumber(row, seen.numbers);
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
