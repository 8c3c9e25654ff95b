/** The log as a folder that a stranger can check (src/domain/log-format.ts), up to its newest checkpoint. */
import { Failure } from '../domain/failure.ts';
import { checkpointName, entriesPerSegment, leavesName, newestCheckpointName } from '../domain/log-format.ts';
import { receiptName, segmentName, verifierKeysName } from '../domain/log-format.ts';
import type { KeySpan, LedgerReader } from '../ports.ts';
import { readFileOrNull, readLogFolder, writeDurably } from './log-folder.ts';
import { leafHash } from './merkle-tree.ts';
import { formatKeys } from './signing-keys.ts';

export interface LogFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** `never` once written, `grows` at its end, or `replaced` whole. */
  readonly changes: 'never' | 'grows' | 'replaced';
}

export interface Exported {
  readonly size: number;
  /** Names of the files that were new or had grown. */
  readonly written: readonly string[];
}

/**
 * Writes the log into a new or an earlier exported folder, which it only ever adds to; every file is whole or not there, and the newest
 * checkpoint comes last. Throws `audit-invalid` where the folder holds more than the ledger or something else than it, `place-unsafe`
 * where it holds files that belong to no log, `usage` while nothing is signed. Nothing is written then.
 */
export async function exportLog(
  ledger: LedgerReader,
  keys: readonly KeySpan[],
  folder: string,
): Promise<Exported> {
  const there = await readLogFolder(folder);
  const files = new Map<string, LogFile>();
  for await (const file of logFiles(ledger, keys)) files.set(file.name, file);
  for (const name of there) await demandKept(folder, name, files);
  // Others may put receipts there too, but none in the place of ours.
  for (const name of receiptsAmong(files))
    if ((await readFileOrNull(folder, name)) !== null) await demandKept(folder, name, files);
  const written: string[] = [];
  for (const { name, bytes } of files.values()) {
    if ((await readFileOrNull(folder, name))?.equals(bytes) === true) continue;
    await writeDurably(folder, name, bytes);
    written.push(name);
  }
  return { size: sizeIn(files.get(newestCheckpointName)), written };
}

const receiptsAmong = (files: ReadonlyMap<string, LogFile>): string[] =>
  [...files.keys()].filter((name) => name.startsWith(receiptsFolder));
const receiptsFolder = receiptName('', 0).replace(/[^/]*$/, '');

/** The files of the exported log in the order in which they must appear. Throws `usage` while nothing is signed. */
export async function* logFiles(ledger: LedgerReader, keys: readonly KeySpan[]): AsyncIterable<LogFile> {
  const checkpoints = await ledger.checkpoints();
  const newest = checkpoints.at(-1);
  if (newest === undefined) {
    throw new Failure('usage', {
      message: 'Nothing of this log has been signed yet, so there is nothing to check.',
      hint: 'Run `export-gate audit heartbeat` first.',
    });
  }
  let lines: Uint8Array[] = [];
  for await (const { line, position } of ledger.entries(0, newest.size)) {
    lines.push(line);
    if (lines.length < entriesPerSegment && position + 1 < newest.size) continue;
    const hashes = lines.map((each) => `${Buffer.from(leafHash(each)).toString('hex')}\n`);
    yield { name: segmentName(position), bytes: Buffer.concat(lines), changes: 'grows' };
    yield { name: leavesName(position), bytes: Buffer.from(hashes.join('')), changes: 'grows' };
    lines = [];
  }
  for (const { size, note } of checkpoints)
    yield { name: checkpointName(size), bytes: Buffer.from(note), changes: 'never' };
  // Of one checkpoint an anchor may have given several; the first is as good as any, and never changes.
  const given = new Set<string>();
  for await (const { anchor, size, receipt } of ledger.anchorings(0)) {
    const name = receiptName(anchor, size);
    if (size > newest.size || given.has(name)) continue;
    given.add(name);
    yield { name, bytes: Buffer.from(receipt), changes: 'never' };
  }
  const begun = keys.filter(({ from }) => from <= newest.size);
  yield { name: verifierKeysName, bytes: Buffer.from(formatKeys(begun)), changes: 'grows' };
  yield { name: newestCheckpointName, bytes: Buffer.from(newest.note), changes: 'replaced' };
}

/** What stands in the folder must stand in the ledger too: the same, its beginning, or the checkpoint of an earlier size. */
async function demandKept(folder: string, name: string, files: ReadonlyMap<string, LogFile>): Promise<void> {
  const file = files.get(name);
  const kept = (await readFileOrNull(folder, name)) ?? Buffer.alloc(0);
  if (file !== undefined && isKept(kept, file, files)) return;
  throw new Failure('audit-invalid', {
    message:
      file === undefined
        ? 'The folder holds more than the ledger: the ledger was cut, or an older one was put back.'
        : 'The folder holds something else than the ledger: one of the two was altered.',
    place: `${folder}/${name}`,
    hint: 'Nothing was written. Keep both, and check the folder with scripts/verify-audit.mjs.',
  });
}

function isKept(kept: Buffer, file: LogFile, files: ReadonlyMap<string, LogFile>): boolean {
  switch (file.changes) {
    case 'never':
      return file.bytes.equals(kept);
    case 'grows':
      return file.bytes.subarray(0, kept.length).equals(kept);
    case 'replaced':
      return [...files.values()].some(({ changes, bytes }) => changes === 'never' && bytes.equals(kept));
  }
}

const sizeIn = (checkpoint: LogFile | undefined): number =>
  Number(checkpoint?.bytes.toString().split('\n')[1]);
