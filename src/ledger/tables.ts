/**
 * The tables of the ledger as every engine keeps them. TEXT for words, dates and JSON, INTEGER for counts, flags and instants in
 * milliseconds, BLOB for bytes; columns bear the words of the ports in snake case.
 */
import type { Generated } from 'kysely';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import type { Digest } from '../domain/digest.ts';
import { Failure } from '../domain/failure.ts';

/** Counts up with every row and is given by the engine: the order in which rows were written. */
type Place = Generated<number>;
/** 0 or 1: not every engine keeps truth values. */
type Flag = number;

export interface RunColumns {
  businessDate: LocalDate;
  revision: number;
}

export interface Tables {
  settings: { name: string; value: string };
  claims: { name: string; epoch: number };
  runs: RunColumns & {
    state: string;
    heldFrom: string | null;
    openedAt: Instant;
    intake: Digest;
    configuration: Digest;
    keyId: string;
    totals: string | null;
    released: number | null;
    reason: string | null;
    endedAt: Instant | null;
  };
  intakes: { digest: Digest; businessDate: LocalDate; producedAt: Instant; ordinal: number; rows: number };
  requests: RunColumns & {
    place: Place;
    localId: string;
    state: string;
    level: number;
    sequence: number;
    subject: string;
    intendedAt: Instant | null;
    sentAt: Instant | null;
    messageId: string | null;
    epoch: number;
  };
  sequences: { month: string; last: number };
  messages: {
    place: Place;
    messageId: string;
    localId: string;
    keyId: string;
    receivedAt: Instant;
    acknowledged: Flag;
    understood: string | null;
  };
  keys: { keyId: string; purpose: string; scope: string; wrapped: Uint8Array; dieAt: Instant | null };
  papers: { keyId: string; name: string; sealed: Uint8Array };
  choices: { place: Place; keyId: string; name: string; sealed: Uint8Array };
  holds: RunColumns & {
    id: Place;
    stage: string;
    reasons: string;
    digest: Digest;
    openedAt: Instant;
    openedBy: string;
    decision: string;
    decidedBy: string | null;
  };
  carried: {
    id: string;
    foldedId: string;
    since: Instant;
    columnSeenIn: number | null;
    known: Flag;
    /** A JSON list: numbers are read with their objection and never looked up. */
    numbers: string;
    /** Entries in the log when it was first carried. */
    carriedFrom: number;
  };
  refusedNumbers: { name: string; until: LocalDate };
  entries: { position: number; line: Uint8Array; leaf: Uint8Array };
  /** One row, `id` 1; the hashes as a JSON list of hex. */
  frontier: { id: number; size: number; hashes: string };
  checkpoints: { place: Place; size: number; note: string };
  anchorings: {
    place: Place;
    anchor: string;
    target: string;
    size: number;
    at: Instant;
    receipt: Uint8Array;
  };
  evidenceLists: RunColumns & { id: Place; list: string; indexed: Flag };
  evidencePieces: { id: Place; listId: number; first: string; bytes: Uint8Array };
  pieceErasures: { pieceId: number; position: number };
  personIndex: { year: string; token: Uint8Array; providerId: string };
  stops: {
    place: Place;
    position: number;
    provider: string | null;
    stands: Flag;
    at: Instant;
    saidBy: string;
    reason: string;
  };
  configurations: {
    place: Place;
    position: number;
    digest: Digest;
    guarded: Digest;
    settings: string;
    approvers: string | null;
  };
}

/** The stored word as one of a closed list. Throws `ledger-failed` for any other: then somebody else has written here. */
export function oneOf<T extends string>(words: readonly T[], word: string, place: string): T {
  const known = words.find((candidate) => candidate === word);
  if (known !== undefined) return known;
  throw new Failure('ledger-failed', {
    message: 'The ledger holds a word that this program never writes.',
    place,
    allowed: words.join(', '),
    hint: 'Do not go on with this ledger. Compare it with its backup.',
  });
}

/** A closed union as a list; a word added to the union and forgotten here does not compile. */
export const wordsOf = <T extends string>(words: Readonly<Record<T, true>>): readonly T[] =>
  Object.keys(words) as T[];
