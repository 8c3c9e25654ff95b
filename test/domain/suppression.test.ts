import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { smallestShown, suppressed } from '../../src/domain/suppression.ts';

const table = (counts: readonly number[]): Record<string, number> =>
  Object.fromEntries(counts.map((count, at) => [`c${at}`, count]));
const shown = (...counts: number[]): [(number | null)[], number | null] => {
  const { cells, total } = suppressed(table(counts));
  return [Object.values(cells), total];
};

describe('a table of counts', () => {
  it.each<[number[], (number | null)[], number | null]>([
    [[12, 30, 0], [12, 30, 0], 42],
    [[0, 0], [0, 0], 0],
    [[], [], 0],
    [[10], [10], 10],
    [[9], [null], null],
    [[3, 0, 0], [null, null, null], null],
    [[3, 40, 50], [null, null, 50], 93],
    [[0, 40, 3], [0, null, null], 43],
    [[3, 4, 50], [null, null, 50], 57],
    [[1, 1, 50, 60], [null, null, null, 60], 112],
    [[9, 9, 0, 0], [null, null, null, 0], 18],
    [[1, 25, 10, 1], [null, null, null, null], 37],
    [Array<number>(10).fill(1), Array<null>(10).fill(null), null],
  ])('%j is shown as %j, total %j', (counts, cells, total) => {
    expect(shown(...counts)).toEqual([cells, total]);
  });

  it('shows no small count, and never hides one cell alone', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 12 }), (counts) => {
        const [cells, total] = shown(...counts);
        const hidden = cells.filter((cell) => cell === null).length;
        for (const cell of [...cells, total])
          expect(cell === null || cell === 0 || cell >= smallestShown).toBe(true);
        if (counts.length > 1) expect(hidden).not.toBe(1);
        if (counts.every((count) => count === 0 || count >= smallestShown)) expect(hidden).toBe(0);
        cells.forEach((cell, at) => {
          if (cell !== null) expect(cell).toBe(counts[at]);
        });
      }),
    );
  });
});

/** Every table of so many cells with this total. */
function* tables(width: number, total: number): Generator<readonly number[]> {
  if (width === 1) {
    yield [total];
    return;
  }
  for (let first = 0; first <= total; first++)
    for (const rest of tables(width - 1, total - first)) yield [first, ...rest];
}

/** Whoever knows the rule asks which tables look like this one; a hidden cell must differ among them, and so must a hidden total. */
function recomputable(width: number, totals: readonly number[]): string[] {
  const looks = new Map<string, Set<number>[]>();
  for (const total of totals)
    for (const counts of tables(width, total)) {
      const look = JSON.stringify(shown(...counts));
      const kept = looks.get(look) ?? Array.from({ length: width + 1 }, () => new Set<number>());
      [...counts, total].forEach((count, at) => kept[at]?.add(count));
      looks.set(look, kept);
    }
  return [...looks].flatMap(([look, values]) => {
    const [cells, total] = JSON.parse(look) as ReturnType<typeof shown>;
    return [...cells, total].some((cell, at) => cell === null && values[at]?.size === 1) ? [look] : [];
  });
}

const upTo = (most: number): number[] => Array.from({ length: most + 1 }, (_, total) => total);

describe('what is hidden', () => {
  it.each([
    [1, upTo(60)],
    [2, upTo(60)],
    [3, upTo(55)],
    [4, upTo(42)],
    [5, upTo(22)],
    [10, [1, 10]],
    [11, [10]],
  ])('cannot be worked out from a table of %d cells', (width, totals) => {
    expect(recomputable(width, totals)).toEqual([]);
  });
});
