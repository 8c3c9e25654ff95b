/** Trees that were signed and shown, and which of them a backup does not extend to: what a restore would lose. */
import { readFile } from 'node:fs/promises';
import type { LostTree } from '../domain/custody.ts';
import { Failure } from '../domain/failure.ts';
import { openCheckpoint } from './checkpoint.ts';
import { createTree } from './proofs.ts';
import { parseVerifierKey } from './signed-note.ts';

/** The trees in these checkpoint files; one that is not there is passed over. Throws `restore-refused` for one that is not of this log. */
export async function knownTrees(
  files: readonly string[],
  origin: string,
  verifierKeys: readonly string[],
): Promise<readonly LostTree[]> {
  const verifiers = verifierKeys.map(parseVerifierKey);
  const trees: LostTree[] = [];
  for (const file of files) {
    const note = await readFile(file).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw cause;
    });
    if (note === null) continue;
    try {
      const { size, root } = openCheckpoint(note, origin, verifiers);
      trees.push({ size, root: Buffer.from(root).toString('hex') });
    } catch (cause) {
      throw new Failure('restore-refused', {
        message: 'This is no checkpoint of this log, so what a restore would lose cannot be known.',
        place: file,
        hint: 'Nothing was changed. Find out what became of it, and move it away once that is understood.',
        cause,
      });
    }
  }
  return trees;
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
