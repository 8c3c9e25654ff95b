import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createAuditLog } from '../../src/audit/audit-log.ts';
import type { SigningKey } from '../../src/audit/audit-log.ts';
import { openCheckpoint } from '../../src/audit/checkpoint.ts';
import { rootOfLeaves, leafHash } from '../../src/audit/merkle-tree.ts';
import { parseVerifierKey } from '../../src/audit/signed-note.ts';
import type { Step } from '../../src/domain/evidence.ts';
import type { AuditLog, LedgerWriter } from '../../src/ports.ts';
import { memoryLog } from '../support/memory-log.ts';
import type { MemoryLog } from '../support/memory-log.ts';
import { keyOf, nameOf, origin } from '../support/sample-keys.ts';
import { checkpointBoard } from '../../src/audit/checkpoint-file.ts';

const failing = (code: string, place = ''): unknown =>
  expect.objectContaining({
    code,
    detail: expect.objectContaining({ place: expect.stringContaining(place) }),
  });

const [first, second, third] = [keyOf('first'), keyOf('second'), keyOf('third')] as const;
const heartbeat: Step = { what: 'heartbeat', lastRun: '' };

let folder: string;
let checkpointFile: string;
let memory: MemoryLog;
let ledger: LedgerWriter;
let audit: AuditLog;

const open = (signingKey: SigningKey, nextKey: SigningKey | null = null): AuditLog =>
  createAuditLog({ origin, signingKey, nextKey, board: checkpointBoard(checkpointFile) });
const tell = (log: AuditLog, step: Step) =>
  log.append(ledger, { at: '2026-11-22T02:30:00.000Z', run: '', by: 'operator:test', ...step });
const change = (log: AuditLog, from: SigningKey, to: SigningKey) =>
  tell(log, { what: 'signing-key-changed', previous: nameOf(from), verifierKey: nameOf(to) });
const signedBy = (note: string, ...keys: SigningKey[]): string[] =>
  openCheckpoint(Buffer.from(note), origin, keys.map(nameOf).map(parseVerifierKey)).signedBy.map(
    ({ keyId }) => keyId,
  );
