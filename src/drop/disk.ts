/**
 * The system calls of a drop, one function each. Every step that changes the disk is announced first; a test that dies at the n-th
 * announcement, for every n, has died everywhere. Nothing here follows a symbolic link, replaces a file or tries a flush again.
 */
import { constants } from 'node:fs';
import type { Dirent } from 'node:fs';
import { access, link, lstat, mkdir, open, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import { Failure } from '../domain/failure.ts';
import { demandOurs, unsafe } from './place.ts';

export type DropAct =
  | 'make-folder'
  | 'create-file'
  | 'write-piece'
  | 'flush-file'
  | 'check-file'
  | 'link'
  | 'flush-folder'
  | 'unlink'
  | 'remove-folder'
  | 'remove-staging';

/** What is about to happen, and where (relative to the outbound folder; the folder itself is `.`). */
export interface DropStep {
  readonly act: DropAct;
  readonly place: string;
}

export interface Disk {
  /** Throws `place-unsafe` unless the outbound folder is there, ours, and writable. */
  demandRoot(): Promise<void>;
  /** False if nothing is there; `place-unsafe` for anything but a folder of ours on the file system of the outbound folder. */
  hasFolder(place: string): Promise<boolean>;
  list(place: string): Promise<readonly Dirent[]>;
  /** False if a folder of ours was there already. */
  makeFolder(place: string): Promise<boolean>;
  /** Creates a file that must not exist, writes the pieces in order and flushes it. */
  writeNew(place: string, pieces: Iterable<string>): Promise<void>;
  /** The bytes of a file of ours, piece by piece; a piece is valid until the next is asked for. */
  read(place: string): AsyncIterable<Uint8Array>;
  /** Announces that a file is now read back. */
  announceCheck(place: string): Promise<void>;
  flushFile(place: string): Promise<void>;
  flushFolder(place: string): Promise<void>;
  /** False if the name is taken. */
  link(from: string, to: string): Promise<boolean>;
  unlink(place: string): Promise<void>;
  removeFolder(place: string): Promise<void>;
  /** Removes a staging folder with all that is in it. */
  removeStaging(place: string): Promise<void>;
}

const noFollow = constants.O_NOFOLLOW;
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
const folderOnly = constants.O_RDONLY | constants.O_DIRECTORY | noFollow;
const pieceLength = 256 * 1024;

/**
 * The disk under `outboundDir`. All its functions throw `place-unsafe` where the place is at fault (a symbolic link, another file
 * system, no hard links) and `drop-write-failed` for every other trouble of the disk.
 */
export function createDisk(outboundDir: string, checkpoint: (step: DropStep) => void): Disk {
  const root = resolve(outboundDir);

  const inside = (place: string): string => {
    const path = resolve(root, place);
    if (path === root || path.startsWith(root + sep)) return path;
    throw unsafe('plan', 'A place outside the outbound folder was asked for.', 'Report this.');
  };

  const quietly = async <T>(act: string, place: string, work: (path: string) => Promise<T>): Promise<T> => {
    try {
      return await work(inside(place));
    } catch (thrown) {
      throw asDropFailure(thrown, act, place);
    }
  };

  const step = <T>(act: DropAct, place: string, work: (path: string) => Promise<T>): Promise<T> =>
    quietly(act, place, async (path) => {
      checkpoint({ act, place });
      return await work(path);
    });

  const flush = (act: DropAct, place: string, flags: number): Promise<void> =>
    step(act, place, async (path) => {
      const file = await open(path, flags);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    });

  const hasFolder = (place: string): Promise<boolean> =>
    quietly('look', place, async (path) => {
      const stats = await lstat(path).catch(absent);
      if (stats === null) return false;
      const named = path === root ? root : place;
      if (!stats.isDirectory()) {
        throw unsafe(named, 'This must be a folder, and not a symbolic link to one.', 'Put a folder here.');
      }
      demandOurs(stats, named);
      if (stats.dev !== (await lstat(root)).dev) throw otherFileSystem(place);
      return true;
    });

  return {
    hasFolder,

    demandRoot: async () => {
      if (!(await hasFolder('.'))) {
        const hint = 'Mount it, or create it with mode 0700. It is not created here: a mount may be missing.';
        throw unsafe(root, 'The outbound folder is not there.', hint);
      }
      await access(root, constants.W_OK).catch(() => {
        throw unsafe(
          root,
          'The outbound folder cannot be written to.',
          'Mount it writable, or set its mode.',
        );
      });
    },

    list: (place) => quietly('look', place, (path) => readdir(path, { withFileTypes: true })),

    makeFolder: async (place) => {
      const made = await step('make-folder', place, (path) => mkdir(path, 0o700).then(yes, no('EEXIST')));
      if (!made) await hasFolder(place);
      return made;
    },

    writeNew: async (place, pieces) => {
      const file = await step('create-file', place, (path) => open(path, newFile, 0o600));
      try {
        for (const piece of pieces) await step('write-piece', place, () => file.appendFile(piece));
        await step('flush-file', place, () => file.sync());
      } finally {
        await quietly('close', place, () => file.close());
      }
    },

    read: async function* (place) {
      const file = await quietly('read', place, (path) => open(path, constants.O_RDONLY | noFollow));
      try {
        const stats = await quietly('read', place, () => file.stat());
        if (!stats.isFile()) throw unsafe(place, 'This must be a plain file.', 'Find out who put it here.');
        demandOurs(stats, place);
        const buffer = new Uint8Array(pieceLength);
        for (;;) {
          const { bytesRead } = await quietly('read', place, () => file.read(buffer, 0, pieceLength));
          if (bytesRead === 0) return;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },

    announceCheck: (place) => step('check-file', place, () => Promise.resolve()),
    flushFile: (place) => flush('flush-file', place, constants.O_RDONLY | noFollow),
    flushFolder: (place) => flush('flush-folder', place, folderOnly),
    link: (from, to) => step('link', to, (path) => link(inside(from), path).then(yes, no('EEXIST'))),
    unlink: (place) => step('unlink', place, (path) => unlink(path)),
    removeFolder: (place) => step('remove-folder', place, (path) => rmdir(path)),
    removeStaging: (place) => step('remove-staging', place, (path) => rm(path, { recursive: true })),
  };
}

const yes = (): boolean => true;
const no =
  (code: string) =>
  (thrown: unknown): boolean => {
    if (errorCode(thrown) === code) return false;
    throw thrown;
  };

const absent = (thrown: unknown): null => {
  if (errorCode(thrown) === 'ENOENT') return null;
  throw thrown;
};

const errorCode = (thrown: unknown): string | null =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : null;

const otherFileSystem = (place: string): Failure =>
  unsafe(
    place,
    'This stands on another file system than the outbound folder, or on one that cannot link.',
    'A drop is linked into place, never copied: keep the outbound folder whole, on a file system with hard links.',
  );

const cannotLink = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** A system error by what it means here. Whatever bears no system error code is not about the disk and stays as it is. */
function asDropFailure(thrown: unknown, act: string, place: string): unknown {
  const code = errorCode(thrown);
  if (thrown instanceof Failure || code === null) return thrown;
  if (act === 'link' && cannotLink.has(code)) return otherFileSystem(place);
  if (code === 'ELOOP' || code === 'ENOTDIR') {
    return unsafe(place, 'A symbolic link, or no folder where one must be.', 'Find out who put it here.');
  }
  return new Failure('drop-write-failed', {
    message: `The outbound drop could not be completed: ${act} failed with ${code}.`,
    place,
    found: code,
    hint: 'Nothing was published by this step. Look at the disk (full, read-only, failing), then run again.',
    cause: thrown,
  });
}
