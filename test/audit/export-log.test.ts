import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { checkLog, readFolder } from '../../scripts/verify-audit.mjs';
import { exportLog } from '../../src/audit/export-log.ts';
import { parseKeys } from '../../src/audit/signing-keys.ts';
import type { AnchorName } from '../../src/domain/anchoring.ts';
import { receiptName } from '../../src/domain/log-format.ts';
import { diceOf } from '../support/chance.ts';
import { memoryLog } from '../support/memory-log.ts';
import { sampleLog, writeLog } from '../support/sample-log.ts';
import type { SampleLog } from '../support/sample-log.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });

let folder: string;
let dir: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'export-gate-export-'));
  dir = path.join(folder, 'log');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const exported = (log: SampleLog) =>
  exportLog(log.memory.ledger, parseKeys(log.files.get('verifier-keys')!.toString()), dir);
/** Buffers one by one are slow to compare. */
const told = (files: ReadonlyMap<string, Buffer>): string[] =>
  [...files].map(([name, bytes]) => `${name} ${createHash('sha256').update(bytes).digest('hex')}`).sort();
const inode = (name: string): number => statSync(path.join(dir, name)).ino;

describe('an exported log', () => {
  it('is the whole of it, private, and sound', async () => {
    const log = await sampleLog(diceOf(1), 1010, 2);
    const { size, written } = await exported(log);
    expect(size).toBe(log.sizes.at(-1));
    expect(told(readFolder(dir))).toEqual(told(log.files));
    expect(written.at(-1)).toBe('checkpoint');
    expect(checkLog(readFolder(dir), { key: log.key })).toMatchObject({ sound: true, size });
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const { mode } = statSync(path.join(dir, name));
      expect([name, mode & 0o077]).toEqual([name, 0]);
    }
  });

  it('only grows: what stands is kept, a second time nothing is written', async () => {
    const log = await sampleLog(diceOf(2), 1010, 1);
    const first = log.script.slice(0, 1 + log.script.findIndex(({ signed }) => signed));
    await exported(await writeLog(first, log.signingKeys));
    expect(readFolder(dir).get('checkpoint')).not.toEqual(log.files.get('checkpoint'));
    await exported(log);
    expect(told(readFolder(dir))).toEqual(told(log.files));
    const before = inode('entries/000000000000.jsonl');
    expect((await exported(log)).written).toEqual([]);
    expect(inode('entries/000000000000.jsonl')).toBe(before);
  });

  it('is not cut, altered or mixed with another; nothing is written then', async () => {
    const log = await sampleLog(diceOf(3), 60, 1);
    await exported(log);
    const kept = told(readFolder(dir));
    const shorter = await writeLog(
      log.script.slice(0, 1 + log.script.findIndex(({ signed }) => signed)),
      log.signingKeys,
    );
    const other = await sampleLog(diceOf(4), 90, 0);
    for (const another of [shorter, other])
      await expect(exported(another)).rejects.toEqual(failing('audit-invalid'));
    expect(told(readFolder(dir))).toEqual(kept);
    for (const name of ['entries/000000000000.jsonl', 'verifier-keys', 'checkpoint', 'leaves/000000000000']) {
      const bytes = readFileSync(path.join(dir, name));
      writeFileSync(path.join(dir, name), Buffer.concat([Buffer.from('x'), bytes.subarray(1)]));
      await expect(exported(log)).rejects.toEqual(failing('audit-invalid'));
      writeFileSync(path.join(dir, name), bytes);
    }
    writeFileSync(path.join(dir, 'notes.txt'), 'somebody else’s');
    await expect(exported(log)).rejects.toEqual(failing('place-unsafe'));
  });

  it('carries what anchors gave back for it, the first for each checkpoint, and for none that is not there', async () => {
    const log = await sampleLog(diceOf(6), 40, 0);
    const [first, newest] = [log.sizes[0]!, log.sizes.at(-1)!];
    const given = (size: number, word: string, anchor: AnchorName = 'witness'): void =>
      void log.memory.anchorings.push({ anchor, target: 't', size, at: 1, receipt: Buffer.from(word) });
    given(first, 'one');
    given(first, 'another');
    given(newest, 'stamp', 'timestamp');
    given(newest + 1, 'later');
    await exported(log);
    const receipts = [...readFolder(dir)].filter(([name]) => name.startsWith('anchors/')).sort();
    expect(receipts.map(([name, bytes]) => [name, bytes.toString()])).toEqual([
      [receiptName('timestamp', newest), 'stamp'],
      [receiptName('witness', first), 'one'],
    ]);
    expect((await exported(log)).written).toEqual([]);
    writeFileSync(path.join(dir, receiptName('folder', first)), 'somebody else’s');
    expect((await exported(log)).written).toEqual([]);
    writeFileSync(path.join(dir, receiptName('witness', first)), 'altered');
    await expect(exported(log)).rejects.toEqual(failing('audit-invalid'));
  });

  it('that was cut short is completed', async () => {
    const log = await sampleLog(diceOf(5), 30, 0);
    await exported(log);
    rmSync(path.join(dir, 'checkpoint'));
    rmSync(path.join(dir, 'leaves'), { recursive: true });
    const left = path.join(dir, 'entries', '.unfinished-0a1b');
    writeFileSync(left, 'half');
    await exported(log);
    expect(readFolder(dir).get('checkpoint')).toEqual(log.files.get('checkpoint'));
    expect(checkLog(readFolder(dir))).toMatchObject({ sound: true, size: log.sizes.at(-1) });
  });

  it('is refused while nothing is signed', async () => {
    await expect(exportLog(memoryLog().ledger, [], dir)).rejects.toEqual(failing('usage'));
    expect(existsSync(dir)).toBe(false);
  });
});
