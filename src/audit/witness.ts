/**
 * A witness (C2SP tlog-witness) as a pure `Request -> Response` handler: for each log it knows it remembers the newest checkpoint it has
 * cosigned, and cosigns another only if that one extends it. It knows nothing of what the entries say.
 */
import type { Instant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { cosign } from './cosignature.ts';
import { emptyRoot, verifyConsistency } from './merkle-tree.ts';
import { decodeBase64, openNote, parseNote } from './signed-note.ts';
import type { NoteSigner, NoteVerifier } from './signed-note.ts';

/** The newest cosigned checkpoint of each log. */
export interface WitnessMemory {
  /** Null if it never cosigned one. Throws `audit-invalid` if what it kept is not what it kept. */
  recall(origin: string): Promise<string | null>;
  /** Durable when it resolves. */
  keep(origin: string, note: string): Promise<void>;
}

export interface WitnessOptions {
  /** Keys of the logs it knows; a log is known by its origin, the name of its key, and may have several. */
  readonly logs: readonly NoteVerifier[];
  readonly signer: NoteSigner;
  readonly memory: WitnessMemory;
  readonly now: () => Instant;
}

const mostBytes = 64 * 1024;
const mostHashes = 63;
const path = '/add-checkpoint';

interface Submission {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
  readonly text: string;
  readonly checkpoint: Checkpoint;
}

/** Answers one call; calls of one log are answered one after the other, so that none is cosigned behind another's back. */
export function createWitness(options: WitnessOptions): (request: Request) => Promise<Response> {
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = <T>(origin: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(origin) ?? Promise.resolve()).then(work, work);
    turns.set(origin, turn);
    return turn;
  };
  return async (request) => {
    if (new URL(request.url).pathname !== path) return said(404, 'There is nothing here.');
    if (request.method !== 'POST') return said(405, 'A checkpoint is posted.', { allow: 'POST' });
    const submission = readSubmission(new Uint8Array(await request.arrayBuffer()));
    if (submission === null) return said(400, 'This is not a checkpoint with its proof.');
    const { origin, size } = submission.checkpoint;
    const keys = options.logs.filter(({ name }) => name === origin);
    if (keys.length === 0) return said(404, 'This log is not known here.');
    if (!isSigned(submission.note, keys)) return said(403, 'No known key of this log has signed it.');
    if (submission.oldSize > size) return said(400, 'The old tree is larger than the new one.');
    return inTurn(origin, () => judge(options, submission));
  };
}

async function judge({ memory, signer, now }: WitnessOptions, submission: Submission): Promise<Response> {
  const { checkpoint, oldSize, proof, note, text } = submission;
  const { origin, size, root } = checkpoint;
  const kept = await memory.recall(origin);
  const known = kept === null ? { size: 0, root: emptyRoot() } : checkpointIn(kept);
  if (oldSize !== known.size) return said(409, String(known.size), { 'content-type': 'text/x.tlog.size' });
  if (size === known.size && Buffer.compare(root, known.root) !== 0)
    return said(409, 'Another tree of this size was cosigned before.');
  const claim = { oldSize, oldRoot: known.root, newSize: size, newRoot: root, proof };
  if (!verifyConsistency(claim))
    return said(422, 'The proof does not lead from the old tree to the new one.');
  const line = cosign(text, signer, now());
  await memory.keep(origin, `${note}${line}`);
  return new Response(line, { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

/** `old N`, hashes, an empty line, the checkpoint; null for anything else. */
function readSubmission(bytes: Uint8Array): Submission | null {
  const body = Buffer.from(bytes).toString();
  const end = body.indexOf('\n\n');
  if (bytes.length > mostBytes || end < 0) return null;
  const [first = '', ...hashes] = body.slice(0, end).split('\n');
  const [, digits = ''] = /^old (0|[1-9][0-9]*)$/.exec(first) ?? [];
  const proof = hashes.flatMap((hash) => decodeBase64(hash) ?? []);
  const oldSize = digits === '' ? NaN : Number(digits);
  if (!Number.isSafeInteger(oldSize) || hashes.length > mostHashes || proof.length !== hashes.length)
    return null;
  const note = body.slice(end + 2);
  try {
    const { text } = parseNote(Buffer.from(note));
    return { oldSize, proof, note, text, checkpoint: checkpointIn(note) };
  } catch (thrown) {
    if (thrown instanceof Failure) return null;
    throw thrown;
  }
}

/** The first three lines of a note; a log of others may say more behind them, of which a witness says nothing. */
function checkpointIn(note: string): Checkpoint {
  const [origin = '', size = '', root = ''] = note.split('\n');
  return parseCheckpoint(`${origin}\n${size}\n${root}\n`);
}

function isSigned(note: string, keys: readonly NoteVerifier[]): boolean {
  try {
    openNote(Buffer.from(note), keys);
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}

const said = (status: number, words: string, headers: Record<string, string> = {}): Response =>
  new Response(`${words}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
