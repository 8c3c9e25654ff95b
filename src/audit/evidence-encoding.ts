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
 * So a stored list is the hashed bytes themselves, one after another: 17 bytes a person, and about 60 for each block of 256.
 */
import { Failure } from '../domain/failure.ts';
import { hashBytes } from './merkle-tree.ts';

export interface EvidenceBlock {
  /** The block leaf; its rows are at its end. */
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
} as const;

/** A block leaf up to its blinding. */
export function blockHeader(providerId: string, number: number, rows: number): Buffer {
  return Buffer.concat([tags.block, u32(number), idWithLength(providerId), u16(rows)]);
}

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

/** The 17 bytes of a row, counted from 0 within its provider. Blocks must be as long as `blockLength` says. */
export function rowAt({ rows, blocks }: EvidenceProvider, row: number): Buffer {
  const number = Math.floor(row / rowsPerBlock);
  const bytes = blocks[number]?.bytes ?? Buffer.alloc(0);
  const start = bytes.length - (rowsIn(number, rows) - (row % rowsPerBlock)) * rowBytes;
  return bytes.subarray(start, start + rowBytes);
}

export const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The list as one Buffer, for storage. `decodeEvidenceList` is its inverse, byte for byte. */
export function encodeEvidenceList({ root, providers }: EvidenceList): Buffer {
  const leaves = providers.flatMap((p) => [providerLeaf(p), ...p.blocks.map(({ bytes }) => bytes)]);
  return Buffer.concat([tags.list, Buffer.from(root, 'hex'), u32(providers.length), ...leaves]);
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
  while (providers.length < count) providers.push(takeProvider(take));
  take.end();
  return { root, rows: sumOf(providers.map(({ rows }) => rows)), providers };
}

function takeProvider(take: Taker): EvidenceProvider {
  take.tag(tags.provider);
  const id = take.bytes(take.u16());
  const providerId = id.toString();
  if (!Buffer.from(providerId).equals(id)) throw take.unreadable('a provider id in UTF-8');
  const [blockCount, rows] = [take.u32(), take.u32()];
  if (rows === 0 || blockCount !== blocksFor(rows)) throw take.unreadable('one block for each 256 rows');
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
