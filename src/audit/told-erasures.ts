/** Erasures as the log tells of them, and whether they lead to what stands in a list now. */
import type { ErasedBlock } from '../domain/custody.ts';
import { isTombstone } from './evidence-encoding.ts';
import type { EvidenceProvider } from './evidence-encoding.ts';
import { placesOf, presentLeaf, treeHash } from './evidence-erasure.ts';
import { leafHash } from './merkle-tree.ts';

/** A block's leaf hash before and after, in hex. */
export type ToldErasure = Pick<ErasedBlock, 'providerId' | 'block' | 'before' | 'after'>;

/** A tombstone that no entry leads to, or a block that is still what it was before one. */
export interface ErasureFault {
  readonly fault: 'erasure-untold' | 'erasure-undone';
  readonly providerId: string;
  readonly block: number;
}

/** Follows the erasures told of each block, oldest first, from the leaf hash in the tree: they must end at what stands there now. */
export function erasureFault(
  provider: EvidenceProvider,
  erased: readonly ToldErasure[],
): ErasureFault | undefined {
  const { providerId, blocks } = provider;
  const here = erased.filter((one) => one.providerId === providerId);
  if (here.length === 0 && !blocks.some(isTombstone)) return undefined;
  for (const place of placesOf(provider)) {
    const block = blocks[place.number];
    if (block === undefined) continue;
    const told = here.filter((one) => one.block === place.number);
    if (followErasures(hex(treeHash(block)), told) === hex(leafHash(presentLeaf(block, place)))) continue;
    const fault = isTombstone(block) ? 'erasure-untold' : 'erasure-undone';
    return { fault, providerId, block: place.number };
  }
  return undefined;
}

/** The leaf hash to which erasures lead, one after the other; null where one does not begin where the last one ended. */
export const followErasures = (from: string, told: readonly ToldErasure[]): string | null =>
  told.reduce<string | null>((at, { before, after }) => (at === before ? after : null), from);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
