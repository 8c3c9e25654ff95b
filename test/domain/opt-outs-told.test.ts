import { describe, expect, it } from '@jest/globals';

import { homeOptOutsVanished, optOutsVanished } from '../../src/domain/opt-outs-told.ts';
import type { HomeOptOuts, OptOutsTold } from '../../src/domain/opt-outs-told.ts';

const told = (
  producedAt: number,
  carried: number,
  missing: number,
  homes: Record<string, HomeOptOuts> = {},
): OptOutsTold => ({ producedAt, carried, missing, homes });

describe('opt-outs that are told of no more', () => {
  it('are seen when five and more than one in twenty have gone since the night before', () => {
    expect(optOutsVanished(told(1, 40, 2), told(2, 40, 7))).toBe(true);
    expect(optOutsVanished(told(1, 40, 2), told(2, 40, 6))).toBe(false);
    expect(optOutsVanished(told(1, 102, 2), told(2, 102, 7))).toBe(false);
    expect(optOutsVanished(told(1, 102, 2), told(2, 102, 8))).toBe(true);
  });

  it('are not seen on the first night, in the same intake, or in an older one', () => {
    const now = told(2, 40, 40, { a: { told: 0, missing: 9 } });
    for (const before of [null, told(2, 40, 0), told(3, 40, 0)])
      expect([optOutsVanished(before, now), homeOptOutsVanished(before, now)]).toEqual([false, false]);
  });

  it('of a home are seen when three or more have gone together and none is left', () => {
    const before = told(1, 9, 0, { a: { told: 3, missing: 0 }, b: { told: 4, missing: 0 } });
    const now = (a: HomeOptOuts): OptOutsTold => told(2, 9, 3, { a, b: { told: 4, missing: 0 } });
    expect(homeOptOutsVanished(before, now({ told: 0, missing: 3 }))).toBe(true);
    expect(homeOptOutsVanished(before, now({ told: 1, missing: 3 }))).toBe(false);
    expect(homeOptOutsVanished(before, now({ told: 0, missing: 2 }))).toBe(false);
    expect(
      homeOptOutsVanished(told(1, 9, 3, { a: { told: 0, missing: 3 } }), now({ told: 0, missing: 5 })),
    ).toBe(false);
  });
});
