/**
 * The bytes of person-level evidence (design, section 7): who of a run was released, or held back locally with a reason code.
 *
 * Rows stand in order of provider id (bytes of its UTF-8), then of pseudonym, each person once a provider, in blocks of 256 that
 * never cross providers. Integers are big-endian. A blinding is 32 random bytes: without it, nobody can guess what a hash stands for.
 *
 *   row            code (1), pseudonym (16)
 *   block leaf     "EGB1", block number within the provider from 0 (4), length of provider id (2), provider id,
 *                  count of rows (2), blinding (32), rows
 *   provider leaf  "EGP1", length of provider id (2), provider id, count of blocks (4), count of rows (4),
 *                  RFC 6962 root over the provider's block leaves (32), blinding (32)
 *   list           "EGL1", RFC 6962 root over the provider leaves (32), count of providers (4),
 *                  then each provider leaf followed by its block leaves
 *
 * So a stored list is the hashed bytes themselves, one after another: 17 bytes a person, about 50 for each block of 256 and 85 for each
 * provider. It may lie in pieces, cut before a provider leaf.
 *
 * Where somebody was erased, a tombstone as long as the block leaf stands in its place (evidence-erasure.ts):
 *
 *   tombstone      "EGT1", then as the block leaf up to the count of rows once there, leaf hash of that block (32), seed (16),
 *                  count of rows erased less one (1), rows left, zeros
 *
 * The tree keeps the old leaf hash, so that the logged root holds. What is left is a block leaf again, with the count of rows left and
 * SHA-256 of the seed as its blinding; its leaf hash is told by the entry of the erasure.
 */
import { Failure } from '../domain/failure.ts';
import type { PersonListPiece } from '../ports.ts';
import { hashBytes } from './merkle-tree.ts';

export interface EvidenceBlock {
  /** The block leaf, or the tombstone in its place. */
  readonly bytes: Buffer;
}

export interface EvidenceProvider {
  readonly providerId: string;
  readonly rows: number;
  /** Lower-case hex. */
  readonly root: string;
  readonly blinding: Buffer;
  readonly blocks: readonly EvidenceBlock[];
}

export interface EvidenceList {
  /** Lower-case hex; what the run's entry carries. A proof against it needs the count of providers too. */
  readonly root: string;
  readonly rows: number;
  readonly providers: readonly EvidenceProvider[];
}

export const rowsPerBlock = 256;
export const pseudonymBytes = 16;
export const rowBytes = 1 + pseudonymBytes;
export const blindingBytes = 32;

const tags = {
  block: Buffer.from('EGB1'),
  provider: Buffer.from('EGP1'),
  list: Buffer.from('EGL1'),
  tombstone: Buffer.from('EGT1'),
} as const;

/** A block leaf up to its blinding. */
export function blockHeader(providerId: string, number: number, rows: number): Buffer {
  return Buffer.concat([tags.block, u32(number), idWithLength(providerId), u16(rows)]);
}

/** The same of a tombstone; `rows` are those that once stood there. */
export function tombstoneHeader(providerId: string, number: number, rows: number): Buffer {
  return Buffer.concat([tags.tombstone, u32(number), idWithLength(providerId), u16(rows)]);
}

export const isTombstone = ({ bytes }: EvidenceBlock): boolean =>
  bytes.subarray(0, tags.tombstone.length).equals(tags.tombstone);

/** Bytes of a block leaf of this provider with so many rows. */
export const blockLength = (providerId: string, rows: number): number =>
  blockHeader(providerId, 0, rows).length + blindingBytes + rows * rowBytes;

/** The leaf of a provider in the list's tree. */
export function providerLeaf({ providerId, blocks, rows, root, blinding }: EvidenceProvider): Buffer {
  const counts = [u32(blocks.length), u32(rows)];
  return Buffer.concat([
    tags.provider,
    idWithLength(providerId),
    ...counts,
    Buffer.from(root, 'hex'),
    blinding,
  ]);
}

export const blocksFor = (rows: number): number => Math.ceil(rows / rowsPerBlock);

/** Rows in block `number` of a provider with so many rows: 256, or what is left for the last. */
export const rowsIn = (number: number, rows: number): number =>
  Math.min(rowsPerBlock, rows - number * rowsPerBlock);

export const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The list as one Buffer. `decodeEvidenceList` is its inverse, byte for byte. */
export const encodeEvidenceList = (list: EvidenceList): Buffer =>
  Buffer.concat(encodePieces(list, Infinity).map(({ bytes }) => bytes));

