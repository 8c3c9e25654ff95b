/** A metamorphic relation: what must hold between two nights that differ in one thing, whatever the policy says of either. */
import fc from 'fast-check';

export interface Relation {
  readonly name: string;
  /** Tries it so often, from a seed; throws with the smallest counter-example found and the seed that leads to it. */
  readonly check: (runs: number, seed: number) => Promise<void>;
}

/** `holds`: false, or an error thrown, breaks the relation. */
export function relation<T>(
  name: string,
  drawn: fc.Arbitrary<T>,
  holds: (drawn: T) => boolean | Promise<boolean>,
): Relation {
  return {
    name,
    check: async (numRuns, seed) => {
      await fc.assert(
        fc.asyncProperty(drawn, async (one) => holds(one)),
        { numRuns, seed },
      );
    },
  };
}
