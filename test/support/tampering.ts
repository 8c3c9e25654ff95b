/** Ways of altering an exported log, each with the place at which a verifier must stop. */
import { sign } from 'node:crypto';

import { leafHash } from '../../src/audit/merkle-tree.ts';
import { verifierOf } from '../../src/audit/signed-note.ts';
import { checkpointName, entriesPerSegment, segmentName } from '../../src/domain/log-format.ts';
import type { Held } from '../../scripts/verify-audit.mjs';
import type { Dice } from './chance.ts';
import { keyOf, nameOf, origin } from './sample-keys.ts';
import { writeLog } from './sample-log.ts';
import type { SampleLog, Told } from './sample-log.ts';

/** An altered log, what somebody holds against it, and where it is first not what it was. */
export interface Tampered {
  readonly files: Map<string, Buffer>;
  readonly held: readonly Held[];
  /** Null: beside the entries. */
  readonly position: number | null;
  /** Named exactly, or only between what somebody holds. */
  readonly exact: boolean;
}

export type Tampering = (log: SampleLog, dice: Dice) => Tampered | Promise<Tampered>;

const linesOf = (log: SampleLog): Buffer[] => log.memory.entries.map(({ line }) => Buffer.from(line));
const held = (log: SampleLog, size: number): Held => ({
  name: `kept-${size}`,
  note: log.files.get(checkpointName(size))!,
});
const newestOf = (log: SampleLog): number => log.sizes.at(-1)!;

/** The folder with other lines; its leaf hashes left as they were, or made to fit by somebody who knows what they are for. */
function withLines(log: SampleLog, lines: readonly Buffer[], position: number, fitting = false): Tampered {
  const files = new Map(
    [...log.files].filter(
      ([name]) => !name.startsWith('entries/') && !(fitting && name.startsWith('leaves/')),
    ),
  );
  for (let first = 0; first < lines.length; first += entriesPerSegment) {
    const segment = lines.slice(first, first + entriesPerSegment);
    files.set(segmentName(first), Buffer.concat(segment));
    const hashes = segment.map((line) => `${Buffer.from(leafHash(line)).toString('hex')}\n`).join('');
    if (fitting)
      files.set(segmentName(first).replace('entries', 'leaves').replace('.jsonl', ''), Buffer.from(hashes));
  }
  return { files, held: [], position, exact: !fitting };
}

const withFile = (log: SampleLog, name: string, bytes: Buffer | null, position: number | null): Tampered => {
  const files = new Map(log.files);
  if (bytes === null) files.delete(name);
  else files.set(name, bytes);
  return { files, held: [], position, exact: true };
};

function edited(log: SampleLog, dice: Dice, fitting: boolean): Tampered {
  const lines = linesOf(log);
  const at = dice.below(lines.length);
  const line = Buffer.from(lines[at]!);
  const byte = dice.below(line.length - 1);
  line[byte] = line[byte]! ^ (1 + dice.below(255));
  if (line[byte] === 10) line[byte] = 0x7e;
  lines[at] = line;
  return withLines(log, lines, at, fitting);
}

const forged = (dice: Dice): Buffer =>
  Buffer.from(
    `{"at":"2026-01-01T00:00:00.000Z","run":"","by":"${dice.bytes(4).toString('hex')}","what":"run-asked"}\n`,
  );

/** Everything told again from some entry on, and signed anew with the real keys. */
async function rewritten(log: SampleLog, from: number, change: (told: Told) => Told): Promise<SampleLog> {
  const script = log.script.map((told, at) => (at === from ? change(told) : told));
  return writeLog(script, log.signingKeys);
}

const inAnothersName = (told: Told): Told => ({ ...told, entry: { ...told.entry, by: 'somebody else' } });

/** The checkpoint of this size, signed with the key of a word. */
export const resigned = (log: SampleLog, size: number, word: string): Buffer => {
  const { privateKey, publicKey } = keyOf(word);
  const note = log.files.get(checkpointName(size))!.toString();
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const id = Buffer.from(verifierOf(origin, publicKey).keyId, 'hex');
  return Buffer.from(
    `${text}\n— ${origin} ${Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64')}\n`,
  );
};

/** The folder as it was exported when its newest checkpoint was this one. */
function earlier(log: SampleLog, size: number): Tampered {
  const { files } = withLines(log, linesOf(log).slice(0, size), size, true);
  for (const later of log.sizes.filter((each) => each > size)) files.delete(checkpointName(later));
  files.set('checkpoint', log.files.get(checkpointName(size))!);
  const keys = log.files.get('verifier-keys')!.toString().split('\n').slice(0, -1);
  files.set(
    'verifier-keys',
    Buffer.from(
      keys
        .filter((line) => Number(line.split(' ')[0]) <= size)
        .map((line) => `${line}\n`)
        .join(''),
    ),
  );
  return { files, held: [held(log, newestOf(log))], position: size, exact: true };
}

const olderSize = (log: SampleLog, dice: Dice): number => dice.pick(log.sizes.slice(0, -1));
const anySize = (log: SampleLog, dice: Dice): number => dice.pick(log.sizes);
const newestIs = (log: SampleLog, size: number): boolean => size === newestOf(log);

