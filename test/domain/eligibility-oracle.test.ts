/** The gate against a second reading of the policy (test/support/reference-gate.ts): every row of every cohort ends alike. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { gateOutcomes } from '../../src/domain/eligibility.ts';
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import { mayBeAsked, referenceGate, referenceRelease } from '../support/reference-gate.ts';
import type { GateQuestion } from '../support/reference-gate.ts';
import { cohort, smallCohort } from './cohort-cells.ts';
import { decide, outcomesOf } from './cohort-decision.ts';

describe('the gate and the policy', () => {
  it('agree on every row of 10,000 small cohorts, and every outcome comes up', () => {
    const rowsOf = new Map<string, number>(gateOutcomes.map((outcome) => [outcome, 0]));
    fc.assert(
      fc.property(smallCohort, (q) => {
        const outcomes = outcomesOf(decide(q));
        for (const outcome of outcomes) rowsOf.set(outcome, (rowsOf.get(outcome) ?? 0) + 1);
        const expected = referenceGate(q);
        // Ten thousand equal lists are quicker told by their text.
        if (String(outcomes) !== String(expected)) expect(outcomes).toEqual(expected);
      }),
      { numRuns: 10_000 },
    );
    const rare = [...rowsOf].filter(([, rows]) => rows < 50).map(([outcome]) => outcome);
    // The policy's text speaks of one night; reruns and stops are tested by themselves.
    expect(rare).toEqual(['objected-before', 'provider-stopped']);
  });

  it('agree on cohorts of a thousand rows', () => {
    const wide = { rows: [1000, 1000], choices: 60, people: 800 } as const;
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(40, 150), (seed, soundness) => {
        const [q] = fc.sample(cohort(wide, soundness), { seed, numRuns: 1 });
        expect(outcomesOf(decide(q!))).toEqual(referenceGate(q!));
      }),
      { numRuns: 24, endOnFailure: true },
    );
  });
});

describe('the numbers', () => {
  it('that may be asked about are the same', () => {
    fc.assert(
      fc.property(smallCohort, (q) => {
        expect([...decide(q).askedNumbers()].map(formatNhsNumber)).toEqual([...mayBeAsked(q)].sort());
      }),
      { numRuns: 500 },
    );
  });

  it('that are asked about when read again on a later date are among those that may leave on both', () => {
    fc.assert(
      fc.property(smallCohort, fc.constantFrom('2026-11-23', '2026-11-24'), (q, releaseDate) => {
        const later: GateQuestion = { ...q, businessDate: releaseDate };
        const leaving = new Set([...decide(q, releaseDate).askedNumbers()].map(formatNhsNumber));
        expect(referenceRelease(q, leaving, later)).toEqual(leaving);
      }),
      { numRuns: 500 },
    );
  });
});
