import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync } from 'node:fs';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Chance } from '../ports.ts';

/** Where the keys of the embedded default lie: files of their own, outside the ledger, mode 0600 in a folder of mode 0700. */
export interface KeyFiles {
  readonly master: string;
  readonly signing: string;
}

export const keyFilesIn = (dataDir: string): KeyFiles => ({
  master: path.join(dataDir, 'keys', 'master-key'),
  signing: path.join(dataDir, 'keys', 'checkpoint-signing-key.pem'),
});

/**
 * Makes the keys that do not exist yet and says which it made. An existing key is never replaced, and none is ever seen half written; a
 * master key that comes from elsewhere needs no file. Throws `place-unsafe`.
 */
export function initKeys(
  files: KeyFiles,
  chance: Chance,
  masterFromElsewhere: boolean,
): readonly (keyof KeyFiles)[] {
  const { privateKey } = generateKeyPairSync('ed25519');
  const contents: Record<keyof KeyFiles, string> = {
    master: `${Buffer.from(chance.bytes(32)).toString('base64')}\n`,
    signing: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  const wanted = masterFromElsewhere ? (['signing'] as const) : (['master', 'signing'] as const);
  return wanted.filter((name) => createOnce(files[name], contents[name]));
}

/** Makes a folder (0700), and those above it, if it is not there. Throws `place-unsafe` where none can be. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure('place-unsafe', {
      message: 'A folder that is needed is not there and cannot be made.',
      place: folder,
      allowed: 'a folder, in a place where this account may write',
      hint: 'Nothing was read or sent. Create it with mode 0700, or correct the setting that names it.',
      cause,
    });
  }
}

function createOnce(file: string, content: string): boolean {
  try {
    makeFolder(path.dirname(file));
    return !existsSync(file) && linkOnce(file, content);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('place-unsafe', {
      message: 'A key file cannot be written.',
      place: file,
      hint: 'See that EXPORT_GATE_DATA_DIR names a folder that the account of the gate may write to.',
      cause,
    });
  }
}

/** Written and flushed beside, then linked: a key is there whole and for good, or not at all. False if the name is taken. */
function linkOnce(file: string, content: string): boolean {
  const beside = `${file}.${randomUUID()}`;
  try {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o600, flush: true });
    linkSync(beside, file);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  } finally {
    rmSync(beside, { force: true });
    flushFolder(path.dirname(file));
  }
}

function flushFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** The master key: 32 bytes, base64. Throws `master-key-missing`, or `configuration-invalid` if it is not 32 bytes. */
export function readMasterKey(configured: string | null, file: string): Uint8Array {
  const text = configured ?? readKeyFile(file);
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === 32) return key;
  throw new Failure('configuration-invalid', {
    message: 'The master key is not 32 bytes of base64.',
    place: configured === null ? file : 'EXPORT_GATE_MASTER_KEY',
    found: `${key.length} bytes`,
    allowed: '32 bytes, base64',
    hint: 'Run `export-gate keys init` for a new installation, or restore the key that belongs to this ledger.',
  });
}

/** The Ed25519 key that signs checkpoints. Throws `master-key-missing`, `place-unsafe`, or `configuration-invalid` for any other key. */
export function readSigningKey(file: string): {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
} {
  const privateKey = privateKeyIn(readKeyFile(file));
  if (privateKey?.asymmetricKeyType === 'ed25519')
    return { privateKey, publicKey: createPublicKey(privateKey) };
  throw new Failure('configuration-invalid', {
    message: 'The key that signs checkpoints cannot be read.',
    place: file,
    allowed: 'an Ed25519 private key, PEM',
    hint: 'Restore the key that belongs to this ledger; a new one could not go on with its log.',
  });
}

/** Without the cause of a failure: what a library says about a key may show some of it. */
function privateKeyIn(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function readKeyFile(file: string): string {
  try {
    const mode = statSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new Failure('place-unsafe', {
        message: 'A key file can be read by others.',
        place: file,
        found: `mode ${mode.toString(8)}`,
        allowed: 'mode 600',
        hint: `chmod 600 ${file}, and ask who has read it meanwhile.`,
      });
    }
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('master-key-missing', {
      message: 'There is no key to work with.',
      place: file,
      hint: 'Run `export-gate keys init` once for a new installation.',
      cause,
    });
  }
}
