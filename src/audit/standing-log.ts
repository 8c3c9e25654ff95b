/** What was erased in the part of a log that a restore would lose, as far as a ledger or a kept copy of the log still tells. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LostTree } from '../domain/custody.ts';
import type { Entry } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { segmentName } from '../domain/log-format.ts';
import type { LostErasure } from '../domain/restoring.ts';
import type { AuditLog, LedgerReader } from '../ports.ts';
import { leafHash } from './merkle-tree.ts';
import { createTree } from './proofs.ts';

export interface ToldErasure {
  readonly leaf: Uint8Array;
  readonly told: LostErasure;
}

export interface StandingLog {
  readonly tree: LostTree;
  readonly leaves: readonly Uint8Array[];
  readonly verifierKeys: readonly string[];
  readonly erasures: readonly ToldErasure[];
}

/** Reads the log of a ledger whole. Throws `audit-invalid` where it does not verify: then nothing in it is believed. */
export async function readStanding(ledger: LedgerReader, audit: AuditLog): Promise<StandingLog> {
  const tree = await audit.verify(ledger);
  const verifierKeys = (await audit.keys(ledger)).map(({ verifierKey }) => verifierKey);
  const leaves: Uint8Array[] = [];
  for await (const { leaf } of ledger.entries(0, tree.size)) leaves.push(leaf);
  const erasures: ToldErasure[] = [];
  for (const what of ['year-erased', 'person-erased'] as const)
    for await (const { position, line } of ledger.entriesOf(what))
      erasures.push(...erasureIn(line, position));
  return { tree, leaves, verifierKeys, erasures };
}

/**
 * The erasures in the copy of the log that lies beside a checkpoint file (an exported log, an anchor's folder), up to that checkpoint;
 * null where none lies there. Throws `restore-refused` for a copy that does not come to the checkpoint's root.
 */
export async function readKept(
  file: string,
  { size, root }: LostTree,
): Promise<readonly ToldErasure[] | null> {
  const folder = path.dirname(file);
  const segments = path.join(folder, path.dirname(segmentName(0)));
  const names = await readdir(segments).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  });
  if (names === null) return null;
  const lines: string[] = [];
  for (const name of names.sort())
    lines.push(...(await readFile(path.join(segments, name), 'utf8')).split(/(?<=\n)/));
  const leaves = lines.slice(0, size).map((line) => leafHash(Buffer.from(line)));
  const isWhole = leaves.length === size && hex(createTree(leaves).root(0, size)) === root;
  if (isWhole) return lines.slice(0, size).flatMap((line, at) => erasureIn(Buffer.from(line), at));
  throw new Failure('restore-refused', {
    message: 'The copy of the log beside this checkpoint does not come to its root.',
    place: file,
    hint: 'Nothing was changed. Check the folder with scripts/verify-audit.mjs, or name the checkpoint alone.',
  });
}

/** Those erasures that stand in no log of these leaves, each once, by position. Every entry is blinded: no two have one leaf. */
export function lostErasures(
  erasures: readonly ToldErasure[],
  leaves: readonly Uint8Array[],
): readonly LostErasure[] {
  const kept = new Set(leaves.map(hex));
  const lost = new Map(erasures.map(({ leaf, told }) => [hex(leaf), told]));
  return [...lost]
    .filter(([leaf]) => !kept.has(leaf))
    .map(([, told]) => told)
    .sort((a, b) => a.position - b.position);
}

function erasureIn(line: Uint8Array, position: number): ToldErasure[] {
  const entry = JSON.parse(Buffer.from(line).toString()) as Entry;
  const leaf = leafHash(line);
  if (entry.what === 'year-erased') {
    const { what, year, keyId, reason } = entry;
    return [{ leaf, told: { what, position, year, keyId, reason } }];
  }
  if (entry.what !== 'person-erased') return [];
  return [{ leaf, told: { what: entry.what, position, blocks: entry.blocks.length } }];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
