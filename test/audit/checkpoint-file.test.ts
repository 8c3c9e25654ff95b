/** The checkpoint file: what others are shown of the log never goes back. */
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';

const origin = 'example.org/log';
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-checkpoint-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

const ours = generateKeyPairSync('ed25519');
const noteOf = (size: number, { privateKey } = ours): string =>
  signCheckpoint({ origin, size, root: Buffer.alloc(32, size) }, { name: origin, privateKey });

/** Shows one note after the other, and gives what the file then holds. */
async function shown(...notes: readonly string[]): Promise<string> {
  const checkpointFile = path.join(folder, 'checkpoint');
  const audit = createAuditLog({ origin, signingKey: ours, checkpointFile });
  for (const note of notes) await audit.publishCheckpoint(note);
  return fs.readFileSync(checkpointFile, 'utf8');
}

describe('the checkpoint file', () => {
  it('holds the one shown last, as the log grows, and nothing lies beside it', async () => {
    expect(await shown(noteOf(1), noteOf(2), noteOf(3))).toBe(noteOf(3));
    expect(fs.readdirSync(folder)).toEqual(['checkpoint']);
  });

  it('is refused a smaller one: the ledger that it came from is an older one', async () => {
    const stood = noteOf(3);
    await expect(shown(stood, noteOf(2))).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(fs.readFileSync(path.join(folder, 'checkpoint'), 'utf8')).toBe(stood);
  });

  it.each([
    ['a scribble', () => 'export-gate\n9 entries\n'],
    ['a larger one that somebody else signed', () => noteOf(9, generateKeyPairSync('ed25519'))],
  ])('is not replaced where it holds %s: a person must look', async (_, stands) => {
    const file = path.join(folder, 'checkpoint');
    const stood = stands();
    fs.writeFileSync(file, stood);
    await expect(shown(noteOf(3))).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(fs.readFileSync(file, 'utf8')).toBe(stood);
  });
});
