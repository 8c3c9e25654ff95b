#!/usr/bin/env node
/**
 * Checks an exported audit log of export-gate without trusting whoever exported it. One file, plain Node 20 or newer, no packages, no
 * network, nothing of export-gate's own code. Read it before you believe it.
 *
 *   node verify-audit.mjs LOGDIR [--key VERIFIER_KEY] [--witness KEY]... [--checkpoint FILE]... [--older FILE]... [--proof FILE]...
 *                         [--drops DIR] [--json]
 *   node verify-audit.mjs --key VERIFIER_KEY --proof FILE
 *
 *   LOGDIR        a folder written by `export-gate audit export-log` (entries/, checkpoints/, checkpoint, verifier-keys, ...)
 *   --key         a verifier key of this log that you got from somewhere else than this folder
 *   --witness     a witness's verifier key that you got from the witness: its cosignatures under anchors/ are then checked
 *   --checkpoint, --older
 *                 a checkpoint that somebody kept: your copy of an earlier visit, one of an anchor, one of a drop's manifest
 *   --proof       a proof written by `export-gate audit prove`: of an entry, or of one checkpoint extending another
 *   --drops       the outbound folder: every drop there against the entry of its release
 *
 * Exit code 0: sound. 5: not sound; the first bad position is named. 2: the arguments are wrong.
 *
 * What a sound log proves: each line under entries/ is, byte for byte and in this order, what the log's signing key vouched for at every
 * checkpoint; changes of that key were announced under the key before; each release had its decision signed before it; and the log extends
 * every checkpoint you brought yourself. So nothing was altered, inserted, removed or reordered before the newest of those.
 *
 * What it does not prove: that everything that happened was written down (compare the drops and MESH's own records); anything about
 * entries after the newest checkpoint that somebody else holds, if whoever holds the signing key lies; and without --key, whose log this is.
 *
 * Receipts under anchors/: each must be about this log. A witness's cosignature is checked where --witness gives its key. Of a time stamp
 * the digest and the time are read, its signature is not checked; `openssl ts -verify` does that, and the exact command is printed. A receipt
 * of a second folder is a copy made by whoever exported this; ask for the folder itself, and give its file `checkpoint` as --checkpoint.
 *
 * Facts used: RFC 6962 section 2.1 (Merkle tree), RFC 8032 (Ed25519), RFC 3161 (time stamps), C2SP signed-note, tlog-checkpoint, tlog-proof,
 * tlog-witness, tlog-cosignature.
 */
import { isUtf8 } from 'node:buffer';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// ------------------------------------------------------------------------------------------------------------- tree (RFC 6962, 2.1)

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);
const leafHash = (line) => sha256(leafPrefix, line);
const nodeHash = (left, right) => sha256(nodePrefix, left, right);

/** The roots over the first n of these leaf hashes, for each n of `sizes` that there are leaves for. */
function rootsAt(leaves, sizes) {
  const wanted = new Set(sizes);
  const roots = new Map();
  /** Roots of the complete subtrees at the right edge, largest first. */
  const edge = [];
  for (const [at, leaf] of leaves.entries()) {
    let node = leaf;
    for (let n = at; n % 2 === 1; n = (n - 1) / 2) node = nodeHash(edge.pop(), node);
    edge.push(node);
    if (wanted.has(at + 1))
      roots.set(
        at + 1,
        edge.reduceRight((right, left) => nodeHash(left, right)),
      );
  }
  return roots;
}

