/** Logs to show to anchors: real trees, real signatures, entries that are made up; they can grow, be cut, and fork. */
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { openCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { consistencyProof, leafHash, rootOfLeaves } from '../../src/audit/merkle-tree.ts';
import { verifierKey, verifierOf } from '../../src/audit/signed-note.ts';
import type { AnchoredLog, SignedCheckpoint, StoredAnchoring } from '../../src/ports.ts';

export interface LogKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export const newLogKey = (): LogKey => generateKeyPairSync('ed25519');

export interface TestLog {
  readonly origin: string;
  readonly verifierKey: string;
  readonly lines: readonly Uint8Array[];
  /** Adds entries and signs the tree. */
  grow(entries: number): void;
  /** The same entries up to a size, and others from there on; under the same key. */
  fork(size: number): TestLog;
  /** As an anchor is shown it that took `anchored` entries last. */
  view(anchored?: number, receipts?: readonly StoredAnchoring[]): AnchoredLog;
}

/** A log that has signed nothing yet. */
export function createTestLog(origin = 'example.org/log', key = newLogKey(), told = 'entry'): TestLog {
  return logOver([], [], { origin, key, told });
}

interface Made {
  readonly origin: string;
  readonly key: LogKey;
  readonly told: string;
}

function logOver(lines: Uint8Array[], signed: SignedCheckpoint[], made: Made): TestLog {
  const { origin, key, told } = made;
  const signer = { name: origin, privateKey: key.privateKey };
  return {
    origin,
    verifierKey: verifierKey(origin, key.publicKey),
    lines,
    grow(entries) {
      for (let at = 0; at < entries; at += 1)
        lines.push(Buffer.from(`${JSON.stringify({ at: lines.length, what: told, by: 'é' })}\n`));
      const root = rootOfLeaves(lines.map(leafHash));
      signed.push({ size: lines.length, note: signCheckpoint({ origin, size: lines.length, root }, signer) });
    },
    fork: (size) =>
      logOver(
        lines.slice(0, size),
        signed.filter((checkpoint) => checkpoint.size <= size),
        { ...made, told: `${told} elsewhere` },
      ),
    view(anchored = 0, receipts = []) {
      const checkpoint = signed.at(-1);
      if (checkpoint === undefined) throw new Error('nothing was signed yet');
      const shown = signed.slice();
      const stored = lines.slice(0, checkpoint.size);
      return {
        checkpoint,
        anchored,
        verifierKeys: [{ from: 1, verifierKey: verifierKey(origin, key.publicKey) }],
        prove: (from) => Promise.resolve().then(() => consistencyProof(stored.map(leafHash), from)),
        lines: (from, to) => Promise.resolve(stored.slice(from, to)),
        checkpoints: () => Promise.resolve(shown),
        receipts: () => Promise.resolve(receipts),
        async readCheckpoint(note) {
          await Promise.resolve();
          const verifier = verifierOf(origin, key.publicKey);
          const { size, root } = openCheckpoint(Buffer.from(note), origin, [verifier]);
          return { size, root: Buffer.from(root).toString('hex') };
        },
      };
    },
  };
}
