import type { Chance } from './chance.ts';

/**
 * The tenth digit for the nine of `prefix` (NHS Data Dictionary, NHS NUMBER): weights 10 to 2, sum modulo 11, taken from 11; 11
 * counts as 0. A result of 10 means that no such number is ever issued.
 */
export function checkDigit(prefix: number): number {
  let sum = 0;
  for (let rest = prefix, weight = 2; weight <= 10; weight++) {
    sum += (rest % 10) * weight;
    rest = Math.floor(rest / 10);
  }
  return (11 - (sum % 11)) % 11;
}

/** Whether these are the ten digits of a sound number of the ranges 900 to 999, which are never issued and so serve for tests. */
export function isTestNumber(digits: string): boolean {
  if (digits.length !== 10 || !digits.startsWith('9')) return false;
  const number = Number(digits);
  return (
    Number.isInteger(number) && number % repunit !== 0 && checkDigit(Math.floor(number / 10)) === number % 10
  );
}

const repunit = 1_111_111_111;

/** 909,090 numbers that start with 999 and, for cohorts that want more, 90 million that start with 900 to 998. */
export function* testNumbers(chance: Chance): Generator<string, never> {
  yield* soundNumbers(999_000_000, 1_000_000_000, chance);
  yield* soundNumbers(900_000_000, 999_000_000, chance);
  throw new RangeError('There are no more test numbers.');
}

/** Sound numbers of a block that is allotted to nobody (890 to 899), and so out of range under every policy. */
export function* unallocatedNumbers(chance: Chance): Generator<string, never> {
  yield* soundNumbers(890_000_000, 900_000_000, chance);
  throw new RangeError('There are no more unallocated numbers.');
}

/** Every number with nine first digits from `from` up to `to` and a check digit that holds: each once, in scattered order. */
function* soundNumbers(from: number, to: number, chance: Chance): Generator<string> {
  for (const position of scattered(to - from, chance)) {
    const prefix = from + position;
    const check = checkDigit(prefix);
    const number = prefix * 10 + check;
    if (check !== 10 && number % repunit !== 0) yield String(number);
  }
}

/** Each whole number below `size` once: a walk in steps that share no divisor with `size`, about a golden section long. */
export function* scattered(size: number, chance: Chance): Generator<number> {
  let step = Math.floor(size * 0.618) + chance.between(0, Math.floor(size * 0.01));
  while (commonDivisor(step, size) !== 1) step++;
  let position = chance.between(0, size - 1);
  for (let taken = 0; taken < size; taken++) {
    yield position;
    position = (position + step) % size;
  }
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
