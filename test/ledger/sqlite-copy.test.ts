/** Copies of a ledger: whole but for what must die, of which not a byte is found. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { openSqliteCopy } from '../../src/ledger/sqlite-copy.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import type { Ledger } from '../../src/ports.ts';
import {
  all,
  firstRun,
  sampleAnchoring,
  sampleHold,
  sampleKey,
  sampleList,
  sampleMessage,
  sampleObjection,
} from '../support/ledger-samples.ts';
import { samplePaper, sampleRequest, sampleRun, writerTo } from '../support/ledger-samples.ts';
import { testAuditLog } from '../support/test-audit-log.ts';

let folder: string;
let ledger: Ledger;
const place = (name: string): string => path.join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'copy-'));
  ledger = await openSqliteLedger(place('ledger.db'));
  const write = writerTo(ledger, await ledger.claim('advance'));
  await write(async (tx, proof) => {
    await tx.insertRun(sampleRun(), proof);
    await tx.addKey(sampleKey({ wrapped: Buffer.from('wrapped key of the run, to die') }), 1);
    await tx.addKey(
      sampleKey({
        keyId: 'day',
        purpose: 'day-papers',
        wrapped: Buffer.from('wrapped key of the day, to die'),
      }),
      1,
    );
    await tx.addKey(
      sampleKey({
        keyId: 'year',
        purpose: 'year-pseudonyms',
        wrapped: Buffer.from('wrapped key of the year'),
      }),
      null,
    );
    await tx.addKey(
      sampleKey({
        keyId: 'choices',
        purpose: 'choice-papers',
        wrapped: Buffer.from('wrapped key of choices'),
      }),
      null,
    );
    await tx.putPaper({ keyId: 'key-1', name: 'asked', sealed: Buffer.from('the sealed paper, to die') });
    await tx.recordChoice({ ...samplePaper, keyId: 'choices' }, proof);
    await tx.insertRequest(sampleRequest());
    await tx.insertMessage(sampleMessage(), proof);
    await tx.openHold(sampleHold, proof);
    await tx.carry([sampleObjection()]);
    await tx.refuseNumber('n1', '2026-12-22', proof);
    await tx.putPersonList(firstRun, 'released', sampleList, proof);
    await tx.indexPersons('2026', [{ providerId: 'P', tokens: Buffer.alloc(32, 7) }], proof);
    await tx.putAnchoring(sampleAnchoring, proof);
    await tx.set('name', 'value');
  });
});
afterEach(async () => {
  await ledger.close();
  await rm(folder, { recursive: true });
});

const rowsOf = async (file: string): Promise<Record<string, unknown>> => {
  const connection = await openConnection(file);
  try {
    const tables = connection.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all([]) as {
      name: string;
    }[];
    return Object.fromEntries(
      tables.map(({ name }) => [name, connection.prepare(`SELECT * FROM "${name}"`).all([])]),
    );
  } finally {
    connection.close();
  }
};

describe('a copy of a ledger', () => {
  it('holds every row but papers and the keys that must die', async () => {
    await ledger.copyTo(place('copy.db'));
    const [original, copy] = [await rowsOf(place('ledger.db')), await rowsOf(place('copy.db'))];
    expect(Object.keys(copy).sort()).toEqual(Object.keys(original).sort());
    const { keys, papers, ...others } = copy;
    delete others['sqlite_sequence'];
    expect(papers).toEqual([]);
    expect((keys as { key_id: string }[]).map((key) => key.key_id).sort()).toEqual(['choices', 'year']);
    for (const [name, rows] of Object.entries(others)) expect([name, rows]).toEqual([name, original[name]]);
    expect((await stat(place('copy.db'))).mode & 0o777).toBe(0o600);
  });

  it('never held them: not a byte of them lies in its file, or beside it', async () => {
    await ledger.copyTo(place('copy.db'));
    expect((await readdir(folder)).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
    const bytes = (await readFile(place('copy.db'))).toString('latin1');
    expect(bytes).toContain('wrapped key of the year');
    for (const dead of ['key of the run, to die', 'key of the day, to die', 'sealed paper, to die'])
      expect(bytes).not.toContain(dead);
  });

  it('is read without a change, and goes on as a ledger of its own', async () => {
    await ledger.copyTo(place('copy.db'));
    const before = await readFile(place('copy.db'));
    const copy = await openSqliteCopy(place('copy.db'));
    const entries = await copy.read((tx) => all(tx.entries(0, Infinity)));
    expect(entries).toEqual(await ledger.read((tx) => all(tx.entries(0, Infinity))));
    await copy.close();
    expect(await readFile(place('copy.db'))).toEqual(before);
    const grown = await openSqliteLedger(place('copy.db'));
    await writerTo(
      grown,
      await grown.claim('advance'),
    )(async (tx, proof) => {
      await tx.moveRun(firstRun, 'opened', 'failed', { reason: 'key-destroyed' }, proof);
    });
    expect(await grown.read((tx) => testAuditLog().verify(tx))).toMatchObject({ size: 2 });
    await grown.close();
  });

  it('is consistent though somebody writes meanwhile', async () => {
    const write = writerTo(ledger, await ledger.claim('advance'));
    const writing = Array.from({ length: 20 }, () => write(() => Promise.resolve()));
    await ledger.copyTo(place('copy.db'));
    await Promise.all(writing);
    const copy = await openSqliteCopy(place('copy.db'));
    const { size } = await copy.read((tx) => testAuditLog().verify(tx));
    await copy.close();
    expect(size).toBeGreaterThanOrEqual(1);
    expect(size).toBeLessThanOrEqual(21);
  });

  it('overwrites nothing, and is refused where it is damaged', async () => {
    await writeFile(place('taken'), 'something');
    await expect(ledger.copyTo(place('taken'))).rejects.toMatchObject({ code: 'ledger-failed' });
    expect(await readFile(place('taken'), 'utf8')).toBe('something');
    await expect(openSqliteCopy(place('taken'))).rejects.toMatchObject({ code: 'ledger-failed' });
  });
});
