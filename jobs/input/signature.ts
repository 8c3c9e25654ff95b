import { readFileSync } from 'node:fs';
import { Failure } from '../../src/domain/failure.ts';

const rawSignatureBytes = 64;

/** A detached signature in base64; one that openssl left as its 64 bytes will do too. Throws `usage` for a file that cannot be read. */
export function signatureIn(file: string): string {
  try {
    const bytes = readFileSync(file);
    return bytes.toString(bytes.length === rawSignatureBytes ? 'base64' : 'utf8');
  } catch (cause) {
    throw new Failure('usage', {
      message: 'The signature cannot be read.',
      place: file,
      allowed: 'a file with a detached Ed25519 signature, base64',
      hint: 'Nothing was approved. What prints the text to sign says how to make one.',
      cause,
    });
  }
}
