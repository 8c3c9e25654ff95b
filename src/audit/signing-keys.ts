/**
 * Which key signs a tree of which size. The log says so itself: the first entry names the first key, and each next key is announced by
 * an entry under the one before. The checkpoint that first covers the announcement is signed by both, every later one by the new alone;
 * where the old key signed the change beforehand, that signature stands in the entry instead.
 */
import { Failure } from '../domain/failure.ts';
import type { Entry } from '../domain/evidence.ts';
import type { KeySpan } from '../ports.ts';
import { readKeyChange } from './key-succession.ts';

/** The keys after one more entry. Throws `audit-invalid` for a change that does not begin with the key in force. */
export function keysAfter(keys: readonly KeySpan[], position: number, entry: Entry): readonly KeySpan[] {
  if (entry.what === 'log-opened' && position === 0) return [{ from: 1, verifierKey: entry.verifierKey }];
  if (entry.what !== 'signing-key-changed') return keys;
  const { previous, verifierKey, announced } = entry;
  const span = { from: position + 1, verifierKey };
  if (previous === keys.at(-1)?.verifierKey) {
    if (announced === undefined) return [...keys, span];
    const change = readKeyChange(announced);
    if (change.previous === previous && change.verifierKey === verifierKey)
      return [...keys, { ...span, announced: true }];
  }
  throw new Failure('audit-invalid', {
    message: 'An entry changes the signing key, but not from the one that was in force.',
    place: `entry ${position}`,
    hint: 'Stop exporting. Keep the ledger as it is, and compare it with the copies that others hold.',
  });
}

/** Who must sign a tree of this size: one key, or the old and the new where the change is first covered. */
export function signersOf(keys: readonly KeySpan[], size: number): readonly KeySpan[] {
  const begun = keys.filter(({ from }) => from <= size);
  const newest = begun.at(-1);
  const both = begun.length > 1 && newest?.from === size && newest.announced === undefined;
  return begun.slice(both ? -2 : -1);
}

/** A line a key: the first size it signs, a space, the verifier key. So they stand in an exported log. */
export const formatKeys = (keys: readonly KeySpan[]): string =>
  keys.map(({ from, verifierKey }) => `${from} ${verifierKey}\n`).join('');

/** The same with a mark behind those that were announced. So they stand in the ledger. */
export const storeKeys = (keys: readonly KeySpan[]): string =>
  keys
    .map((key) => formatKeys([key]).replace('\n', key.announced === undefined ? '\n' : ` ${mark}\n`))
    .join('');

const mark = 'announced';

/** Reads what either of them wrote. */
export const parseKeys = (text: string): readonly KeySpan[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [from, verifierKey = '', marked] = line.split(' ');
      const span = { from: Number(from), verifierKey };
      return marked === mark ? { ...span, announced: true } : span;
    });
