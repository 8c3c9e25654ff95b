import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Failure } from '../domain/failure.ts';

const nonceLength = 12;
const tagLength = 16;

/** AES-256-GCM; the result is nonce, tag, ciphertext. `nonce` must never repeat under one key: 12 random bytes. */
export function sealBox(key: Uint8Array, nonce: Uint8Array, context: string, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  const body = cipher.update(plain);
  const rest = cipher.final();
  return Buffer.concat([nonce, cipher.getAuthTag(), body, rest]);
}

/** Opens what `sealBox` made; throws `paper-unreadable` if key, context or a single bit differs. */
export function openBox(key: Uint8Array, context: string, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(nonceLength, nonceLength + tagLength));
    return Buffer.concat([decipher.update(sealed.subarray(nonceLength + tagLength)), decipher.final()]);
  } catch (cause) {
    throw new Failure('paper-unreadable', {
      message:
        'A sealed paper cannot be opened: it was altered, or the key is not the one it was sealed under.',
      place: context,
      hint: 'Nothing was sent because of it. Restore the ledger and the master key that belong together.',
      cause,
    });
  }
}
