/** What a witness remembers: a file for each log, replaced whole. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cosigner } from '../ports.ts';
import { publishCheckpointFile } from './checkpoint-file.ts';
import type { WitnessMemory } from './witness.ts';

/** Keeps each checkpoint under the digest of its origin, and believes only what bears the witness's own cosignature. */
export function createWitnessMemory(folder: string, self: Cosigner): WitnessMemory {
  const fileOf = (origin: string): string =>
    path.join(folder, `${createHash('sha256').update(origin).digest('hex')}.checkpoint`);
  return {
    async recall(origin) {
      const note = await readFile(fileOf(origin), 'utf8').catch((thrown: unknown) => {
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw thrown;
      });
      if (note !== null) self.cosigned(note, '');
      return note;
    },
    keep: (origin, note) => publishCheckpointFile(fileOf(origin), note),
  };
}