/** The root that an inclusion proof leads to (RFC 9162, 2.1.3.2), or null if it has the wrong length. */
function rootOfInclusion(leaf, index, size, proof) {
  let [node, at, last] = [leaf, index, size - 1];
  if (index >= size) return null;
  for (const sibling of proof) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node);
      while (at % 2 === 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else node = nodeHash(node, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? node : null;
}

/** The two roots that a consistency proof leads to (RFC 9162, 2.1.4.2), or null if it has the wrong length. */
function rootsOfConsistency(oldSize, newSize, oldRoot, proof) {
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : [...proof];
  let [at, last] = [oldSize - 1, newSize - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [old, whole] = [path[0], path[0]];
  if (old === undefined) return null;
  for (const sibling of path.slice(1)) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      [old, whole] = [nodeHash(sibling, old), nodeHash(sibling, whole)];
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else whole = nodeHash(whole, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? { old, whole } : null;
}

const isPowerOfTwo = (n) => 2 ** Math.round(Math.log2(n)) === n;

// ------------------------------------------------------------------------------------- keys, notes, checkpoints (C2SP signed-note)

/** The bytes if this is their one padded base64 form, else null. */
function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** `name+id+base64(type || Ed25519 key)`, type 1 for logs and 4 for witnesses; null unless the id belongs to name and key. */
export function parseKey(text, type = 1) {
  const [, name, id, coded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  const typed = base64(coded ?? '');
  if (typed?.length !== 33 || typed[0] !== type) return null;
  if (sha256(`${name}\n`, typed).toString('hex', 0, 4) !== id) return null;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: typed.subarray(1).toString('base64url') };
  return { text, name, id, typed, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** The checkpoint in a signed note, nothing of it verified yet; null if it is not one. */
function parseCheckpoint(note) {
  const parsed = parseNote(note);
  const form = /^([^\n]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/=]+)\n$/;
  const [, origin, digits, coded] = form.exec(parsed?.text.toString() ?? '') ?? [];
  const root = base64(coded ?? '');
  if (origin === undefined || root?.length !== 32) return null;
  return { origin, size: Number(digits), root, ...parsed };
}

/** Text and signatures of a note, nothing of it verified yet; null if it is not one. */
function parseNote(note) {
  if (!isUtf8(note)) return null;
  const whole = note.toString();
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || !whole.endsWith('\n')) return null;
  const text = whole.slice(0, blank + 1);
  const signatures = [];
  for (const line of whole.slice(blank + 2, -1).split('\n')) {
    const [, name, blob] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    const bytes = base64(blob ?? '');
    if (bytes === null || bytes.length < 5) return null;
    signatures.push({ name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) });
  }
  return { text: Buffer.from(text), signatures };
}

/** Whether this note is the one by which a key, destroyed since, named the key that follows it; both signed it. */
function announces(note, previous, next) {
  const keys = [previous, next].map((text) => parseKey(text));
  if (typeof note !== 'string' || keys.includes(null)) return false;
  const name = `${keys[0].name}/key-change`;
  const parsed = parseNote(Buffer.from(note));
  if (parsed?.text.toString() !== `${name}\n${previous}\n${next}\n`) return false;
  const idOf = ({ typed }) => sha256(`${name}\n`, typed).toString('hex', 0, 4);
  const named = keys.map((key) => ({ ...key, name, id: idOf(key) }));
  return signersAmong(named, parsed)?.size === 2;
}

/** Of these keys those that signed, or null if a signature of one of them does not hold. Other signatures are passed over. */
function signersAmong(keys, { text, signatures }) {
  const signed = new Set();
  for (const { name, id, signature } of signatures) {
    const key = keys.find((known) => known.name === name && known.id === id);
    if (key === undefined) continue;
    if (!verify(null, text, key.publicKey, signature)) return null;
    signed.add(key);
  }
  return signed;
}

/** Whose signatures a checkpoint of this size needs: one key's, or two where a change of key is first covered. */
function neededFor(keys, size) {
  const begun = keys.filter(({ from }) => from <= size);
  const newest = begun.at(-1);
  return begun.slice(begun.length > 1 && newest.from === size && newest.announced !== true ? -2 : -1);
}

/** What is wrong with the signatures on a checkpoint, or null. */
function wrongSignature(keys, checkpoint) {
  const signed = signersAmong(keys, checkpoint);
  if (signed === null) return 'bears a signature of the log’s key that does not hold';
  const needed = neededFor(keys, checkpoint.size);
  if (needed.length === signed.size && needed.every((key) => signed.has(key))) return null;
  return 'is not signed by the key that was in force at its size';
}

// --------------------------------------------------------------------------------------------------------------- reading the folder

const entriesPerSegment = 1000;
const padded = (n) => String(n).padStart(12, '0');
const namesOf = (files, pattern) => [...files.keys()].filter((name) => pattern.test(name)).sort();

/** The lines of the numbered files in this folder, joined; a gap or a file of the wrong length ends them, and is told. */
function readNumbered(files, folder, suffix, fault) {
  const names = namesOf(files, new RegExp(`^${folder}/\\d{12}${suffix.replace('.', '\\.')}$`));
  const lines = [];
  for (const [nth, name] of names.entries()) {
    const expected = `${folder}/${padded(nth * entriesPerSegment)}${suffix}`;
    if (name !== expected) return told(lines, `${expected} is missing`);
    const bytes = files.get(name);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      lines.push(bytes.subarray(from, end + 1));
      from = end + 1;
    }
    if (from < bytes.length) return told(lines, `${name} does not end in a whole line`);
    const full = (nth + 1) * entriesPerSegment;
    if (lines.length > full) return told(lines.slice(0, full), `${name} holds more than its lines`);
    if (lines.length < full && nth < names.length - 1) return told(lines, `${name} holds too few lines`);
  }
  return lines;

  function told(read, what) {
    fault(read.length, what);
    return read;
  }
}

/** The entry in a line, or null if it is no JSON object. */
function parseEntry(line) {
  if (!isUtf8(line)) return null;
  try {
    const entry = JSON.parse(line.toString());
    return typeof entry === 'object' && !Array.isArray(entry) ? entry : null;
  } catch {
    return null;
  }
}

/** Every checkpoint of the folder by its size; those that cannot be read or bear the wrong name are told. */
function readCheckpoints(files, fault) {
  const checkpoints = new Map();
  for (const name of namesOf(files, /^checkpoints\/\d{12}$/)) {
    const size = Number(name.slice(-12));
    const checkpoint = parseCheckpoint(files.get(name));
    if (checkpoint?.size === size && size > 0) checkpoints.set(size, checkpoint);
    else fault(Math.max(size - 1, 0), `${name} is not the checkpoint of that size`);
  }
  return checkpoints;
}

// ----------------------------------------------------------------------------------------------------------------------- the checks

/**
 * Checks a log in memory: `files` maps each name in the folder to its bytes. `key`: a verifier key trusted beforehand. `held`: checkpoints
 * that somebody kept, `{ name, note }`. `witnesses`: verifier keys of witnesses. Gives back a report; `fault` is the first bad position, or null where the log is sound.
 */
export function checkLog(files, { key = null, held = [], witnesses = [] } = {}) {
  const faults = [];
  const fault = (position, what, until = position) => void faults.push({ position, until, what });
  const lines = readNumbered(files, 'entries', '.jsonl', fault);
  const entries = lines.map((line, at) => parseEntry(line) ?? fault(at, 'is not a line of JSON') ?? {});
  const checkpoints = readCheckpoints(files, fault);
  const newest = checkNewest(files, checkpoints, lines.length, fault);
  const keys = keysIn(entries, fault);
  const kept = held.map(({ name, note }) => ({ name, checkpoint: parseCheckpoint(note) }));

  const signed = new Map(checkpoints);
  for (const [size, checkpoint] of checkpoints) {
    const wrong =
      checkpoint.origin === entries[0]?.origin ? wrongSignature(keys, checkpoint) : 'is of another log';
    if (wrong === null) continue;
    fault(size - 1, `the checkpoint of ${size} entries ${wrong}`);
    signed.delete(size);
  }
  // What nobody vouches for says nothing about the entries; only where nothing is vouched for, it must do.
  const vouched = signed.size > 0 ? signed : checkpoints;
  const receipts = readReceipts(files);
  const copies = receipts.filter(({ anchor }) => anchor !== 'timestamp');
  const roots = checkTree(files, lines, { checkpoints: vouched, kept: [...kept, ...copies] }, fault);
  checkKept([...kept, ...copies], { roots, keys, size: lines.length }, fault);
  checkKeys(files, keys, { key, size: lines.length }, fault);
  const nights = checkRuns(entries, checkpoints, fault);
  checkTold(files, entries, fault);
  const anchors = receipts.map((receipt) =>
    checkReceipt(receipt, { files, size: lines.length, witnesses }, fault),
  );
  for (const name of namesOf(files, /^(entries|leaves|checkpoints)\//))
    if (!/^(entries\/\d{12}\.jsonl|leaves\/\d{12}|checkpoints\/\d{12})$/.test(name))
      fault(null, `${name} belongs to no exported log`);

  faults.sort((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity) || 0);
  const vouchedBy = [
    ...anchors.filter(({ checked }) => checked),
    ...kept.map(({ checkpoint }) => ({ size: checkpoint?.size ?? 0 })),
  ];
  return {
    sound: faults.length === 0,
    fault: faults[0] ?? null,
    faults,
    origin: entries[0]?.origin ?? null,
    size: newest?.size ?? 0,
    root: newest?.root.toString('hex') ?? null,
    checkpoints: checkpoints.size,
    keys: keys.map(({ from, text, announced }) => ({
      from,
      verifierKey: text,
      ...(announced && { announced }),
    })),
    trusted: key !== null,
    anchored: Math.max(0, ...vouchedBy.map(({ size }) => size).filter((size) => size <= lines.length)),
    receipts: anchors,
    nights,
    ...daysOf(entries),
  };
}

/** The newest checkpoint stands under its size too, and covers every entry there is. */
function checkNewest(files, checkpoints, count, fault) {
  const note = files.get('checkpoint');
  const newest = note === undefined ? null : parseCheckpoint(note);
  if (newest === null || newest.size === 0) {
    fault(Math.max(count - 1, 0), 'there is no newest checkpoint that can be read');
    return null;
  }
  const largest = Math.max(0, ...checkpoints.keys());
  const { size } = newest;
  if (files.get(`checkpoints/${padded(size)}`)?.equals(note) !== true)
    fault(size - 1, 'the newest checkpoint is not the one kept under its size');
  if (largest > size) fault(size, `there is a checkpoint of ${largest} entries, later than the newest`);
  if (count < size) fault(count, `entries are missing: the newest checkpoint covers ${size}`);
  if (count > size) fault(size, 'no checkpoint covers the entries from here on');
  return newest;
}

/**
 * Every checkpoint bears the root of the entries before it. Where one does not, the altered entry lies between it and the one before; with
 * leaf hashes that come to the signed roots, it is named exactly. Gives back the roots at all sizes that somebody holds a checkpoint of.
 */
function checkTree(files, lines, { checkpoints, kept }, fault) {
  const sizes = [...checkpoints.keys(), ...kept.map(({ checkpoint }) => checkpoint?.size ?? 0)];
  const hashes = lines.map(leafHash);
  const roots = rootsAt(hashes, sizes);
  const holds = (those) => (size) => those.get(size)?.equals(checkpoints.get(size).root) === true;
  const ordered = [...checkpoints.keys()].sort((a, b) => a - b);
  const bad = ordered.find((size) => !holds(roots)(size));

  const leaves = readNumbered(files, 'leaves', '', () => {}).map((line) =>
    Buffer.from(line.toString('latin1').slice(0, -1), 'hex'),
  );
  const differs = leaves.length === 0 ? -1 : firstDifference(hashes, leaves);
  if (bad === undefined && differs >= 0) fault(differs, 'the leaf hashes are not those of the entries');
  if (bad === undefined) return roots;
  const exact = differs >= 0 && ordered.every(holds(rootsAt(leaves, ordered)));
  if (exact) fault(differs, 'is not the entry that was signed');
  else {
    const good = Math.max(0, ...ordered.filter((size) => size < bad));
    const from = Math.min(good, lines.length);
    fault(from, `an entry from ${from} on is not what the checkpoint of ${bad} entries covers`, bad - 1);
  }
  return roots;
}

function firstDifference(hashes, leaves) {
  const longer = Math.max(hashes.length, leaves.length);
  for (let at = 0; at < longer; at += 1)
    if (leaves[at] === undefined || hashes[at]?.equals(leaves[at]) !== true) return at;
  return -1;
}

/** The keys of the log: the first entry names the first, each change is announced under the key before; or, after a restore, by it. */
function keysIn(entries, fault) {
  const keys = [];
  const add = (from, text, at, announced = false) => {
    const key = typeof text === 'string' ? parseKey(text) : null;
    if (key === null) fault(at, 'names a key that cannot be read');
    else keys.push({ from, announced, ...key });
  };
  if (entries[0]?.what === 'log-opened') add(1, entries[0].verifierKey, 0);
  else fault(0, 'the log does not begin by naming its key');
  for (const [at, { what, previous, verifierKey, announced }] of entries.entries()) {
    if (what !== 'signing-key-changed') continue;
    if (previous !== keys.at(-1)?.text) fault(at, 'changes the signing key, but not from the one in force');
    else if (announced === undefined) add(at + 1, verifierKey, at);
    else if (announces(announced, previous, verifierKey)) add(at + 1, verifierKey, at, true);
    else fault(at, 'changes the signing key by an announcement that the key before did not sign');
  }
  return keys;
}

/** The key you trust is one of the log's, and the file of keys says what the entries say. */
function checkKeys(files, keys, { key, size }, fault) {
  if (key !== null && keys.every(({ text }) => text !== key))
    fault(0, 'the log names another key than the one you trust');
  const lines = keys.filter(({ from }) => from <= size).map(({ from, text }) => `${from} ${text}\n`);
  if (files.get('verifier-keys')?.toString() !== lines.join(''))
    fault(null, 'the file verifier-keys does not say which keys the entries name');
}

/** What others kept, this log must contain. */
function checkKept(kept, { roots, keys, size }, fault) {
  const agrees = ({ checkpoint }) => roots.get(checkpoint?.size)?.equals(checkpoint.root) === true;
  const agreed = kept.filter(agrees).map(({ checkpoint }) => checkpoint.size);
  for (const held of kept) {
    const { name, checkpoint } = held;
    if (checkpoint === null || checkpoint.size === 0)
      fault(null, `${name} is not a checkpoint of a log with entries`);
    else if (checkpoint.size > size) fault(size, `entries are missing: ${name} covers ${checkpoint.size}`);
    else if (!agrees(held)) {
      const from = Math.max(0, ...agreed.filter((good) => good < checkpoint.size));
      fault(
        from,
        `this log does not extend ${name}: an entry from ${from} on is another`,
        checkpoint.size - 1,
      );
    } else if (wrongSignature(keys, checkpoint) !== null)
      fault(checkpoint.size - 1, `${name} ${wrongSignature(keys, checkpoint)}`);
  }
}

/** Entries that are written and signed in one step: each is the last of a checkpoint. */
const signedAtOnce = new Set([
  ...['run-held', 'run-decided', 'run-rehearsed', 'run-sealed', 'run-withheld', 'run-failed'],
  ...['night-missed', 'heartbeat', 'log-recomputed', 'signing-key-changed'],
]);
const isSignedAtOnce = ({ what, announced }) =>
  signedAtOnce.has(what) && (what !== 'signing-key-changed' || announced === undefined);

const attested = new Set(['run-withheld', 'run-failed']);

/** Nothing was released but what was decided, and signed, before. Gives back what was exported, oldest first. */
function checkRuns(entries, checkpoints, fault) {
  const sizes = [...checkpoints.keys()].sort((a, b) => a - b);
  const decided = new Map();
  const nights = [];
  for (const [position, entry] of entries.entries()) {
    const { what, run } = entry;
    // The end of a run without a release is attested before it is signed; logs of earlier versions did not do so.
    const last = attested.has(what) && !checkpoints.has(position + 1) ? position + 1 : position;
    if (isSignedAtOnce(entry) && !checkpoints.has(last + 1))
      fault(last, `the checkpoint that was signed with entry ${position} (${what}) is missing`);
    if (what === 'run-decided') decided.set(run, { at: position, numbers: entry.totals?.outcomes?.released });
    if (what === 'decision-withdrawn') decided.delete(run);
    if (what !== 'run-released') continue;
    const decision = decided.get(run);
    if (decision === undefined || !sizes.some((size) => size > decision.at && size <= position))
      fault(position, 'something was released without a signed decision before it');
    decided.delete(run);
    const { at, drop, manifest, files } = entry;
    nights.push({ run, at, position, numbers: decision?.numbers ?? null, drop, manifest, files });
  }
  return nights;
}

// -------------------------------------------------------------------------------------------------------------- receipts of anchors

/** What lies under anchors/ by a name we know: a checkpoint with signatures of a witness or from a folder, or a time stamp. */
const readReceipts = (files) =>
  namesOf(files, /^anchors\/(timestamp|witness|folder)-\d{12}$/).map((name) => {
    const [, anchor, digits] = /^anchors\/(\w+)-(\d+)$/.exec(name);
    const bytes = files.get(name);
    return {
      name,
      anchor,
      size: Number(digits),
      bytes,
      checkpoint: anchor === 'timestamp' ? null : parseCheckpoint(bytes),
    };
  });

/** A receipt that the log tells of is one of those it tells of. */
function checkTold(files, entries, fault) {
  const told = new Map();
  for (const [position, { what, anchor, size, receipt }] of entries.entries()) {
    if (what !== 'checkpoint-anchored') continue;
    const name = `anchors/${anchor}-${padded(size)}`;
    if (!told.has(name)) told.set(name, { position, digests: new Set() });
    told.get(name).digests.add(receipt);
  }
  for (const [name, { position, digests }] of told) {
    const bytes = files.get(name);
    if (bytes !== undefined && !digests.has(sha256(bytes).toString('hex')))
      fault(position, 'the receipt of this anchor is not the one the entry tells of');
  }
}

/** A receipt is about the checkpoint it is named after. `checked` where nothing is left to be taken on trust but the key you brought. */
function checkReceipt({ name, anchor, size, bytes, checkpoint }, { files, size: count, witnesses }, fault) {
  if (anchor === 'timestamp') {
    const stamp = parseTimestamp(bytes);
    const note = files.get(`checkpoints/${padded(size)}`);
    if (size > count) fault(count, `entries are missing: ${name} is about ${size}`);
    else if (stamp !== null && (note === undefined || !sha256(note).equals(stamp.imprint)))
      fault(Math.max(size - 1, 0), `${name} is about something else than the checkpoint of ${size} entries`);
    return { anchor, size, checked: false, at: stamp?.at ?? null };
  }
  if (checkpoint !== null && checkpoint.size !== size)
    fault(null, `${name} is about ${checkpoint.size} entries`);
  const times = checkpoint === null ? [] : cosignedAt(checkpoint, witnesses);
  if (times === null) fault(Math.max(size - 1, 0), `${name} bears a cosignature that does not hold`);
  return { anchor, size, checked: (times ?? []).length > 0, at: times?.[0] ?? null };
}

/** When these witnesses cosigned a checkpoint (C2SP tlog-cosignature); null if a line of one of them does not hold. */
function cosignedAt({ text, signatures }, witnesses) {
  const times = [];
  for (const { name, id, signature } of signatures) {
    const key = witnesses.find((known) => known.name === name && known.id === id);
    if (key === undefined) continue;
    if (signature.length !== 72) return null;
    const seconds = signature.readBigUInt64BE();
    const signed = Buffer.concat([Buffer.from(`cosignature/v1\ntime ${seconds}\n`), text]);
    if (!verify(null, signed, key.publicKey, signature.subarray(8))) return null;
    times.push(new Date(Math.min(Number(seconds) * 1000, 8.64e15)).toISOString());
  }
  return times;
}

/**
 * SHA-256 digest and time in a time-stamp answer (RFC 3161 section 2.4.2); null if it is not one in DER over SHA-256. Nothing of it is
 * believed: its signature is for `openssl ts -verify`.
 */
function parseTimestamp(bytes) {
  const answer = partsOf(derIn(bytes), 0x30);
  const signed = partsOf(partsOf(partsOf(answer?.[1], 0x30)?.[1], 0xa0)?.[0], 0x30);
  const content = partsOf(signed?.[2], 0x30);
  const wrapped = partsOf(content?.[1], 0xa0)?.[0];
  if (content?.[0].body.toString('hex') !== timestampInfo || wrapped?.tag !== 0x04) return null;
  const info = partsOf(derIn(wrapped.body), 0x30);
  const [algorithm, digest] = partsOf(info?.[2], 0x30) ?? [];
  const [named] = partsOf(algorithm, 0x30) ?? [];
  if (named?.body.toString('hex') !== sha256Name || digest?.tag !== 0x04) return null;
  const [, ...time] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(info[4]?.body.toString('latin1') ?? '') ?? [];
  const at = time.length === 0 ? null : `${time.slice(0, 3).join('-')}T${time.slice(3).join(':')}Z`;
  return { imprint: digest.body, at };
}
/** Object identifiers: id-ct-TSTInfo and id-sha256. */
const timestampInfo = '2a864886f70d0109100104';
const sha256Name = '608648016503040201';

/** The first DER element of these bytes: its tag, what is in it, what follows; null if there is none. */
function derIn(bytes) {
  if (bytes.length < 2) return null;
  const [tag, first] = bytes;
  const more = first < 0x80 ? 0 : first - 0x80;
  if (more > 4 || first === 0x80 || bytes.length < 2 + more) return null;
  const length = more === 0 ? first : bytes.readUIntBE(2, more);
  const [from, end] = [2 + more, 2 + more + length];
  return end > bytes.length ? null : { tag, body: bytes.subarray(from, end), rest: bytes.subarray(end) };
}

/** The elements within an element of this tag; null if it is none, or holds something else. */
function partsOf(element, tag) {
  if (element?.tag !== tag) return null;
  const parts = [];
  for (let rest = element.body; rest.length > 0; rest = parts.at(-1).rest) {
    const part = derIn(rest);
    if (part === null) return null;
    parts.push(part);
  }
  return parts;
}

const london = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London', dateStyle: 'short' });

/** A time that somebody has altered may lie a thousand years ahead: nobody wants to read every day until then. */
const mostSilentDays = 10_000;
const shownSilentDays = 31;

/** First and last time told, and the London days in between on which nothing at all was written; no more than 10,000 of them. */
function daysOf(entries) {
  const times = entries.map(({ at }) => Date.parse(at)).filter((at) => !Number.isNaN(at));
  if (times.length === 0) return { firstAt: null, lastAt: null, silentDays: [] };
  const spoken = new Set(
    times.map((at) => Math.floor(at / 3_600_000)).map((hour) => londonDay(hour * 3_600_000)),
  );
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
  const silentDays = [];
  const day = 86_400_000;
  for (
    let noon = Date.parse(`${londonDay(first)}T12:00:00Z`);
    noon < last && silentDays.length < mostSilentDays;
    noon += day
  )
    if (!spoken.has(londonDay(noon))) silentDays.push(londonDay(noon));
  return { firstAt: new Date(first).toISOString(), lastAt: new Date(last).toISOString(), silentDays };
}

const days = new Map();
function londonDay(at) {
  if (!days.has(at)) days.set(at, london.format(at));
  return days.get(at);
}

// --------------------------------------------------------------------------------------------------------------------- proofs, drops

/**
 * Checks a proof by itself: of an entry (C2SP tlog-proof, the entry's bytes as its extra line) or of one checkpoint extending another.
 * `keys` as `{ from, verifierKey }`; `log` is the folder if there is one, `held` the checkpoints kept. Gives back what is wrong, or null.
 */
export function checkProof(text, { keys, files = null, held = [] }) {
  const known = keys.map(({ verifierKey, ...span }) => ({ ...span, ...parseKey(verifierKey) }));
  const split = text.indexOf('\n\n');
  const head = text.slice(0, split).split('\n');
  const checkpoint = parseCheckpoint(Buffer.from(text.slice(split + 2)));
  if (split < 0 || checkpoint === null) return 'it holds no checkpoint that can be read';
  if (wrongSignature(known, checkpoint) !== null)
    return `its checkpoint ${wrongSignature(known, checkpoint)}`;
  const old = /^old (0|[1-9][0-9]{0,14})$/.exec(head[0]);
  if (old !== null) return wrongExtension(Number(old[1]), head.slice(1), { checkpoint, files, held });
  const extra = /^extra (.+)$/.exec(head[1] ?? '');
  const [indexLine, ...siblings] = head.slice(extra === null ? 1 : 2);
  const index = /^index (0|[1-9][0-9]{0,14})$/.exec(indexLine ?? '');
  const proof = siblings.map(base64);
  if (head[0] !== 'c2sp.org/tlog-proof@v1' || index === null || proof.some((hash) => hash?.length !== 32))
    return 'it is not a proof in the form of c2sp.org/tlog-proof';
  const at = Number(index[1]);
  const shown = extra === null ? null : base64(extra[1]);
  const line = files === null ? shown : readNumbered(files, 'entries', '.jsonl', () => {})[at];
  if (line === null || line === undefined) return 'the entry it proves is not here';
  if (shown !== null && !shown.equals(line)) return 'it shows another entry than the log holds';
  if (rootOfInclusion(leafHash(line), at, checkpoint.size, proof)?.equals(checkpoint.root) === true)
    return null;
  return 'it does not lead from the entry to the checkpoint';
}

/** The old root comes from the log if there is one, and else from a checkpoint that somebody kept. */
function wrongExtension(oldSize, lines, { checkpoint, files, held }) {
  const proof = lines.map(base64);
  if (proof.some((hash) => hash?.length !== 32)) return 'a hash of it cannot be read';
  if (oldSize === 0) return proof.length === 0 ? null : 'from the empty log nothing is to be proved';
  const kept = held.map(({ note }) => parseCheckpoint(note)).find((each) => each?.size === oldSize);
  const hashes = files === null ? [] : readNumbered(files, 'entries', '.jsonl', () => {}).map(leafHash);
  const oldRoot = kept?.root ?? rootsAt(hashes, [oldSize]).get(oldSize);
  if (oldRoot === undefined)
    return 'the root it begins with is not known: give the log, or --older with that checkpoint';
  if (oldSize === checkpoint.size)
    return proof.length === 0 && oldRoot.equals(checkpoint.root)
      ? null
      : 'the two checkpoints are of one size and differ';
  const roots = rootsOfConsistency(oldSize, checkpoint.size, oldRoot, proof);
  if (roots?.old.equals(oldRoot) === true && roots.whole.equals(checkpoint.root)) return null;
  return 'the later checkpoint does not extend the earlier one by it';
}

/** Every drop against the entry of its release, and the other way round. Names of files are told, never what they hold. */
export function checkDrops(folder, { nights, removed }) {
  const faults = [];
  const digest = (file) => (existsSync(file) ? sha256(readFileSync(file)).toString('hex') : null);
  for (const { position, run, drop, manifest, files } of nights) {
    const place = path.join(folder, drop);
    if (!existsSync(place)) {
      if (!removed.has(String(drop).split('/')[0]))
        faults.push({ position, what: `the drop of ${run} is not there` });
      continue;
    }
    const manifestFile = path.join(place, 'manifest.json');
    if (digest(manifestFile) !== manifest) {
      faults.push({ position, what: `the manifest of ${run} is not the one that was released` });
      continue;
    }
    // The log has the manifest's digest only, for it outlives the drop; the manifest, which is blinded, has those of the files.
    const released = new Map(
      JSON.parse(readFileSync(manifestFile, 'utf8')).files.map((file) => [file.name, file]),
    );
    for (const { name, rows } of files)
      if (released.get(name)?.rows !== rows || digest(path.join(place, name)) !== released.get(name).sha256)
        faults.push({ position, what: `the file ${name} of ${run} is not the one that was released` });
    for (const name of readdirSync(place))
      if (name !== 'manifest.json' && files.every((file) => file.name !== name))
        faults.push({ position, what: `the file ${name} of ${run} was never released` });
  }
  for (const date of readdirSync(folder).filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name)))
    for (const revision of readdirSync(path.join(folder, date)))
      if (nights.every(({ drop }) => drop !== `${date}/${revision}`))
        faults.push({ position: null, what: `the drop ${date}/${revision} has no entry` });
  return faults.map((fault) => ({ until: fault.position, ...fault }));
}

// ------------------------------------------------------------------------------------------------------------------ the command line

/** The files below a folder by their names in it. */
export function readFolder(folder) {
  const files = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    if (statSync(file).isFile())
      files.set(path.relative(folder, file).replaceAll(path.sep, '/'), readFileSync(file));
  }
  return files;
}

