/** What a restore would lose: everything known of this log, held against the log in the backup. */
import type { LostTree } from '../domain/custody.ts';
import type { RestoreTerms } from '../domain/restoring.ts';
import { knownTree, lostTrees } from './lost-trees.ts';
import { lostErasures, readKept } from './standing-log.ts';
import type { StandingLog, ToldErasure } from './standing-log.ts';

/** A tree that was signed, and what the copy of the log beside it tells of erasures; null where there is no copy. */
export interface KnownLog {
  readonly tree: LostTree;
  readonly told: readonly ToldErasure[] | null;
}

/** Reads a checkpoint file and the log beside it. Throws `restore-refused`. */
export async function knownLog(
  file: string,
  origin: string,
  verifierKeys: readonly string[],
): Promise<KnownLog> {
  const tree = await knownTree(file, origin, verifierKeys);
  return { tree, told: await readKept(file, tree) };
}

export type Losses = Pick<
  RestoreTerms,
  'standing' | 'standingContinues' | 'lost' | 'erasures' | 'erasuresUnknownFrom'
>;

/** What the log of these leaves does not hold of the ledger that stands, or of what is known of one that cannot be read. */
export function lossesOf(
  leaves: readonly Uint8Array[],
  standing: StandingLog | 'none' | 'unreadable',
  known: readonly KnownLog[],
): Losses {
  const trees = known.map(({ tree }) => tree);
  if (typeof standing !== 'string') {
    const lost = lostTrees(leaves, [...trees, standing.tree]);
    const erasures = lostErasures(standing.erasures, leaves);
    const standingContinues = leaves.every((leaf, at) => same(leaf, standing.leaves[at]));
    return { standing: standing.tree, standingContinues, lost, erasures, erasuresUnknownFrom: null };
  }
  const copies = known.flatMap(({ tree, told }) => (told === null ? [] : [{ size: tree.size, told }]));
  const told = copies.flatMap((copy) => copy.told);
  return {
    standing,
    standingContinues: false,
    lost: lostTrees(leaves, trees),
    erasures: lostErasures(told, leaves),
    erasuresUnknownFrom: Math.max(leaves.length, ...copies.map(({ size }) => size)),
  };
}

const same = (leaf: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && Buffer.compare(leaf, other) === 0;
