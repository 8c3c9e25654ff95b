/** A key that was announced by the one before it, for a log that is older than the change. */
import { describe, expect, it } from '@jest/globals';
import { checkLog } from '../../scripts/verify-audit.mjs';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import type { SigningKey } from '../../src/audit/audit-log.ts';
import { changesTo, readKeyChange, signKeyChange } from '../../src/audit/key-succession.ts';
import { signNote } from '../../src/audit/signed-note.ts';
import { parseKeys, storeKeys } from '../../src/audit/signing-keys.ts';
import type { Step } from '../../src/domain/evidence.ts';
import { memoryLog } from '../support/memory-log.ts';
import { keyOf, nameOf, origin } from '../support/sample-keys.ts';
import { filesOf } from '../support/sample-log.ts';
import { askSecond } from '../support/second-verifier/second-verifier.ts';
import { checkpointBoard } from '../../src/audit/checkpoint-file.ts';

const [first, second, third, stranger] = ['first', 'second', 'third', 'stranger'].map(keyOf) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];
const note = signKeyChange(origin, first, second);
const thirdNote = signKeyChange(origin, second, third);
const heartbeat = { what: 'heartbeat', lastRun: '' } as const;

/** A log under the first key, gone on with under the last of these changes. */
async function gone(signer: SigningKey, ...changes: readonly Step[]) {
  const memory = memoryLog();
  const open = (signingKey: SigningKey) =>
    createAuditLog({ origin, signingKey, board: checkpointBoard('/nowhere/checkpoint') });
  const tell = async (audit: ReturnType<typeof open>, ...steps: readonly Step[]): Promise<void> => {
    for (const step of steps) await audit.append(memory.ledger, { at: '', run: '', by: '', ...step });
    await audit.sign(memory.ledger);
  };
  await tell(open(first), { what: 'log-opened', origin, verifierKey: nameOf(first) });
  const later = open(signer);
  await tell(later, ...changes);
  await tell(later, heartbeat);
  return { memory, audit: later, files: await filesOf(memory.ledger, later) };
}

const changed = (previous: SigningKey, next: SigningKey, announced: string): Step => ({
  what: 'signing-key-changed',
  previous: nameOf(previous),
  verifierKey: nameOf(next),
  announced,
});

describe('a change of key told by a note', () => {
  it('is what both keys signed, and leads from key to key', () => {
    expect(readKeyChange(note)).toEqual({ previous: nameOf(first), verifierKey: nameOf(second), note });
    const led = (key: SigningKey): string[] =>
      changesTo(nameOf(key), [thirdNote, note]).map(({ previous }) => previous);
    expect(led(third)).toEqual([nameOf(first), nameOf(second)]);
    expect([led(second), led(first), led(stranger)]).toEqual([[nameOf(first)], [], []]);
    expect(changesTo(nameOf(first), [note, signKeyChange(origin, second, first)])).toHaveLength(2);
  });

  it.each([
    ['one key alone', () => signNote(textOf(first, second), signerOf(first))],
    ['the next key alone', () => signNote(textOf(first, second), signerOf(second))],
    ['a stranger', () => signNote(textOf(first, second), signerOf(first), signerOf(stranger))],
    ['nobody, for it was altered', () => note.replace(nameOf(second), nameOf(third))],
    [
      'both, but it is a checkpoint',
      () => signNote(`${origin}\n${nameOf(first)}\n${nameOf(second)}\n`, signerOf(first), signerOf(second)),
    ],
  ])('is none where it was signed by %s', (_, made) => {
    expect(() => readKeyChange(made())).toThrow();
  });

  const textOf = (previous: SigningKey, next: SigningKey): string =>
    `${origin}/key-change\n${nameOf(previous)}\n${nameOf(next)}\n`;
  const signerOf = ({ privateKey }: SigningKey) => ({ name: `${origin}/key-change`, privateKey });
});

describe('a log that goes on under an announced key', () => {
  it('is signed by the new key alone, and both verifiers say it is sound', async () => {
    const { audit, memory, files } = await gone(
      third,
      changed(first, second, note),
      changed(second, third, thirdNote),
    );
    expect(await audit.verify(memory.ledger)).toMatchObject({ size: 4 });
    const keys = await audit.keys(memory.ledger);
    expect(keys.map(({ from, announced }) => [from, announced])).toEqual([
      [1, undefined],
      [2, true],
      [3, true],
    ]);
    expect(parseKeys(storeKeys(keys))).toEqual(keys);
    expect(checkLog(files, { key: nameOf(first) })).toMatchObject({ sound: true, size: 4 });
    expect(await askSecond([{ files, key: nameOf(first), held: [], witnesses: [] }])).toEqual([
      { sound: true, position: null, anchored: 0 },
    ]);
  });

  it('is refused by all where the note is over another key, is none, or was made by the new key alone', async () => {
    const alone = signNote(`${origin}/key-change\n${nameOf(first)}\n${nameOf(second)}\n`, {
      name: `${origin}/key-change`,
      privateKey: second.privateKey,
    });
    for (const announced of [signKeyChange(origin, first, third), 'no note', alone, '']) {
      await expect(gone(second, changed(first, second, announced))).rejects.toThrow();
      // As somebody would write it who has the new key and the database, and not this program.
      const { files } = await gone(second, changed(first, second, note));
      const name = 'entries/000000000000.jsonl';
      const lines = files.get(name)!.toString().split('\n');
      lines[1] = JSON.stringify({ ...JSON.parse(lines[1]!), announced });
      const altered = new Map(files).set(name, Buffer.from(lines.join('\n')));
      const { sound, fault } = checkLog(altered);
      expect([sound, fault?.position]).toEqual([false, 1]);
      expect(await askSecond([{ files: altered, key: null, held: [], witnesses: [] }])).toEqual([
        { sound: false, position: 1, anchored: 0 },
      ]);
    }
  });

  it('needs the note: without it the first checkpoint bears the old key’s signature or is refused', async () => {
    const { announced, ...bare } = changed(first, second, note) as Extract<
      Step,
      { what: 'signing-key-changed' }
    >;
    expect(announced).toBe(note);
    await expect(gone(second, bare)).rejects.toMatchObject({ code: 'configuration-invalid' });
  });
});
