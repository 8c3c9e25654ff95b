/** Trees that were signed and shown, and which of them a backup does not extend to: what a restore would lose. */
import { readFile } from 'node:fs/promises';
import type { LostTree } from '../domain/custody.ts';
import { Failure } from '../domain/failure.ts';
import { openCheckpoint } from './checkpoint.ts';
import { createTree } from './proofs.ts';
import { parseVerifierKey } from './signed-note.ts';

/** The tree in a checkpoint file. Throws `restore-refused` for one that cannot be read, or is not of this log. */
export async function knownTree(
  file: string,
  origin: string,
  verifierKeys: readonly string[],
): Promise<LostTree> {
  try {
    const { size, root } = openCheckpoint(await readFile(file), origin, verifierKeys.map(parseVerifierKey));
    return { size, root: Buffer.from(root).toString('hex') };
  } catch (cause) {
    throw new Failure('restore-refused', {
      message:
        'This is no checkpoint of this log that can be read, so what a restore would lose cannot be known.',
      place: file,
      hint: 'Nothing was changed. Find out what became of it; name another, or move it away once that is understood.',
      cause,
    });
  }
}

/** Those that the log of these leaves is no beginning or continuation of, each once, by size. */
export function lostTrees(leaves: readonly Uint8Array[], trees: readonly LostTree[]): readonly LostTree[] {
  const lost = new Map<string, LostTree>();
  for (const tree of trees) {
    if (tree.size <= leaves.length && rootAt(leaves, tree.size) === tree.root) continue;
    lost.set(`${tree.size} ${tree.root}`, tree);
  }
  return [...lost.values()].sort((a, b) => a.size - b.size || (a.root < b.root ? -1 : 1));
}

const rootAt = (leaves: readonly Uint8Array[], size: number): string =>
  Buffer.from(createTree(leaves.slice(0, size)).root(0, size)).toString('hex');
