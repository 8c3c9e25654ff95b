import { gunzipSync } from 'node:zlib';
import type { StoredMessage } from './message.ts';

/** A line of a request and of an answer: ten digits, a comma, a line feed. */
export const lineBytes = 12;

const digitBytes = 10;
const comma = 0x2c;
const lineFeed = 0x0a;
const zero = 0x30;

/** The whole content of a message, chunks joined and gzip undone; null when its gzip is broken. */
export function contentOf(message: StoredMessage): Buffer | null {
  try {
    return Buffer.concat(
      message.encoding === 'gzip' ? message.chunks.map((chunk) => gunzipSync(chunk)) : message.chunks,
    );
  } catch {
    return null;
  }
}

/** Whether the file is nothing but lines with numbers of the right form and check digit. One bad number spoils the whole file. */
export function isWellFormed(content: Buffer): boolean {
  if (content.length === 0 || content.length % lineBytes !== 0) return false;
  for (let start = 0; start < content.length; start += lineBytes)
    if (!isNumberLine(content, start)) return false;
  return true;
}

function isNumberLine(content: Buffer, start: number): boolean {
  if (content[start + digitBytes] !== comma || content[start + digitBytes + 1] !== lineFeed) return false;
  let weighted = 0;
  for (let place = 0; place < digitBytes; place += 1) {
    const digit = (content[start + place] ?? 0) - zero;
    if (digit < 0 || digit > 9) return false;
    // Modulus 11: weights 10 to 2, and 1 for the check digit itself, add up to a multiple of eleven.
    weighted += digit * (digitBytes - place);
  }
  return weighted % 11 === 0;
}

/** The number of the line that starts at a byte. */
export const numberAt = (content: Buffer, start: number): string =>
  content.toString('latin1', start, start + digitBytes);

/** Whether any number of a well-formed file is one the check refuses. */
export function anyNumber(content: Buffer, isOne: (nhsNumber: string) => boolean): boolean {
  for (let start = 0; start < content.length; start += lineBytes)
    if (isOne(numberAt(content, start))) return true;
  return false;
}

/** The lines of a well-formed file whose number is wanted, in their order. */
export function linesKept(content: Buffer, isWanted: (nhsNumber: string) => boolean): Buffer {
  const kept = Buffer.alloc(content.length);
  let length = 0;
  for (let start = 0; start < content.length; start += lineBytes)
    if (isWanted(numberAt(content, start))) length += content.copy(kept, length, start, start + lineBytes);
  return kept.subarray(0, length);
}

/** Lines of any file: line feeds, and a last line without one. */
export function countLines(content: Buffer): number {
  let lines = content.length > 0 && content.at(-1) !== lineFeed ? 1 : 0;
  for (let at = content.indexOf(lineFeed); at !== -1; at = content.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

/**
 * Where a file name stands in its sender's order: year, month, day and sequence number of `MAILBOX-ddmmyy[yy]-nnnn.dat`, as text that
 * sorts. Null for a name of another form.
 */
export function fileOrder(fileName: string): string | null {
  const match = /-([0-9]{2})([0-9]{2})(?:20)?([0-9]{2})-([0-9]{4})(?:\.[A-Za-z]+)?$/.exec(fileName);
  return match === null ? null : `${match[3] ?? ''}${match[2] ?? ''}${match[1] ?? ''}-${match[4] ?? ''}`;
}