/** The same in pieces of at least `length` bytes but for the last, cut before a provider; `first` of the first piece is empty. */
export function encodePieces({ root, providers }: EvidenceList, length: number): PersonListPiece[] {
  const pieces: PersonListPiece[] = [];
  let first = '';
  let parts: Buffer[] = [tags.list, Buffer.from(root, 'hex'), u32(providers.length)];
  for (const provider of providers) {
    if (sumOf(parts.map((part) => part.length)) >= length) {
      pieces.push({ first, bytes: Buffer.concat(parts) });
      first = provider.providerId;
      parts = [];
    }
    parts.push(providerLeaf(provider), ...provider.blocks.map(({ bytes }) => bytes));
  }
  pieces.push({ first, bytes: Buffer.concat(parts) });
  return pieces;
}

/**
 * The providers of a piece, or the only one with this id; blocks are views of the given Buffer, not copies. Throws `audit-invalid`.
 */
export function decodePiece(piece: Buffer, only: string | null = null): EvidenceProvider[] {
  const take = takerOf(piece);
  if (piece.subarray(0, tags.list.length).equals(tags.list)) take.bytes(tags.list.length + hashBytes + 4);
  const providers: EvidenceProvider[] = [];
  while (!take.isAtEnd()) {
    const provider = takeProvider(take, only);
    if (provider !== null) providers.push(provider);
  }
  return providers;
}

/**
 * Reads a stored list; its blocks are views of the given Buffer, not copies. Only what is needed to find the leaves is checked:
 * believe what they say after `verifyEvidenceList`, and after comparing the root with the one in the audit log.
 * Throws `audit-invalid`.
 */
export function decodeEvidenceList(stored: Buffer): EvidenceList {
  const take = takerOf(stored);
  take.tag(tags.list);
  const root = take.bytes(hashBytes).toString('hex');
  const count = take.u32();
  const providers: EvidenceProvider[] = [];
  while (providers.length < count) {
    const provider = takeProvider(take);
    if (provider !== null) providers.push(provider);
  }
  take.end();
  return { root, rows: sumOf(providers.map(({ rows }) => rows)), providers };
}

/** The next provider, or null where only another one is wanted: most of a look-up is passing over the others. */
function takeProvider(take: Taker, only: string | null = null): EvidenceProvider | null {
  take.tag(tags.provider);
  const id = take.bytes(take.u16());
  const providerId = id.toString();
  if (!Buffer.from(providerId).equals(id)) throw take.unreadable('a provider id in UTF-8');
  const [blockCount, rows] = [take.u32(), take.u32()];
  if (rows === 0 || blockCount !== blocksFor(rows)) throw take.unreadable('one block for each 256 rows');
  if (only !== null && providerId !== only) {
    const full = blockLength(providerId, rowsPerBlock) * (blockCount - 1);
    take.bytes(hashBytes + blindingBytes + full + blockLength(providerId, rowsIn(blockCount - 1, rows)));
    return null;
  }
  const root = take.bytes(hashBytes).toString('hex');
  const blinding = take.bytes(blindingBytes);
  const blocks = Array.from({ length: blockCount }, (_, number) => ({
    bytes: take.bytes(blockLength(providerId, rowsIn(number, rows))),
  }));
  return { providerId, rows, root, blinding, blocks };
}

type Taker = ReturnType<typeof takerOf>;

/** Takes bytes from the front, and refuses to go past the end. */
function takerOf(stored: Buffer) {
  let at = 0;
  const unreadable = (allowed: string): Failure =>
    new Failure('audit-invalid', {
      message: 'A stored evidence list cannot be read.',
      place: `evidence list, byte ${at}`,
      allowed,
      hint: 'Restore it from a backup; the root in the audit log says which copy is the true one.',
    });
  const bytes = (length: number): Buffer => {
    if (at + length > stored.length) throw unreadable(`${length} bytes more`);
    at += length;
    return stored.subarray(at - length, at);
  };
  return {
    unreadable,
    bytes,
    u16: (): number => bytes(2).readUInt16BE(),
    u32: (): number => bytes(4).readUInt32BE(),
    tag: (tag: Buffer): void => {
      if (!bytes(tag.length).equals(tag)) throw unreadable(tag.toString());
    },
    isAtEnd: (): boolean => at === stored.length,
    end: (): void => {
      if (at !== stored.length) throw unreadable('the end of the list');
    },
  };
}

function idWithLength(providerId: string): Buffer {
  const id = Buffer.from(providerId);
  return Buffer.concat([u16(id.length), id]);
}

function u16(n: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(n);
  return bytes;
}

function u32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
}
