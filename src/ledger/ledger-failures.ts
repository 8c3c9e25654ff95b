/** What the ledger says when it will not or cannot. No text of it holds a bound value. */
import { Failure } from '../domain/failure.ts';

const ofTheDisk =
  'See that the disk has room and the files are ours, then run the same command again: it goes on from what was stored.';
export const ofTheServer =
  'See that the server of DATABASE_URL answers and knows the role, then run the same command again: it goes on from what was stored.';

/** `ledger-failed` around what the engine threw; only its fixed name of the fault is repeated, the rest stays in the cause. */
export function engineFailure(thrown: unknown, hint = ofTheDisk): Failure {
  return new Failure('ledger-failed', {
    message: 'The ledger could not be read or written.',
    place: 'ledger',
    found: faultName(thrown),
    hint,
    cause: thrown,
  });
}

/** Engines and the file system name their faults in a word or two of their own. */
function faultName(thrown: unknown): string {
  const { errstr, code, message } = Object(thrown) as Readonly<Record<string, unknown>>;
  const names = [errstr, code, message === connectingTooLong ? 'no answer' : undefined];
  return names.find((name) => typeof name === 'string') ?? 'a fault without a name';
}

/** The one fault of its own that the PostgreSQL client gives no name. */
const connectingTooLong = 'timeout expired';

/** `ledger-failed`: the call came after `close`. */
export const ledgerIsClosed = (): Failure =>
  new Failure('ledger-failed', {
    message: 'The ledger is closed.',
    place: 'ledger',
    hint: 'Nothing was stored. The program is ending; start it again.',
  });

/** `transition-refused`: what was asked for does not follow from what is stored, so nothing was changed. */
export const refused = (place: string, message: string, allowed: string): Failure =>
  new Failure('transition-refused', {
    message,
    place,
    allowed,
    hint: 'Read the ledger again and decide anew from what stands there.',
  });

/** `key-destroyed`: the key is not, or no longer, in the ledger. */
export const keyIsGone = (keyId: string): Failure =>
  new Failure('key-destroyed', {
    message: 'The key is not in the ledger: it was destroyed when its time had come.',
    place: `key ${keyId}`,
    hint: 'What lay under it is erased for good. Open a new revision if the run must go on.',
  });
