/** A stranger's check of a person proof: written from the description of the format, on SHA-256 and Ed25519 and nothing of ours. */
import { createHash, createPublicKey, verify } from 'node:crypto';

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();
const leafOf = (bytes: Uint8Array): Buffer => sha256(Buffer.of(0), bytes);

/** The root to which a path leads from a leaf at an index of a tree of a size (RFC 9162, 2.1.3.2); null if the path does not fit. */
function climb(leaf: Buffer, index: number, size: number, path: readonly string[]): string | null {
  let [fn, sn, at, hash] = [index, size - 1, 0, leaf];
  if (index >= size) return null;
  for (const step of path) {
    if (sn === 0) return null;
    const sibling = Buffer.from(step, 'hex');
    if (fn % 2 === 1 || fn === sn) {
      hash = sha256(Buffer.of(1), sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else hash = sha256(Buffer.of(1), hash, sibling);
    [fn, sn, at] = [Math.floor(fn / 2), Math.floor(sn / 2), at + 1];
  }
  return sn === 0 && at === path.length ? hash.toString('hex') : null;
}

interface Line {
  readonly position: number;
  readonly line: string;
  readonly path: readonly string[];
}
interface Leaf {
  readonly index: number;
  readonly leaf: string;
  readonly path: readonly string[];
}
interface Proof {
  readonly run: string;
  readonly list: string;
  readonly pseudonym: string;
  readonly claim: string;
  readonly logged: { readonly root: string; readonly rows: number; readonly providers: number };
  readonly providers: readonly (Leaf & { readonly blocks: readonly Leaf[] })[];
  readonly whole: string | null;
  readonly entry: Line;
  readonly erasures: readonly Line[];
  readonly checkpoint: string;
}

/** Size and root of a signed note, whose signature must be one of the verifier key. */
function openNote(note: string, verifierKey: string): { size: number; root: string } | null {
  const end = note.lastIndexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const key = Buffer.from(verifierKey.split('+').slice(2).join('+'), 'base64').subarray(1);
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') },
    format: 'jwk',
  });
  const signed = note
    .slice(end + 1)
    .trimEnd()
    .split('\n')
    .some((line) =>
      verify(null, Buffer.from(text), publicKey, Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(4)),
    );
  const [, size, root] = text.split('\n');
  return signed ? { size: Number(size), root: Buffer.from(root ?? '', 'base64').toString('hex') } : null;
}

interface Block {
  readonly number: number;
  readonly providerId: string;
  /** Leaf hash in the tree, and of what stands there now. */
  readonly hash: Buffer;
  readonly present: Buffer;
  readonly rows: readonly string[];
}

function readBlock(bytes: Buffer): Block {
  const idLength = bytes.readUInt16BE(8);
  const providerId = bytes.toString('utf8', 10, 10 + idLength);
  const count = bytes.readUInt16BE(10 + idLength);
  const [number, head] = [bytes.readUInt32BE(4), 12 + idLength];
  const rowsFrom = (start: number, rows: number): string[] =>
    Array.from({ length: rows }, (_, row) =>
      bytes.toString('hex', start + row * 17 + 1, start + row * 17 + 17),
    );
  if (bytes.toString('latin1', 0, 4) === 'EGB1') {
    const rows = rowsFrom(head + 32, count);
    return { number, providerId, hash: leafOf(bytes), present: leafOf(bytes), rows };
  }
  const left = count - bytes.readUInt8(head + 48) - 1;
  const header = Buffer.concat([
    Buffer.from('EGB1'),
    bytes.subarray(4, 10 + idLength),
    Buffer.of(left >> 8, left & 255),
  ]);
  const body = bytes.subarray(head + 49, head + 49 + left * 17);
  const present = leafOf(Buffer.concat([header, sha256(bytes.subarray(head + 32, head + 48)), body]));
  return {
    number,
    providerId,
    hash: bytes.subarray(head, head + 32),
    present,
    rows: rowsFrom(head + 49, left),
  };
}

function readProvider(bytes: Buffer): {
  providerId: string;
  blocks: number;
  rows: number;
  root: string;
  length: number;
} {
  const id = bytes.readUInt16BE(4);
  const at = 6 + id;
  const [blocks, rows] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
  return {
    providerId: bytes.toString('utf8', 6, at),
    ...{ blocks, rows, root: bytes.toString('hex', at + 8, at + 40), length: at + 72 },
  };
}

