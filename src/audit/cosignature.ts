/**
 * Cosignatures (C2SP tlog-cosignature, Ed25519): a witness's word that it saw a checkpoint at a time, and that it extends every one it
 * saw before. A line like any signature of a note, over a text of its own.
 */
import { createPublicKey, sign, verify } from 'node:crypto';
import { second } from '../domain/calendar.ts';
import type { Instant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { Cosigner } from '../ports.ts';
import { keyTypes, parseNote, readVerifierKey, verifierOf } from './signed-note.ts';
import type { NoteSignature, NoteSigner, NoteVerifier } from './signed-note.ts';

const timestampBytes = 8;
const signatureBytes = 64;

/** What is signed: header, time in whole seconds, then the checkpoint's text as it stands, extension lines included. */
const cosignedText = (text: string, seconds: bigint): Uint8Array =>
  Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);

/** The line by which this witness vouches for the text of a checkpoint. Throws `configuration-invalid` for an unfit signer. */
export function cosign(text: string, { name, privateKey }: NoteSigner, at: Instant): string {
  const { keyId } = verifierOf(name, createPublicKey(privateKey), keyTypes.cosignature);
  const seconds = BigInt(Math.floor(at / second));
  const time = Buffer.alloc(timestampBytes);
  time.writeBigUInt64BE(seconds);
  const signature = sign(null, cosignedText(text, seconds), privateKey);
  const blob = Buffer.concat([Buffer.from(keyId, 'hex'), time, signature]);
  return `\u2014 ${name} ${blob.toString('base64')}\n`;
}

/** The witness of this verifier key: `name+id+base64(0x04 || public key)`. Throws `usage` for anything else. */
export function cosignerOf(verifierKey: string): Cosigner {
  const verifier = readVerifierKey(verifierKey, keyTypes.cosignature);
  return {
    name: verifier.name,
    verifierKey,
    cosigned(note, lines) {
      const { text, signatures } = parseNote(Buffer.from(`${note}${lines}`));
      const own = signatures.filter((one) => isBy(verifier, one));
      if (own.length === 0) throw noCosignature('No line is of this witness’s key.', verifier);
      if (!own.every(({ signature }) => holds(text, signature, verifier)))
        throw noCosignature('A cosignature of this witness does not hold.', verifier);
      return `${note}${own.map(lineOf).join('')}`;
    },
  };
}

const isBy = ({ name, keyId }: NoteVerifier, signature: NoteSignature): boolean =>
  signature.name === name && signature.keyId === keyId;

function holds(text: string, blob: Buffer, { publicKey }: NoteVerifier): boolean {
  if (blob.length !== timestampBytes + signatureBytes) return false;
  const seconds = blob.readBigUInt64BE();
  return verify(null, cosignedText(text, seconds), publicKey, blob.subarray(timestampBytes));
}

const lineOf = ({ name, keyId, signature }: NoteSignature): string =>
  `\u2014 ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`;

const noCosignature = (message: string, { name, keyId }: NoteVerifier): Failure =>
  new Failure('audit-invalid', {
    message,
    place: 'cosignature',
    allowed: `a cosignature of ${name}+${keyId}`,
    hint: 'Do not rely on it. Compare the key with the one that the witness publishes.',
  });
