import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { numberList } from '../../src/domain/number-list.ts';
import { numbersText, recheckNumbers } from '../../src/drop/numbers-file.ts';

const header = 'nhs_number';
const nobody = numberList([]);
const lists = fc
  .array(fc.integer({ min: 9_990_000_000, max: 9_999_999_999 }), { maxLength: 30 })
  .map((numbers) => numberList(numbers));

/** The text in pieces cut at these places, as a disk may give it. */
async function* inPieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  for (const [index, from] of places.entries())
    yield await Promise.resolve(bytes.subarray(from, places[index + 1]));
}

const changes = fc.oneof(
  fc.record({ how: fc.constant('change' as const), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ how: fc.constant('insert' as const), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ how: fc.constant('cut' as const), at: fc.nat(), byte: fc.constant(0) }),
  fc.record({ how: fc.constant('drop' as const), at: fc.nat(), byte: fc.constant(0) }),
);

function changed(
  bytes: Buffer,
  { how, at, byte }: { how: 'change' | 'insert' | 'cut' | 'drop'; at: number; byte: number },
): Buffer {
  const place = at % (bytes.length + 1);
  const before = bytes.subarray(0, place);
  switch (how) {
    case 'change':
    case 'insert':
      return Buffer.concat([before, Buffer.of(byte), bytes.subarray(how === 'insert' ? place : place + 1)]);
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, bytes.subarray(place + 1)]);
  }
}

describe('the reader of a file of numbers', () => {
  it('reads what the writer wrote, wherever the disk cuts it', async () => {
    await fc.assert(
      fc.asyncProperty(
        lists,
        fc.constantFrom(header, null),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (numbers, head, cuts) => {
          const bytes = Buffer.from([...numbersText(numbers, head, nobody)].join(''));
          const digest = await recheckNumbers(inPieces(bytes, cuts), numbers, head, 'x');
          expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuses the same text with any byte changed, inserted, dropped or cut off', async () => {
    await fc.assert(
      fc.asyncProperty(lists, fc.constantFrom(header, null), changes, async (numbers, head, change) => {
        const bytes = Buffer.from([...numbersText(numbers, head, nobody)].join(''));
        const other = changed(bytes, change);
        fc.pre(!other.equals(bytes));
        await expect(recheckNumbers(inPieces(other, []), numbers, head, 'x')).rejects.toEqual(
          expect.objectContaining({ code: 'drop-recheck-failed' }),
        );
      }),
      { numRuns: 1500 },
    );
  });

  it.each([NaN, -1, 9_990_000_018.5, 99_900_000_180])(
    'refuses a plan that holds %d, which has no ten digits',
    async (number) => {
      const numbers = Float64Array.of(number);
      const bytes = Buffer.from([...numbersText(numbers, null, nobody)].join(''));
      await expect(recheckNumbers(inPieces(bytes, []), numbers, null, 'x')).rejects.toEqual(
        expect.objectContaining({ code: 'drop-recheck-failed' }),
      );
    },
  );

  it('says where it differs without a digit of a number', async () => {
    const numbers = Float64Array.of(9_990_000_018);
    const thrown: unknown = await recheckNumbers(
      inPieces(Buffer.from('9990000026\n'), []),
      numbers,
      null,
      'x',
    ).catch((reason: unknown) => reason);
    expect(JSON.stringify(thrown)).not.toMatch(/[0-9]{3}/);
  });
});
