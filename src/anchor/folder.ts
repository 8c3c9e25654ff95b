/**
 * The second folder: the log as an exported log lies in a folder (domain/log-format.ts), grown after every run, never shrunk. What its newest
 * checkpoint covers is never touched again; what lies behind that is the rest of a call that did not finish, and is brought to its end.
 */
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import {
  checkpointName,
  entriesPerSegment,
  newestCheckpointName,
  receiptName,
  segmentName,
  verifierKeysName,
} from '../domain/log-format.ts';
import type { Anchor, AnchoredLog } from '../ports.ts';
import { createFolderDisk } from './folder-disk.ts';
import type { FolderDisk, FolderStep } from './folder-disk.ts';
import { refused, unreachable } from './refusals.ts';

export interface FolderAnchorOptions {
  readonly folder: string;
  /** Told before each step that changes the disk. */
  readonly announce?: (step: FolderStep) => void;
}

const folders = {
  entries: path.dirname(segmentName(0)),
  checkpoints: path.dirname(checkpointName(0)),
  anchors: path.dirname(receiptName('', 0)),
};

/**
 * An anchor that copies the log into a folder which is there already: on another disk, another machine, or storage that cannot be erased.
 * Every byte it holds is compared each time. The receipt is the checkpoint as it lies there.
 */
export function createFolderAnchor({ folder, announce = () => undefined }: FolderAnchorOptions): Anchor {
  const disk = createFolderDisk(folder, announce);
  return {
    name: 'folder',
    target: folder,
    remembers: true,
    async take(log, signal) {
      await disk.demandRoot();
      const held = await heldSize(disk, log, folder);
      for (const place of Object.values(folders)) await disk.makeFolder(place);
      await copyEntries(disk, log, { held, folder, signal });
      await copyKeys(disk, log, folder);
      await copyReceipts(disk, log);
      await copyCheckpoints(disk, log, { held, folder });
      const { note } = log.checkpoint;
      await disk.replace(newestCheckpointName, Buffer.from(note));
      const receipt = await disk.read(newestCheckpointName);
      if (receipt?.toString() === note) return receipt;
      throw unreachable('The second folder gives back something else than was put there.', { place: folder });
    },
  };
}

/**
 * How many entries the folder has taken for good: what its newest checkpoint says. Throws `anchor-refused` for more than we show, for less
 * than it once took, and for a checkpoint that is not ours; `anchor-unreachable` for an empty folder that should hold something.
 */
async function heldSize(disk: FolderDisk, log: AnchoredLog, folder: string): Promise<number> {
  const names = await disk.list(folders.checkpoints);
  const newest = names.at(-1);
  const places = [
    newestCheckpointName,
    ...(newest === undefined ? [] : [`${folders.checkpoints}/${newest}`]),
  ];
  const sizes = await Promise.all(places.map((place) => sizeIn(disk, log, { place, folder })));
  const held = Math.max(0, ...sizes);
  if (held === 0 && log.anchored > 0) {
    throw unreachable('The second folder is empty, and should hold the log already: is it mounted?', {
      place: folder,
      allowed: `a log of at least ${log.anchored} entries`,
      hint: 'Mount it. If what it held is lost, find out how, and name another, empty folder in ANCHOR_FOLDER.',
    });
  }
  if (held > log.checkpoint.size) throw holds('more than this log', folder, held, log.checkpoint.size);
  if (held < log.anchored) throw holds('less than it once took', folder, held, log.anchored);
  return held;
}

const holds = (what: string, place: string, found: number, allowed: number): Failure =>
  refused(`The second folder holds ${what}.`, {
    place,
    found: `${found} entries`,
    allowed: `${allowed} entries`,
  });

async function sizeIn(
  disk: FolderDisk,
  log: AnchoredLog,
  { place, folder }: { readonly place: string; readonly folder: string },
): Promise<number> {
  const bytes = await disk.read(place);
  if (bytes === null) return 0;
  try {
    return (await log.readCheckpoint(bytes.toString())).size;
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw different(path.join(folder, place), cause);
  }
}

