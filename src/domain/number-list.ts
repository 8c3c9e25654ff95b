import type { NhsNumber } from './nhs-number.ts';

/** NHS numbers ascending, each once: the form in which lists are asked about, compared and released. */
export type NumberList = Float64Array;

/** Sorts and drops repetitions; the input is left as it is. */
export function numberList(numbers: Iterable<NhsNumber>): NumberList {
  const sorted = Float64Array.from(numbers).sort();
  let kept = 0;
  for (const number of sorted) {
    if (kept === 0 || sorted[kept - 1] !== number) sorted[kept++] = number;
  }
  return sorted.slice(0, kept);
}

/** Where a number stands in an ascending list, or -1. */
export function placeOf(list: NumberList, number: NhsNumber): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(list[middle]) < number) low = middle + 1;
    else high = middle;
  }
  return list[low] === number ? low : -1;
}

export const holds = (list: NumberList, number: NhsNumber): boolean => placeOf(list, number) >= 0;

/** Cuts a list into at most `parts` consecutive lists of nearly equal length, none of them empty. */
export function splitList(list: NumberList, parts: number): NumberList[] {
  const length = Math.ceil(list.length / Math.min(parts, list.length || 1));
  return chunkList(list, length);
}

/** Cuts a list into consecutive lists of at most `length` numbers. */
export function chunkList(list: NumberList, length: number): NumberList[] {
  const chunks: NumberList[] = [];
  for (let from = 0; from < list.length; from += length) chunks.push(list.slice(from, from + length));
  return chunks;
}
