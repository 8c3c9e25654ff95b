/** Everything that outlives the keep days, as somebody meets it who has copied the data folder: bytes first, tables second. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';

export interface Artefact {
  readonly place: string;
  readonly bytes: Buffer;
}

/**
 * Every file below a folder but the keys, which lie outside of what is copied, and what text in them says in hex and base64. Database files
 * are bytes like any other: write-ahead log, free pages and all.
 */
export function artefactsBelow(folder: string): Artefact[] {
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((place) => !place.startsWith(`keys${path.sep}`))
    .map((place) => ({ place, bytes: fs.readFileSync(path.join(folder, place)) }));
  return files.flatMap(({ place, bytes }) => [
    { place, bytes },
    { place: `${place}, decoded`, bytes: Buffer.concat(decodedIn(bytes)) },
  ]);
}

/** What runs of hex and base64 stand for, from wherever they may begin. */
function decodedIn(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const hex = [...text.matchAll(/[0-9a-f]{20,}/gi)].flatMap(([run]) =>
    [0, 1].map((skipped) => Buffer.from(run.slice(skipped), 'hex')),
  );
  const base64 = [...text.matchAll(/[A-Za-z0-9+/_-]{14,}/g)].flatMap(([run]) =>
    [0, 1, 2, 3].map((skipped) => Buffer.from(run.slice(skipped), 'base64')),
  );
  return [...hex, ...base64];
}

export type Row = Readonly<Record<string, unknown>>;

/** The tables of every SQLite file below a folder, read from copies: nothing that is attacked is changed. */
export async function tablesBelow(folder: string): Promise<ReadonlyMap<string, readonly Row[]>> {
  const tables = new Map<string, Row[]>();
  const copies = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-attack-'));
  try {
    fs.cpSync(folder, copies, { recursive: true });
    const files = fs.readdirSync(copies, { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((file) => isDatabase(path.join(copies, file)))) {
      const connection = await openConnection(path.join(copies, name));
      const names = connection.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all([]) as {
        name: string;
      }[];
      for (const { name: table } of names) {
        const rows = connection.prepare(`SELECT * FROM "${table}"`).all([]) as Row[];
        tables.set(table, [...(tables.get(table) ?? []), ...rows]);
      }
      connection.close();
    }
  } finally {
    fs.rmSync(copies, { recursive: true, force: true });
  }
  return tables;
}

function isDatabase(file: string): boolean {
  if (!fs.statSync(file).isFile()) return false;
  return fs.readFileSync(file).subarray(0, 15).toString('latin1') === 'SQLite format 3';
}

/** Everything found that might be a key: values of 16 and 32 bytes, however written, and words that might be taken for one. */
export function keysIn(
  artefacts: readonly Artefact[],
  tables: ReadonlyMap<string, readonly Row[]>,
): Buffer[] {
  const found = new Map<string, Buffer>();
  const add = (bytes: Buffer): void => {
    if (bytes.length === 16 || bytes.length === 32) found.set(bytes.toString('latin1'), bytes);
  };
  const addText = (text: string): void => {
    for (const [run] of text.matchAll(/[0-9a-f]{32,64}/gi)) add(Buffer.from(run, 'hex'));
    for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{22,44}={0,2}/g)) add(Buffer.from(run, 'base64'));
  };
  for (const rows of tables.values())
    for (const value of rows.flatMap((row) => Object.values(row))) {
      if (value instanceof Uint8Array) add(Buffer.from(value));
      if (typeof value === 'string') addText(value);
    }
  const lines = tables.get('entries')?.map(({ line }) => Buffer.from(line as Uint8Array)) ?? [];
  for (const line of lines) addText(line.toString());
  for (const { place, bytes } of artefacts)
    if (!/sqlite|decoded/.test(place)) {
      add(bytes);
      addText(bytes.toString('latin1'));
    }
  return [...found.values()];
}
