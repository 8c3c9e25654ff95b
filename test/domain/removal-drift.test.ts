import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { judgeRemovals } from '../../src/domain/hold.ts';
import { judgedNights, removalsDrift } from '../../src/domain/removal-drift.ts';

const base = 0.045;
const nights = (count: number, answered: number, removed: number) =>
  Array.from({ length: count }, () => ({ answered, removed }));

describe('the drift of removals over nights', () => {
  it('is seen where no single night can be judged', () => {
    expect(judgeRemovals(100, 100, { least: 0.01, most: 0.15 })).toBeNull();
    expect(removalsDrift(nights(5, 100, 0), base)).toBe(false);
    expect(removalsDrift(nights(20, 100, 0), base)).toBe(true);
    expect(removalsDrift(nights(2, 100, 20), base)).toBe(false);
    expect(removalsDrift(nights(28, 100, 20), base)).toBe(true);
  });

  it('is never seen in shares of 0.65 to 1.75 times the base rate, however many nights of however many people', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500_000 }),
        fc.double({ min: 0.65, max: 1.75, noNaN: true }),
        fc.double({ min: 0.01, max: 0.1, noNaN: true }),
        (answered, times, rate) => {
          const removed = answered * rate * times;
          expect(removalsDrift(nights(200, answered, removed), rate)).toBe(false);
        },
      ),
    );
  });

  it('is seen at once on a long list', () => {
    expect(removalsDrift(nights(1, 50_000, 1100), base)).toBe(true);
    expect(removalsDrift(nights(1, 50_000, 5000), base)).toBe(true);
  });

  it('does not make a certainty of what the same few people answer for years', () => {
    expect(removalsDrift(nights(1000, 50, 0), base)).toBe(false);
    expect(removalsDrift([], base)).toBe(false);
    expect(removalsDrift(nights(3, 0, 0), base)).toBe(false);
  });

  it('begins anew once it is over, and forgets what is long ago', () => {
    const bad = nights(6, 1000, 10);
    expect(removalsDrift(bad, base)).toBe(true);
    expect(removalsDrift([...bad, ...nights(6, 1000, 45)], base)).toBe(false);
    expect(removalsDrift([...bad, ...nights(judgedNights, 0, 0)], base)).toBe(false);
  });

  it('of more than half is judged too', () => {
    expect(removalsDrift(nights(1, 10_000, 9900), 0.5)).toBe(true);
  });
});
