/** What a decision tells of itself: outcomes, counts, the rows asked about and those held back. */
import { describe, expect, it } from '@jest/globals';

import { gateOutcomes } from '../../src/domain/eligibility.ts';
import { decideOn, numberCell, ONE, row, THREE, TWO } from './roster-samples.ts';

const decision = decideOn({
  rows: [
    row({ serviceUserId: 'su-2', number: numberCell(TWO), locationId: '1-100000002' }),
    row(),
    row({ providerId: 'home-2' }),
    row({ residentTo: '2026-03-01' }),
    row({ serviceUserId: 'su-3', number: numberCell(THREE), restricted: 'yes' }),
    row({ serviceUserId: 'su-4', number: { kind: 'missing' } }),
  ],
});

describe('outcomes', () => {
  it('one a row, and none beyond', () => {
    expect(decision.rows).toBe(6);
    expect(decision.outcomeOf(3)).toBe('not-resident');
    for (const index of [-1, 6]) expect(() => decision.outcomeOf(index)).toThrow(RangeError);
  });

  it('are counted, each outcome named', () => {
    const counts = decision.counts();
    expect(Object.keys(counts)).toEqual([...gateOutcomes]);
    expect(counts).toMatchObject({ asked: 3, 'not-resident': 1, restricted: 1, 'number-missing': 1 });
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(6);
  });
});

describe('the rows asked about', () => {
  it('come in roster order, with provider, location and last day', () => {
    const until = '2027-01-01';
    expect([...decision.askedRows()]).toEqual([
      { number: TWO, providerId: 'home-1', locationId: '1-100000002', until },
      { number: ONE, providerId: 'home-1', locationId: '1-100000001', until },
      { number: ONE, providerId: 'home-2', locationId: '1-100000001', until },
    ]);
  });

  it('can be those of wanted numbers only', () => {
    expect([...decision.askedRows((number) => number === TWO)]).toHaveLength(1);
  });

  it('give their numbers ascending, each once', () => {
    expect([...decision.askedNumbers()]).toEqual([ONE, TWO]);
  });
});

describe('the rows held back', () => {
  it('are those with a valid number of which no row is asked about', () => {
    expect([...decision.heldBackRows()]).toEqual([
      { number: THREE, providerId: 'home-1', reason: 'restricted' },
    ]);
  });
});
