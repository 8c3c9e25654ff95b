import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Failure } from '../domain/failure.ts';
import type { Entry } from '../domain/evidence.ts';
import type {
  AuditLog,
  Chance,
  EntryProof,
  Frontier,
  KeySpan,
  LedgerReader,
  LedgerWriter,
} from '../ports.ts';
import { demandOurs } from './checkpoint-file.ts';
import type { CheckpointBoard } from './checkpoint-file.ts';
import { openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { append, consistencyProof, emptyFrontier, leafHash, rootOf } from './merkle-tree.ts';
import { altered, checkedLeaf, demandSigned, recompute, same } from './recompute.ts';
import { parseVerifierKey, verifierKey } from './signed-note.ts';
import { keysAfter, parseKeys, signersOf, storeKeys } from './signing-keys.ts';
import { vouch } from './vouching.ts';

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface AuditLogOptions {
  readonly origin: string;
  readonly signingKey: SigningKey;
  /** A key that is to follow, or follows already in the ledger while its file has not yet taken its place. */
  readonly nextKey?: SigningKey | null;
  readonly board: CheckpointBoard;
  /** Where the blinding of each entry comes from. */
  readonly chance?: Chance;
}

/** Setting under which the frontier of the newest checkpoint is kept. */
const signedEdge = 'audit-signed-frontier';
/** Setting under which the keys that the entries named are kept, so that signing need not read the log. */
const namedKeys = 'audit-verifier-keys';

/**
 * The audit log: an RFC 6962 tree over the exact bytes of the entries, one JSON line each, kept in the ledger beside the steps they tell
 * of. An entry is hashed as it is stored and never printed anew.
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { origin, signingKey, nextKey = null, board, chance = { bytes: randomBytes } } = options;
  const nameOf = ({ publicKey }: SigningKey): string => verifierKey(origin, publicKey);
  const atHand = new Map([signingKey, nextKey].flatMap((key) => (key === null ? [] : [[nameOf(key), key]])));

  return {
    origin,
    verifierKey: nameOf(signingKey),
    nextVerifierKey: nextKey === null ? null : nameOf(nextKey),
    keys: keysOf,

    async append(ledger, entry): Promise<EntryProof> {
      const frontier = await ledger.frontier();
      const line = lineOf(entry, chance.bytes(blindBytes));
      const leaf = leafHash(line);
      if (entry.what === 'log-opened' || entry.what === 'signing-key-changed')
        await ledger.set(namedKeys, storeKeys(keysAfter(await keysOf(ledger), frontier.size, entry)));
      await ledger.appendEntry({ position: frontier.size, line, leaf });
      await ledger.setFrontier(append(frontier, leaf));
      return { position: frontier.size } as EntryProof;
    },

    async sign(ledger) {
      await demandOurs(ledger, await board.read(), board.place);
      const keys = await keysOf(ledger);
      const last = await ledger.checkpoint();
      const frontier = await readBack(ledger, keys, last?.note ?? null);
      const tree = { size: frontier.size, root: rootOf(frontier) };
      const told = { size: tree.size, root: Buffer.from(tree.root).toString('hex') };
      if (last?.size === tree.size) return { ...told, note: last.note };
      const [signer, ...others] = signersOf(keys, tree.size).map(signerFor);
      if (tree.size === 0 || signer === undefined) throw nothingToSign();
      const note = signCheckpoint({ origin, ...tree }, signer, ...others);
      await ledger.putCheckpoint(tree.size, note);
      await ledger.set(signedEdge, encodeEdge(frontier));
      return { ...told, note };
    },

    vouch: (kind, manifest) => vouch(origin, kind, manifest, signingKey.privateKey),

    async publishCheckpoint(ledger) {
      await demandOurs(ledger, await board.read(), board.place);
      const newest = await ledger.checkpoint();
      if (newest !== null) await board.show(newest.note);
    },

    async readCheckpoint(ledger, note) {
      const verifiers = (await keysOf(ledger)).map((span) => parseVerifierKey(span.verifierKey));
      const { size, root } = openCheckpoint(Buffer.from(note), origin, verifiers);
      return { size, root: Buffer.from(root).toString('hex') };
    },

    async prove(ledger, from, to) {
      const leaves: Uint8Array[] = [];
      for await (const { leaf } of ledger.entries(0, to)) leaves.push(leaf);
      if (leaves.length < to) throw altered(leaves.length);
      return consistencyProof(leaves, from);
    },

    async verify(ledger) {
      // Read before the ledger's view begins: what is shown was stored before.
      const shown = await board.read();
      const named = await keysOf(ledger);
      const { frontier, keys } = await recompute(ledger, origin, named.slice(0, 1));
      const stored = await ledger.frontier();
      if (stored.size !== frontier.size || !same(rootOf(stored), rootOf(frontier)))
        throw altered(frontier.size);
      signerFor(keys.at(-1));
      if (storeKeys(keys) !== storeKeys(named)) throw keysAltered();
      await demandOurs(ledger, shown, board.place);
      return { size: frontier.size, root: Buffer.from(rootOf(frontier)).toString('hex') };
    },
  };

  /** The keys that the entries named; those of a log that has not named any are the one at hand. */
  async function keysOf(ledger: LedgerReader): Promise<readonly KeySpan[]> {
    const named = await ledger.setting(namedKeys);
    if (named !== null) return parseKeys(named);
    const keys = [{ from: 1, verifierKey: nameOf(signingKey) }];
    for await (const { line } of ledger.entries(0, 1))
      return keysAfter(keys, 0, JSON.parse(Buffer.from(line).toString()) as Entry);
    return keys;
  }

  function signerFor(span: KeySpan | undefined): { name: string; privateKey: KeyObject } {
    const key = atHand.get(span?.verifierKey ?? '');
    if (key !== undefined) return { name: origin, privateKey: key.privateKey };
    throw new Failure('configuration-invalid', {
      message: 'The signing key at hand is not the one this log is signed with.',
      place: 'checkpoint signing key',
      found: [...atHand.keys()].join(', '),
      allowed: span?.verifierKey ?? 'none',
      hint: 'Nothing was signed. Put the right key back, or start again if it was changed this moment.',
    });
  }

  /** Reads the entries since the last checkpoint back onto its frontier, so that what is signed is what was stored and extends it. */
  async function readBack(
    ledger: LedgerWriter,
    keys: readonly KeySpan[],
    last: string | null,
  ): Promise<Frontier> {
    const stored = await ledger.frontier();
    let frontier = last === null ? emptyFrontier : await signedFrontier(ledger);
    if (last !== null) demandSigned(last, { origin, frontier, keys });
    for await (const entry of ledger.entries(frontier.size, stored.size)) {
      frontier = append(frontier, checkedLeaf(entry, frontier.size));
    }
    if (frontier.size !== stored.size || !same(rootOf(frontier), rootOf(stored)))
      throw altered(frontier.size);
    return frontier;
  }
}

