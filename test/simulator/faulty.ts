import { it } from '@jest/globals';
import { faultNotes } from '../../src/simulator/faults.ts';
import type { FaultName } from '../../src/simulator/faults.ts';
import { callerOf, lines, other, ours, people, stillSimulator } from './caller.ts';
import type { Caller } from './caller.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';

const optedOut = people[1];
export const request = lines(...people);
/** What the check answers to `request` when nothing goes wrong. */
export const answer = lines(...people.filter((number) => number !== optedOut));

/** A simulator with faults scripted, once each, and two who call it. */
export function faulty(...names: readonly FaultName[]): { simulator: Simulator; us: Caller; them: Caller } {
  const simulator = stillSimulator({ isOptedOut: (number) => number === optedOut });
  for (const name of names) simulator.fault(name);
  return { simulator, us: callerOf(simulator, ours), them: callerOf(simulator, other) };
}

/** Declares tests named after faults, and knows which faults have one. */
export function faultTests(): {
  fault: (name: FaultName, test: () => Promise<void>) => void;
  tested: () => readonly FaultName[];
} {
  const names: FaultName[] = [];
  return {
    fault(name, test) {
      names.push(name);
      it(`${name}: ${faultNotes[name]}`, test);
    },
    tested: () => [...names].sort(),
  };
}
