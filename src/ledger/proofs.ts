/** No step without its entry (design, section 7): proofs are checked against the entries of the very same transaction. */
import type { EntryProof } from '../ports.ts';
import { refused } from './ledger-failures.ts';

/** The entries written in one transaction. */
export interface Appended {
  note(position: number): void;
  /** Throws `transition-refused` unless the proof's entry was written in this transaction. */
  demand(proof: EntryProof): void;
}

export function appendedHere(): Appended {
  const positions = new Set<number>();
  return {
    note(position) {
      positions.add(position);
    },
    demand({ position }) {
      if (positions.has(position)) return;
      throw refused(
        `entry ${position}`,
        'A step was to be stored without its entry in the same transaction.',
        'the proof of an entry appended in this transaction',
      );
    },
  };
}
