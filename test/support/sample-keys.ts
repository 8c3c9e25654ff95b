/** Signing keys of a word: the same every time. */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';

import type { SigningKey } from '../../src/audit/audit-log.ts';
import { verifierKey } from '../../src/audit/signed-note.ts';

export const origin = 'example.org/sample-log';

/** An Ed25519 key whose seed is the digest of the word (RFC 8410: a PKCS #8 key ends in the seed). */
export function keyOf(word: string): SigningKey {
  const seed = createHash('sha256').update(word).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

export const nameOf = ({ publicKey }: SigningKey): string => verifierKey(origin, publicKey);
