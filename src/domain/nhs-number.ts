/**
 * The NHS number: ten digits, the last a Modulus 11 check digit (NHS Data Dictionary, NHS NUMBER). Inside the gate a number is
 * an integer, so that lists of them are small; `formatNhsNumber` is the only way back to digits and keeps a leading zero.
 */

export type NhsNumber = number;

export type NumberCell =
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'valid'; readonly number: NhsNumber };

const missing: NumberCell = { kind: 'missing' };
const invalid: NumberCell = { kind: 'invalid' };
const plain = /^[0-9]{10}$/;
const spaced = /^[0-9]{3} [0-9]{3} [0-9]{4}$/;

/**
 * Reads a roster cell: ten ASCII digits, or 3-3-4 with single spaces. Invalid: anything else, a wrong check digit, one repeated
 * digit (all ten pass Modulus 11 and serve as placeholders).
 */
export function readNumberCell(cell: string): NumberCell {
  if (cell === '') return missing;
  const digits = plain.test(cell) ? cell : spaced.test(cell) ? cell.replaceAll(' ', '') : null;
  if (digits === null) return invalid;
  const number = Number(digits);
  return passesModulus11(number) && !isOneRepeatedDigit(number) ? { kind: 'valid', number } : invalid;
}

/** Weights 10 to 2 on the first nine digits; 11 less the remainder is the check digit, 11 counting as 0 and 10 never issued. */
export function passesModulus11(number: NhsNumber): boolean {
  let rest = Math.floor(number / 10);
  let sum = 0;
  for (let weight = 2; weight <= 10; weight++) {
    sum += (rest % 10) * weight;
    rest = Math.floor(rest / 10);
  }
  const check = (11 - (sum % 11)) % 11;
  return check === number % 10;
}

const repunit = 1_111_111_111;
export const isOneRepeatedDigit = (number: NhsNumber): boolean => number % repunit === 0;

/** Which numbers may be asked about: `live` 400-499 and 600-799 and the extra ranges; `test` 900-999 and nothing else. */
export interface NumberPolicy {
  readonly name: 'live' | 'test';
  readonly extraRanges: readonly (readonly [from: number, to: number])[];
}

/** Whether the first three digits stand in a range that the policy allows. */
export function isInRange(number: NhsNumber, policy: NumberPolicy): boolean {
  const prefix = Math.floor(number / 10_000_000);
  if (policy.name === 'test') return prefix >= 900 && prefix <= 999;
  if ((prefix >= 400 && prefix <= 499) || (prefix >= 600 && prefix <= 799)) return true;
  return policy.extraRanges.some(([from, to]) => prefix >= from && prefix <= to);
}

/** Ten digits, leading zero kept. */
export const formatNhsNumber = (number: NhsNumber): string => String(number).padStart(10, '0');

/** The shape of a cell with every digit hidden, for messages: `999-000-001X` becomes `###-###-###X`. Cut at 24 characters. */
export function masked(cell: string): string {
  const shape = cell.replaceAll(/\p{Nd}/gu, '#');
  return JSON.stringify(shape.length > 24 ? `${shape.slice(0, 24)}…` : shape);
}
