/** The checkpoint file: what others are shown of the log never goes back, and is never of another log. */
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { checkpointBoard, publishCheckpointFile } from '../../src/audit/checkpoint-file.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { memoryLog } from '../support/memory-log.ts';
import type { MemoryLog } from '../support/memory-log.ts';

const origin = 'example.org/log';
let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-checkpoint-'));
  file = path.join(folder, 'checkpoint');
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

const ours = generateKeyPairSync('ed25519');
const noteOf = (size: number, { privateKey } = ours): string =>
  signCheckpoint({ origin, size, root: Buffer.alloc(32, size) }, { name: origin, privateKey });

/** A ledger that signed checkpoints of these sizes. */
function ledgerOf(...sizes: readonly number[]): MemoryLog['ledger'] {
  const memory = memoryLog();
  memory.checkpoints.push(...sizes.map((size) => ({ size, note: noteOf(size) })));
  return memory.ledger;
}

const show = (ledger: MemoryLog['ledger']): Promise<void> =>
  createAuditLog({ origin, signingKey: ours, board: checkpointBoard(file) }).publishCheckpoint(ledger);
const shown = (): string => fs.readFileSync(file, 'utf8');

describe('the checkpoint file', () => {
  it('holds the newest, as the log grows, and nothing lies beside it', async () => {
    for (const sizes of [[], [1], [1, 2], [1, 2, 3, 4], [1, 2, 3, 4]]) await show(ledgerOf(...sizes));
    expect(shown()).toBe(noteOf(4));
    expect(fs.readdirSync(folder)).toEqual(['checkpoint']);
  });

  it.each([
    ['that is an older one', [1, 2]],
    ['without a checkpoint', []],
    ['that has grown beyond it another way', [1, 2, 4]],
  ])('refuses a ledger %s', async (_, sizes) => {
    await show(ledgerOf(1, 2, 3));
    await expect(show(ledgerOf(...sizes))).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(shown()).toBe(noteOf(3));
  });

  it.each([
    ['a scribble', () => 'export-gate\n9 entries\n'],
    ['a larger one that somebody else signed', () => noteOf(9, generateKeyPairSync('ed25519'))],
    ['a smaller one that somebody else signed', () => noteOf(2, generateKeyPairSync('ed25519'))],
  ])('is not replaced where it holds %s: a person must look', async (_, stands) => {
    const stood = stands();
    fs.writeFileSync(file, stood);
    await expect(show(ledgerOf(1, 2, 3))).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(shown()).toBe(stood);
  });

  it('that cannot be written or read is told by its place', async () => {
    const told = { code: 'checkpoint-not-shown', detail: { place: file } };
    fs.mkdirSync(file);
    await expect(show(ledgerOf(1))).rejects.toMatchObject({ ...told, detail: { found: 'EISDIR' } });
    fs.rmSync(folder, { recursive: true });
    await expect(show(ledgerOf(1))).rejects.toMatchObject({ ...told, detail: { found: 'ENOENT' } });
    fs.mkdirSync(folder);
  });

  it('never goes back, whoever writes it', async () => {
    await publishCheckpointFile(file, noteOf(3));
    await expect(publishCheckpointFile(file, noteOf(2))).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(shown()).toBe(noteOf(3));
  });
});
