/** Checkpoints (C2SP tlog-checkpoint): a signed note whose text is the log's origin, its size and its root. */
import { Failure } from '../domain/failure.ts';
import { emptyRoot, hashBytes } from './merkle-tree.ts';
import { decodeBase64, openNote, signNote } from './signed-note.ts';
import type { NoteSigner, NoteVerifier } from './signed-note.ts';

export interface Checkpoint {
  /** The one name of this log; also the name of its signing key. */
  readonly origin: string;
  /** Number of entries. */
  readonly size: number;
  /** RFC 6962 root over the entries, 32 bytes. */
  readonly root: Uint8Array;
}

export interface OpenedCheckpoint extends Checkpoint {
  /** The given verifiers whose signature holds; one at least bears the origin's name. */
  readonly signedBy: readonly NoteVerifier[];
}

/** The three lines to be signed. Throws `audit-invalid` when `parseCheckpoint` would not read the same back. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
  parseCheckpoint(text);
  return text;
}

/**
 * Reads exactly three lines: origin (not empty), size (decimal, no leading zero, up to 2^53 - 1), root (base64 of 32 bytes; that
 * of the empty tree when the size is 0). Extension lines are refused: ours has none, and no monitor could check what they say.
 * Throws `audit-invalid`.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', digits = '', base64 = '', end, ...more] = text.split('\n');
  if (end !== '' || more.length > 0) throw refused('three lines, each ending in a newline');
  if (origin === '') throw refused('an origin on the first line');
  const size = Number(digits);
  if (!/^(0|[1-9][0-9]*)$/.test(digits) || !Number.isSafeInteger(size)) {
    throw refused('a decimal size without leading zeros on the second line');
  }
  const root = decodeBase64(base64);
  if (root?.length !== hashBytes) throw refused('the base64 form of 32 bytes on the third line');
  if (size === 0 && !root.equals(emptyRoot())) throw refused('the root of the empty tree with size 0');
  return { origin, size, root };
}

/**
 * The signed checkpoint. Every signer (two while a key is being changed) must bear the origin as its name.
 * Throws `audit-invalid` for a checkpoint that cannot be written, `configuration-invalid` for another or an unfit signer.
 */
export function signCheckpoint(
  checkpoint: Checkpoint,
  ...signers: readonly [NoteSigner, ...NoteSigner[]]
): string {
  const stranger = signers.find(({ name }) => name !== checkpoint.origin);
  if (stranger !== undefined) {
    throw new Failure('configuration-invalid', {
      message: 'A checkpoint is signed by the log it speaks of and by nobody else.',
      found: JSON.stringify(stranger.name),
      allowed: JSON.stringify(checkpoint.origin),
      hint: 'Give the signing key the name of the log.',
    });
  }
  return signNote(checkpointText(checkpoint), ...signers);
}

/**
 * The checkpoint in this note, if it is one of the log `origin` and a verifier of that name signed it.
 * Whether it extends an earlier checkpoint is for `verifyConsistency` to say. Throws `audit-invalid`.
 */
export function openCheckpoint(
  note: Uint8Array,
  origin: string,
  verifiers: readonly NoteVerifier[],
): OpenedCheckpoint {
  const { text, signedBy } = openNote(note, verifiers);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== origin) throw refused(`the origin ${JSON.stringify(origin)}`);
  if (!signedBy.some(({ name }) => name === origin))
    throw refused(`a signature of ${JSON.stringify(origin)}`);
  return { ...checkpoint, signedBy };
}

const refused = (allowed: string): Failure =>
  new Failure('audit-invalid', {
    message: 'This is not a checkpoint of this log.',
    place: 'checkpoint',
    allowed,
    hint: 'Do not rely on it. Ask the log operator for the checkpoint again and keep this copy.',
  });
