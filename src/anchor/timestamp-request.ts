/** What is asked of a time-stamp authority (RFC 3161 section 2.4.1), and which authorities are believed. */
import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import { AlgorithmIdentifier, Certificate, MessageImprint, TimeStampReq } from 'pkijs';
import { Failure } from '../domain/failure.ts';

export const sha256Id = '2.16.840.1.101.3.4.2.1';

/** One question; the answer must match it in every part. */
export interface Question {
  readonly data: Uint8Array;
  /** A positive number in its shortest form. */
  readonly nonce: Uint8Array;
  /** The policy that the token must be issued under; null: any. */
  readonly policy: string | null;
}

export const nonceBytes = 16;

export const imprintOf = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

/** A question about these bytes. `random` is `nonceBytes` long; its first bits are set so that it is a positive number without padding. */
export function ask(data: Uint8Array, random: Uint8Array, policy: string | null): Question {
  const [first = 0, ...rest] = random;
  return { data, nonce: Uint8Array.of((first & 0x3f) | 0x40, ...rest), policy };
}

/** The request in DER: SHA-256 of the bytes, the nonce, and the wish for the authority's certificates. */
export function encodeQuestion({ data, nonce, policy }: Question): Uint8Array {
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: sha256Id, algorithmParams: new asn1js.Null() }),
      hashedMessage: new asn1js.OctetString({ valueHex: copied(imprintOf(data)) }),
    }),
    nonce: new asn1js.Integer({ valueHex: copied(nonce) }),
    certReq: true,
    ...(policy === null ? {} : { reqPolicy: policy }),
  });
  return new Uint8Array(request.toSchema().toBER());
}

/** An ArrayBuffer of exactly these bytes. */
export const copied = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

const pemBlock = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** The certificates of a PEM text. Throws `configuration-invalid` if there are none, or one cannot be read. */
export function readAuthorities(pem: string): readonly Certificate[] {
  try {
    const found = [...pem.matchAll(pemBlock)].map(([, base64 = '']) =>
      Certificate.fromBER(copied(Buffer.from(base64, 'base64'))),
    );
    if (found.length > 0) return found;
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable();
}

const unreadable = (cause?: unknown): Failure =>
  new Failure('configuration-invalid', {
    message: 'The certificates of the time-stamp authority cannot be read.',
    place: 'ANCHOR_TSA_CA_FILE',
    allowed: 'PEM certificates of the authorities whose time stamps are believed',
    hint: 'Nothing was read or sent. Get the file from the authority and check its digest by another way.',
    ...(cause === undefined ? {} : { cause }),
  });