const options = {
  key: { type: 'string' },
  witness: { type: 'string', multiple: true, default: [] },
  checkpoint: { type: 'string', multiple: true, default: [] },
  older: { type: 'string', multiple: true, default: [] },
  proof: { type: 'string', multiple: true, default: [] },
  drops: { type: 'string' },
  json: { type: 'boolean', default: false },
};

/** Runs the command line; gives back what to print, and the exit code. */
export function run(args) {
  let given;
  try {
    given = readArguments(args);
  } catch (thrown) {
    return {
      code: 2,
      words: `${thrown.message}\nUsage: node verify-audit.mjs LOGDIR [--key VERIFIER_KEY] [--witness KEY] [--checkpoint FILE] [--older FILE] [--proof FILE] [--drops DIR] [--json]\n`,
    };
  }
  const { folder, files, key, witnesses, held, proofs, drops, json } = given;
  const report = files === null ? null : checkLog(files, { key, held, witnesses });
  const keys = report?.keys ?? [{ from: 1, verifierKey: key }];
  const proved = proofs.map(({ name, text }) => ({ name, wrong: checkProof(text, { keys, files, held }) }));
  if (report !== null && drops !== undefined) {
    report.faults.push(...checkDrops(drops, { nights: report.nights, removed: removedIn(files) }));
    report.fault ??= report.faults[0] ?? null;
    report.sound = report.fault === null;
  }
  const sound = report?.sound !== false && proved.every(({ wrong }) => wrong === null);
  const words = json
    ? `${JSON.stringify({ sound, ...report, nights: report?.nights.map(({ run: name, at, position, numbers }) => ({ run: name, at, position, numbers })), proofs: proved }, null, 2)}\n`
    : [...(report === null ? [] : describe(report, folder)), ...proved.map(describeProof)].join('\n') + '\n';
  return { code: sound ? 0 : 5, words };
}

