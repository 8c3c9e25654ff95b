/** Proofs over leaf hashes in memory. */
import { emptyRoot, nodeHash } from './merkle-tree.ts';

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
    const pairs = Math.floor(below.length / 2);
    const above = Array.from({ length: pairs }, (_, at) =>
      nodeHash(nodeAt(below, 2 * at), nodeAt(below, 2 * at + 1)),
    );
    levels.push(above);
  }
  const split = (from: number, to: number): number => from + 2 ** Math.ceil(Math.log2(to - from) - 1);

  function root(from: number, to: number): Uint8Array {
    if (from === to) return emptyRoot();
    const level = Math.log2(to - from);
    if (Number.isInteger(level)) return nodeAt(levels[level] ?? [], from / (to - from));
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

function nodeAt(nodes: readonly Uint8Array[], at: number): Uint8Array {
  const node = nodes[at];
  if (node === undefined) throw new RangeError(`no node ${at}`);
  return node;
}

export const base64Lines = (hashes: readonly Uint8Array[]): string =>
  hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
