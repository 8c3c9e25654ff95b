/** The NHS number: what is read as one, the check digit, the ranges of both policies, and what may be shown of one. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  formatNhsNumber,
  isInRange,
  masked,
  passesModulus11,
  readNumberCell,
} from '../../src/domain/nhs-number.ts';
import type { NumberPolicy } from '../../src/domain/nhs-number.ts';

const kindOf = (cell: string): string => readNumberCell(cell).kind;
const testRange = fc.integer({ min: 9_990_000_000, max: 9_999_999_999 });

/** The check digit that belongs to nine digits, or 10 where there is none: the Data Dictionary's five steps, one after another. */
function checkDigit(nine: string): number {
  const products = Array.from(nine, (digit, place) => Number(digit) * (10 - place));
  const remainder = products.reduce((sum, product) => sum + product, 0) % 11;
  return 11 - remainder === 11 ? 0 : 11 - remainder;
}

describe('reading a cell', () => {
  it('ten digits, or 3-3-4 with single spaces, are the same number', () => {
    const number = { kind: 'valid', number: 9_990_000_018 };
    expect(readNumberCell('9990000018')).toEqual(number);
    expect(readNumberCell('999 000 0018')).toEqual(number);
  });

  it('an empty cell is missing, a blank one is invalid', () => {
    expect(kindOf('')).toBe('missing');
    expect(kindOf(' ')).toBe('invalid');
  });

  it.each([
    '999-000-0018',
    '999  000 0018',
    '99 9000 0018',
    '999 000 001 8',
    ' 9990000018',
    '9990000018 ',
    '9990000018\n',
    '999\u00a0000\u00a00018',
    '999000001',
    '99900000180',
    '+9990000018',
    '9990000018.0',
    '9.990000018e9',
    '0x253727a12',
    '９９９００００００１８',
    '٩٩٩٠٠٠٠٠١٨',
    '999000001O',
    'not known',
  ])('%j is invalid', (cell) => {
    expect(kindOf(cell)).toBe('invalid');
  });

  it('one digit ten times is invalid, though it passes Modulus 11', () => {
    for (let digit = 0; digit <= 9; digit++) {
      expect(passesModulus11(digit * 1_111_111_111)).toBe(true);
      expect(kindOf(String(digit).repeat(10))).toBe('invalid');
    }
  });
});

describe('Modulus 11', () => {
  it.each(['9990000018', '9990000026', '9990000034', '9990000042', '9990000050', '4010232137'])(
    '%s carries its check digit',
    (cell) => {
      expect(kindOf(cell)).toBe('valid');
    },
  );

  it('a remainder of 0 is written 0; nine digits that would need 10 have no number at all', () => {
    expect(checkDigit('999000005')).toBe(0);
    expect(kindOf('9990000050')).toBe('valid');
    expect(checkDigit('999000000')).toBe(10);
    for (let digit = 0; digit <= 9; digit++) expect(kindOf(`999000000${digit}`)).toBe('invalid');
  });

  it('passes exactly the digit that the Data Dictionary asks for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), (number) => {
        const digits = formatNhsNumber(number);
        expect(passesModulus11(number)).toBe(checkDigit(digits.slice(0, 9)) === Number(digits[9]));
      }),
      { numRuns: 5_000 },
    );
  });

  it('finds every mistyped digit', () => {
    fc.assert(
      fc.property(testRange, fc.nat(9), fc.integer({ min: 1, max: 9 }), (number, place, shift) => {
        fc.pre(passesModulus11(number));
        const digits = Array.from(formatNhsNumber(number));
        const mistyped = digits.with(place, String((Number(digits[place]) + shift) % 10));
        expect(passesModulus11(Number(mistyped.join('')))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('finds any two digits swapped', () => {
    fc.assert(
      fc.property(testRange, fc.nat(9), fc.nat(9), (number, one, other) => {
        const digits = Array.from(formatNhsNumber(number));
        fc.pre(passesModulus11(number) && digits[one] !== digits[other]);
        const swapped = digits.with(one, digits[other]!).with(other, digits[one]!);
        expect(passesModulus11(Number(swapped.join('')))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('ranges', () => {
  const live: NumberPolicy = { name: 'live', extraRanges: [] };
  const test: NumberPolicy = { name: 'test', extraRanges: [] };
  /** Neither these nor their check digits are looked at here, only the first three digits. */
  const withPrefix = (prefix: number): number => prefix * 10_000_000 + 5;
  const allowed = (policy: NumberPolicy): number[] =>
    Array.from({ length: 1_000 }, (_, prefix) => prefix).filter((prefix) =>
      isInRange(withPrefix(prefix), policy),
    );
  const span = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  it('live allows 400-499 and 600-799 (fault 40)', () => {
    expect(allowed(live)).toEqual([...span(400, 499), ...span(600, 799)]);
  });

  it('live allows its extra ranges besides, both ends included', () => {
    const extraRanges = [
      [320, 322],
      [950, 950],
    ] as const;
    expect(allowed({ ...live, extraRanges })).toEqual([
      ...span(320, 322),
      ...span(400, 499),
      ...span(600, 799),
      950,
    ]);
  });

  it('test allows 900-999 and nothing else, whatever the extra ranges say', () => {
    expect(allowed(test)).toEqual(span(900, 999));
    expect(allowed({ ...test, extraRanges: [[400, 499]] })).toEqual(span(900, 999));
  });

  it('the first and the last number of a range belong to it', () => {
    for (const number of [9_000_000_000, 9_999_999_999]) expect(isInRange(number, test)).toBe(true);
    for (const number of [4_000_000_000, 4_999_999_999, 7_999_999_999])
      expect(isInRange(number, live)).toBe(true);
    for (const number of [3_999_999_999, 5_000_000_000, 8_000_000_000])
      expect(isInRange(number, live)).toBe(false);
  });
});

describe('showing', () => {
  it('ten digits, a leading zero kept', () => {
    expect(formatNhsNumber(9_990_000_018)).toBe('9990000018');
    expect(formatNhsNumber(18)).toBe('0000000018');
  });

  it('what was read is written again', () => {
    fc.assert(
      fc.property(testRange, (number) => {
        const cell = readNumberCell(formatNhsNumber(number));
        expect(cell.kind === 'valid' ? cell.number : number).toBe(number);
      }),
    );
  });

  it('a mask shows the shape and not one digit of any script', () => {
    expect(masked('999-000-001X')).toBe('"###-###-###X"');
    expect(masked('٩٩٩ ９')).toBe('"### #"');
    expect(masked('')).toBe('""');
    expect(masked('a line\n')).toBe('"a line\\n"');
  });

  it('a long cell is cut', () => {
    expect(masked('9'.repeat(24))).toBe(`"${'#'.repeat(24)}"`);
    expect(masked('9'.repeat(25))).toBe(`"${'#'.repeat(24)}…"`);
  });
});
