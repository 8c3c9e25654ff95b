/** Searches bytes for NHS numbers in every form in which one slips out. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** The numbers that must not be found, and where in bytes it is worth while to look closer. */
export interface Wanted {
  readonly numbers: ReadonlySet<string>;
  readonly digests: ReadonlySet<string>;
  /** By the first two of some bytes: whether a digest of a wanted number, or a number kept as a number, may begin there. */
  readonly beginnings: Uint8Array;
}

export function wantedOf(numbers: Iterable<string>): Wanted {
  const distinct = new Set(numbers);
  const digests = new Set<string>();
  const beginnings = new Uint8Array(0x10000);
  for (const beginning of [asInteger, asDouble, asDoubleReversed]) beginnings[beginning] = 1;
  for (const number of distinct) {
    const digest = createHash('sha256').update(number).digest();
    digests.add(digest.toString('latin1'));
    beginnings[digest.readUInt16BE(0)] = 1;
  }
  return { numbers: distinct, digests, beginnings };
}

/** How numbers of the test range begin: six bytes in SQLite, eight as a double; a reversed double ends so. */
const asInteger = 0x0002;
const asDouble = 0x4202;
const asDoubleReversed = 0x0242;

/** The forms in which some wanted number stands in the bytes, each once. */
export function leaksIn(bytes: Buffer, wanted: Wanted): string[] {
  const text = bytes.toString('latin1');
  const found = new Set([...writtenIn(text, wanted), ...binaryIn(bytes, wanted)]);
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{14,}/g)) {
    for (let skipped = 0; skipped < 4; skipped++)
      if (hasAny(Buffer.from(run.slice(skipped), 'base64'), wanted)) found.add('base64');
  }
  for (const [run] of text.matchAll(/[0-9a-f]{20,}/gi)) {
    for (let skipped = 0; skipped < 2; skipped++)
      if (hasAny(Buffer.from(run.slice(skipped), 'hex'), wanted)) found.add('hex');
  }
  return [...found];
}

const hasAny = (bytes: Buffer, wanted: Wanted): boolean =>
  writtenIn(bytes.toString('latin1'), wanted).length > 0 || binaryIn(bytes, wanted).length > 0;

function writtenIn(text: string, { numbers }: Wanted): string[] {
  const isWanted = (digits: string): boolean => {
    for (let at = 0; at + 10 <= digits.length; at++) if (numbers.has(digits.slice(at, at + 10))) return true;
    return false;
  };
  const finds = (shape: RegExp, digits: (run: string) => string): boolean =>
    [...text.matchAll(shape)].some(([run]) => isWanted(digits(run)));
  const forms = [
    ['plain', finds(/\d{10,}/g, (run) => run)],
    ['spaced or dashed', finds(/\d+(?:[ -]\d+)+/g, (run) => run.replaceAll(/[ -]/g, ''))],
    ['percent-encoded', finds(/(?:%3[0-9]){10,}/g, (run) => run.replaceAll('%3', ''))],
    ['JSON-escaped', finds(/(?:\\u003[0-9]){10,}/gi, (run) => run.replaceAll(/\\u003/gi, ''))],
  ] as const;
  return forms.filter(([, isThere]) => isThere).map(([form]) => form);
}

function binaryIn(bytes: Buffer, { numbers, digests, beginnings }: Wanted): string[] {
  const found = new Set<string>();
  for (let at = 0; at + 2 <= bytes.length; at++) {
    const beginning = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (beginnings[beginning] === 0) continue;
    if (digests.has(bytes.toString('latin1', at, at + 32))) found.add('SHA-256');
    const value = numberAt(bytes, at, beginning);
    if (value !== null && numbers.has(String(value))) found.add('binary');
  }
  return [...found];
}

function numberAt(bytes: Buffer, at: number, beginning: number): number | null {
  if (beginning === asInteger) return at + 6 > bytes.length ? null : bytes.readUIntBE(at, 6);
  if (beginning === asDouble) return at + 8 > bytes.length ? null : bytes.readDoubleBE(at);
  return beginning === asDoubleReversed && at >= 6 ? bytes.readDoubleLE(at - 6) : null;
}

/** Every file below a folder but those left out; `place` is relative, with forward slashes. */
export function leaksBelow(folder: string, wanted: Wanted, isLeftOut: (place: string) => boolean): string[] {
  const places = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  const inNames = leaksIn(Buffer.from(places.join('\n')), wanted).map((form) => `a file name: ${form}`);
  const inFiles = places
    .filter((place) => !isLeftOut(place))
    .flatMap((place) =>
      leaksIn(fs.readFileSync(path.join(folder, place)), wanted).map((form) => `${place}: ${form}`),
    );
  return [...inNames, ...inFiles];
}
