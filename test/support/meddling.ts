/** What somebody does who may write to the ledger's file, to the drops, and even sign: by hand, past every trigger. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { append, emptyFrontier, leafHash, rootOf } from '../../src/audit/merkle-tree.ts';
import { keyFilesIn, readSigningKey } from '../../src/keys/key-files.ts';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import type { SqliteConnection } from '../../src/ledger/sqlite-driver.ts';
import type { Frontier } from '../../src/ports.ts';
import type { Told, World } from './gate-world.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Prompt {
  /** One statement, no trigger and no foreign key in its way. */
  run(sql: string, ...values: readonly unknown[]): void;
  all(sql: string, ...values: readonly unknown[]): readonly Row[];
}

/** Opens the ledger at its own prompt, with every guard taken off. */
export async function atThePrompt<T>(world: World, work: (prompt: Prompt) => T | Promise<T>): Promise<T> {
  const connection = await openConnection(path.join(world.config.dataDir, 'ledger.sqlite'));
  try {
    connection.exec('PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = OFF');
    const prompt = promptOn(connection);
    for (const { name } of prompt.all(`SELECT name FROM sqlite_master WHERE type = 'trigger'`))
      connection.exec(`DROP TRIGGER ${String(name)}`);
    return await work(prompt);
  } finally {
    connection.close();
  }
}

const promptOn = (connection: SqliteConnection): Prompt => ({
  run: (sql, ...values) => void connection.prepare(sql).run(values),
  all: (sql, ...values) => connection.prepare(sql).all(values) as Row[],
});

/** A world as it lies on the disk, to be meddled with again and again. */
export interface Snapshot {
  /** Puts ledger, checkpoint file and drops back as they were. */
  restore(): Promise<void>;
  remove(): void;
}

export async function snapshot(world: World): Promise<Snapshot> {
  await world.ledger.compact();
  const kept = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-kept-'));
  const { dataDir, outboundDir } = world.config;
  const copy = (from: string, to: string): void => {
    fs.cpSync(from, to, { recursive: true, preserveTimestamps: true });
  };
  copy(path.join(dataDir, 'ledger.sqlite'), path.join(kept, 'ledger.sqlite'));
  copy(path.join(dataDir, 'checkpoint'), path.join(kept, 'checkpoint'));
  copy(outboundDir, path.join(kept, 'outbound'));
  return {
    async restore() {
      fs.rmSync(outboundDir, { recursive: true, force: true });
      copy(path.join(kept, 'outbound'), outboundDir);
      fs.copyFileSync(path.join(kept, 'checkpoint'), path.join(dataDir, 'checkpoint'));
      await world.restore(path.join(kept, 'ledger.sqlite'));
    },
    remove() {
      fs.rmSync(kept, { recursive: true, force: true });
    },
  };
}

export interface Rewriting {
  /** The entries as they are to read, in their new order; those that stay keep their `position`, a new one has none. */
  readonly entries?: (told: readonly LogLine[]) => readonly LogLine[];
  /** The note that the manifest of a run is to carry instead of the one over the same entries as before. */
  readonly note?: (run: string, notes: readonly string[]) => string | undefined;
}

export type LogLine = Told & { readonly position?: number };

/**
 * Writes the whole log anew and signs it with the real key, manifests and all: what an insider with the key can do. Hashes and signatures
 * then hold; only what was told twice can give it away.
 */
export async function rewriteLog(world: World, { entries = (told) => told, note }: Rewriting): Promise<void> {
  world.meddled = true;
  await atThePrompt(world, (prompt) => {
    const before = prompt.all('SELECT position, CAST(line AS TEXT) AS text FROM entries ORDER BY position');
    const told = before.map(({ position, text }) => ({
      ...(JSON.parse(String(text)) as Told),
      position: Number(position),
    }));
    const after = entries(told);
    const sizeOf = (old: number): number =>
      after.findLastIndex(({ position }) => position !== undefined && position < old) + 1;
    const checkpoints = prompt
      .all('SELECT size, note FROM checkpoints ORDER BY place')
      .map((row) => ({ old: String(row['note']), size: sizeOf(Number(row['size'])), note: '' }))
      .filter(({ size }) => size > 0);
    const signer = {
      name: world.config.auditOrigin,
      ...readSigningKey(keyFilesIn(world.config.dataDir).signing),
    };
    let frontier: Frontier = emptyFrontier;
    prompt.run('DELETE FROM entries');
    for (const [at, entry] of after.map(asNew).entries()) {
      const final =
        entry.what === 'run-released'
          ? withManifest(world, entry, checkpoints, note)
          : entry.what === 'log-recomputed'
            ? { ...entry, size: at }
            : entry;
      const line = Buffer.from(`${JSON.stringify(final)}\n`);
      const leaf = leafHash(line);
      prompt.run('INSERT INTO entries (position, line, leaf) VALUES (?, ?, ?)', at, line, leaf);
      frontier = append(frontier, leaf);
      for (const checkpoint of checkpoints.filter(({ size }) => size === frontier.size))
        checkpoint.note = signCheckpoint(
          { origin: signer.name, size: frontier.size, root: rootOf(frontier) },
          signer,
        );
    }
    prompt.run('DELETE FROM checkpoints');
    // Sizes of checkpoints grow.
    for (const [size, signed] of new Map(checkpoints.map((one) => [one.size, one.note])))
      prompt.run('INSERT INTO checkpoints (size, note) VALUES (?, ?)', size, signed);
    const moved = new Map(
      after.flatMap(({ position }, at) => (position === undefined ? [] : [[position, at]])),
    );
    for (const table of ['configurations', 'stops'])
      for (const { place, position } of prompt.all(`SELECT place, position FROM ${table}`))
        prompt.run(
          `UPDATE ${table} SET position = ? WHERE place = ?`,
          moved.get(Number(position)) ?? 0,
          place,
        );
    const hashes = JSON.stringify(frontier.hashes.map((hash) => Buffer.from(hash).toString('hex')));
    prompt.run('UPDATE frontier SET size = ?, hashes = ?', frontier.size, hashes);
    fs.writeFileSync(path.join(world.config.dataDir, 'checkpoint'), checkpoints.at(-1)?.note ?? '');
  });
}

interface Resigned {
  readonly old: string;
  readonly note: string;
}

/** The same line as one that was never written before. */
export function asNew(line: LogLine): LogLine {
  return Object.fromEntries(Object.entries(line).filter(([name]) => name !== 'position')) as LogLine;
}

/** The release of a drop whose manifest carries the note anew; one that is not there stays as it was told. */
function withManifest(
  world: World,
  entry: Told,
  checkpoints: readonly Resigned[],
  another: Rewriting['note'],
): Told {
  const file = path.join(world.config.outboundDir, entry.run, 'manifest.json');
  if (!fs.existsSync(file)) return entry;
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as { checkpoint: { note: string } };
  const signed = checkpoints.filter(({ note }) => note !== '').map(({ note }) => note);
  manifest.checkpoint.note =
    another?.(entry.run, signed) ??
    checkpoints.find(({ old }) => old === manifest.checkpoint.note)?.note ??
    manifest.checkpoint.note;
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  fs.writeFileSync(file, text);
  return { ...entry, manifest: createHash('sha256').update(text).digest('hex') };
}
