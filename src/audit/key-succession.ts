/**
 * That one signing key follows another, signed by both at the change and kept beside the keys. The old key is destroyed then; a backup of
 * before can all the same be told from a forgery, and its log can go on: the note takes the place of the old key's signature under the
 * checkpoint that first covers the change. Its text is no checkpoint, pack or backup: its first line is `<origin>/key-change`.
 */
import type { KeyObject } from 'node:crypto';
import { Failure } from '../domain/failure.ts';
import { openNote, parseVerifierKey, signNote, verifierKey, verifierOf } from './signed-note.ts';

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A change of key that can be proved without either private key. */
export interface KeyChange {
  readonly previous: string;
  readonly verifierKey: string;
  /** As both keys signed it. */
  readonly note: string;
}

const nameOf = (origin: string): string => `${origin}/key-change`;
const textOf = (origin: string, previous: string, next: string): string =>
  `${nameOf(origin)}\n${previous}\n${next}\n`;

/** The note over a change from one key to the next. */
export function signKeyChange(origin: string, previous: SigningKey, next: SigningKey): string {
  const name = nameOf(origin);
  const text = textOf(origin, verifierKey(origin, previous.publicKey), verifierKey(origin, next.publicKey));
  return signNote(text, { name, privateKey: previous.privateKey }, { name, privateKey: next.privateKey });
}

/** What a note says. Throws `audit-invalid` unless both keys that it names signed it. */
export function readKeyChange(note: string): KeyChange {
  const [, previous = '', next = ''] = note.split('\n');
  const keys = [previous, next].map(parseVerifierKey);
  const origin = keys[0]?.name ?? '';
  const verifiers = keys.map(({ publicKey }) => verifierOf(nameOf(origin), publicKey));
  const { text, signedBy } = openNote(Buffer.from(note), verifiers);
  if (text === textOf(origin, previous, next) && keys[1]?.name === origin && signedBy.length === keys.length)
    return { previous, verifierKey: next, note };
  throw new Failure('audit-invalid', {
    message: 'This note does not say, signed by both, that one key of a log follows another.',
    place: 'key change',
    found: previous,
    hint: 'Believe nothing in it. Find out who wrote it.',
  });
}

/** The changes that led to a key, oldest first, among these notes. Throws `audit-invalid` for a note that does not hold. */
export function changesTo(key: string, notes: readonly string[]): readonly KeyChange[] {
  const all = notes.map(readKeyChange);
  const led: KeyChange[] = [];
  for (let at = key; ;) {
    const change = all.find(({ verifierKey: next }) => next === at);
    if (change === undefined || led.includes(change)) return led;
    led.unshift(change);
    at = change.previous;
  }
}
