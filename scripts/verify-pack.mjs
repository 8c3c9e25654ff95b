#!/usr/bin/env node
/**
 * Checks an auditor pack of export-gate. One file, plain Node, nothing of the program, no network:
 *
 *   node verify-pack.mjs DIR 'VERIFIER KEY'...
 *
 * The verifier keys (`name+id+base64`), every one the log has had, must come from somewhere else than the pack. Exit 0: everything holds. Exit 5: the first thing that
 * does not is named. Exit 2: asked wrongly. Formats: C2SP signed-note, tlog-checkpoint, tlog-proof; RFC 6962 trees over SHA-256.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

class Refused extends Error {}
const refuse = (place, why) => {
  throw new Refused(`${place}: ${why}`);
};
const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafHash = (bytes) => sha256(Buffer.of(0), bytes);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

function readKey(text) {
  const [, name, id, base64] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (name === undefined || bytes.length !== 33 || bytes[0] !== 1 || idOf(name, bytes) !== id) return null;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') };
  return { name, bytes, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}
const idOf = (name, typedKey) =>
  sha256(Buffer.from(`${name}\n`), typedKey)
    .subarray(0, 4)
    .toString('hex');

/** The text of a note, if one of these keys signed it under this name. */
function openNote(place, note, keys, name) {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) refuse(place, 'is no signed note');
  const text = note.slice(0, end + 1);
  for (const line of note.slice(end + 2).split('\n')) {
    const [, signer, base64] = /^\u2014 (\S+) (\S+)$/u.exec(line) ?? [];
    const blob = Buffer.from(base64 ?? '', 'base64');
    const key = keys.find(({ bytes }) => blob.toString('hex', 0, 4) === idOf(name, bytes));
    if (signer !== name || key === undefined) continue;
    if (verify(null, Buffer.from(text), key.publicKey, blob.subarray(4))) return text;
    refuse(place, 'bears a signature that does not hold');
  }
  return refuse(place, `is not signed by a key you gave as ${name}`);
}

function openCheckpoint(place, note, keys) {
  const [{ name }] = keys;
  const [origin, size, root, end, ...more] = openNote(place, note, keys, name).split('\n');
  if (origin !== name || !/^(0|[1-9]\d*)$/.test(size) || end !== '' || more.length > 0)
    refuse(place, 'is no checkpoint of this log');
  return { size: Number(size), root: Buffer.from(root, 'base64') };
}

/** RFC 9162 section 2.1.3.2. */
function includes(leaf, index, size, root, proof) {
  let [node, last, hash] = [index, size - 1, leaf];
  if (!(index >= 0 && index < size)) return false;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash.equals(root);
}

