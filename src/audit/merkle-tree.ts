/** The RFC 6962 Merkle tree over SHA-256 (RFC 9162 section 2.1): roots, proofs, and what a verifier makes of them. */
import { createHash } from 'node:crypto';

import { Failure } from '../domain/failure.ts';

/** Bytes of a leaf hash, a node hash and a root. */
export const hashBytes = 32;

// RFC 9162 section 2.1.1: different first bytes, so that no leaf can ever pass for a node.
const leafPrefix = Buffer.from([0x00]);
const nodePrefix = Buffer.from([0x01]);

/** SHA-256(0x00 || entry): the hash under which an entry's exact stored bytes enter the tree. */
export const leafHash = (entry: Uint8Array): Uint8Array =>
  createHash('sha256').update(leafPrefix).update(entry).digest();

/** SHA-256(0x01 || left || right): the hash of an inner node over its two children. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  createHash('sha256').update(nodePrefix).update(left).update(right).digest();

/** The root of the tree without leaves: SHA-256 of nothing. */
export const emptyRoot = (): Uint8Array => createHash('sha256').digest();

/**
 * The right edge of a tree: the roots of its complete subtrees, left and largest first, one for each 1 bit of `size`.
 * All that must be kept to append and to name the root; a tree of a million leaves needs at most twenty hashes.
 */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export const emptyFrontier: Frontier = { size: 0, hashes: [] };

/** The frontier after one more leaf; the given one is not changed. Hashes O(log size) times. */
export function append(frontier: Frontier, leaf: Uint8Array): Frontier {
  const complete = frontier.hashes.length - trailingOnes(frontier.size);
  const merged = frontier.hashes.slice(complete).reduceRight((right, left) => nodeHash(left, right), leaf);
  return { size: frontier.size + 1, hashes: [...frontier.hashes.slice(0, complete), merged] };
}

/** The root of the tree whose right edge this is. */
export function rootOf(frontier: Frontier): Uint8Array {
  if (frontier.hashes.length === 0) return emptyRoot();
  return frontier.hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** A frontier as one line for storage: size in decimal, a colon, the hashes in lower-case hex. */
export const encodeFrontier = (frontier: Frontier): string =>
  `${frontier.size}:${Buffer.concat(frontier.hashes).toString('hex')}`;

/** The frontier that `encodeFrontier` wrote. Throws `audit-invalid` unless exactly the hashes that the size asks for are there. */
export function decodeFrontier(line: string): Frontier {
  const [, digits = '', hex = ''] = /^(0|[1-9][0-9]*):((?:[0-9a-f]{64})*)$/.exec(line) ?? [];
  const size = digits === '' ? NaN : Number(digits);
  const hashes = Array.from({ length: hex.length / (2 * hashBytes) }, (_, at) =>
    Buffer.from(hex.slice(at * 2 * hashBytes, (at + 1) * 2 * hashBytes), 'hex'),
  );
  if (!Number.isSafeInteger(size) || hashes.length !== ones(size)) {
    throw new Failure('audit-invalid', {
      message: 'The stored right edge of the audit tree cannot be read.',
      place: 'audit tree frontier',
      found: `${line.length} characters for a tree of ${digits === '' ? 'unknown size' : digits}`,
      allowed: 'size, colon, one 32-byte hash in hex for each 1 bit of the size',
      hint: 'Rebuild it from the stored entries; sign nothing before the rebuilt root equals the last checkpoint.',
    });
  }
  return { size, hashes };
}

/** MTH of RFC 9162 section 2.1.1: the root over these leaf hashes, in this order. */
export const rootOfLeaves = (leafHashes: readonly Uint8Array[]): Uint8Array =>
  rootOf(leafHashes.reduce(append, emptyFrontier));

/**
 * PATH of RFC 9162 section 2.1.3.1: the siblings from leaf `index` (counted from 0) up to the root, lowest first.
 * Throws `usage` when there is no such leaf.
 */
export function inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  demandWithin(index, leafHashes.length - 1, 'index of a leaf');
  return pathTo(leafHashes, index);
}

/**
 * PROOF of RFC 9162 section 2.1.4.1: what shows that these leaves extend the tree of their first `oldSize`.
 * Empty when `oldSize` is 0 or the whole. Throws `usage` when `oldSize` is not a size this tree once had.
 */
