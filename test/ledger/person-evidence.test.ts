/** Person-level evidence in a SQLite file: lists of earlier versions, and what an erasure leaves on the disk. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { migrate } from '../../src/ledger/migrations.ts';
import { preparePrivateFile } from '../../src/ledger/private-file.ts';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { sqliteMigrations } from '../../src/ledger/sqlite-schema.ts';
import type { Claim, Ledger } from '../../src/ports.ts';
import { firstRun, sampleKey, sampleRun, writerTo } from '../support/ledger-samples.ts';
import { testAuditLog } from '../support/test-audit-log.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ledger-'));
  file = path.join(folder, 'ledger.db');
});
afterEach(() => rm(folder, { recursive: true }));

const draw = (what: string, length: number): Buffer =>
  createHash('shake256', { outputLength: length }).update(what).digest();

const allBytes = async (): Promise<Buffer> =>
  Buffer.concat(await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name)))));

it('lists of an earlier version are read as they were, whole and in no index', async () => {
  await preparePrivateFile(file);
  const old = await openConnection(file);
  migrate(old, sqliteMigrations.slice(0, 1));
  const { businessDate, revision } = firstRun;
  const columns = `'${businessDate}', ${revision}`;
  old.exec(`INSERT INTO runs VALUES (${columns}, 'sealed', NULL, 1, 'a', 'b', 'c', NULL, 1, NULL, 2)`);
  const list = draw('an old list', 9_000);
  for (const bytes of [draw('withdrawn', 500), list])
    old.exec(
      `INSERT INTO person_lists (business_date, revision, list, bytes)
       VALUES (${columns}, 'released', x'${bytes.toString('hex')}')`,
    );
  old.close();

  const ledger = await openSqliteLedger(file);
  const found = await ledger.read(async (tx) => ({
    lists: await tx.personLists(),
    list: await tx.personList(firstRun, 'released'),
    pieces: await tx.personListPieces([2], 'any provider'),
  }));
  expect(found.lists.map(({ id, indexed }) => [id, indexed])).toEqual([
    [1, false],
    [2, false],
  ]);
  expect(Buffer.compare(found.list!, list)).toBe(0);
  expect(found.pieces).toHaveLength(1);
  await ledger.close();
});

describe('a piece overwritten', () => {
  const audit = testAuditLog();
  let ledger: Ledger;
  let claim: Claim;
  beforeEach(async () => {
    ledger = await openSqliteLedger(file);
    claim = await ledger.claim('advance');
  });

  /** Pieces from a few bytes to many pages, put night after night among everything else that a night writes. */
  async function manyNights(): Promise<Map<number, Buffer>> {
    const write = writerTo(ledger, claim);
    const kept = new Map<number, Buffer>();
    for (let night = 0; night < 24; night++) {
      const run = { ...firstRun, revision: night + 1 };
      const keyId = `key of night ${night}`;
      const lengths = [0, 1, 2].map(
        (n) => 10 + ((draw(`${night} ${n}`, 4).readUInt32BE() % 30_000) ** (1 + n) % 40_000),
      );
      const pieces = lengths.map((length, n) => ({
        first: n === 0 ? '' : `P${n}`,
        bytes: draw(`piece ${night} ${n}`, length),
      }));
      await write(async (tx, proof) => {
        await tx.insertRun(sampleRun(run), proof);
        await tx.addKey(sampleKey({ keyId, scope: keyId }), null);
        await tx.putPaper({ keyId, name: 'asked', sealed: draw(keyId, 5_000) });
        await tx.putPersonList(run, 'released', { pieces, indexed: true }, proof);
        if (night > 2) await tx.destroyKey(`key of night ${night - 3}`, proof);
      });
      const listId = Math.max(...(await ledger.read((tx) => tx.personLists())).map(({ id }) => id));
      for (const { id, bytes } of await ledger.read((tx) => tx.personListPieces([listId], null)))
        kept.set(id, Buffer.from(bytes));
    }
    return kept;
  }

  /** Pieces of a piece, a few on every page of the file. */
  const marksOf = (bytes: Buffer): Buffer[] =>
    [...Array(Math.ceil(bytes.length / 700)).keys()].map((at) => bytes.subarray(at * 700, at * 700 + 24));

  it('lies in no file of the ledger after compacting, and the others lie there unharmed', async () => {
    const kept = await manyNights();
    const victims = [...kept.keys()].filter((id) => id % 4 === 1);
    const blank = (id: number): Buffer => Buffer.alloc(kept.get(id)!.length, 0xee);
    const marks = victims.flatMap((id) => marksOf(kept.get(id)!));
    const found = async (): Promise<number> => {
      const bytes = await allBytes();
      return marks.filter((mark) => bytes.includes(mark)).length;
    };
    // A few lie across the border of two pages.
    expect(await found()).toBeGreaterThan(0.95 * marks.length);
    const half = victims.length / 2;
    for (const some of [victims.slice(0, half), victims.slice(half)])
      await ledger.transact(claim, async (tx) => {
        const step = { what: 'person-erased', reason: '', blocks: [] } as const;
        const proof = await audit.append(tx, { ...step, at: '', run: '', by: '' });
        for (const id of some) await tx.overwritePiece(id, blank(id), proof);
      });
    await ledger.compact();

    expect(await found()).toBe(0);
    const pieces = await ledger.read((tx) => tx.personListPieces([...Array(25).keys()], null));
    expect(pieces).toHaveLength(kept.size);
    for (const piece of pieces) {
      const wanted = victims.includes(piece.id) ? blank(piece.id) : kept.get(piece.id)!;
      expect(Buffer.compare(piece.bytes, wanted)).toBe(0);
    }
    await ledger.close();
  });
});
