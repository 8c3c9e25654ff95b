import { faultCodes } from './fault.ts';
import type { FaultCode, IntakeFault, Severity, Tell } from './fault.ts';
import { choicesTable, manifestName, providersTable, rosterTable } from './tables.ts';

const mostKept = 1000;
const fileOrder = [null, manifestName, rosterTable.name, choicesTable.name, providersTable.name];

export type FaultCounts = Readonly<Partial<Record<FaultCode, number>>>;

/** Faults as they come in: the first thousand and the first of each code in full, the rest counted by code. */
export class FaultList {
  readonly #kept: IntakeFault[] = [];
  readonly #told = new Map<FaultCode, number>();
  readonly #left = new Map<FaultCode, number>();
  readonly #severities = new Map<Severity, number>();

  readonly tell: Tell = (fault) => {
    const { code, severity } = fault;
    if (this.#kept.length < mostKept || !this.#told.has(code)) this.#kept.push(fault);
    else countUp(this.#left, code);
    countUp(this.#told, code);
    countUp(this.#severities, severity);
  };

  /** Those kept, by file and line. */
  kept(): readonly IntakeFault[] {
    return this.#kept.toSorted(
      (a, b) => fileOrder.indexOf(a.file) - fileOrder.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0),
    );
  }

  /** How many of each code were told. */
  counts(): FaultCounts {
    return inOrder(this.#told);
  }

  /** How many of each code were told but not kept. */
  notKept(): FaultCounts {
    return inOrder(this.#left);
  }

  ofSeverity(severity: Severity): number {
    return this.#severities.get(severity) ?? 0;
  }
}

function countUp<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const inOrder = (counts: ReadonlyMap<FaultCode, number>): FaultCounts =>
  Object.fromEntries(
    faultCodes.filter((code) => counts.has(code)).map((code) => [code, counts.get(code) ?? 0]),
  );
