/** Plans of drops for tests, also for those that run in a process of their own. */
import { numberList } from '../../src/domain/number-list.ts';
import type { NumberList } from '../../src/domain/number-list.ts';
import type { RunId } from '../../src/domain/run.ts';
import type { DropPlan } from '../../src/ports.ts';

/** The first numbers from 999 000 0000 whose check digit is right, leaving out as many prefixes as `from` says. */
export function testNumbers(count: number, from = 0): NumberList {
  const numbers = new Float64Array(count);
  let found = 0;
  for (let prefix = 999_000_000 + from; found < count; prefix++) {
    const check = checkDigit(prefix);
    if (check < 10) numbers[found++] = prefix * 10 + check;
  }
  return numbers;
}

/** Modulus 11 of nine digits; 10 where no digit is right. */
function checkDigit(prefix: number): number {
  let sum = 0;
  for (let rest = prefix, weight = 2; weight <= 10; rest = (rest / 10) | 0, weight++)
    sum += (rest % 10) * weight;
  return (11 - (sum % 11)) % 11;
}

export const firstRun: RunId = { businessDate: '2026-11-22', revision: 1 };

export const singlePlan = (numbers: NumberList, run: RunId = firstRun): DropPlan => ({
  run,
  files: [{ name: 'nhs-numbers.csv', numbers }],
  manifest: { policy: 'test', rules: 'rules-1', supersedes: null },
  canaries: numberList([]),
});

export const perLocationPlan = (run: RunId = firstRun): DropPlan => ({
  run,
  files: [
    { name: 'location-1-1012345678.csv', locationId: '1-1012345678', numbers: testNumbers(3) },
    { name: 'location-1-101234567.csv', locationId: '1-101234567', numbers: testNumbers(4, 50) },
  ],
  manifest: { policy: 'test', checkpoint: { size: 7, root: 'AAAA' } },
  canaries: numberList([]),
});
