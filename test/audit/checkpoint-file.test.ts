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

  it('never goes back to a smaller one', async () => {
    expect(await shown(noteOf(3), noteOf(2))).toBe(noteOf(3));
  });

  it.each([
    ['a scribble', () => 'export-gate\n999\n'],
    ['a larger one that somebody else signed', () => noteOf(9, generateKeyPairSync('ed25519'))],
  ])('does not stick at %s', async (_, stands) => {
    fs.writeFileSync(path.join(folder, 'checkpoint'), stands());
    expect(await shown(noteOf(3))).toBe(noteOf(3));
  });
});
