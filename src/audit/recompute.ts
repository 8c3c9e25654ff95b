/** The whole log computed anew from its stored bytes, and every checkpoint held against it. */
import { Failure } from '../domain/failure.ts';
import type { Entry } from '../domain/evidence.ts';
import type { Frontier, KeySpan, LedgerReader, StoredEntry } from '../ports.ts';
import { openCheckpoint } from './checkpoint.ts';
import { append, emptyFrontier, leafHash, rootOf } from './merkle-tree.ts';
import { parseVerifierKey } from './signed-note.ts';
import { keysAfter, signersOf } from './signing-keys.ts';

export interface Recomputed {
  readonly frontier: Frontier;
  /** As the entries say. */
  readonly keys: readonly KeySpan[];
}

export interface StoredNote {
  readonly size: number;
  readonly note: string;
}

/**
 * Walks the log from its first entry. Throws `audit-invalid` at the first position where an entry is not the one that was appended, no
 * line of JSON, or where a checkpoint is not that of the entries before it, under the keys of its size. `assumed`: the keys of a log
 * that does not begin by naming one.
 */
export async function recompute(
  ledger: LedgerReader,
  origin: string,
  assumed: readonly KeySpan[],
): Promise<Recomputed> {
  const waiting = [...(await ledger.checkpoints())].reverse();
  let frontier = emptyFrontier;
  let keys = assumed;
  for await (const entry of ledger.entries(0, Number.MAX_SAFE_INTEGER)) {
    const leaf = checkedLeaf(entry, frontier.size);
    keys = keysAfter(keys, frontier.size, readEntry(entry));
    frontier = append(frontier, leaf);
    if (waiting.at(-1)?.size === frontier.size)
      demandSigned(waiting.pop()?.note ?? '', { origin, frontier, keys });
  }
  const left = waiting.at(-1);
  if (left === undefined) return { frontier, keys };
  // Sizes that do not grow are met here too: the second of the two is never reached.
  throw left.size > frontier.size ? altered(frontier.size) : misplaced(left.size);
}

/** The leaf of an entry that stands where it should, with the bytes it was appended with. Throws `audit-invalid`. */
export function checkedLeaf(entry: StoredEntry, expected: number): Uint8Array {
  const leaf = leafHash(entry.line);
  if (entry.position !== expected || !same(leaf, entry.leaf)) throw altered(expected);
  return leaf;
}

/** Throws `audit-invalid` unless this note is the checkpoint of exactly this tree, signed by whom it must be. */
export function demandSigned(
  note: string,
  tree: { readonly origin: string; readonly frontier: Frontier; readonly keys: readonly KeySpan[] },
): void {
  const { origin, frontier, keys } = tree;
  const known = keys.map(({ verifierKey }) => ({ verifierKey, verifier: parseVerifierKey(verifierKey) }));
  const opened = openCheckpoint(
    Buffer.from(note),
    origin,
    known.map(({ verifier }) => verifier),
  );
  const signed = known.filter(({ verifier }) => opened.signedBy.includes(verifier));
  const needed = signersOf(keys, frontier.size).map(({ verifierKey }) => verifierKey);
  if (opened.size !== frontier.size || !same(opened.root, rootOf(frontier)))
    throw altered(Math.max(frontier.size - 1, 0));
  if (signed.map(({ verifierKey }) => verifierKey).join() !== needed.join()) {
    throw new Failure('audit-invalid', {
      message: 'A checkpoint is not signed by the key that was in force at its size.',
      place: `checkpoint of ${frontier.size} entries`,
      allowed: needed.join(' and '),
      hint: 'Stop exporting. Somebody has signed with a key that was not or no longer the log’s.',
    });
  }
}

function readEntry({ line, position }: StoredEntry): Entry {
  const text = Buffer.from(line).toString();
  if (text.indexOf('\n') !== text.length - 1) throw altered(position);
  try {
    return JSON.parse(text) as Entry;
  } catch {
    throw altered(position);
  }
}

export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export const altered = (position: number): Failure =>
  new Failure('audit-invalid', {
    message: 'The audit log is not what it was when it was written: an entry was altered, moved or removed.',
    place: `entry ${position}`,
    hint: 'Stop exporting. Keep the ledger as it is, compare it with a backup and with the checkpoints others hold.',
  });

const misplaced = (size: number): Failure =>
  new Failure('audit-invalid', {
    message:
      'The checkpoints of the log do not follow one another: there are two of one size, or one out of turn.',
    place: `checkpoint of ${size} entries`,
    hint: 'Stop exporting. Keep the ledger as it is, compare it with a backup and with the checkpoints others hold.',
  });
