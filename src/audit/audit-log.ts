import type { KeyObject } from 'node:crypto';
import { Failure } from '../domain/failure.ts';
import type { Entry } from '../domain/evidence.ts';
import type { AuditLog, EntryProof, Frontier, LedgerReader, LedgerWriter, StoredEntry } from '../ports.ts';
import { publishCheckpointFile } from './checkpoint-file.ts';
import { openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { append, consistencyProof, emptyFrontier, leafHash, rootOf } from './merkle-tree.ts';
import { verifierKey, verifierOf } from './signed-note.ts';

export interface AuditLogOptions {
  readonly origin: string;
  readonly signingKey: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly checkpointFile: string;
}

/** Setting under which the frontier of the newest checkpoint is kept. */
const signedEdge = 'audit-signed-frontier';

/**
 * The audit log: an RFC 6962 tree over the exact bytes of the entries, one JSON line each, kept in the ledger beside the steps they tell
 * of. An entry is hashed as it is stored and never printed anew.
 */
export function createAuditLog({ origin, signingKey, checkpointFile }: AuditLogOptions): AuditLog {
  const signer = { name: origin, privateKey: signingKey.privateKey };
  const verifier = verifierOf(origin, signingKey.publicKey);

  return {
    origin,
    verifierKey: verifierKey(origin, signingKey.publicKey),

    async append(ledger, entry): Promise<EntryProof> {
      const frontier = await ledger.frontier();
      const line = lineOf(entry);
      const leaf = leafHash(line);
      await ledger.appendEntry({ position: frontier.size, line, leaf });
      await ledger.setFrontier(append(frontier, leaf));
      return { position: frontier.size } as EntryProof;
    },

    async sign(ledger) {
      const frontier = await readBack(ledger);
      const root = rootOf(frontier);
      const note = signCheckpoint({ origin, size: frontier.size, root }, signer);
      await ledger.putCheckpoint(frontier.size, note);
      return { size: frontier.size, root: Buffer.from(root).toString('hex'), note };
    },

    publishCheckpoint: (note) => publishCheckpointFile(checkpointFile, note),

    readCheckpoint: (_, note) =>
      Promise.resolve().then(() => {
        const { size, root } = openCheckpoint(Buffer.from(note), origin, [verifier]);
        return { size, root: Buffer.from(root).toString('hex') };
      }),

    async prove(ledger, from, to) {
      const leaves: Uint8Array[] = [];
      for await (const { leaf } of ledger.entries(0, to)) leaves.push(leaf);
      if (leaves.length < to) throw altered(leaves.length);
      return consistencyProof(leaves, from);
    },

    async verify(ledger) {
      const checkpoint = await ledger.checkpoint();
      const signed =
        checkpoint === null ? null : openCheckpoint(Buffer.from(checkpoint.note), origin, [verifier]);
      let frontier: Frontier = emptyFrontier;
      for await (const entry of ledger.entries(0, Number.MAX_SAFE_INTEGER)) {
        frontier = append(frontier, checkedLeaf(entry, frontier.size));
        if (frontier.size === signed?.size && !same(rootOf(frontier), signed.root))
          throw altered(frontier.size - 1);
      }
      if (signed !== null && frontier.size < signed.size) throw altered(frontier.size);
      const stored = await ledger.frontier();
      if (stored.size !== frontier.size || !same(rootOf(stored), rootOf(frontier)))
        throw altered(frontier.size);
      return { size: frontier.size, root: Buffer.from(rootOf(frontier)).toString('hex') };
    },
  };

  /** Reads the entries since the last checkpoint back onto its frontier, so that what is signed is what was stored. */
  async function readBack(ledger: LedgerWriter): Promise<Frontier> {
    const stored = await ledger.frontier();
    let frontier = await signedFrontier(ledger);
    for await (const entry of ledger.entries(frontier.size, stored.size)) {
      frontier = append(frontier, checkedLeaf(entry, frontier.size));
    }
    if (frontier.size !== stored.size || !same(rootOf(frontier), rootOf(stored)))
      throw altered(frontier.size);
    await ledger.set(
      signedEdge,
      JSON.stringify({ size: frontier.size, hashes: frontier.hashes.map(toBase64) }),
    );
    return frontier;
  }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

async function signedFrontier(ledger: LedgerReader): Promise<Frontier> {
  const stored = await ledger.setting(signedEdge);
  if (stored === null) return emptyFrontier;
  const { size, hashes } = JSON.parse(stored) as { size: number; hashes: string[] };
  return { size, hashes: hashes.map((hash) => Buffer.from(hash, 'base64')) };
}

/** One line of JSON with its line feed; the members of the step come after time, run and author. */
function lineOf(entry: Entry): Uint8Array {
  const { at, run, by, what, ...rest } = entry;
  return Buffer.from(`${JSON.stringify({ at, run, by, what, ...rest })}\n`);
}

function checkedLeaf(entry: StoredEntry, expected: number): Uint8Array {
  const leaf = leafHash(entry.line);
  if (entry.position !== expected || !same(leaf, entry.leaf)) throw altered(expected);
  return leaf;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const altered = (position: number): Failure =>
  new Failure('audit-invalid', {
    message: 'The audit log is not what it was when it was written: an entry was altered, moved or removed.',
    place: `entry ${position}`,
    hint: 'Stop exporting. Keep the ledger as it is, compare it with a backup and with the checkpoints others hold.',
  });
