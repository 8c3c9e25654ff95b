import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { FailureCode } from '../../src/domain/failure.ts';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import type { EntryProof, Ledger, LedgerWriter } from '../../src/ports.ts';
import { all, firstRun, sampleKey, sampleList, sampleRun, writerTo } from '../support/ledger-samples.ts';
import type { Write } from '../support/ledger-samples.ts';
import { testAuditLog } from '../support/test-audit-log.ts';
import { startChild } from './child.ts';

const failing = (code: FailureCode): unknown => expect.objectContaining({ name: 'Failure', code });

let folder: string;
let file: string;
let open: Ledger[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ledger-'));
  file = path.join(folder, 'ledger.db');
  open = [];
});
afterEach(async () => {
  for (const ledger of open) await ledger.close();
  await rm(folder, { recursive: true });
});

async function opened(at = file, busyTimeout = 10_000): Promise<Ledger> {
  const ledger = await openSqliteLedger(at, { busyTimeout });
  open.push(ledger);
  return ledger;
}

async function writing(ledger: Ledger): Promise<Write> {
  return writerTo(ledger, await ledger.claim('advance'));
}

async function atThePrompt(...statements: readonly string[]): Promise<unknown> {
  const connection = await openConnection(file);
  try {
    for (const statement of statements.slice(0, -1)) connection.exec(statement);
    return connection.value(statements.at(-1) ?? '');
  } finally {
    connection.close();
  }
}

const modeOf = async (place: string): Promise<string> => ((await stat(place)).mode & 0o777).toString(8);

describe('the place of a SQLite ledger', () => {
  it.each([0o000, 0o022, 0o077])('is ours alone under umask %i', async (umask) => {
    const before = process.umask(umask);
    try {
      const deep = path.join(folder, 'var', 'demo');
      const write = await writing(await opened(path.join(deep, 'ledger.db')));
      await write((tx) => tx.set('name', 'value'));
      expect(await modeOf(path.dirname(deep))).toBe('700');
      expect(await modeOf(deep)).toBe('700');
      const files = (await readdir(deep)).sort();
      expect(files).toEqual(['ledger.db', 'ledger.db-shm', 'ledger.db-wal']);
      for (const name of files) expect(await modeOf(path.join(deep, name))).toBe('600');
    } finally {
      process.umask(before);
    }
  });

  it('is refused when others may read the file or write to its folder', async () => {
    await (await opened()).close();
    await chmod(file, 0o640);
    await expect(opened()).rejects.toEqual(failing('place-unsafe'));
    await chmod(file, 0o600);
    await chmod(folder, 0o770);
    await expect(opened()).rejects.toEqual(failing('place-unsafe'));
    await chmod(folder, 0o755);
    await opened();
  });

  it('is refused when it holds something else, or cannot hold anything', async () => {
    await writeFile(file, 'not a database, but long enough to be looked at as one '.repeat(40), {
      mode: 0o600,
    });
    await expect(opened()).rejects.toEqual(failing('ledger-failed'));
    await expect(opened(path.join(file, 'ledger.db'))).rejects.toEqual(failing('ledger-failed'));
  });
});

