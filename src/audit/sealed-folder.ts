/**
 * A folder whose every file is named in a manifest that the log's key has vouched for: an auditor pack, or a backup. It is filled beside
 * its place, flushed, sealed, and renamed into place, so that it is whole or not there.
 *
 *   manifest.json   format, details, and name, bytes and SHA-256 of every other file, by name
 *   manifest.note   the signature over it
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../domain/digest.ts';
import { Failure } from '../domain/failure.ts';
import type { AuditLog, VouchedKind } from '../ports.ts';
import { demandVouched } from './vouching.ts';

export const manifestName = 'manifest.json';
export const noteName = 'manifest.note';

export interface SealedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: Digest;
}

export interface Sealed {
  readonly manifest: Readonly<Record<string, unknown>>;
  /** SHA-256 over the bytes of the manifest: names the whole folder. */
  readonly digest: Digest;
  readonly files: readonly SealedFile[];
}

export interface Sealing {
  readonly kind: VouchedKind;
  /** Members of the manifest beside the files, in their order. */
  readonly details: (folder: string) => Promise<Readonly<Record<string, unknown>>>;
}

const sha256 = (bytes: Uint8Array): Digest => createHash('sha256').update(bytes).digest('hex');

/**
 * Makes the folder: `fill` puts the files into one beside it. `beforeRename` is given its digest before anybody can see it. Throws `usage`
 * where something stands at its place already; what was begun is removed when anything fails.
 */
export async function makeSealedFolder(
  place: string,
  audit: Pick<AuditLog, 'vouch'>,
  { kind, details }: Sealing,
  fill: (folder: string) => Promise<void>,
  beforeRename: (digest: Digest) => Promise<void> = () => Promise.resolve(),
): Promise<Digest> {
  const target = path.resolve(place);
  await demandFree(target);
  const beside = path.join(path.dirname(target), `.unfinished-${randomUUID()}`);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  await mkdir(beside, { mode: 0o700 });
  try {
    await fill(beside);
    const files = await filesIn(beside);
    const manifest = `${JSON.stringify({ ...(await details(beside)), files }, null, 2)}\n`;
    const digest = sha256(Buffer.from(manifest));
    await writeFlushed(beside, manifestName, Buffer.from(manifest));
    await writeFlushed(beside, noteName, Buffer.from(audit.vouch(kind, digest)));
    await flushFolders(beside);
    await beforeRename(digest);
    await demandFree(target);
    await rename(beside, target);
    await flushFolder(path.dirname(target));
    return digest;
  } catch (thrown) {
    await rm(beside, { recursive: true, force: true });
    throw thrown;
  }
}

/** Writes a file of a folder that nobody sees yet, private and flushed. */
export async function writeFlushed(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const place = path.join(folder, name);
  await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
  const file = await open(place, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Reads a sealed folder: the note must be over its manifest, and its files exactly those of the manifest, byte for byte. Throws
 * `audit-invalid` naming the first that is not.
 */
export async function openSealedFolder(
  folder: string,
  kind: VouchedKind,
  verifierKeys: readonly string[],
): Promise<Sealed> {
  const bytes = await readPart(folder, manifestName);
  const digest = sha256(bytes);
  demandVouched(await readPart(folder, noteName), kind, digest, verifierKeys);
  const manifest = JSON.parse(bytes.toString()) as Sealed['manifest'] & { files: readonly SealedFile[] };
  const found = new Map((await filesIn(folder)).map((file) => [file.name, file]));
  for (const { name, bytes: length, sha256: expected } of manifest.files) {
    const file = found.get(name);
    if (file?.bytes !== length || file.sha256 !== expected) throw notAsSealed(kind, name);
    found.delete(name);
  }
  const [stranger] = found.keys();
  if (stranger !== undefined) throw notAsSealed(kind, stranger);
  return { manifest, digest, files: manifest.files };
}

/** Every file below the folder but the two of the seal, by name. Throws `audit-invalid` for what is no plain file. */
async function filesIn(folder: string): Promise<SealedFile[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const name = path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/');
    if (entry.isDirectory() || name === manifestName || name === noteName) continue;
    if (!entry.isFile()) throw notAsSealed('folder', name);
    names.push(name);
  }
  const files: SealedFile[] = [];
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(path.join(folder, name))) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    files.push({ name, bytes, sha256: hash.digest('hex') });
  }
  return files;
}

async function readPart(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(path.join(folder, name));
  } catch (cause) {
    throw new Failure('audit-invalid', {
      message: 'This is no folder that this program has sealed, or a part of it is missing.',
      place: `${folder}/${name}`,
      hint: 'Name the folder that holds manifest.json and manifest.note.',
      cause,
    });
  }
}

async function demandFree(place: string): Promise<void> {
  const standing = await lstat(place).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  });
  if (standing === null) return;
  throw new Failure('usage', {
    message: 'Something stands there already, and nothing is ever overwritten.',
    place,
    hint: 'Name a folder that does not exist yet.',
  });
}

async function flushFolders(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await flushFolders(path.join(folder, entry.name));
  await flushFolder(folder);
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const notAsSealed = (kind: string, name: string): Failure =>
  new Failure('audit-invalid', {
    message: `A file of this ${kind} is not the one that was sealed: altered, missing, or put there by somebody else.`,
    place: name,
    hint: 'Believe nothing in it. Ask for it again, and keep this copy.',
  });
