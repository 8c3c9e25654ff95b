/** The arithmetic behind holds. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  holdReasons,
  isBeforeAsking,
  judgedAfterRuns,
  judgedFrom,
  judgeRemovals,
  jumps,
} from '../../src/domain/hold.ts';

const band = { least: 0.01, most: 0.12 };
const judge = (asked: number, removed: number): string | null => judgeRemovals(asked, asked - removed, band);

describe('the reasons', () => {
  it('that are settled before anybody is asked about are six', () => {
    expect(holdReasons.filter(isBeforeAsking)).toEqual([
      ...['opt-out-unmatched', 'roster-jump', 'opt-outs-vanished', 'home-opt-outs-vanished', 'clock-skew'],
      'ledger-restored',
    ]);
  });
});

describe('removals', () => {
  it('are judged from 150 numbers on', () => {
    expect(judgedFrom).toBe(150);
    expect(judge(149, 0)).toBeNull();
    expect(judge(149, 149)).toBeNull();
    expect(judge(150, 0)).toBe('removals-none');
    expect(judge(150, 150)).toBe('removals-outside-band');
  });

  it('none at all is a reason by itself, even where the band begins at nought', () => {
    expect(judgeRemovals(10_000, 10_000, { least: 0, most: 1 })).toBe('removals-none');
    expect(judgeRemovals(10_000, 9_999, { least: 0, most: 1 })).toBeNull();
  });

  // 10,000 asked: 1 % is 100, its deviation 9.95; 12 % is 1200, its deviation 32.5.
  it('may lie three standard deviations of chance outside the band and no more', () => {
    expect(judge(10_000, 70)).toBe('removals-outside-band');
    expect(judge(10_000, 71)).toBeNull();
    expect(judge(10_000, 450)).toBeNull();
    expect(judge(10_000, 1_297)).toBeNull();
    expect(judge(10_000, 1_298)).toBe('removals-outside-band');
  });

  it('more of them than may be are outside, whatever the length; what lies inside the band never is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 150, max: 500_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (asked, share) => {
          const removed = Math.round(asked * share);
          const actual = removed / asked;
          fc.pre(removed > 0);
          if (actual >= band.least && actual <= band.most) expect(judge(asked, removed)).toBeNull();
          if (actual > 0.25) expect(judge(asked, removed)).toBe('removals-outside-band');
        },
      ),
    );
  });
});

describe('jumps', () => {
  const seven = [100, 102, 98, 101, 99, 100, 97];

  it('are seen once seven runs have been released', () => {
    expect(judgedAfterRuns).toBe(7);
    expect(jumps(1_000, seven.slice(1))).toBe(false);
    expect(jumps(1_000, seven)).toBe(true);
  });

  it('lie more than 40 % from the median, up or down', () => {
    expect([60, 140].map((size) => jumps(size, seven))).toEqual([false, false]);
    expect([59, 141].map((size) => jumps(size, seven))).toEqual([true, true]);
  });

  it('and more than ten', () => {
    const small = [5, 5, 5, 5, 5, 5, 5];
    expect([0, 15].map((size) => jumps(size, small))).toEqual([false, false]);
    expect(jumps(16, small)).toBe(true);
  });

  it('from the median of the last seven, newest first, however the older ones stood', () => {
    expect(jumps(100, [...seven, 9_000, 9_000, 9_000, 9_000])).toBe(false);
    expect(jumps(100, [0, 0, 0, 100, 100, 100, 100])).toBe(false);
    expect(jumps(100, [0, 0, 0, 0, 100, 100, 100])).toBe(true);
  });

  it('do not depend on the order of the seven, which stay as they are', () => {
    const sizes = fc.array(fc.nat(1_000), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(sizes, fc.nat(2_000), (earlier, size) => {
        const before = [...earlier];
        const median = earlier.toSorted((a, b) => a - b)[3]!;
        const expected = Math.abs(size - median) > Math.max(10, median * 0.4);
        expect(jumps(size, earlier)).toBe(expected);
        expect(earlier).toEqual(before);
      }),
    );
  });
});