function readArguments(args) {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.length > 1) throw new Error('One folder at a time.');
  const [folder] = positionals;
  if (folder === undefined && (values.proof.length === 0 || values.key === undefined))
    throw new Error('Name the folder of an exported log, or --proof with --key.');
  if (values.key !== undefined && parseKey(values.key) === null)
    throw new Error('This is not a verifier key.');
  const witnesses = values.witness.map((text) => parseKey(text, 4));
  if (witnesses.includes(null)) throw new Error('This is not the verifier key of a witness.');
  return {
    folder,
    key: values.key ?? null,
    witnesses,
    files: folder === undefined ? null : readFolder(folder),
    held: [...values.checkpoint, ...values.older].map((name) => ({ name, note: readFileSync(name) })),
    proofs: values.proof.map((name) => ({ name, text: readFileSync(name, 'utf8') })),
    drops: values.drops === undefined ? undefined : (statSync(values.drops), values.drops),
    json: values.json,
  };
}

const removedIn = (files) =>
  new Set(
    readNumbered(files, 'entries', '.jsonl', () => {})
      .map((line) => parseEntry(line) ?? {})
      .filter(({ what }) => what === 'drop-removed')
      .map(({ businessDate }) => businessDate),
  );

const count = (n) => (typeof n === 'number' ? n.toLocaleString('en-GB') : 'unknown');

