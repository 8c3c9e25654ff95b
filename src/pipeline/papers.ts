import { Texts } from '../domain/column.ts';
import type { AskedRow } from '../domain/decision.ts';
import { Failure } from '../domain/failure.ts';
import type { NumberList } from '../domain/number-list.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type {
  DropFile,
  DropPlan,
  Keyring,
  LedgerReader,
  LedgerWriter,
  RawMessage,
  WrappedKey,
} from '../ports.ts';

/** Papers of a run by name: what lies sealed in the ledger so that any worker can go on. */
export const askedPaper = 'asked';
export const blindingPaper = 'blinding';
export const gateTotalsPaper = 'gate-totals';
export const canariesPaper = 'canaries';
export const planPaper = 'drop-plan';
export const requestPaper = (localId: string): string => `request:${localId}`;
export const answerPaper = (localId: string): string => `answer:${localId}`;
export const messagePaper = (messageId: string): string => `message:${messageId}`;

/** A key together with the right to seal and open papers of one scope. */
export interface Desk {
  readonly keyring: Keyring;
  readonly key: WrappedKey;
}

export async function putPaper(
  ledger: LedgerWriter,
  { keyring, key }: Desk,
  name: string,
  plain: Uint8Array,
): Promise<void> {
  await ledger.putPaper({ name, keyId: key.keyId, sealed: keyring.seal(key, name, plain) });
}

/** The paper's plain bytes; throws `paper-unreadable` if it is not there or was altered. */
export async function takePaper(
  ledger: LedgerReader,
  { keyring, key }: Desk,
  name: string,
): Promise<Uint8Array> {
  const paper = await ledger.paper(key.keyId, name);
  if (paper !== null) return keyring.open(key, name, paper.sealed);
  throw new Failure('paper-unreadable', {
    message: 'A working paper of the run is missing.',
    place: name.split(':')[0] ?? name,
    hint: 'Nothing was sent because of it. Restore the ledger from its newest backup.',
  });
}

export const encodeNumbers = (list: NumberList): Uint8Array =>
  new Uint8Array(list.buffer, list.byteOffset, list.byteLength);

export function decodeNumbers(bytes: Uint8Array): NumberList {
  const own = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.prototype.slice.call(bytes);
  return new Float64Array(own.buffer, own.byteOffset, own.byteLength / 8);
}

interface AskedHead {
  readonly run: string;
  readonly rows: number;
  readonly texts: readonly string[];
}

const askedRowLength = 20;

/** Asked rows: a line of JSON with their number and the texts, then for each row its NHS number (8 bytes) and three text numbers (4 each). */
export function encodeAsked(run: RunId, rows: () => Iterable<AskedRow>): Uint8Array {
  const texts = new Texts();
  let count = 0;
  for (const { providerId, locationId, until } of rows()) {
    for (const text of [providerId, locationId, until]) texts.numberOf(text);
    count++;
  }
  const head: AskedHead = { run: formatRunId(run), rows: count, texts: texts.all };
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  const paper = Buffer.allocUnsafe(line.length + count * askedRowLength);
  let at = line.copy(paper);
  for (const { number, providerId, locationId, until } of rows()) {
    at = paper.writeDoubleLE(number, at);
    for (const text of [providerId, locationId, until]) at = paper.writeInt32LE(texts.numberOf(text), at);
  }
  return paper;
}

/** Reads back what `encodeAsked` wrote, as often as wanted. */
export const decodeAsked = (bytes: Uint8Array): Iterable<AskedRow> => ({
  [Symbol.iterator]: () => askedRows(bytes),
});

function* askedRows(bytes: Uint8Array): Generator<AskedRow> {
  const paper = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = paper.indexOf(0x0a) + 1;
  const { rows, texts } = JSON.parse(paper.subarray(0, end).toString()) as AskedHead;
  const text = (at: number): string => texts[paper.readInt32LE(at)] ?? '';
  for (let row = 0; row < rows; row++) {
    const at = end + row * askedRowLength;
    yield {
      number: paper.readDoubleLE(at),
      providerId: text(at + 8),
      locationId: text(at + 12),
      until: text(at + 16),
    };
  }
}

/** What a drop is to be, as one paper: a line of JSON with names and manifest, then the numbers of each file, then those of no file. */
export function encodePlan({ files, manifest, canaries }: DropPlan): Uint8Array {
  const named = files.map(({ numbers, ...file }) => ({ ...file, rows: numbers.length }));
  const head = Buffer.from(`${JSON.stringify({ files: named, manifest })}\n`);
  return Buffer.concat([
    head,
    ...files.map(({ numbers }) => encodeNumbers(numbers)),
    encodeNumbers(canaries),
  ]);
}

export function decodePlan(run: RunId, bytes: Uint8Array): DropPlan {
  let at = bytes.indexOf(0x0a) + 1;
  const head = JSON.parse(Buffer.from(bytes.subarray(0, at)).toString()) as {
    files: (Omit<DropFile, 'numbers'> & { rows: number })[];
    manifest: DropPlan['manifest'];
  };
  const files = head.files.map(({ rows, ...file }) => ({
    ...file,
    numbers: decodeNumbers(bytes.subarray(at, (at += rows * Float64Array.BYTES_PER_ELEMENT))),
  }));
  return { run, files, manifest: head.manifest, canaries: decodeNumbers(bytes.subarray(at)) };
}

/** A raw message as one paper: a line of JSON with id, headers and lengths, then the bodies as they came. */
export function encodeMessage(message: RawMessage): Uint8Array {
  const head = {
    messageId: message.messageId,
    parts: message.parts.map(({ headers, body }) => ({ headers, length: body.length })),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...message.parts.map(({ body }) => body)]);
}

export function decodeMessage(bytes: Uint8Array): RawMessage {
  let at = bytes.indexOf(0x0a) + 1;
  const head = JSON.parse(Buffer.from(bytes.subarray(0, at)).toString()) as {
    messageId: string;
    parts: { headers: Record<string, string>; length: number }[];
  };
  const parts = head.parts.map(({ headers, length }) => ({
    headers,
    body: bytes.subarray(at, (at += length)),
  }));
  return { messageId: head.messageId, parts };
}
