/**
 * Small counts hidden so that they cannot be worked out again (R73). A count from 1 to 9 is small. Zero is shown, for it is about
 * nobody, unless it must stand in front of another; a table whose total is small is hidden whole, zeros too.
 *
 * One small count beside a total is found by subtraction, and so are several if all are as small, or all as large, as they can be.
 * Then more are hidden: the next in the order of the table, a zero only where there is nothing else. They are chosen by their place,
 * never by their size, or the choice itself would tell.
 *
 * The rule is safe for one table and its total. Tables that share cells (a month and its weeks) must be given as one.
 */
export const smallestShown = 10;

/** `null` is hidden. */
export interface ShownCounts<Cell extends string> {
  readonly cells: Readonly<Record<Cell, number | null>>;
  readonly total: number | null;
}

/** The counts of a table and their sum as they may be shown; counts are whole and not negative. */
export function suppressed<Cell extends string>(counts: Readonly<Record<Cell, number>>): ShownCounts<Cell> {
  const cells = Object.entries<number>(counts) as [Cell, number][];
  const total = cells.reduce((sum, [, count]) => sum + count, 0);
  const hidden = hiddenCells(cells, total);
  const shown = cells.map(([cell, count]) => [cell, hidden?.has(cell) === false ? count : null] as const);
  return {
    cells: Object.fromEntries(shown) as Record<Cell, number | null>,
    total: hidden === null ? null : total,
  };
}

const isSmall = (count: number): boolean => count > 0 && count < smallestShown;

/** The cells to hide, or null where the total must be hidden with all of them. */
function hiddenCells<Cell extends string>(
  cells: readonly (readonly [Cell, number])[],
  total: number,
): ReadonlySet<Cell> | null {
  if (isSmall(total)) return null;
  const small = cells.filter(([, count]) => isSmall(count));
  const hidden = new Set(small.map(([cell]) => cell));
  if (small.length === 0) return hidden;
  let sum = small.reduce((below, [, count]) => below + count, 0);
  const isTold = (): boolean =>
    hidden.size < 2 || sum === hidden.size || sum === hidden.size * (smallestShown - 1);
  const others = cells.filter(([cell]) => !hidden.has(cell));
  const zeros = others.filter(([, count]) => count === 0);
  for (const [cell, count] of [...others.filter((other) => !zeros.includes(other)), ...zeros]) {
    if (!isTold()) return hidden;
    hidden.add(cell);
    sum += count;
  }
  return sum === hidden.size ? null : hidden;
}