/** What is wrong with a proof, or null. */
export function checkPersonProof(json: string, verifierKey: string): string | null {
  const proof = JSON.parse(json) as Proof;
  const checkpoint = openNote(proof.checkpoint, verifierKey);
  if (checkpoint === null) return 'checkpoint';
  for (const { line, position, path } of [proof.entry, ...proof.erasures])
    if (climb(leafOf(Buffer.from(line)), position, checkpoint.size, path) !== checkpoint.root) return 'entry';
  const entry = JSON.parse(proof.entry.line) as Record<string, unknown>;
  const as = { 'held-back': 'heldBackList', released: 'releasedList', 'held-back-late': 'heldBackLateList' }[
    proof.list
  ];
  const step = proof.list === 'held-back' ? 'run-gated' : 'run-decided';
  if (entry['what'] !== step || entry['run'] !== proof.run) return 'entry of another';
  if (JSON.stringify(entry[as ?? '']) !== JSON.stringify(proof.logged)) return 'logged';

  const erasures = proof.erasures.flatMap(
    ({ line }) =>
      (
        JSON.parse(line) as {
          blocks: Record<'run' | 'list' | 'providerId' | 'block' | 'before' | 'after', unknown>[];
        }
      ).blocks,
  );
  const isLedTo = ({ providerId, number, hash, present }: Block): boolean => {
    let at = hash.toString('hex');
    for (const one of erasures) {
      const isHere =
        one.run === proof.run &&
        one.list === proof.list &&
        one.providerId === providerId &&
        one.block === number;
      if (!isHere) continue;
      if (one.before !== at) return false;
      at = String(one.after);
    }
    return at === present.toString('hex');
  };

  if (proof.claim === 'stands-nowhere') return checkWhole(proof, isLedTo);
  for (const { leaf, index, path, blocks } of proof.providers) {
    const bytes = Buffer.from(leaf, 'base64');
    const provider = readProvider(bytes);
    if (climb(leafOf(bytes), index, proof.logged.providers, path) !== proof.logged.root) return 'provider';
    const read = blocks.map((block) => ({ ...block, ...readBlock(Buffer.from(block.leaf, 'base64')) }));
    for (const block of read) {
      if (block.providerId !== provider.providerId || block.number !== block.index) return 'block of another';
      if (climb(block.hash, block.index, provider.blocks, block.path) !== provider.root) return 'block';
      if (!isLedTo(block)) return 'erasure';
    }
    const rows = read.flatMap((block) => block.rows);
    if (proof.claim === 'stands') {
      if (!rows.includes(proof.pseudonym)) return 'claim';
      continue;
    }
    const [first, last] = [read[0]?.index ?? -1, read.at(-1)?.index ?? -1];
    if (read.some(({ index: at }, n) => at !== first + n) || rows.includes(proof.pseudonym)) return 'claim';
    if (first !== 0 && !rows.some((row) => row < proof.pseudonym)) return 'claim';
    if (last !== provider.blocks - 1 && !rows.some((row) => row > proof.pseudonym)) return 'claim';
  }
  return proof.providers.length > 0 ? null : 'claim';
}

const rootOf = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length < 2) return leaves[0] ?? sha256();
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
};

function checkWhole(proof: Proof, isLedTo: (block: Block) => boolean): string | null {
  const bytes = Buffer.from(proof.whole ?? '', 'base64');
  const leaves: Buffer[] = [];
  let [at, rows, before] = [40, 0, Buffer.alloc(0)];
  while (at < bytes.length) {
    const provider = readProvider(bytes.subarray(at));
    const id = Buffer.from(provider.providerId);
    if (leaves.length > 0 && Buffer.compare(before, id) >= 0) return 'order of providers';
    leaves.push(leafOf(bytes.subarray(at, at + provider.length)));
    at += provider.length;
    const blocks = Array.from({ length: provider.blocks }, (_, number) => {
      const count = Math.min(256, provider.rows - number * 256);
      const length = 12 + id.length + 32 + count * 17;
      at += length;
      return readBlock(bytes.subarray(at - length, at));
    });
    if (rootOf(blocks.map(({ hash }) => hash)).toString('hex') !== provider.root) return 'root of a provider';
    if (!blocks.every(isLedTo)) return 'erasure';
    const own = blocks.flatMap((block) => block.rows);
    if (own.some((row, n) => n > 0 && row <= (own[n - 1] ?? '')) || own.includes(proof.pseudonym))
      return 'rows';
    [rows, before] = [rows + provider.rows, id];
  }
  const { root, providers, rows: logged } = proof.logged;
  return leaves.length === providers && rows === logged && rootOf(leaves).toString('hex') === root
    ? null
    : 'whole';
}
