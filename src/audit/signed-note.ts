/**
 * Signed notes (C2SP signed-note, as in golang.org/x/mod/sumdb/note): a text, a blank line, and one line per signature,
 * here with Ed25519 only. A key is known by its name and a 4-byte id; both are in the signature line.
 */
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { Failure } from '../domain/failure.ts';

export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface NoteVerifier {
  readonly name: string;
  /** Four bytes in lower-case hex. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

export interface OpenedNote {
  /** The signed text, with its last newline. */
  readonly text: string;
  /** The given verifiers whose signature holds; at least one. */
  readonly signedBy: readonly NoteVerifier[];
}

/** What a key signs, as the first byte of its verifier key: notes, or cosignatures of checkpoints (tlog-cosignature). */
export const keyTypes = { note: 0x01, cosignature: 0x04 } as const;
export type KeyType = (typeof keyTypes)[keyof typeof keyTypes];
const publicKeyBytes = 32;
const keyIdBytes = 4;
/** The specification asks for at least 16; the Go implementation stops here too. */
const mostSignatures = 100;

const keyName = /^[^\p{White_Space}\p{Cc}+]+$/u;
const signatureLine = /^\u2014 ([^\p{White_Space}+]+) ([A-Za-z0-9+/=]+)$/u;
const verifierKeyForm = /^([^\p{White_Space}\p{Cc}+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u;

/**
 * The note over this text, signed by each signer in turn (two while a key is being changed). The text must be Unicode without
 * control characters and end in a newline; it may hold empty lines. Throws `unexpected` for another text, `configuration-invalid`
 * for a signer whose name is empty or holds white space, a control character or `+`, or whose key is not Ed25519.
 */
export function signNote(text: string, ...signers: readonly [NoteSigner, ...NoteSigner[]]): string {
  const bytes = Buffer.from(text);
  if (!text.endsWith('\n') || hasControl(text) || bytes.toString() !== text) {
    throw new Failure('unexpected', {
      message: 'This text cannot become a signed note.',
      found: `${text.length} characters`,
      allowed: 'well-formed Unicode, no control characters but newline, a newline at the end',
      hint: 'Nothing was signed.',
    });
  }
  const lines = signers.map(({ name, privateKey }) => {
    const id = Buffer.from(verifierOf(name, publicOf(privateKey)).keyId, 'hex');
    return `\u2014 ${name} ${Buffer.concat([id, sign(null, bytes, privateKey)]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * The text of a note that at least one of these verifiers signed. Signatures of other keys are ignored, as the specification
 * demands; one of a known key that does not hold condemns the note. Read nothing of a note that was not opened.
 * Throws `audit-invalid` for a note that is malformed in any place, badly signed, or signed by none of these.
 */
export function openNote(note: Uint8Array, verifiers: readonly NoteVerifier[]): OpenedNote {
  const { text, signatures } = parseNote(note);
  const bytes = Buffer.from(text);
  const signedBy = new Set<NoteVerifier>();
  for (const { name, keyId, signature } of signatures) {
    for (const verifier of verifiers.filter((known) => known.name === name && known.keyId === keyId)) {
      if (!verify(null, bytes, verifier.publicKey, signature)) {
        throw refused(`The signature of ${name}+${keyId} does not hold for this text.`);
      }
      signedBy.add(verifier);
    }
  }
  if (signedBy.size === 0) {
    throw refused(
      'None of the known keys signed this note.',
      verifiers.map((v) => `${v.name}+${v.keyId}`).join(', '),
    );
  }
  return { text, signedBy: [...signedBy] };
}

/** The verifier of this name and Ed25519 public key. Throws `configuration-invalid` as `signNote` does. */
export function verifierOf(name: string, publicKey: KeyObject, type: KeyType = keyTypes.note): NoteVerifier {
  if (publicKey.asymmetricKeyType !== 'ed25519' || !keyName.test(name)) {
    throw new Failure('configuration-invalid', {
      message: 'This name and key cannot sign notes.',
      place: `signing key ${JSON.stringify(name)}`,
      found: `a key of type ${publicKey.asymmetricKeyType ?? publicKey.type}`,
      allowed: 'an Ed25519 key, and a name without white space, control character and plus sign',
      hint: 'A name such as example.org/export-gate is recommended.',
    });
  }
  return { name, keyId: keyIdOf(name, type, rawKey(publicKey)), publicKey };
}

/** The verifier key as text, for auditors and their tools: `name+id+base64(type || public key)`. Throws as `verifierOf`. */
export function verifierKey(name: string, publicKey: KeyObject, type: KeyType = keyTypes.note): string {
  const { keyId } = verifierOf(name, publicKey, type);
  return `${name}+${keyId}+${Buffer.concat([Buffer.of(type), rawKey(publicKey)]).toString('base64')}`;
}

/** Reads what `verifierKey` writes. Throws `usage` unless every part is well formed and the id belongs to name and key. */
export const parseVerifierKey = (text: string): NoteVerifier => readVerifierKey(text, keyTypes.note);

/** The same for a key that signs something else than notes. Throws as `parseVerifierKey`. */
export function readVerifierKey(text: string, type: KeyType): NoteVerifier {
  const name = `${type} ${text}`;
  const known = verifiersRead.get(name) ?? readAnew(text, type);
  if (verifiersRead.size >= mostRemembered) verifiersRead.clear();
  verifiersRead.set(name, known);
  return known;
}

/** A log has one key for years: it is not read again for every signature. */
const verifiersRead = new Map<string, NoteVerifier>();
const mostRemembered = 100;

function readAnew(text: string, type: KeyType): NoteVerifier {
  const [, name = '', keyId = '', base64 = ''] = verifierKeyForm.exec(text) ?? [];
  const typed = decodeBase64(base64);
  const raw = typed?.subarray(1);
  if (typed?.[0] === type && raw?.length === publicKeyBytes && keyIdOf(name, type, raw) === keyId) {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
    return verifierOf(name, createPublicKey({ key: jwk, format: 'jwk' }), type);
  }
  throw new Failure('usage', {
    message: 'This is not the verifier key of an Ed25519 note signer.',
    // Not repeated: what was pasted by mistake may be a signing key.
    found: `${text.length} characters`,
    allowed: 'name+id+base64, with the id that belongs to this name and key',
    hint: 'Copy the whole line again from where the log operator published it.',
  });
}

/** The bytes, if this is their one and only padded base64 form (RFC 4648 section 4); otherwise undefined. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Buffer;
}

/** A note taken apart and not yet believed. Throws `audit-invalid` if it is malformed in any place. */
export function parseNote(note: Uint8Array): { text: string; signatures: NoteSignature[] } {
  const whole = Buffer.from(note).toString();
  if (!Buffer.from(whole).equals(note)) throw refused('A signed note is UTF-8 throughout.', 'UTF-8');
  // The text may hold empty lines itself: the last one separates it from the signatures.
  const blank = whole.lastIndexOf('\n\n');
  if (hasControl(whole) || blank < 0 || !whole.endsWith('\n')) {
    throw refused(
      'This is not a signed note: text, blank line and signature lines, each ending in a newline.',
    );
  }
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (lines.length > mostSignatures) throw refused('Too many signatures.', `at most ${mostSignatures}`);
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name = '', base64 = ''] = signatureLine.exec(line) ?? [];
  const blob = decodeBase64(base64);
  if (blob === undefined || blob.length <= keyIdBytes) {
    throw refused(
      'A signature line cannot be read.',
      'em dash, space, key name, space, base64 of key id and signature',
    );
  }
  return { name, keyId: blob.toString('hex', 0, keyIdBytes), signature: blob.subarray(keyIdBytes) };
}

const keyIdOf = (name: string, type: KeyType, raw: Uint8Array): string =>
  createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(type))
    .update(raw)
    .digest('hex')
    .slice(0, 2 * keyIdBytes);

/** An Ed25519 public key in SPKI form ends in its 32 bytes (RFC 8410 section 4). Taken out once a key: a log signs often. */
function rawKey(publicKey: KeyObject): Buffer {
  const known = rawKeys.get(publicKey);
  if (known !== undefined) return known;
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-publicKeyBytes);
  rawKeys.set(publicKey, raw);
  return raw;
}

const rawKeys = new WeakMap<KeyObject, Buffer>();

function publicOf(privateKey: KeyObject): KeyObject {
  const publicKey = publicKeys.get(privateKey) ?? createPublicKey(privateKey);
  publicKeys.set(privateKey, publicKey);
  return publicKey;
}

const publicKeys = new WeakMap<KeyObject, KeyObject>();

const hasControl = (text: string): boolean => Buffer.from(text).some((byte) => byte < 0x20 && byte !== 0x0a);

const refused = (message: string, allowed = 'a signature of a known key'): Failure =>
  new Failure('audit-invalid', {
    message,
    place: 'signed note',
    allowed,
    hint: 'Believe nothing in it. Compare it with the copy you kept and with the published verifier key.',
  });
