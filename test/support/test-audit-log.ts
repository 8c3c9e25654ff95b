/** An audit log as small as a step needs: entries and their proofs are real, the tree is a running digest and nothing is signed. */
import { createHash } from 'node:crypto';

import { Failure } from '../../src/domain/failure.ts';
import type { AuditLog, EntryProof, StoredEntry } from '../../src/ports.ts';

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

const leafOf = (line: Uint8Array): Buffer => sha256(Buffer.of(0), line);
const nothing = sha256();
const next = (root: Uint8Array, entry: StoredEntry): Buffer => sha256(root, leafOf(entry.line));

export function testAuditLog(): AuditLog & { readonly published: readonly string[] } {
  const published: string[] = [];
  return {
    origin: 'example.org/test-log',
    verifierKey: 'example.org/test-log+00000000+AAAA',
    nextVerifierKey: null,
    keys: () => Promise.resolve([{ from: 1, verifierKey: 'example.org/test-log+00000000+AAAA' }]),
    published,

    async append(ledger, entry) {
      const { size, hashes } = await ledger.frontier();
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      const stored = { position: size, line, leaf: leafOf(line) };
      await ledger.appendEntry(stored);
      await ledger.setFrontier({ size: size + 1, hashes: [next(hashes[0] ?? nothing, stored)] });
      return { position: size } as EntryProof;
    },

    async sign(ledger) {
      const { size, hashes } = await ledger.frontier();
      const root = Buffer.from(hashes[0] ?? nothing).toString('hex');
      const note = `example.org/test-log\n${size}\n${root}\n`;
      await ledger.putCheckpoint(size, note);
      return { size, root, note };
    },

    vouch: (kind, manifest) => `example.org/test-log/${kind}\n${manifest}\n`,

    async publishCheckpoint(ledger) {
      const newest = await ledger.checkpoint();
      if (newest !== null) published.push(newest.note);
    },

    readCheckpoint(_, note) {
      const [, size, root = ''] = note.split('\n');
      return Promise.resolve({ size: Number(size), root });
    },

    prove: () => Promise.resolve([]),

    async verify(ledger) {
      let [root, size] = [nothing, 0];
      for await (const entry of ledger.entries(0, Infinity)) {
        root = next(root, entry);
        size += 1;
      }
      const stored = await ledger.frontier();
      if (stored.size !== size || Buffer.compare(stored.hashes[0] ?? nothing, root) !== 0) {
        throw new Failure('audit-invalid', {
          message: 'The entries are not those that were appended.',
          place: `entry ${size}`,
        });
      }
      return { size, root: root.toString('hex') };
    },
  };
}