const idOf = (key: SigningKey): string => parseVerifierKey(nameOf(key)).keyId;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'export-gate-log-'));
  checkpointFile = path.join(folder, 'checkpoint');
  memory = memoryLog();
  ledger = memory.ledger;
  audit = open(first);
  await tell(audit, { what: 'log-opened', origin, verifierKey: nameOf(first) });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('signing', () => {
  it('covers every entry, and gives the same note back while nothing is new', async () => {
    await tell(audit, heartbeat);
    const { size, root, note } = await audit.sign(ledger);
    const leaves = memory.entries.map(({ line }) => leafHash(line));
    expect([size, root]).toEqual([2, Buffer.from(rootOfLeaves(leaves)).toString('hex')]);
    expect(signedBy(note, first)).toEqual([idOf(first)]);
    expect((await audit.sign(ledger)).note).toBe(note);
    expect(memory.checkpoints).toHaveLength(1);
    expect(await audit.verify(ledger)).toEqual({ size: 2, root });
  });

  it('refuses a log without entries: nothing names its key', async () => {
    const nothing = memoryLog();
    await expect(audit.sign(nothing.ledger)).rejects.toEqual(failing('audit-invalid', 'entry 0'));
    expect(nothing.checkpoints).toEqual([]);
    expect(await audit.verify(nothing.ledger)).toMatchObject({ size: 0 });
  });

  it('reads only what is new, however long the log', async () => {
    for (let n = 0; n < 50; n += 1) {
      await tell(audit, heartbeat);
      await audit.sign(ledger);
    }
    const asked: number[] = [];
    const watched = {
      ...ledger,
      entries: (from: number, to: number) => (asked.push(to - from), ledger.entries(from, to)),
    };
    await tell(audit, heartbeat);
    await audit.sign(watched);
    expect(asked).toEqual([1]);
    expect((await ledger.frontier()).hashes.length).toBeLessThanOrEqual(6);
  });

  it('refuses a tree that does not extend the one signed last, or is smaller', async () => {
    await tell(audit, heartbeat);
    await audit.sign(ledger);
    const other = memoryLog();
    await audit.append(other.ledger, {
      at: '',
      run: '',
      by: '',
      what: 'log-opened',
      origin,
      verifierKey: nameOf(first),
    });
    await audit.append(other.ledger, { at: '', run: '', by: 'another', ...heartbeat });
    await audit.append(other.ledger, { at: '', run: '', by: 'another', ...heartbeat });
    await audit.sign(other.ledger);
    // The right edge of another log under the checkpoint of this one.
    for (const [name, value] of other.settings) memory.settings.set(name, value);
    await tell(audit, heartbeat);
    await expect(audit.sign(ledger)).rejects.toEqual(failing('audit-invalid'));
    memory.entries.pop();
    memory.entries.pop();
    await ledger.setFrontier({ size: 1, hashes: [memory.entries[0]!.leaf] });
    await expect(audit.sign(ledger)).rejects.toEqual(failing('audit-invalid'));
    expect(memory.checkpoints).toHaveLength(1);
  });

  it('refuses to sign less than was shown, and to show less', async () => {
    await audit.sign(ledger);
    await audit.publishCheckpoint(ledger);
    await tell(audit, heartbeat);
    const { note } = await audit.sign(ledger);
    await audit.publishCheckpoint(ledger);
    expect(readFileSync(checkpointFile, 'utf8')).toBe(note);
    // An older ledger put back under the same checkpoint file.
    const older = memoryLog();
    await audit.append(older.ledger, {
      at: '',
      run: '',
      by: '',
      what: 'log-opened',
      origin,
      verifierKey: nameOf(first),
    });
    for (let n = 0; n < 9; n += 1) {
      await expect(audit.sign(older.ledger)).rejects.toEqual(failing('audit-invalid', 'checkpoint'));
      // It may outgrow what was shown: then it is a fork.
      await audit.append(older.ledger, { at: '', run: '', by: '', ...heartbeat });
    }
    expect(older.checkpoints).toEqual([]);
    const elsewhere = createAuditLog({
      origin,
      signingKey: first,
      board: checkpointBoard(path.join(folder, 'other')),
    });
    await elsewhere.sign(older.ledger);
    await expect(audit.publishCheckpoint(older.ledger)).rejects.toEqual(
      failing('audit-invalid', 'checkpoint'),
    );
    expect(readFileSync(checkpointFile, 'utf8')).toBe(note);
  });

  it('signs on where a crash came between the last signature and its showing', async () => {
    await audit.sign(ledger);
    await audit.publishCheckpoint(ledger);
    await tell(audit, heartbeat);
    await audit.sign(ledger);
    await tell(audit, heartbeat);
    const { note } = await audit.sign(ledger);
    await audit.publishCheckpoint(ledger);
    expect(readFileSync(checkpointFile, 'utf8')).toBe(note);
  });
});

describe('a change of the signing key', () => {
  it('is first covered by both keys, and from then on by the new alone', async () => {
    const before = await audit.sign(ledger);
    const changing = open(first, second);
    await change(changing, first, second);
    const crossed = await changing.sign(ledger);
    expect(signedBy(crossed.note, first, second)).toEqual([idOf(first), idOf(second)]);
    await tell(changing, heartbeat);
    const after = await changing.sign(ledger);
    expect(signedBy(after.note, first, second)).toEqual([idOf(second)]);
    const { note } = before;
    expect(signedBy(note, first, second)).toEqual([idOf(first)]);
    for (const log of [changing, open(second)]) expect(await log.verify(ledger)).toMatchObject({ size: 3 });
    expect(await audit.keys(ledger)).toEqual([
      { from: 1, verifierKey: nameOf(first) },
      { from: 2, verifierKey: nameOf(second) },
    ]);
  });

  it('can follow another at once', async () => {
    await change(open(first, second), first, second);
    await open(first, second).sign(ledger);
    const last = open(second, third);
    await change(last, second, third);
    const { note } = await last.sign(ledger);
    expect(signedBy(note, first, second, third)).toEqual([idOf(second), idOf(third)]);
    expect(await open(third).verify(ledger)).toMatchObject({ size: 3 });
  });

  it('is refused from another key than the one in force', async () => {
    const step: Step = { what: 'signing-key-changed', previous: nameOf(third), verifierKey: nameOf(second) };
    await expect(tell(audit, step)).rejects.toEqual(failing('audit-invalid', 'entry 1'));
    expect(memory.entries).toHaveLength(1);
  });

  it('leaves the old key, or a strange one, unable to sign', async () => {
    const changing = open(first, second);
    await change(changing, first, second);
    await expect(open(first).sign(ledger)).rejects.toEqual(failing('configuration-invalid'));
    await changing.sign(ledger);
    await tell(changing, heartbeat);
    for (const stranger of [first, third]) {
      await expect(open(stranger).sign(ledger)).rejects.toEqual(failing('configuration-invalid'));
      await expect(open(stranger).verify(ledger)).rejects.toEqual(failing('configuration-invalid'));
    }
    expect(memory.checkpoints).toHaveLength(1);
  });
});