export const tamperings: Readonly<Record<string, Tampering>> = {
  'edit a byte': (log, dice) => edited(log, dice, false),
  'edit a byte, leaf hashes made to fit': (log, dice) => edited(log, dice, true),
  'insert an entry': (log, dice) => {
    const lines = linesOf(log);
    const at = dice.below(lines.length);
    return withLines(log, [...lines.slice(0, at), forged(dice), ...lines.slice(at)], at);
  },
  'delete an entry': (log, dice) => {
    const at = dice.below(log.memory.entries.length);
    return withLines(log, linesOf(log).toSpliced(at, 1), at);
  },
  'repeat an entry': (log, dice) => {
    const lines = linesOf(log);
    const at = dice.below(lines.length);
    return withLines(log, lines.toSpliced(at + 1, 0, lines[at]!), at + 1);
  },
  'swap two entries': (log, dice) => {
    const lines = linesOf(log);
    const one = dice.below(lines.length);
    const other = (one + 1 + dice.below(lines.length - 1)) % lines.length;
    [lines[one], lines[other]] = [lines[other]!, lines[one]!];
    return withLines(log, lines, Math.min(one, other));
  },
  'move an entry': (log, dice) => {
    const lines = linesOf(log);
    const from = dice.below(lines.length);
    const to = (from + 1 + dice.below(lines.length - 1)) % lines.length;
    const [moved] = lines.splice(from, 1);
    return withLines(log, lines.toSpliced(to, 0, moved!), Math.min(from, to));
  },
  'cut the tail': (log, dice) => {
    const left = 1 + dice.below(log.memory.entries.length - 1);
    return withLines(log, linesOf(log).slice(0, left), left);
  },
  'cut the tail at an old checkpoint, a newer one is held': (log, dice) => earlier(log, olderSize(log, dice)),
  'put an old folder back, two checkpoints are held': (log, dice) => {
    const size = olderSize(log, dice);
    return { ...earlier(log, size), held: [held(log, log.sizes[0]!), held(log, newestOf(log))] };
  },
  'fork: rewrite and re-sign with the real key, a checkpoint is held': async (log, dice) => {
    const at = 1 + dice.below(newestOf(log) - 1);
    const fork = await rewritten(log, at, inAnothersName);
    const [before, after] = [log.sizes.findLast((size) => size <= at), log.sizes.filter((size) => size > at)];
    const kept = [...(before === undefined ? [] : [held(log, before)]), held(log, dice.pick(after))];
    return { files: new Map(fork.files), held: kept, position: at, exact: false };
  },
  'rewrite everything under another key': async (log, dice) => {
    const keys = log.signingKeys.map((_, at) => keyOf(`thief ${at} ${dice.below(1000)}`));
    const renamed = new Map(log.signingKeys.map((key, at) => [nameOf(key), nameOf(keys[at]!)]));
    const script = log.script.map((told) => ({
      ...told,
      entry: JSON.parse(
        JSON.stringify(told.entry),
        (_, value: unknown) => renamed.get(String(value)) ?? value,
      ) as Told['entry'],
    }));
    return { files: new Map((await writeLog(script, keys)).files), held: [], position: 0, exact: true };
  },
  'swap two checkpoints': (log, dice) => {
    const one = olderSize(log, dice);
    const other = dice.pick(log.sizes.filter((size) => size !== one));
    const files = new Map(log.files);
    files.set(checkpointName(one), log.files.get(checkpointName(other))!);
    files.set(checkpointName(other), log.files.get(checkpointName(one))!);
    return { files, held: [], position: Math.min(one, other) - 1, exact: true };
  },
  'sign a checkpoint with another key': (log, dice) => {
    const size = anySize(log, dice);
    const note = resigned(log, size, `thief ${dice.below(1000)}`);
    const tampered = withFile(log, checkpointName(size), note, size - 1);
    if (newestIs(log, size)) tampered.files.set('checkpoint', note);
    return tampered;
  },
  'break a checkpoint': (log, dice) => {
    const size = anySize(log, dice);
    const note = Buffer.from(log.files.get(checkpointName(size))!);
    const at = dice.below(note.length);
    note[at] = note[at]! ^ (1 + dice.below(255));
    return withFile(log, checkpointName(size), note, size - 1);
  },
  'remove a checkpoint': (log, dice) => {
    const size = anySize(log, dice);
    return withFile(log, checkpointName(size), null, size - 1);
  },
  'show an older checkpoint as the newest': (log, dice) => {
    const size = olderSize(log, dice);
    return withFile(log, 'checkpoint', log.files.get(checkpointName(size))!, size);
  },
  'alter the verifier keys': (log, dice) => {
    const keys = log.files.get('verifier-keys')!;
    const other = dice.pick([
      Buffer.concat([keys, keys]),
      Buffer.from(keys.toString().replace(/^1 /, '2 ')),
      Buffer.from(`1 ${nameOf(keyOf(`thief ${dice.below(1000)}`))}\n`),
    ]);
    return withFile(log, 'verifier-keys', dice.pick([other, null]), null);
  },
  'alter a leaf hash': (log, dice) => {
    const names = [...log.files.keys()].filter((name) => name.startsWith('leaves/'));
    const nth = dice.below(names.length);
    const hashes = Buffer.from(log.files.get(names[nth]!)!);
    const at = dice.below(hashes.length / 65);
    const digit = at * 65 + dice.below(64);
    hashes[digit] = hashes[digit] === 0x30 ? 0x31 : 0x30;
    return withFile(log, names[nth]!, hashes, nth * entriesPerSegment + at);
  },
  'remove a file of entries': (log, dice) => {
    const names = [...log.files.keys()].filter((name) => name.startsWith('entries/'));
    const nth = dice.below(names.length);
    return withFile(log, names[nth]!, null, nth * entriesPerSegment);
  },
};
/** Those that are worth little where the log lies in one file. */
export const needsManyFiles = new Set(['remove a file of entries']);

/** Whether the verdict stops where it must: at the entry itself, or at most as far around it as what is held allows. */
export function standsAt(
  fault: { readonly position: number | null; readonly until: number | null } | null,
  { position, exact }: Tampered,
): boolean {
  if (fault === null) return false;
  if (exact || position === null || fault.position === null) return fault.position === position;
  return fault.position <= position && position <= (fault.until ?? -1);
}
