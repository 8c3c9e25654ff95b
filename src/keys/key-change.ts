/**
 * Changing the key that signs checkpoints, as far as files go. The next key lies whole beside the present one before anything else
 * happens, and takes its place only when the ledger says so; whatever stops in between, the next start can go on.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync } from 'node:fs';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { readSigningKey } from './key-files.ts';
import type { KeyFiles } from './key-files.ts';

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const nextName = 'next-checkpoint-signing-key.pem';
const nextFile = ({ signing }: KeyFiles): string => path.join(path.dirname(signing), nextName);

/** The key that lies ready to follow, if there is one. */
export const readNextKey = (files: KeyFiles): KeyPair | null =>
  existsSync(nextFile(files)) ? readSigningKey(nextFile(files)) : null;

/** Makes the next key, durably and under its name only when whole. One that an earlier change has left is kept. */
export function makeNextKey(files: KeyFiles): void {
  const folder = path.dirname(files.signing);
  for (const name of readdirSync(folder))
    if (name.startsWith(`${nextName}.`)) rmSync(path.join(folder, name));
  if (existsSync(nextFile(files))) return;
  const beside = `${nextFile(files)}.${randomUUID()}`;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(beside, pem, { flag: 'wx', mode: 0o600, flush: true });
  linkSync(beside, nextFile(files));
  rmSync(beside);
  syncFolder(folder);
}

/**
 * Puts the next key in the place of the present one, whose bytes are overwritten where they lay; what a disk keeps of overwritten blocks
 * is out of our reach. Does nothing where another process has just done it.
 */
export function replaceSigningKey(files: KeyFiles): void {
  const old = openSync(files.signing, 'r+');
  try {
    renameSync(nextFile(files), files.signing);
    syncFolder(path.dirname(files.signing));
    writeSync(old, Buffer.alloc(statSync(files.signing).size), 0);
    fsyncSync(old);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  } finally {
    closeSync(old);
  }
}

/** What is public of every change of key, and must be kept with the keys: without it a backup of before a change cannot be restored. */
const changesFile = ({ signing }: KeyFiles): string => path.join(path.dirname(signing), 'key-changes.json');

/** The notes by which keys named the next one (audit/key-succession.ts), oldest first. */
export const readKeyChanges = (files: KeyFiles): readonly string[] =>
  existsSync(changesFile(files)) ? (JSON.parse(readFileSync(changesFile(files), 'utf8')) as string[]) : [];

/** Keeps one more, durably and whole. The same one again is not kept twice. */
export function keepKeyChange(files: KeyFiles, note: string): void {
  const kept = readKeyChanges(files);
  if (kept.includes(note)) return;
  const beside = `${changesFile(files)}.${randomUUID()}`;
  writeFileSync(beside, `${JSON.stringify([...kept, note], null, 2)}\n`, {
    flag: 'wx',
    mode: 0o600,
    flush: true,
  });
  renameSync(beside, changesFile(files));
  syncFolder(path.dirname(changesFile(files)));
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