describe('verifying', () => {
  beforeEach(async () => {
    for (let n = 0; n < 6; n += 1) {
      await tell(audit, heartbeat);
      await audit.sign(ledger);
      await audit.publishCheckpoint(ledger);
    }
  });

  const swap = (one: number, other: number): void => {
    const kept = memory.checkpoints[one]!;
    memory.checkpoints[one] = memory.checkpoints[other]!;
    memory.checkpoints[other] = kept;
  };
  const foreign = async (): Promise<string> => {
    const other = memoryLog();
    const log = createAuditLog({
      origin,
      signingKey: third,
      board: checkpointBoard(path.join(folder, 'other')),
    });
    for (const { line } of memory.entries.slice(0, 3)) {
      const entry = JSON.parse(Buffer.from(line).toString()) as Parameters<AuditLog['append']>[1];
      await log.append(
        other.ledger,
        entry.what === 'log-opened' ? { ...entry, verifierKey: nameOf(third) } : entry,
      );
    }
    return (await log.sign(other.ledger)).note;
  };

  it.each([
    [
      'two checkpoints that changed places',
      () => {
        swap(1, 3);
      },
    ],
    [
      'one size signed twice',
      () => {
        memory.checkpoints.push({ ...memory.checkpoints.at(-1)! });
      },
    ],
    [
      'a checkpoint under another size',
      () => {
        memory.checkpoints[2] = { ...memory.checkpoints[2]!, note: memory.checkpoints[1]!.note };
      },
    ],
    [
      'a checkpoint under another key',
      async () => {
        memory.checkpoints[1] = { size: 3, note: await foreign() };
      },
    ],
    [
      'an older checkpoint with a broken signature',
      () => {
        const { size, note } = memory.checkpoints[0]!;
        memory.checkpoints[0] = { size, note: note.replace(/.{8}=\n$/, 'AAAAAAA=\n') };
      },
    ],
    [
      'a checkpoint of more entries than there are',
      () => {
        memory.checkpoints.at(-1)!.size += 1;
      },
    ],
    [
      'other keys kept than named',
      () => {
        memory.settings.set('audit-verifier-keys', `1 ${nameOf(first)}\n5 ${nameOf(second)}\n`);
      },
    ],
    [
      'a checkpoint shown that is none of the stored',
      async () => {
        writeFileSync(checkpointFile, await foreign());
      },
    ],
    [
      'a line that is no line of JSON',
      async () => {
        const line = Buffer.from('not a line\n');
        await ledger.appendEntry({ position: 7, line, leaf: leafHash(line) });
      },
    ],
  ])('refuses %s', async (_, spoil: () => void | Promise<void>) => {
    expect(await audit.verify(ledger)).toMatchObject({ size: 7 });
    await spoil();
    await expect(audit.verify(ledger)).rejects.toEqual(failing('audit-invalid'));
  });

  it('names the first entry that was altered, moved or removed', async () => {
    for (const at of [0, 3, 6]) {
      const kept = memory.entries[at]!;
      memory.entries[at] = {
        ...kept,
        line: Buffer.from(Buffer.from(kept.line).toString().replace('test', 'tess')),
      };
      await expect(audit.verify(ledger)).rejects.toEqual(failing('audit-invalid', `entry ${at}`));
      memory.entries[at] = kept;
    }
    memory.entries.pop();
    await expect(audit.verify(ledger)).rejects.toEqual(failing('audit-invalid', 'entry 6'));
  });
});
