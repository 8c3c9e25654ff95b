import { carriedSince, isHeardOf, lifts } from '../domain/in-service-choice.ts';
import type { ChoiceBook } from '../domain/in-service-choice.ts';
import type { Instant } from '../domain/calendar.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import type { Roster } from '../domain/roster.ts';
import { foldId } from '../domain/service-user.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import type { CarriedObjection, Keyring, LedgerReader } from '../ports.ts';

/** Opt-outs of earlier nights that no opt-in in force has lifted: they object wherever their id or their number stands. */
export interface CarriedAgainst {
  readonly count: number;
  /** Whether an opt-out that matches no roster row is one we knew of. */
  isKnown(serviceUserId: string): boolean;
  against(row: ServiceUserRow): boolean;
  /** How many of them tonight's intake tells of no more. */
  goneMissing(seen: OptOutsSeen): number;
  /** Those whose service user stands on the roster under a number not carried yet: one corrected since is theirs as well. */
  underNewNumbers(roster: Bearers): CarriedObjection[];
}

/** A roster that is read to its end. */
type Bearers = Pick<Roster, 'numbersOf'>;

/** Loads the carried objections and drops those that the choices now in force lift, but for those that stay whatever is chosen. */
export async function loadCarried(
  ledger: LedgerReader,
  keyring: Keyring,
  book: ChoiceBook,
  stays: (objection: CarriedObjection) => boolean = () => false,
): Promise<CarriedAgainst> {
  const optedIn = new Map<string, (since: Instant) => boolean>();
  for (const [id, standing] of book.entries()) {
    if (lifts(standing, -Infinity))
      optedIn.set(keyring.carriedName('id', id), (since) => lifts(standing, since));
  }
  const byFoldedId = new Map<string, CarriedObjection[]>();
  const numbers = new Set<string>();
  const knownSince = new Map<string, Instant>();
  let count = 0;
  for await (const objection of ledger.carried()) {
    if (objection.known) knownSince.set(objection.id, objection.since);
    if (optedIn.get(objection.id)?.(objection.since) === true && !stays(objection)) continue;
    count++;
    byFoldedId.set(objection.foldedId, [...(byFoldedId.get(objection.foldedId) ?? []), objection]);
    for (const number of objection.numbers) numbers.add(number);
  }
  const nameOf = numberNames(keyring);
  /** Folded ids on the roster against which something is carried, by the name of each. */
  const met = new Map<string, string>();
  const isOut = (id: string): boolean => {
    if (id === '') return false;
    const folded = foldId(id);
    const name = keyring.carriedName('folded-id', folded);
    if (byFoldedId.has(name)) met.set(name, folded);
    return met.has(name);
  };
  const against = ({ serviceUserId, number }: ServiceUserRow): boolean =>
    isOut(serviceUserId) || (number.kind === 'valid' && numbers.has(nameOf(number.number)));
  const isKnown = (id: string): boolean =>
    isHeardOf(book.of(id), knownSince.get(keyring.carriedName('id', id)), book.readAt);
  const goneMissing = (seen: OptOutsSeen): number => {
    const names = seen.names();
    return [...byFoldedId.values()].flat().filter(({ id }) => !names.has(id)).length;
  };
  const underNewNumbers = (roster: Bearers): CarriedObjection[] => {
    const borne = roster.numbersOf(met.values());
    return [...met].flatMap(([name, folded]) => {
      const names = [...(borne.get(folded) ?? [])].map(nameOf);
      return (byFoldedId.get(name) ?? [])
        .filter((objection) => names.some((number) => !objection.numbers.includes(number)))
        .map((objection) => ({ ...objection, numbers: names }));
    });
  };
  return { count, isKnown, against: count === 0 ? () => false : against, goneMissing, underNewNumbers };
}

const numberNames =
  (keyring: Keyring) =>
  (number: NhsNumber): string =>
    keyring.carriedName('number', formatNhsNumber(number));

interface Seen {
  readonly since: Instant | null;
  columnSeen: boolean;
}

/** Collects the opt-outs of one intake while its roster is read, to be carried from now on (R12). */
export class OptOutsSeen {
  readonly #keyring: Keyring;
  readonly #seen = new Map<string, Seen>();
  /** Opted-out rows without an id: carried by their number alone, and lifted by nobody. */
  readonly #nameless = new Set<NhsNumber>();
  /** By folded id: a choice may spell an id in another case than the roster, and means the same person. */
  #numbers: ReadonlyMap<string, ReadonlySet<NhsNumber>> = new Map();

  constructor(keyring: Keyring, book: ChoiceBook) {
    this.#keyring = keyring;
    for (const [id, standing] of book.entries()) {
      const since = carriedSince(standing, book.readAt);
      if (since !== null) this.#seen.set(id, { since, columnSeen: false });
    }
  }

  add({ serviceUserId, choiceColumn, number }: ServiceUserRow): void {
    if (choiceColumn !== 'opted_out') return;
    if (serviceUserId === '') {
      if (number.kind === 'valid') this.#nameless.add(number.number);
      return;
    }
    const seen = this.#seen.get(serviceUserId) ?? { since: null, columnSeen: true };
    seen.columnSeen = true;
    this.#seen.set(serviceUserId, seen);
  }

  /** To be called once every row is in: an opt-out reaches the numbers on all rows of its service user, wherever they stand. */
  settle(roster: Bearers): void {
    this.#numbers = roster.numbersOf([...this.#seen.keys()].map(foldId));
  }

  /** The keyed names under which these opt-outs are carried. */
  names(): ReadonlySet<string> {
    const ids = [...this.#seen.keys()].map((id) => this.#keyring.carriedName('id', id));
    return new Set([...ids, ...[...this.#nameless].map(numberNames(this.#keyring))]);
  }

  /**
   * The objections to carry. A column's opt-out begins with the first intake of an unbroken spell: `earlier` says what was carried,
   * `ordinal` counts intakes, `producedAt` dates this one.
   */
  *toCarry(
    earlier: ReadonlyMap<string, CarriedObjection>,
    intake: { readonly ordinal: number; readonly producedAt: Instant },
  ): Generator<CarriedObjection> {
    const nameOf = numberNames(this.#keyring);
    for (const [serviceUserId, seen] of this.#seen) {
      const id = this.#keyring.carriedName('id', serviceUserId);
      const lastSeen = earlier.get(id)?.columnSeenIn ?? null;
      const unbroken = lastSeen !== null && lastSeen >= intake.ordinal - 1;
      const byColumn = seen.columnSeen && !unbroken ? intake.producedAt : -Infinity;
      const folded = foldId(serviceUserId);
      const numbers = this.#numbers.get(folded);
      yield {
        id,
        foldedId: this.#keyring.carriedName('folded-id', folded),
        since: Math.max(seen.since ?? -Infinity, byColumn, earlier.get(id)?.since ?? 0),
        columnSeenIn: seen.columnSeen ? intake.ordinal : null,
        known: numbers !== undefined,
        numbers: [...(numbers ?? [])].map(nameOf),
      };
    }
    for (const number of this.#nameless) {
      const name = nameOf(number);
      yield {
        id: name,
        foldedId: name,
        since: intake.producedAt,
        columnSeenIn: intake.ordinal,
        known: true,
        numbers: [name],
      };
    }
  }
}
