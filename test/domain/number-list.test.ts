/** Lists of numbers: ascending, each once, cut without loss. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { chunkList, holds, numberList, placeOf, splitList } from '../../src/domain/number-list.ts';

const numbers = fc.array(
  fc.integer({ min: 0, max: 60 }).map((n) => 9_990_000_000 + n),
  { maxLength: 40 },
);
const joined = (lists: readonly Float64Array[]): number[] => lists.flatMap((list) => [...list]);

describe('a number list', () => {
  it('is ascending, each once, and leaves what it was made of alone', () => {
    fc.assert(
      fc.property(numbers, (unsorted) => {
        const before = [...unsorted];
        expect([...numberList(unsorted)]).toEqual([...new Set(unsorted)].sort((a, b) => a - b));
        expect(unsorted).toEqual(before);
      }),
    );
    const array = Float64Array.of(3, 1, 3);
    expect([...numberList(array)]).toEqual([1, 3]);
    expect([...array]).toEqual([3, 1, 3]);
  });

  it('sorts by size, not by digits', () => {
    expect([...numberList([10_000_000_004, 9_990_000_018, 18])]).toEqual([18, 9_990_000_018, 10_000_000_004]);
  });

  it('finds what it holds at its place and nothing else', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: -1, max: 61 }), (unsorted, n) => {
        const list = numberList(unsorted);
        const number = 9_990_000_000 + n;
        expect(placeOf(list, number)).toBe([...list].indexOf(number));
        expect(holds(list, number)).toBe(unsorted.includes(number));
      }),
    );
  });

  it('holds nothing where it is empty', () => {
    expect(holds(numberList([]), 9_990_000_018)).toBe(false);
  });
});

describe('cutting', () => {
  it('into parts loses nothing, leaves none empty, and makes no more than were wanted', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 50 }), (unsorted, wanted) => {
        const list = numberList(unsorted);
        const parts = splitList(list, wanted);
        expect(joined(parts)).toEqual([...list]);
        expect(parts.length).toBeLessThanOrEqual(wanted);
        expect(parts.filter((part) => part.length === 0)).toEqual([]);
      }),
    );
  });

  it('a list of two or more into 32 always makes smaller ones, so that the culprit ends alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5_000 }), (length) => {
        const list = numberList(Array.from({ length }, (_, index) => index));
        for (const part of splitList(list, 32)) expect(part.length).toBeLessThan(length);
      }),
    );
  });

  it('of nothing makes nothing', () => {
    expect(splitList(numberList([]), 32)).toEqual([]);
    expect(chunkList(numberList([]), 10)).toEqual([]);
  });

  it('into lengths fills all but the last', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 50 }), (unsorted, length) => {
        const list = numberList(unsorted);
        const chunks = chunkList(list, length);
        expect(joined(chunks)).toEqual([...list]);
        expect(chunks.slice(0, -1).filter((chunk) => chunk.length !== length)).toEqual([]);
        expect(chunks.at(-1)?.length ?? 1).toBeGreaterThan(0);
      }),
    );
  });

  it('gives lists of their own: changing one changes no other', () => {
    const list = numberList([1, 2, 3]);
    chunkList(list, 2)[0]!.fill(0);
    expect([...list]).toEqual([1, 2, 3]);
  });
});
