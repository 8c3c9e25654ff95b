/**
 * Which key signs a tree of which size. The log says so itself: the first entry names the first key, and each next key is announced by
 * an entry under the one before. The checkpoint that first covers the announcement is signed by both, every later one by the new alone.
 */
import { Failure } from '../domain/failure.ts';
import type { Entry } from '../domain/evidence.ts';
import type { KeySpan } from '../ports.ts';

/** The keys after one more entry. Throws `audit-invalid` for a change that does not begin with the key in force. */
export function keysAfter(keys: readonly KeySpan[], position: number, entry: Entry): readonly KeySpan[] {
  if (entry.what === 'log-opened' && position === 0) return [{ from: 1, verifierKey: entry.verifierKey }];
  if (entry.what !== 'signing-key-changed') return keys;
  if (entry.previous === keys.at(-1)?.verifierKey)
    return [...keys, { from: position + 1, verifierKey: entry.verifierKey }];
  throw new Failure('audit-invalid', {
    message: 'An entry changes the signing key, but not from the one that was in force.',
    place: `entry ${position}`,
    hint: 'Stop exporting. Keep the ledger as it is, and compare it with the copies that others hold.',
  });
}

/** Who must sign a tree of this size: one key, or the old and the new where the change is first covered. */
export function signersOf(keys: readonly KeySpan[], size: number): readonly KeySpan[] {
  const begun = keys.filter(({ from }) => from <= size);
  return begun.slice(begun.length > 1 && begun.at(-1)?.from === size ? -2 : -1);
}

/** A line a key: the first size it signs, a space, the verifier key. So they stand in an exported log, and in the ledger. */
export const formatKeys = (keys: readonly KeySpan[]): string =>
  keys.map(({ from, verifierKey }) => `${from} ${verifierKey}\n`).join('');

/** Reads what `formatKeys` wrote. */
export const parseKeys = (text: string): readonly KeySpan[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const space = line.indexOf(' ');
      return { from: Number(line.slice(0, space)), verifierKey: line.slice(space + 1) };
    });
