/** The one file format of a drop: one column, an NHS number a line, ten digits, ascending, LF (R3). Written by one hand, read by another. */
import { createHash } from 'node:crypto';

import { stringify } from 'csv-stringify/sync';

import type { Digest } from '../domain/digest.ts';
import { demandNoCanary } from '../domain/canary.ts';
import { Failure } from '../domain/failure.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NumberList } from '../domain/number-list.ts';

const rowsPerPiece = 10_000;
const plainHeader = /^[A-Za-z][A-Za-z0-9_ -]{0,63}$/;

/** Throws `configuration-invalid` unless the header is null (none) or a word that needs no quotes and is no formula. */
export function demandHeader(header: string | null): void {
  if (header === null || plainHeader.test(header)) return;
  throw new Failure('configuration-invalid', {
    message: 'The header of the drop is not a plain column name.',
    place: 'DROP_HEADER',
    found: JSON.stringify(header.slice(0, 64)),
    allowed: 'a letter, then up to 63 letters, digits, spaces, _ or -; or none',
  });
}

/**
 * The file as text, in pieces of at most 10,000 rows: a list of any length needs the memory of one piece. Throws `canary-survived` where it
 * would hold one of `canaries`.
 */
export function* numbersText(
  numbers: NumberList,
  header: string | null,
  canaries: NumberList,
): Generator<string> {
  demandNoCanary(numbers, canaries, 'a file of the drop');
  const csv = (rows: string[][]): string => stringify(rows, { record_delimiter: '\n' });
  if (header !== null) yield csv([[header]]);
  for (let from = 0; from < numbers.length; from += rowsPerPiece) {
    const piece = numbers.subarray(from, from + rowsPerPiece);
    yield csv(Array.from(piece, (number) => [formatNhsNumber(number)]));
  }
}

const lineFeed = 0x0a;
const zero = 0x30;

/**
 * Reads a file back byte by byte, sharing nothing with the writer, and returns the SHA-256 of what it read. Throws
 * `drop-recheck-failed` unless it is the header and exactly these numbers, each line ten ASCII digits and LF, strictly ascending.
 */
export async function recheckNumbers(
  bytes: AsyncIterable<Uint8Array>,
  numbers: NumberList,
  header: string | null,
  place: string,
): Promise<Digest> {
  const hash = createHash('sha256');
  const head = Buffer.from(header === null ? '' : `${header}\n`);
  const differs = (): Failure => recheckFailed(place, `row ${row + 1}`);
  let headRead = 0;
  let row = 0;
  let digits = 0;
  let value = 0;
  let before = -1;
  for await (const piece of bytes) {
    hash.update(piece);
    for (const byte of piece) {
      if (headRead < head.length) {
        if (byte !== head[headRead]) throw recheckFailed(place, 'the header');
        headRead += 1;
      } else if (digits < 10) {
        const digit = byte - zero;
        if (digit < 0 || digit > 9) throw differs();
        value = value * 10 + digit;
        digits += 1;
      } else {
        if (byte !== lineFeed || value !== numbers[row] || value <= before) throw differs();
        before = value;
        row += 1;
        digits = 0;
        value = 0;
      }
    }
  }
  if (headRead < head.length) throw recheckFailed(place, 'the header');
  if (digits !== 0 || row !== numbers.length) throw differs();
  return hash.digest('hex');
}

/** SHA-256 of a file of any kind. */
export async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const piece of bytes) hash.update(piece);
  return hash.digest('hex');
}

export const recheckFailed = (place: string, where: string): Failure =>
  new Failure('drop-recheck-failed', {
    message: `A file of the drop, read back from the disk, is not what was decided: it first differs at ${where}.`,
    place,
    hint: 'Nothing was published from it and it was removed. Suspect the disk or the memory before the next run.',
  });
