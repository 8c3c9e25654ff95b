import type { LocalDate } from './calendar.ts';
import { gateOutcomes, isObjection } from './eligibility.ts';
import type { GateOutcome } from './eligibility.ts';
import { none } from './kept-rows.ts';
import type { KeptRows } from './kept-rows.ts';
import type { NhsNumber } from './nhs-number.ts';
import { holds, numberList } from './number-list.ts';
import type { NumberList } from './number-list.ts';

/** Choices that belong to no roster row: recent ones hold the run, for the likely cause is a mistyped id. */
export interface UnmatchedChoices {
  readonly recentIds: readonly string[];
  readonly recentNameless: boolean;
  readonly older: number;
}

/** A row that may be asked about, and the last date on which its leases and its residence hold. */
export interface AskedRow {
  readonly number: NhsNumber;
  readonly providerId: string;
  readonly locationId: string;
  readonly until: LocalDate;
}

export interface HeldBackRow {
  readonly number: NhsNumber;
  readonly providerId: string;
  readonly reason: Exclude<GateOutcome, 'asked'>;
}

export type GateCounts = Readonly<Record<GateOutcome, number>>;

/** What the gate decided on a whole roster: one outcome a row. */
export class Decision {
  readonly #rows: KeptRows;
  readonly #outcomes: Uint8Array;
  readonly unmatched: UnmatchedChoices;
  readonly #planted: number;

  /** The last `planted` rows are those of made-up people. */
  constructor(rows: KeptRows, outcomes: Uint8Array, unmatched: UnmatchedChoices, planted = 0) {
    this.#rows = rows;
    this.#outcomes = outcomes;
    this.unmatched = unmatched;
    this.#planted = planted;
  }

  /** Real rows. */
  get rows(): number {
    return this.#rows.length - this.#planted;
  }

  /** How the made-up people stand, in the order in which they were planted. */
  plantedOutcomes(): readonly GateOutcome[] {
    return Array.from({ length: this.#planted }, (_, index) => this.outcomeOf(this.rows + index));
  }

  outcomeOf(index: number): GateOutcome {
    const outcome = gateOutcomes[this.#outcomes[index] ?? -1];
    if (outcome === undefined) throw new RangeError(`no row ${index}`);
    return outcome;
  }

  /** Rows by outcome; they add up to the rows of the roster (R2). */
  counts(): GateCounts {
    const counts = Object.fromEntries(gateOutcomes.map((outcome) => [outcome, 0])) as Record<
      GateOutcome,
      number
    >;
    for (let index = 0; index < this.rows; index++) counts[this.outcomeOf(index)]++;
    return counts;
  }

  /** Every row that may be asked about whose number is wanted, in roster order. */
  *askedRows(wanted: (number: NhsNumber) => boolean = () => true): Generator<AskedRow> {
    const { number, provider, location, until, texts } = this.#rows;
    for (const [index, asked] of number.entries()) {
      if (this.outcomeOf(index) !== 'asked' || !wanted(asked)) continue;
      yield {
        number: asked,
        providerId: texts.at(provider.at(index)),
        locationId: texts.at(location.at(index)),
        until: texts.at(until.at(index)),
      };
    }
  }

  /** The numbers that may be asked about, ascending, each once. */
  askedNumbers(): NumberList {
    return numberList(this.#rows.number.filter((_, index) => this.outcomeOf(index) === 'asked'));
  }

  /** Numbers that would be asked about but for a stop of their provider. */
  stoppedNumbers(): NumberList {
    const asked = this.askedNumbers();
    const stopped = this.#rows.number.filter((_, index) => this.outcomeOf(index) === 'provider-stopped');
    return numberList(stopped.filter((number) => !holds(asked, number)));
  }

  /** Numbers that stand on a row held back by an objection. */
  objectingNumbers(): NumberList {
    return numberList(
      this.#rows.number.filter((number, index) => {
        const outcome = this.outcomeOf(index);
        return number !== none && outcome !== 'asked' && isObjection(outcome);
      }),
    );
  }

  /** Real rows with a valid number of which no row is asked about. */
  *heldBackRows(): Generator<HeldBackRow> {
    const { number: numbers, provider, texts } = this.#rows;
    const asked = this.askedNumbers();
    for (const [index, number] of numbers.entries()) {
      if (index >= this.rows) return;
      const reason = this.outcomeOf(index);
      if (reason === 'asked' || number === none || holds(asked, number)) continue;
      yield { number, providerId: texts.at(provider.at(index)), reason };
    }
  }
}
