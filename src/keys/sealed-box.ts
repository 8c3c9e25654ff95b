import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CipherGCM, DecipherGCM } from 'node:crypto';
import { Failure } from '../domain/failure.ts';

const nonceLength = 12;
const tagLength = 16;

/** AES-256-GCM; the result is nonce, tag, ciphertext. `nonce` must never repeat under one key: 12 random bytes. */
export function sealBox(key: Uint8Array, nonce: Uint8Array, context: string, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.allocUnsafe(nonceLength + tagLength + plain.length);
  sealed.set(nonce);
  passThrough(cipher, plain, sealed.subarray(nonceLength + tagLength));
  sealed.set(cipher.getAuthTag(), nonceLength);
  return sealed;
}

const pieceLength = 1 << 20;

/** Sends bytes through a cipher a piece at a time, so that a large paper is in memory twice and not three times. */
function passThrough(cipher: CipherGCM | DecipherGCM, from: Uint8Array, into: Uint8Array): void {
  for (let at = 0; at < from.length; at += pieceLength) {
    into.set(cipher.update(from.subarray(at, at + pieceLength)), at);
  }
  cipher.final();
}

/** Opens what `sealBox` made; throws `paper-unreadable` if key, context or a single bit differs. */
export function openBox(key: Uint8Array, context: string, sealed: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(nonceLength, nonceLength + tagLength));
    const body = sealed.subarray(nonceLength + tagLength);
    const plain = Buffer.allocUnsafeSlow(body.length);
    passThrough(decipher, body, plain);
    return plain;
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
