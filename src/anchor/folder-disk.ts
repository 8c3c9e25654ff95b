/**
 * The system calls of the second folder, one function each. Every step that changes the disk is announced first, so that a test can die at
 * each of them. Nothing here follows a symbolic link. Places are relative to the folder.
 */
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import { errorCode, refused, unreachable } from './refusals.ts';

export interface FolderStep {
  readonly act: 'make-folder' | 'flush-folder' | 'create' | 'cut' | 'write' | 'flush' | 'rename' | 'unlink';
  readonly place: string;
}

export interface FolderDisk {
  /** Throws `anchor-unreachable` unless the folder is there and ours alone to write. */
  demandRoot(): Promise<void>;
  makeFolder(place: string): Promise<void>;
  /** Names in a folder, ascending; none if it is not there. */
  list(place: string): Promise<readonly string[]>;
  /** The bytes of a file of ours; null if it is not there. */
  read(place: string): Promise<Buffer | null>;
  /** Keeps the first `length` bytes of a file, or begins it, and puts the rest behind them; durable when it resolves. */
  append(place: string, length: number, rest: Uint8Array): Promise<void>;
  /** Puts a whole file in the place of another, or of none; a reader sees the old one or the new one. */
  replace(place: string, bytes: Uint8Array): Promise<void>;
  remove(place: string): Promise<void>;
}

const noFollow = constants.O_NOFOLLOW;
const ownFile = 0o600;
const ownFolder = 0o700;
/** What a dead process may have left half written. */
const besideName = '.part';

export function createFolderDisk(root: string, announce: (step: FolderStep) => void): FolderDisk {
  const quietly = async <T>(place: string, work: (at: string) => Promise<T>): Promise<T> => {
    try {
      return await work(path.join(root, place));
    } catch (thrown) {
      throw asAnchorFailure(thrown, path.join(root, place));
    }
  };
  const step = <T>(act: FolderStep['act'], place: string, work: (at: string) => Promise<T>): Promise<T> =>
    quietly(place, (at) => {
      announce({ act, place });
      return work(at);
    });
  const flushFolder = (place: string): Promise<void> =>
    step('flush-folder', place, async (at) => {
      const flags = constants.O_RDONLY | constants.O_DIRECTORY | noFollow;
      await using(await open(at, flags), (folder) => folder.sync());
    });
  const unlinkIfThere = (place: string): Promise<void> =>
    step('unlink', place, async (at) => {
      await unlink(at).catch(absent);
    });
  const writeOpen = async (file: FileHandle, place: string, bytes: Uint8Array): Promise<void> => {
    await file.chmod(ownFile);
    await step('write', place, () => file.appendFile(bytes));
    await step('flush', place, () => file.sync());
  };

  return {
    demandRoot: () =>
      quietly('', async (at) => {
        const stats = await lstat(at);
        if (!stats.isDirectory())
          throw unreachable('The second folder is no folder, or a symbolic link.', { place: at });
        demandOurs(stats, at);
      }),

    makeFolder: async (place) => {
      const made = await step('make-folder', place, (at) => mkdir(at, ownFolder).then(() => true, present));
      await quietly(place, async (at) => {
        const stats = await lstat(at);
        if (!stats.isDirectory()) throw strange(at);
        demandOurs(stats, at);
      });
      if (made) await flushFolder('');
    },

    list: (place) =>
      quietly(place, async (at) => {
        const names = await readdir(at).catch(absent);
        return [...(names ?? [])].filter((name) => name !== besideName).sort();
      }),

    read: (place) =>
      quietly(place, async (at) => {
        const file = await open(at, constants.O_RDONLY | noFollow).catch(absent);
        return file === null
          ? null
          : using(file, async () => {
              const stats = await file.stat();
              if (!stats.isFile()) throw strange(at);
              demandOurs(stats, at);
              return file.readFile();
            });
      }),

    append: async (place, length, rest) => {
      const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow;
      const file = await step('create', place, (at) => open(at, flags, ownFile));
      await using(file, async () => {
        const { size } = await quietly(place, () => file.stat());
        if (size > length) await step('cut', place, () => file.truncate(length));
        await writeOpen(file, place, rest);
      });
      await flushFolder(path.dirname(place));
    },

    replace: async (place, bytes) => {
      const beside = path.join(path.dirname(place), besideName);
      await unlinkIfThere(beside);
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      const file = await step('create', beside, (at) => open(at, flags, ownFile));
      await using(file, () => writeOpen(file, beside, bytes));
      await step('rename', place, (at) => rename(path.join(root, beside), at));
      await flushFolder(path.dirname(place));
    },

    remove: async (place) => {
      await unlinkIfThere(place);
      await flushFolder(path.dirname(place));
    },
  };
}

async function using<T>(file: FileHandle, work: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

const absent = (thrown: unknown): null => {
  if (errorCode(thrown) === 'ENOENT') return null;
  throw thrown;
};
const present = (thrown: unknown): false => {
  if (errorCode(thrown) === 'EEXIST') return false;
  throw thrown;
};

function demandOurs(stats: Stats, place: string): void {
  const foreign = stats.uid !== (process.geteuid?.() ?? stats.uid);
  if (!foreign && (stats.mode & 0o022) === 0) return;
  throw unreachable('Others may write to the second folder, or own what lies in it.', {
    place,
    found: `owner ${stats.uid}, mode ${(stats.mode & 0o777).toString(8)}`,
    allowed: 'owned by the account of the gate, writable by nobody else',
    hint: 'Find out what else could have written here, then set owner and mode (chmod go-w).',
  });
}

const strange = (place: string): Failure =>
  refused('Something lies in the second folder that was never put there.', {
    place,
    allowed: 'plain files and folders, no symbolic links',
  });

/** A system error by what it means here: a link where a file must be was never put there by us; anything else may pass. */
function asAnchorFailure(thrown: unknown, place: string): unknown {
  const code = errorCode(thrown);
  if (thrown instanceof Failure || code === null) return thrown;
  if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EISDIR') return strange(place);
  return unreachable('The second folder could not be read or written.', {
    place,
    found: code,
    cause: thrown,
  });
}