function describe(report, folder) {
  const { size, anchored, fault, nights, silentDays, keys } = report;
  const place =
    fault?.position === null
      ? 'files'
      : fault?.until > fault?.position
        ? `entries ${fault.position} to ${fault.until}`
        : `entry ${fault?.position}`;
  const more = report.faults.length - 1;
  return [
    `Log ${JSON.stringify(report.origin)}: ${count(size)} entries from ${report.firstAt} to ${report.lastAt}, ${count(report.checkpoints)} checkpoints. Root ${report.root}`,
    ...(report.trusted
      ? [
          `Signed by the key you trust${keys.length > 1 ? ' and those it is linked with' : ''}: ${keys.map(({ from, verifierKey }) => `${verifierKey} from size ${from}`).join(', ')}`,
        ]
      : [
          'WARNING: no --key was given. The log’s own first entry says whose it is; anybody can write such a log about themselves.',
          `It says: ${keys[0]?.verifierKey ?? 'nothing'}`,
        ]),
    ...nights.map(
      ({ run: name, numbers, position }) =>
        `Exported: ${name}  ${count(numbers)} NHS numbers (entry ${position})`,
    ),
    silentDays.length === 0
      ? 'No day in between without an entry.'
      : `Days without any entry: ${silentDays.slice(0, shownSilentDays).join(', ')}${silentDays.length > shownSilentDays ? `, and ${silentDays.length - shownSilentDays} or more (--json shows all up to 10,000)` : ''}`,
    ...(fault === null
      ? ['SOUND.']
      : [`NOT SOUND at ${place}: ${fault.what}.${more > 0 ? ` (${more} more; --json shows all)` : ''}`]),
    fault === null
      ? `Verified up to ${size}, anchored up to ${anchored}; ${anchored < size ? `entries ${anchored}..${size - 1} rest on the log's key alone.` : 'nothing rests on the log’s key alone.'}`
      : `Believe nothing from there on. Keep this folder as it is, and ask for another copy.`,
    ...newestReceipts(report.receipts).map((receipt) => describeReceipt(receipt, folder)),
  ];
}