const encodeEdge = ({ size, hashes }: Frontier): string =>
  JSON.stringify({ size, hashes: hashes.map((bytes) => Buffer.from(bytes).toString('base64')) });

async function signedFrontier(ledger: LedgerReader): Promise<Frontier> {
  const stored = await ledger.setting(signedEdge);
  if (stored === null) return emptyFrontier;
  const { size, hashes } = JSON.parse(stored) as { size: number; hashes: string[] };
  return { size, hashes: hashes.map((hash) => Buffer.from(hash, 'base64')) };
}

const blindBytes = 16;

/**
 * One line of JSON with its line feed; the members of the step come after time, run and author. `blind` is random: a proof shows
 * strangers the hashes of other entries, and nobody must be able to try what counts such a hash stands for.
 */
function lineOf(entry: Entry, blind: Uint8Array): Uint8Array {
  const { at, run, by, what, ...rest } = entry;
  return Buffer.from(
    `${JSON.stringify({ at, run, by, what, ...rest, blind: Buffer.from(blind).toString('base64url') })}\n`,
  );
}

const nothingToSign = (): Failure =>
  new Failure('audit-invalid', {
    message:
      'A log without entries is not signed: there is nothing to vouch for, and nothing that names its key.',
    place: 'entry 0',
    hint: 'Nothing was signed. A ledger begins with an entry; one without has lost it.',
  });

const keysAltered = (): Failure =>
  new Failure('audit-invalid', {
    message: 'The ledger keeps other signing keys than its entries name.',
    place: 'verifier keys',
    hint: 'Stop exporting. Keep the ledger as it is, and ask who wrote to it.',
  });