export function consistencyProof(leafHashes: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  demandWithin(oldSize, leafHashes.length, 'size of an earlier tree');
  return oldSize === 0 ? [] : extensionOf(leafHashes, oldSize, true);
}

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * True when the proof leads from this leaf at this index to this root. Index, leaf and proof are bound; the size only by the
 * shape it gives the path, so size and root must come together from one checkpoint. Never throws. RFC 9162 section 2.1.3.2.
 */
export function verifyInclusion({ leafHash: leaf, index, size, root, proof }: InclusionClaim): boolean {
  if (!isWhole(index) || !isWhole(size) || index >= size) return false;
  if (![leaf, root, ...proof].every(isHash)) return false;
  const sides = siblingSides(index, size - 1);
  return sides.length === proof.length && sameBytes(climb(leaf, proof, sides), root);
}

export interface ConsistencyClaim {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly newSize: number;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * True when the proof shows that the new tree begins with the whole old one. Never throws. RFC 9162 section 2.1.4.2.
 * Every tree extends the empty one: from size 0 the proof must be empty and the old root that of the empty tree.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  if (!isWhole(oldSize) || !isWhole(newSize) || oldSize > newSize) return false;
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, emptyRoot());

  // The old tree ends in a complete subtree that the new one still holds: from there the proof climbs to both roots.
  const width = largestPowerDividing(oldSize);
  const node = oldSize / width - 1;
  const [start, ...siblings] = node === 0 ? [oldRoot, ...proof] : proof;
  const sides = siblingSides(node, Math.floor((newSize - 1) / width));
  if (start === undefined || sides.length !== siblings.length) return false;

  // What stands on the right was not there yet in the old tree.
  const known = siblings.filter((_, at) => sides[at] === 'left');
  const oldClimbed = known.reduce((below, sibling) => nodeHash(sibling, below), start);
  return sameBytes(oldClimbed, oldRoot) && sameBytes(climb(start, siblings, sides), newRoot);
}

type Side = 'left' | 'right';

/** On which side each sibling stands from `node` up to the root, on a level whose last node is `last`. */
function siblingSides(node: number, last: number): Side[] {
  if (last === 0) return [];
  const above = siblingSides(Math.floor(node / 2), Math.floor(last / 2));
  if (isOdd(node)) return ['left', ...above];
  // A last node without a sibling rises to the next level as it is.
  return node < last ? ['right', ...above] : above;
}

const climb = (start: Uint8Array, siblings: readonly Uint8Array[], sides: readonly Side[]): Uint8Array =>
  siblings.reduce(
    (node, sibling, at) => (sides[at] === 'left' ? nodeHash(sibling, node) : nodeHash(node, sibling)),
    start,
  );

function pathTo(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length === 1) return [];
  const split = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...pathTo(left, index), rootOfLeaves(right)]
    : [...pathTo(right, index - split), rootOfLeaves(left)];
}

/** SUBPROOF: `known` while the subtree's root is the old root itself, which the verifier holds already. */
function extensionOf(leaves: readonly Uint8Array[], oldSize: number, known: boolean): Uint8Array[] {
  if (oldSize === leaves.length) return known ? [] : [rootOfLeaves(leaves)];
  const split = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return oldSize <= split
    ? [...extensionOf(left, oldSize, known), rootOfLeaves(right)]
    : [...extensionOf(right, oldSize - split, false), rootOfLeaves(left)];
}

function demandWithin(found: number, most: number, what: string): void {
  if (isWhole(found) && found <= most) return;
  throw new Failure('usage', {
    message: `The audit tree has no such ${what}.`,
    found: String(found),
    allowed: most < 0 ? 'none: the tree is empty' : `0 to ${most}`,
    hint: 'Ask for a place within the exported log.',
  });
}

// Sizes may exceed 32 bits: plain arithmetic instead of JavaScript's bit operators.
const isOdd = (n: number): boolean => n % 2 === 1;
const isWhole = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isHash = (bytes: Uint8Array): boolean => bytes.length === hashBytes;
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const trailingOnes = (n: number): number => (isOdd(n) ? 1 + trailingOnes(Math.floor(n / 2)) : 0);
const ones = (n: number): number => (n === 0 ? 0 : (n % 2) + ones(Math.floor(n / 2)));
const largestPowerBelow = (n: number, power = 1): number =>
  power * 2 < n ? largestPowerBelow(n, power * 2) : power;
const largestPowerDividing = (n: number): number => (isOdd(n) ? 1 : 2 * largestPowerDividing(n / 2));
