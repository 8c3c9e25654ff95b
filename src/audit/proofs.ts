/**
 * Proofs out of the ledger, in the texts that public tools read: an entry under a checkpoint (C2SP tlog-proof), and a checkpoint that
 * extends an earlier tree (the request of a C2SP tlog-witness, which is a consistency proof and a checkpoint).
 */
import { Failure } from '../domain/failure.ts';
import type { LedgerReader } from '../ports.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { emptyRoot, leafHash, nodeHash } from './merkle-tree.ts';
import { same } from './recompute.ts';

/** One entry with all that is needed to check it: position, bytes, proof and checkpoint. */
export interface EntryProved {
  readonly position: number;
  readonly text: string;
}

/** The proof of one entry under the newest checkpoint. Throws `usage` for an entry that no checkpoint covers yet. */
export async function proveEntry(ledger: LedgerReader, position: number): Promise<EntryProved> {
  const [proved] = await proveEntries(ledger, (at) => at === position);
  if (proved !== undefined) return proved;
  throw notCovered(`entry ${position}`);
}

/** The proofs of all entries of a run, as its entries name it (`2026-11-22/r1`). Throws `usage` if a checkpoint covers none of it. */
export async function proveRun(ledger: LedgerReader, run: string): Promise<readonly EntryProved[]> {
  const proved = await proveEntries(
    ledger,
    (_, line) => (JSON.parse(line.toString()) as { run?: string }).run === run,
  );
  if (proved.length > 0) return proved;
  throw notCovered(`run ${run}`);
}

/**
 * That the checkpoint of `newSize` entries extends the tree of the first `oldSize`. Throws `usage` unless there is a checkpoint of
 * exactly the new size, and the old one is no larger. Every log extends the empty one, with an empty proof.
 */
export async function proveConsistency(
  ledger: LedgerReader,
  oldSize: number,
  newSize: number,
): Promise<string> {
  const note = (await ledger.checkpoints()).find(({ size }) => size === newSize)?.note;
  if (note === undefined || !Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > newSize) {
    throw new Failure('usage', {
      message: 'These are not two sizes of this log between which something can be proved.',
      found: `${oldSize} and ${newSize}`,
      allowed: 'a new size that was signed (see checkpoints/ of an exported log), and an old one up to it',
      hint: 'Ask for the size of a checkpoint you hold.',
    });
  }
  const tree = createTree(await leavesUnder(ledger, note));
  return `old ${oldSize}\n${base64Lines(tree.consistency(oldSize))}\n${note}`;
}

async function proveEntries(
  ledger: LedgerReader,
  wanted: (position: number, line: Buffer) => boolean,
): Promise<readonly EntryProved[]> {
  const checkpoint = await ledger.checkpoint();
  if (checkpoint === null) throw notCovered('an entry');
  const found: { position: number; line: Buffer }[] = [];
  const leaves = await leavesUnder(ledger, checkpoint.note, (position, line) => {
    if (wanted(position, line)) found.push({ position, line });
  });
  const tree = createTree(leaves);
  return found.map(({ position, line }) => ({
    position,
    text:
      `c2sp.org/tlog-proof@v1\nextra ${line.toString('base64')}\nindex ${position}\n` +
      `${base64Lines(tree.inclusion(position))}\n${checkpoint.note}`,
  }));
}

/** The leaf hashes under a checkpoint, from the stored bytes. Throws `audit-invalid` if they do not come to its root. */
async function leavesUnder(
  ledger: LedgerReader,
  note: string,
  onEntry: (position: number, line: Buffer) => void = () => undefined,
): Promise<readonly Uint8Array[]> {
  const { size, root } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  const leaves: Uint8Array[] = [];
  for await (const { line } of ledger.entries(0, size)) {
    onEntry(leaves.length, Buffer.from(line));
    leaves.push(leafHash(line));
  }
  if (leaves.length === size && same(createTree(leaves).root(0, size), root)) return leaves;
  throw new Failure('audit-invalid', {
    message: 'The entries do not come to the root that was signed, so nothing can be proved from them.',
    place: `checkpoint of ${size} entries`,
    hint: 'Run `export-gate audit verify`: it names the first bad entry.',
  });
}

export interface Tree {
  /** Of the leaves from `from` up to but not including `to`, a range that the split of RFC 9162 section 2.1 comes to. */
  root(from: number, to: number): Uint8Array;
  inclusion(index: number): Uint8Array[];
  consistency(oldSize: number): Uint8Array[];
}

/** A tree that remembers its complete subtrees, so that many proofs cost little more than one. */
export function createTree(leaves: readonly Uint8Array[]): Tree {
  const levels: (readonly Uint8Array[])[] = [leaves];
  for (let below = leaves; below.length > 1; below = levels.at(-1) ?? []) {
    const here = levels.length;
    levels.push(Array.from({ length: Math.floor(below.length / 2) }, (_, at) => above(here, at)));
  }

  function above(level: number, at: number): Uint8Array {
    return nodeHash(complete(level - 1, 2 * at), complete(level - 1, 2 * at + 1));
  }

  /** The root of the complete subtree of 2^level leaves that stands at this place among its like. */
  function complete(level: number, at: number): Uint8Array {
    const hash = levels[level]?.[at];
    if (hash !== undefined) return hash;
    throw new RangeError(`no subtree ${at} of 2^${level} leaves`);
  }

  const split = (from: number, to: number): number => from + 2 ** Math.ceil(Math.log2(to - from) - 1);

  function root(from: number, to: number): Uint8Array {
    if (from === to) return emptyRoot();
    const level = Math.log2(to - from);
    if (Number.isInteger(level)) return complete(level, from / (to - from));
    const middle = split(from, to);
    return nodeHash(root(from, middle), root(middle, to));
  }

  /** Siblings from the subtree that ends at `until` and begins at or before `index`, up to the root, lowest first. */
  function climb(
    from: number,
    to: number,
    stop: (from: number, to: number) => boolean,
    index: number,
  ): Uint8Array[] {
    if (stop(from, to)) return [];
    const middle = split(from, to);
    return index < middle
      ? [...climb(from, middle, stop, index), root(middle, to)]
      : [...climb(middle, to, stop, index), root(from, middle)];
  }

  return {
    root,
    inclusion: (index) => climb(0, leaves.length, (from, to) => to - from === 1, index),
    consistency(oldSize) {
      if (oldSize === 0 || oldSize === leaves.length) return [];
      let start = 0;
      const path = climb(
        0,
        leaves.length,
        (from, to) => {
          start = from;
          return to === oldSize;
        },
        oldSize - 1,
      );
      // The old root itself is not sent: whoever checks holds it already.
      return start === 0 ? path : [root(start, oldSize), ...path];
    },
  };
}

export const base64Lines = (hashes: readonly Uint8Array[]): string =>
  hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');

const notCovered = (what: string): Failure =>
  new Failure('usage', {
    message: 'No checkpoint covers this, so there is nothing to prove it under.',
    found: what,
    hint: 'Name an entry or a run of the log. What is newer than the last checkpoint is covered by the next: `export-gate audit heartbeat`.',
  });
