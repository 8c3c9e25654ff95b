/** What a pack may say of a provider: small counts stay hidden from whoever sums and subtracts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { heldBackReasons } from '../../src/domain/eligibility.ts';
import { datesOf, longestPeriod, nobodyHeldBack, showPeople } from '../../src/domain/provider-pack.ts';
import type { CountedPeople } from '../../src/domain/provider-pack.ts';

const counted = (over: Partial<CountedPeople> = {}): CountedPeople => ({
  ...{ released: 40, heldBack: nobodyHeldBack(), late: 0 },
  ...over,
});

/** Mostly nobody, often few, now and then many: a home, and a chain of homes. */
const count = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 3, arbitrary: fc.integer({ min: 10, max: 14 }) },
  { weight: 1, arbitrary: fc.integer({ min: 15, max: 400 }) },
);
const people = fc.record({
  released: count,
  late: count,
  heldBack: fc
    .array(count, { minLength: heldBackReasons.length, maxLength: heldBackReasons.length })
    .map((counts) => ({
      ...nobodyHeldBack(),
      ...Object.fromEntries(heldBackReasons.map((reason, at) => [reason, counts[at] ?? 0])),
    })),
});

const isSmall = (n: number): boolean => n > 0 && n < 10;

type Reason = (typeof heldBackReasons)[number];

/**
 * Other nights that the attacker cannot tell from this one, by the rule they know: a person more or less for this reason (and less or more
 * for another), or all small counts alike, with the rest where the total, if it is
 * shown, leaves it.
 */
function* othersLike({ heldBack }: CountedPeople, reason: Reason): Generator<Record<Reason, number>> {
  for (const change of [1, -1]) {
    const moved = { ...heldBack, [reason]: heldBack[reason] + change };
    yield moved;
    for (const other of heldBackReasons.filter((each) => each !== reason))
      yield { ...moved, [other]: moved[other] - change };
  }
  const small = heldBackReasons.filter((each) => isSmall(heldBack[each]));
  const sum = small.reduce((total, each) => total + heldBack[each], 0);
  for (const alike of [1, 9]) {
    const levelled = { ...heldBack, ...Object.fromEntries(small.map((each) => [each, alike])) };
    yield levelled;
    for (const rest of heldBackReasons.filter((each) => heldBack[each] >= 10))
      yield { ...levelled, [rest]: heldBack[rest] + sum - alike * small.length };
  }
}

function looksLikeAnother(night: CountedPeople, reason: Reason): boolean {
  const shown = JSON.stringify(showPeople(night));
  for (const heldBack of othersLike(night, reason)) {
    const possible = Object.values(heldBack).every((n) => n >= 0);
    const differs = heldBack[reason] !== night.heldBack[reason];
    if (possible && differs && JSON.stringify(showPeople({ ...night, heldBack })) === shown) return true;
  }
  return false;
}

describe('the people of a provider', () => {
  it('are shown by reason where there are ten or more, and hidden below', () => {
    const heldBack = {
      ...nobodyHeldBack(),
      'opted-out-in-service': 14,
      'not-informed': 23,
      restricted: 4,
      'number-missing': 7,
    };
    const shown = showPeople(counted({ heldBack, late: 3 }));
    expect(shown).toMatchObject({ released: 40, heldBack: 48, late: null });
    expect(shown.reasons).toMatchObject({
      'opted-out-in-service': 14,
      'not-informed': 23,
      restricted: null,
      'number-missing': null,
    });
  });

  it('are not told by a total that leaves under ten for what is hidden', () => {
    const heldBack = { ...nobodyHeldBack(), 'not-informed': 23, restricted: 4, 'number-missing': 2 };
    expect(showPeople(counted({ heldBack })).heldBack).toBeNull();
  });

  it('of whom nobody was released are as hidden as a few: beside a roster it would tell what the check answered', () => {
    expect(showPeople(counted({ released: 0 })).released).toBeNull();
    expect(showPeople(counted({ released: 9 })).released).toBeNull();
    expect(showPeople(counted({ released: 10 })).released).toBe(10);
  });

  it('never show a count from one to nine, nor a total of them', () => {
    fc.assert(
      fc.property(people, (night) => {
        const { released, heldBack, reasons, late } = showPeople(night);
        for (const shown of [released, heldBack, late, ...Object.values(reasons)])
          expect(shown === null || !isSmall(shown)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('hide every small count from whoever knows the rule, sums and subtracts', () => {
    fc.assert(
      fc.property(people, (night) => {
        for (const reason of heldBackReasons.filter((each) => isSmall(night.heldBack[each])))
          expect([reason, looksLikeAnother(night, reason)]).toEqual([reason, true]);
        // What the hidden reasons come to together is no small number either.
        const { heldBack, reasons } = showPeople(night);
        const hidden = heldBackReasons.filter((reason) => reasons[reason] === null);
        const left = hidden.reduce((sum, reason) => sum + night.heldBack[reason], 0);
        expect(heldBack === null || hidden.length === 0 || left >= 10).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the period of a pack', () => {
  it('has every date, first to last', () => {
    expect(datesOf('2026-02-27', '2026-03-02', '2026-11-22')).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
      '2026-03-02',
    ]);
    expect(datesOf('2026-11-22', '2026-11-22', '2026-11-22')).toEqual(['2026-11-22']);
    expect(datesOf('2025-01-01', '2026-01-01', '2026-11-22')).toHaveLength(longestPeriod);
  });

  it.each([
    ['ends before it begins', '2026-11-22', '2026-11-21'],
    ['has not come', '2026-11-22', '2026-11-23'],
    ['is longer than a year and a day', '2025-01-01', '2026-01-02'],
  ])('is refused where it %s', (_, from, to) => {
    expect(() => datesOf(from, to, '2026-11-22')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