describe('a SQLite ledger', () => {
  it('is refused when a newer version has written it, and left as it is', async () => {
    await (await opened()).close();
    await atThePrompt('PRAGMA user_version = 99', 'SELECT 1');
    await expect(opened()).rejects.toEqual(failing('ledger-newer'));
    expect(await atThePrompt('PRAGMA user_version')).toBe(99);
  });

  it('is made once when two open it at the same time', async () => {
    const ledgers = await Promise.all([opened(), opened(), opened()]);
    const epochs = await Promise.all(ledgers.map((ledger) => ledger.claim('advance')));
    expect(epochs.map(({ epoch }) => epoch).sort()).toEqual([1, 2, 3]);
  });

  it('lets others read while one writes, and shows them nothing unfinished', async () => {
    const [ours, theirs] = [await opened(), await opened()];
    const write = await writing(ours);
    await write((tx) => tx.set('name', 'old'));
    await write(async (tx) => {
      await tx.set('name', 'new');
      expect(await theirs.read((reader) => reader.setting('name'))).toBe('old');
    });
    expect(await theirs.read((tx) => tx.setting('name'))).toBe('new');
  });

  it('takes its turn with another one of the same process', async () => {
    const ledgers = [await opened(), await opened()];
    const names = ['one', 'other'];
    const turns = ledgers.map(async (ledger, at) => {
      const write = writerTo(ledger, await ledger.claim(names[at]!));
      for (let turn = 0; turn < 20; turn += 1) await write((tx) => tx.set(names[at]!, String(turn)));
      await ledger.compact();
    });
    await Promise.all(turns);
    const [ours] = ledgers;
    const ends = await ours!.read(async (tx) => [await tx.setting('one'), await tx.setting('other')]);
    expect(ends).toEqual(['19', '19']);
  });

  it('gives up after a while when another process keeps the right to write', async () => {
    const ledger = await opened(file, 50);
    const write = await writing(ledger);
    const other = await openConnection(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(write((tx) => tx.set('name', 'value'))).rejects.toEqual(failing('ledger-failed'));
    other.close();
    await write((tx) => tx.set('name', 'value'));
  });

  it('names no bound value when the engine refuses', async () => {
    const write = await writing(await opened());
    const secret = 'a value nobody may see';
    const thrown: unknown = await write((tx, proof) =>
      tx.insertRun(sampleRun({ intake: { secret } as unknown as string, keyId: secret }), proof),
    ).catch((failure: unknown) => failure);
    expect(thrown).toEqual(failing('ledger-failed'));
    const { message, detail } = thrown as { message: string; detail: { cause: unknown } };
    expect(JSON.stringify([message, detail, String(detail.cause)])).not.toContain(secret);
  });

  it('refuses replacing what is written for good', async () => {
    const ledger = await opened();
    const write = await writing(ledger);
    await write((tx, proof) => tx.insertRun(sampleRun(), proof));
    await write((tx, proof) => tx.putPersonList(firstRun, 'released', sampleList, proof));
    const replacing = [
      `INSERT OR REPLACE INTO entries VALUES (0, x'00', x'00')`,
      `REPLACE INTO entries (rowid, line, leaf) VALUES (1, x'00', x'00')`,
      `INSERT INTO entries VALUES (9, x'00', x'00')`,
      `UPDATE OR REPLACE entries SET position = 1 WHERE position = 0`,
      `INSERT OR REPLACE INTO evidence_lists SELECT * FROM evidence_lists`,
      `INSERT OR REPLACE INTO evidence_pieces SELECT * FROM evidence_pieces`,
      `INSERT INTO piece_erasures VALUES (1, 0)`,
      `INSERT OR REPLACE INTO runs SELECT * FROM runs`,
      `UPDATE runs SET revision = -1`,
      `INSERT INTO settings VALUES (NULL, 'x')`,
      `INSERT INTO claims VALUES ('x', 0)`,
      `INSERT INTO checkpoints (size, note) VALUES (-1, '')`,
    ];
    for (const statement of replacing) {
      await expect(atThePrompt(statement, 'SELECT 1')).rejects.toEqual(failing('ledger-failed'));
    }
    expect(await ledger.read((tx) => testAuditLog().verify(tx))).toMatchObject({ size: 2 });
  });
});

describe('what was destroyed', () => {
  const allBytes = async (): Promise<Buffer> =>
    Buffer.concat(
      await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name)))),
    );
  const draw = (what: string, length: number): Buffer =>
    createHash('shake256', { outputLength: length }).update(what).digest();

  /** Drawn from its number, so that the pages of the file come out the same every time. */
  function mortal(at: number) {
    const wrapped = draw(`ew${at}`, 60);
    const sealed = draw(`es${at}`, 200 + at);
    const marks = [wrapped, sealed.subarray(0, 60), sealed.subarray(-60)];
    const keyId = draw(`eid ${at}`, 8).toString('hex');
    return { keyId, wrapped, sealed, marks, victim: draw(`ed${at}`, 4).readUInt32BE() % (at + 1) };
  }

  type Mortal = ReturnType<typeof mortal>;

  const destroyAll = async (tx: LedgerWriter, rows: readonly Mortal[], proof: EntryProof): Promise<void> => {
    for (const { keyId } of rows) await tx.destroyKey(keyId, proof);
  };

  /** Stores them all, destroys some in between, and tells who is left. */
  async function store(write: Write, rows: readonly Mortal[]): Promise<Mortal[]> {
    const alive = new Set<Mortal>();
    for (let from = 0; from < rows.length; from += 30) {
      await write(async (tx, proof) => {
        for (const [at, row] of [...rows.entries()].slice(from, from + 30)) {
          const { keyId, wrapped, sealed } = row;
          await tx.addKey(sampleKey({ keyId, scope: keyId, wrapped }), null);
          await tx.putPaper({ keyId, name: 'asked', sealed });
          alive.add(row);
          const victim = rows[row.victim]!;
          if (at % 3 === 0 && alive.delete(victim)) await destroyAll(tx, [victim], proof);
        }
      });
    }
    return [...alive];
  }

  // The order of these rows was found by search: secure deletion alone leaves copies of five of them behind.
  it('lies in no file of the ledger after compacting, though pages were split and joined', async () => {
    const ledger = await opened();
    const write = await writing(ledger);
    const rows = Array.from({ length: 300 }, (_, at) => mortal(at));
    const alive = await store(write, rows);
    const before = await allBytes();
    for (const { marks } of alive.slice(-20)) {
      expect(marks.map((mark) => before.includes(mark))).toEqual([true, true, true]);
    }
    const living = alive.filter((_, at) => at % 5 === 0);
    await write((tx, proof) =>
      destroyAll(
        tx,
        alive.filter((row) => !living.includes(row)),
        proof,
      ),
    );

    await ledger.compact();
    const after = await allBytes();
    for (const row of rows) {
      const found = row.marks.filter((mark) => after.includes(mark)).length;
      expect(found).toBe(living.includes(row) ? row.marks.length : 0);
    }
    for (const { keyId, sealed } of living) {
      const paper = await ledger.read((tx) => tx.paper(keyId, 'asked'));
      expect(Buffer.compare(paper!.sealed, sealed)).toBe(0);
    }
    await ledger.close();
    expect(await atThePrompt('PRAGMA integrity_check')).toBe('ok');
  });

  it('is said to lie there still while another process reads', async () => {
    const ledger = await opened(file, 50);
    const write = await writing(ledger);
    const sealed = draw('a paper of many pages', 300_000);
    await write(async (tx) => {
      await tx.addKey(sampleKey(), null);
      await tx.putPaper({ keyId: 'key-1', name: 'asked', sealed });
    });
    const other = await openConnection(file);
    other.exec('BEGIN; SELECT count(*) FROM keys');
    await write((tx, proof) => tx.destroyKey('key-1', proof));
    await expect(ledger.compact()).rejects.toEqual(failing('ledger-failed'));
    other.close();
    await ledger.compact();
    const after = await allBytes();
    for (let at = 0; at < sealed.length; at += 3_000) {
      expect(after.includes(sealed.subarray(at, at + 60))).toBe(false);
    }
    expect(after.includes(Buffer.from(sampleKey().wrapped))).toBe(false);
  });
});

describe('a SQLite ledger whose process is killed', () => {
  it('holds every commit that was promised, whole, and is sound (fault 29)', async () => {
    let promised = -1;
    for (const commits of [1, 150]) {
      const child = startChild('commit-loop.ts', file);
      await child.wrote(commits);
      await child.kill();
      promised = Number(child.lines.at(-1));

      const ledger = await openSqliteLedger(file);
      const entries = await ledger.read((tx) => all(tx.entries(0, Infinity)));
      const { size } = await ledger.read((tx) => testAuditLog().verify(tx));
      expect(entries.length).toBe(size);
      // One more may have been kept when the child died before it could say so.
      expect([promised + 1, promised + 2]).toContain(size);
      expect(await ledger.read((tx) => tx.setting('twin'))).toBe(String(size - 1));
      await ledger.close();
      expect(await atThePrompt('PRAGMA integrity_check')).toBe('ok');
    }
    expect(promised).toBeGreaterThanOrEqual(150);
  });
});