/** Of each anchor the one that covers most. */
const newestReceipts = (receipts) => [
  ...new Map(
    [...receipts].sort((a, b) => a.size - b.size).map((receipt) => [receipt.anchor, receipt]),
  ).values(),
];

function describeReceipt({ anchor, size, checked, at }, folder) {
  const when = at === null ? '' : ` at ${at}`;
  if (checked) return `The witness cosigned the log up to ${size}${when}.`;
  switch (anchor) {
    case 'witness':
      return `A witness is said to have cosigned the log up to ${size}: give its key (--witness), and this is checked.`;
    case 'timestamp':
      return (
        `A time stamp is said to cover the log up to ${size}${when}. Its signature is not checked here; do it with\n` +
        `  openssl ts -verify -in ${folder}/anchors/timestamp-${padded(size)} -data ${folder}/checkpoints/${padded(size)} -CAfile AUTHORITY.pem`
      );
    default:
      return `A second folder is said to hold the log up to ${size}: get its file checkpoint from whoever keeps it, and give it as --checkpoint.`;
  }
}

const describeProof = ({ name, wrong }) =>
  wrong === null ? `Proof ${name} holds.` : `Proof ${name} DOES NOT HOLD: ${wrong}.`;

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { code, words } = run(process.argv.slice(2));
  (code === 2 ? process.stderr : process.stdout).write(words);
  process.exitCode = code;
}
