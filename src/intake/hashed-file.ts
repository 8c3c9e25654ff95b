import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';

import type { Digest } from '../domain/digest.ts';
import { failureOf, fault } from './fault.ts';
import type { IntakeFault } from './fault.ts';
import { manifestName } from './tables.ts';
import type { IntakeFileName } from './tables.ts';

const chunkBytes = 256 * 1024;

/** A plain file read once from its beginning while its bytes are hashed, so that what was read is known to be what was verified. */
export class HashedFile {
  readonly #file: FileHandle;
  readonly #name: IntakeFileName;
  readonly #hash = createHash('sha256');
  #digest: Digest | null = null;

  constructor(file: FileHandle, name: IntakeFileName) {
    this.#file = file;
    this.#name = name;
  }

  /** What has not been read yet. Throws `intake-file-missing` if the disk fails. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) yield chunk;
  }

  /** SHA-256 of the whole file, however little of it was read before. Ends the reading. */
  async digest(): Promise<Digest> {
    while (this.#digest === null && (await this.#next()) !== null);
    this.#digest ??= this.#hash.digest('hex');
    return this.#digest;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #next(): Promise<Uint8Array | null> {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const length = await this.#read(chunk);
    if (length === 0) return null;
    this.#hash.update(chunk.subarray(0, length));
    return chunk.subarray(0, length);
  }

  async #read(chunk: Uint8Array): Promise<number> {
    try {
      return (await this.#file.read(chunk, 0, chunkBytes, null)).bytesRead;
    } catch (thrown) {
      throw failureOf(fault('intake-file-missing', { file: this.#name }, reasonOf(thrown)));
    }
  }
}

// A link could show other bytes than those that were checked; a pipe would keep us waiting.
const howToOpen = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a plain file of an intake folder, or says why not: `manifest-missing` for the manifest, `intake-file-missing` for the tables. */
export async function openHashed(folder: string, name: IntakeFileName): Promise<HashedFile | IntakeFault> {
  const missing = (why: string): IntakeFault =>
    fault(name === manifestName ? 'manifest-missing' : 'intake-file-missing', { file: name }, why);
  let file: FileHandle;
  try {
    file = await open(path.join(folder, name), howToOpen);
  } catch (thrown) {
    return missing(reasonOf(thrown));
  }
  if ((await file.stat()).isFile()) return new HashedFile(file, name);
  await file.close();
  return missing('something that is not a plain file');
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'nothing',
  ELOOP: 'a link',
  EMLINK: 'a link',
  EACCES: 'a file that we may not read',
};

const reasonOf = (thrown: unknown): string => {
  const code = errorCodeOf(thrown);
  return reasons[code] ?? `a file that cannot be read (${code})`;
};

/** The code of an error of the file system, whose text would name paths. */
export const errorCodeOf = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : 'unknown error';
