/** Trying every number: in clear, hashed, salted with what was found, keyed with what was found. */
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import type { Artefact } from './artefacts.ts';
import type { Haystack } from './haystack.ts';

export interface Found {
  readonly number: string;
  readonly how: string;
}

/** Numbers in clear: digits however spaced, escaped or encoded, integers and doubles. */
export function inClear(artefacts: readonly Artefact[], isCandidate: (number: string) => boolean): Found[] {
  const found = new Map<string, Found>();
  const see = (number: string, how: string): void => {
    if (isCandidate(number)) found.set(number, { number, how });
  };
  for (const { place, bytes } of artefacts) {
    const text = bytes.toString('latin1');
    const forms = [/\d{10,}/g, /\d+(?:[ .-]\d+)+/g, /(?:%3\d){10,}/g, /(?:\\u003\d){10,}/gi];
    for (const [form, shape] of forms.entries())
      for (const [run] of text.matchAll(shape)) {
        const digits = form < 2 ? run.replaceAll(/\D/g, '') : run.replaceAll(/%3|\\u003/gi, '');
        for (let at = 0; at + 10 <= digits.length; at++) see(digits.slice(at, at + 10), `in clear: ${place}`);
      }
    for (let at = 0; at + 8 <= bytes.length; at++)
      for (const value of [bytes.readDoubleLE(at), bytes.readDoubleBE(at), bytes.readUIntBE(at, 6)])
        if (Number.isInteger(value) && value > 1e8 && value < 1e10)
          see(String(value).padStart(10, '0'), `as a number: ${place}`);
  }
  return [...found.values()];
}

/** How a number may have been written before it was hashed; the last two are files with one number in them. */
const written: Readonly<Record<string, (number: string) => string>> = {
  digits: (number) => number,
  spaced: (number) => `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}`,
  'a line': (number) => `${number}\n`,
  'a drop of one': (number) => `nhs_number\n${number}\n`,
  'a request of one': (number) => `${number},\n`,
};

const plainly: Readonly<Record<string, (text: string) => Buffer>> = {
  'SHA-256': (text) => createHash('sha256').update(text).digest(),
  'SHA-1': (text) => createHash('sha1').update(text).digest(),
  MD5: (text) => createHash('md5').update(text).digest(),
  'SHA-512': (text) => createHash('sha512').update(text).digest(),
  'an RFC 6962 leaf': (text) => createHash('sha256').update(`\0${text}`).digest(),
};

/** Every number under every plain hash; what nobody hides behind. */
export function hashed(haystack: Haystack, numbers: Iterable<string>): Found[] {
  const found: Found[] = [];
  for (const number of numbers)
    for (const [form, write] of Object.entries(written))
      for (const [hash, digest] of Object.entries(plainly)) {
        const place = haystack.find(digest(write(number)));
        if (place !== null) found.push({ number, how: `${hash} of ${form}: ${place}` });
      }
  return found;
}

/** Every number beside every word found, before and behind it. */
export function salted(haystack: Haystack, numbers: Iterable<string>, salts: readonly string[]): Found[] {
  const found: Found[] = [];
  for (const number of numbers)
    for (const salt of salts)
      for (const text of [`${salt}${number}`, `${number}${salt}`, `${salt}:${number}`, `${salt}|${number}`]) {
        const place = haystack.find(createHash('sha256').update(text).digest());
        if (place !== null) found.push({ number, how: `salted with ${JSON.stringify(salt)}: ${place}` });
      }
  return found;
}

const hmac = (key: Uint8Array | string, text: string | Uint8Array): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** Every number under every key found, in every way in which this program names people: once, a run over it, for the index, as carried. */
export function keyed(
  haystack: Haystack,
  numbers: Iterable<string>,
  keys: readonly (Buffer | string)[],
  runs: readonly string[],
): Found[] {
  const found: Found[] = [];
  for (const key of keys) {
    const carrying = hkdfSync('sha256', key, Buffer.alloc(0), 'export-gate/carried-objections', 32);
    for (const number of numbers) {
      const person = hmac(key, number);
      const digests = [
        person,
        ...runs.map((run) => hmac(run, person)),
        hmac(key, `person-index:${number}`),
        hmac(Buffer.from(carrying), `number:${number}`),
      ];
      for (const digest of digests) {
        const place = haystack.find(digest);
        if (place !== null) found.push({ number, how: `keyed with something found: ${place}` });
      }
    }
  }
  return found;
}
