/**
 * What an answer says, read from the words of the specification and by nothing of the gate: lines of ten ASCII digits with or without a
 * comma, each ended by LF or each by CR LF, all alike, none twice. A body of up to eight blanks says that nobody is cleared.
 */
import { gunzipSync } from 'node:zlib';

const lineForms = [/^[0-9]{10},\n$/, /^[0-9]{10}\n$/, /^[0-9]{10},\r\n$/, /^[0-9]{10}\r\n$/];

/** The numbers, or null where the text is no answer. */
export function readStrictly(bytes: Uint8Array): string[] | null {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.length <= 8 && /^[\s\u00a0\ufeff]*$/.test(text)) return [];
  const lines = text.split(/(?<=\n)/);
  const form = lineForms.find((each) => each.test(lines[0] ?? ''));
  if (form === undefined || !lines.every((line) => form.test(line))) return null;
  const numbers = lines.map((line) => line.slice(0, 10));
  return new Set(numbers).size === numbers.length ? numbers : null;
}

/** The content of a packed part, by Node's own reader, which is laxer than the gate's; null where even that refuses. */
export function unpackLaxly(bytes: Uint8Array): Buffer | null {
  try {
    return gunzipSync(bytes, { maxOutputLength: 1 << 20 });
  } catch {
    return null;
  }
}
