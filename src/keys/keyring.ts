import { createHmac, hkdfSync } from 'node:crypto';
import { formatRunId } from '../domain/run.ts';
import type { Chance, Keyring, WrappedKey } from '../ports.ts';
import { openBox, sealBox } from './sealed-box.ts';

const keyLength = 32;
const nonceLength = 12;
/** Bytes of a pseudonym: 128 bits of HMAC-SHA-256. */
const pseudonymLength = 16;

/**
 * Keys under one master key of 32 bytes. What need not die is derived from it (HKDF-SHA-256, one label a purpose); what must be able to
 * die is random and stored wrapped, so that destroying the wrapped form erases what it protected.
 */
export function createKeyring(masterKey: Uint8Array, chance: Chance): Keyring {
  const derive = (label: string): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `export-gate/${label}`, keyLength));
  const wrapping = derive('wrapping');
  const carrying = derive('carried-objections');
  const nameOf = (key: WrappedKey): string => `${key.purpose}|${key.scope}|${key.keyId}`;
  const unwrap = (key: WrappedKey): Uint8Array => openBox(wrapping, nameOf(key), key.wrapped);

  return {
    masterKeyId: derive('name-of-the-master-key').toString('hex').slice(0, 16),

    create(purpose, scope) {
      const keyId = Buffer.from(chance.bytes(8)).toString('hex');
      const fresh = chance.bytes(keyLength);
      const wrapped = sealBox(wrapping, chance.bytes(nonceLength), `${purpose}|${scope}|${keyId}`, fresh);
      return { keyId, purpose, scope, wrapped };
    },

    seal: (key, context, plain) => sealBox(unwrap(key), chance.bytes(nonceLength), context, plain),

    open: (key, context, sealed) => openBox(unwrap(key), context, sealed),

    carriedName: (kind, text) =>
      createHmac('sha256', carrying).update(`${kind}:${text}`).digest('base64url').slice(0, 32),

    runPseudonyms(year, run) {
      const yearKey = unwrap(year);
      const ofRun = formatRunId(run);
      return (numberDigits) => {
        const person = createHmac('sha256', yearKey).update(numberDigits).digest();
        return createHmac('sha256', ofRun).update(person).digest().subarray(0, pseudonymLength);
      };
    },

    personTokens(year) {
      const yearKey = unwrap(year);
      return (numberDigits) =>
        createHmac('sha256', yearKey)
          .update(`person-index:${numberDigits}`)
          .digest()
          .subarray(0, pseudonymLength);
    },
  };
}