/** RFC 9162 section 2.1.4.2. */
function extends_(old, now, proof) {
  if (old.size === now.size) return proof.length === 0 && old.root.equals(now.root);
  if (old.size < 1 || old.size > now.size) return false;
  const isPower = Number.isInteger(Math.log2(old.size));
  const [first, ...rest] = isPower ? [old.root, ...proof] : proof;
  if (first === undefined) return false;
  let [node, last] = [old.size - 1, now.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else newHash = nodeHash(newHash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && oldHash.equals(old.root) && newHash.equals(now.root);
}

const hashes = (lines) => lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
const upToBlank = (text) => text.slice(0, text.indexOf('\n\n')).split('\n');

function verifyPack(folder, keys) {
  const read = (name) => readFileSync(path.join(folder, name));
  const text = (name) => read(name).toString();

  const manifest = read('manifest.json');
  const said = openNote('manifest.note', text('manifest.note'), keys, `${keys[0].name}/pack`);
  if (said !== `${keys[0].name}/pack\nmanifest sha256 ${sha256(manifest).toString('hex')}\n`)
    refuse('manifest.json', 'is not the manifest that was signed');
  const { files } = JSON.parse(manifest);
  const standing = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .filter((name) => name !== 'manifest.json' && name !== 'manifest.note');
  const names = files.map(({ name }) => name);
  for (const name of standing) if (!names.includes(name)) refuse(name, 'is no part of the pack');
  for (const { name, bytes, sha256: digest } of files) {
    if (!standing.includes(name)) refuse(name, 'is missing');
    if (read(name).length !== bytes || sha256(read(name)).toString('hex') !== digest)
      refuse(name, 'is not what it was when it was signed');
  }

  for (const line of text('log/verifier-keys').split('\n').slice(0, -1)) {
    const named = readKey(line.slice(line.indexOf(' ') + 1));
    if (!keys.some(({ bytes }) => named?.bytes.equals(bytes)))
      refuse('log/verifier-keys', 'names a key that you did not give');
  }

  const facts = JSON.parse(text('pack.json'));
  const note = text('log/checkpoint');
  const checkpoint = openCheckpoint('log/checkpoint', note, keys);
  if (facts.log.size !== checkpoint.size || facts.log.root !== checkpoint.root.toString('hex'))
    refuse('pack.json', 'names another checkpoint than log/checkpoint');

  const entries = new Map();
  const lines = [];
  for (const name of names.filter((each) => each.startsWith('proofs/'))) {
    const proof = text(name);
    const [head, extra, index, ...siblings] = upToBlank(proof);
    const line = Buffer.from(extra.slice('extra '.length), 'base64');
    const at = Number(index.slice('index '.length));
    const { size, root } = checkpoint;
    if (head !== 'c2sp.org/tlog-proof@v1' || !proof.endsWith(`\n\n${note}`)) refuse(name, 'is no such proof');
    if (!includes(leafHash(line), at, size, root, hashes(siblings))) refuse(name, 'does not prove its entry');
    entries.set(at, JSON.parse(line));
    lines.push(line);
  }
  if (!read('entries.jsonl').equals(Buffer.concat(lines)))
    refuse('entries.jsonl', 'holds other entries than were proved');

  const older = names.filter((name) => name.startsWith('log/checkpoints/'));
  for (const name of older) {
    const old = openCheckpoint(name, text(name), keys);
    const [size, ...proof] = upToBlank(text(name.replace('/checkpoints/', '/consistency/')));
    if (size !== `old ${old.size}` || !extends_(old, checkpoint, hashes(proof)))
      refuse(name, 'is not the beginning of this log');
  }

  const totals = new Map();
  for (const name of names.filter((each) => each.startsWith('lists/'))) {
    const { run, list, index, rows, leaf: base64, proof } = JSON.parse(text(name));
    const attested = [...entries.values()].find((each) => each.what === 'run-attested' && each.run === run);
    const of = attested?.lists.find((each) => each.list === list);
    const leaf = Buffer.from(base64, 'base64');
    const root = Buffer.from(of?.root ?? '', 'hex');
    if (of === undefined || !includes(leafHash(leaf), index, of.providers, root, hashes(proof)))
      refuse(name, 'does not prove its total');
    const idLength = leaf.readUInt16BE(4);
    if (
      leaf.toString('utf8', 6, 6 + idLength) !== facts.provider.id ||
      leaf.readUInt32BE(10 + idLength) !== rows
    )
      refuse(name, 'is about another provider, or another total');
    totals.set(`${run} ${list}`, rows);
  }

  for (const run of facts.nights.flatMap((night) => night.runs)) {
    const told = run.entry === null ? undefined : entries.get(run.entry);
    if (run.entry === null ? run.people !== null : told?.run !== run.run || told.outcome !== run.outcome)
      refuse('pack.json', `says of ${run.run} what its entry does not`);
    const shown = { released: run.people?.released, 'held-back': run.people?.heldBack };
    for (const [list, count] of Object.entries({ ...shown, 'held-back-late': run.people?.late })) {
      const proved = totals.get(`${run.run} ${list}`);
      if (proved === undefined ? (count ?? 0) !== 0 : proved !== count)
        refuse('pack.json', `shows a total of ${run.run} that is not proved`);
    }
  }
  return { ...facts, size: checkpoint.size, entries: entries.size, older: older.length, totals: totals.size };
}

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, ...keyTexts] = positionals;
const keys = keyTexts.map(readKey);
const isOneLog = keys.length > 0 && keys.every((key) => key !== null && key.name === keys[0].name);
if (folder === undefined || !isOneLog) {
  console.error(
    "usage: node verify-pack.mjs DIR 'name+id+base64'..., the keys of one log as its operator published them",
  );
  process.exitCode = 2;
} else {
  try {
    const { provider, from, to, size, entries, older, totals } = verifyPack(folder, keys);
    console.log(`The pack of ${JSON.stringify(provider.id)}, ${from} to ${to}, holds.`);
    console.log(
      `${entries} entries and ${older} earlier checkpoints stand under the checkpoint of ${size} entries.`,
    );
    console.log(`${totals} totals are proved. Compare log/checkpoint with a copy that somebody else holds.`);
  } catch (thrown) {
    if (!(thrown instanceof Refused) && !(thrown instanceof SyntaxError) && thrown.code === undefined)
      throw thrown;
    console.error(`This pack does not hold. ${thrown.message}`);
    process.exitCode = 5;
  }
}
