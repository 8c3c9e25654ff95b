/**
 * Erasing one person from a list while everybody else's proofs hold (R44). The block is overwritten by a tombstone of the same length, so
 * that no copy of it is moved about in the store; its rows and its blinding are gone, its leaf hash stays in the tree.
 */
import { createHash } from 'node:crypto';
import {
  blindingBytes,
  blockHeader,
  isTombstone,
  pseudonymBytes,
  rowBytes,
  rowsIn,
  tombstoneHeader,
} from './evidence-encoding.ts';
import type { EvidenceBlock, EvidenceProvider } from './evidence-encoding.ts';
import { hashBytes, leafHash } from './merkle-tree.ts';

/** Bytes of the seed from which the blinding of what is left is made. */
export const seedBytes = 16;

/** A tombstone's bytes between its header and its rows: one less than the blinding and the row that made room for them. */
const graveBytes = hashBytes + seedBytes + 1;

/** Where a block stands; everything that the tree says of its header. */
export interface BlockPlace {
  readonly providerId: string;
  /** From 0, within the provider. */
  readonly number: number;
  /** Rows that the block once held. */
  readonly rows: number;
}

/** The leaf hash under which a block stands in the tree; of a tombstone that of the block once there. */
export function treeHash(block: EvidenceBlock): Uint8Array {
  if (!isTombstone(block)) return leafHash(block.bytes);
  const start = headerLength(block);
  return block.bytes.subarray(start, start + hashBytes);
}

/** The rows of a block, 17 bytes each, in order; of a tombstone those that are left. */
export function rowsOf(block: EvidenceBlock): Buffer {
  const start = headerLength(block);
  if (!isTombstone(block)) return block.bytes.subarray(start + blindingBytes);
  const rows = start + graveBytes;
  return block.bytes.subarray(
    rows,
    rows + (block.bytes.readUInt16BE(start - 2) - erasedFrom(block)) * rowBytes,
  );
}

/** How many people were erased from a block. */
export const erasedFrom = (block: EvidenceBlock): number =>
  isTombstone(block) ? block.bytes.readUInt8(headerLength(block) + graveBytes - 1) + 1 : 0;

/** The block leaf as it reads now: itself, or what a tombstone has left. */
export function presentLeaf(block: EvidenceBlock, { providerId, number, rows }: BlockPlace): Buffer {
  if (!isTombstone(block)) return block.bytes;
  const start = headerLength(block) + hashBytes;
  const blinding = createHash('sha256')
    .update(block.bytes.subarray(start, start + seedBytes))
    .digest();
  return Buffer.concat([blockHeader(providerId, number, rows - erasedFrom(block)), blinding, rowsOf(block)]);
}

/** Whether a block's header is that of its place, it is as long as it must be, and a tombstone leaves nothing behind its rows. */
export function isWellFormed(block: EvidenceBlock, place: BlockPlace | undefined): boolean {
  if (place === undefined) return false;
  const { bytes } = block;
  const { providerId, number, rows } = place;
  const header = (isTombstone(block) ? tombstoneHeader : blockHeader)(providerId, number, rows);
  const length = header.length + blindingBytes + rows * rowBytes;
  if (bytes.length !== length || !bytes.subarray(0, header.length).equals(header)) return false;
  if (!isTombstone(block)) return true;
  const end = header.length + graveBytes + rowsOf(block).length;
  return erasedFrom(block) <= rows && bytes.subarray(end).every((byte) => byte === 0);
}

/** The block without this person, or null if they do not stand in it. `seed`: 16 fresh random bytes. */
export function eraseFromBlock(
  block: EvidenceBlock,
  place: BlockPlace,
  pseudonym: Uint8Array,
  seed: Uint8Array,
): EvidenceBlock | null {
  const rows = rowsOf(block);
  const at = rowOf(rows, pseudonym);
  if (at === null) return null;
  const bytes = Buffer.alloc(block.bytes.length);
  const parts = [
    tombstoneHeader(place.providerId, place.number, place.rows),
    treeHash(block),
    seed,
    Buffer.of(erasedFrom(block)),
    rows.subarray(0, at * rowBytes),
    rows.subarray((at + 1) * rowBytes),
  ];
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return { bytes };
}

/** Which of these rows is the person's, by halves; null if none. */
export function rowOf(rows: Buffer, pseudonym: Uint8Array): number | null {
  const row = firstNotBefore(rows, pseudonym);
  return row * rowBytes < rows.length && Buffer.compare(pseudonymAt(rows, row), pseudonym) === 0 ? row : null;
}

/** The first of these rows whose pseudonym is not smaller; their count if there is none. */
export function firstNotBefore(rows: Buffer, pseudonym: Uint8Array): number {
  let [low, high] = [0, rows.length / rowBytes];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (Buffer.compare(pseudonymAt(rows, middle), pseudonym) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const pseudonymAt = (rows: Buffer, row: number): Buffer =>
  rows.subarray(row * rowBytes + 1, row * rowBytes + 1 + pseudonymBytes);

/** The places of a provider's blocks, in order. */
export const placesOf = ({ providerId, rows, blocks }: EvidenceProvider): BlockPlace[] =>
  blocks.map((_, number) => ({ providerId, number, rows: rowsIn(number, rows) }));

/** Tag, block number, id with its length, count of rows. */
const headerLength = ({ bytes }: EvidenceBlock): number => 12 + bytes.readUInt16BE(8);
