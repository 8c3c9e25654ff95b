import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countLines, fileOrder, isWellFormed, linesKept } from '../../src/simulator/request-file.ts';
import { lines, people } from './caller.ts';

describe('the request file', () => {
  const aNumber = fc.integer({ min: 0, max: 999_999_999 }).map((prefix) => {
    const digits = String(prefix).padStart(9, '0');
    const sum = Array.from(digits).reduce((total, digit, place) => total + Number(digit) * (10 - place), 0);
    return { digits, check: (11 - (sum % 11)) % 11 };
  });

  it('is well-formed exactly when every check digit is right', () => {
    fc.assert(
      fc.property(fc.array(aNumber, { minLength: 1, maxLength: 20 }), fc.nat({ max: 9 }), (numbers, last) => {
        const good = numbers
          .filter(({ check }) => check < 10)
          .map(({ digits, check }) => `${digits}${check}`);
        const tail = numbers[0]!;
        expect(isWellFormed(Buffer.from(lines(...good)))).toBe(good.length > 0);
        expect(isWellFormed(Buffer.from(lines(...good, `${tail.digits}${last}`)))).toBe(last === tail.check);
      }),
    );
  });

  it('keeps what is wanted, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...people)),
        fc.array(fc.constantFrom(...people)),
        (asked, unwanted) => {
          const kept = linesKept(
            Buffer.from(lines(...asked)),
            (number) => !(unwanted as string[]).includes(number),
          );
          expect(kept.toString()).toBe(lines(...asked.filter((number) => !unwanted.includes(number))));
        },
      ),
    );
  });

  it.each([
    ['', 0],
    ['a', 1],
    ['a\n', 1],
    ['a\nb', 2],
    ['\n\n', 2],
  ])('counts the lines of %j', (text, count) => {
    expect(countLines(Buffer.from(text))).toBe(count);
  });

  it.each([
    ['X26ABC1-221126-0001.dat', '261122-0001'],
    ['X26ABC1-22112026-0050.dat', '261122-0050'],
    ['request.dat', null],
  ])('orders %s', (name, order) => {
    expect(fileOrder(name)).toBe(order);
  });
});