const different = (place: string, cause?: unknown): Failure =>
  refused('The second folder holds something that this log never put there.', {
    place,
    ...(cause === undefined ? {} : { cause }),
  });

interface Copying {
  /** Entries that the folder has taken for good. */
  readonly held: number;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function copyEntries(disk: FolderDisk, log: AnchoredLog, copying: Copying): Promise<void> {
  const { size } = log.checkpoint;
  const expected = new Set<string>();
  for (let from = 0; from < size; from += entriesPerSegment) {
    copying.signal.throwIfAborted();
    const place = segmentName(from);
    expected.add(place);
    const lines = await log.lines(from, Math.min(from + entriesPerSegment, size));
    const present = (await disk.read(place)) ?? Buffer.alloc(0);
    const whole = Buffer.concat(lines);
    if (present.equals(whole)) continue;
    const keep = lengthToKeep(
      lines,
      present,
      Math.max(0, copying.held - from),
      path.join(copying.folder, place),
    );
    await disk.append(place, keep, whole.subarray(keep));
  }
  for (const name of await disk.list(folders.entries)) {
    const place = `${folders.entries}/${name}`;
    if (expected.has(place)) continue;
    if (holdsAnEntry((await disk.read(place)) ?? Buffer.alloc(0)))
      throw different(path.join(copying.folder, place));
    await disk.remove(place);
  }
}

/**
 * How much of a segment may stay: all lines that are ours, which must be those taken for good at least. A line behind them that was torn
 * when the machine stopped is cut off; a whole entry that our log does not hold is another log's.
 */
function lengthToKeep(lines: readonly Uint8Array[], present: Buffer, held: number, place: string): number {
  let length = 0;
  for (const [at, line] of lines.entries()) {
    if (!present.subarray(length, length + line.length).equals(line)) {
      if (at < held) throw different(`${place}, line ${at + 1}`);
      break;
    }
    length += line.length;
  }
  if (holdsAnEntry(present.subarray(length))) throw different(place);
  return length;
}

/** Whether a whole entry stands among these bytes: a line, ended, that is JSON. */
const holdsAnEntry = (bytes: Buffer): boolean =>
  bytes
    .toString()
    .split('\n')
    .slice(0, -1)
    .some((line) => {
      try {
        return typeof JSON.parse(line) === 'object';
      } catch {
        return false;
      }
    });

/** Keys may be added, never taken away or changed: with another key another log would verify. */
async function copyKeys(disk: FolderDisk, log: AnchoredLog, folder: string): Promise<void> {
  const keys = log.verifierKeys.map(({ from, verifierKey }) => `${from} ${verifierKey}\n`).join('');
  const present = (await disk.read(verifierKeysName))?.toString() ?? '';
  if (!keys.startsWith(present)) throw different(path.join(folder, verifierKeysName));
  if (present !== keys) await disk.replace(verifierKeysName, Buffer.from(keys));
}

async function copyReceipts(disk: FolderDisk, log: AnchoredLog): Promise<void> {
  const present = new Set(await disk.list(folders.anchors));
  for (const { anchor, size, receipt } of await log.receipts()) {
    const place = receiptName(anchor, size);
    if (!present.has(path.basename(place))) await disk.replace(place, receipt);
  }
}

/** All that were signed, so that an older copy of any of them can be compared; of one size the newest, for keys may have changed. */
async function copyCheckpoints(
  disk: FolderDisk,
  log: AnchoredLog,
  { held, folder }: Pick<Copying, 'held' | 'folder'>,
): Promise<void> {
  const present = new Set(await disk.list(folders.checkpoints));
  const bySize = new Map((await log.checkpoints()).map(({ size, note }) => [size, note]));
  for (const [size, note] of bySize) {
    const place = checkpointName(size);
    if (!present.has(path.basename(place))) {
      await disk.replace(place, Buffer.from(note));
      continue;
    }
    if (size > held) continue;
    const known = (await disk.read(place))?.toString() ?? '';
    if (signedText(known) !== signedText(note)) throw different(path.join(folder, place));
  }
}

/** A note without its signatures. */
const signedText = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1);
