import { Column, Texts } from '../domain/column.ts';
import type { AskedRow } from '../domain/decision.ts';
import { Failure } from '../domain/failure.ts';
import type { NumberList } from '../domain/number-list.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type {
  Keyring,
  LedgerReader,
  LedgerWriter,
  PersonListName,
  RawMessage,
  WrappedKey,
} from '../ports.ts';

/** Papers of a run by name: what lies sealed in the ledger so that any worker can go on. */
export const askedPaper = 'asked';
export const blindingPaper = 'blinding';
export const gateTotalsPaper = 'gate-totals';
export const listPaper = (list: PersonListName): string => `list:${list}`;
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

export const decodeNumbers = (bytes: Uint8Array): NumberList =>
  new Float64Array(Uint8Array.from(bytes).buffer);

interface AskedHead {
  readonly run: string;
  readonly rows: number;
  readonly texts: readonly string[];
}

/** Asked rows as columns: a line of JSON with the texts, then numbers (8 bytes) and three columns of text numbers (4 bytes each). */
export function encodeAsked(run: RunId, rows: Iterable<AskedRow>): Uint8Array {
  const texts = new Texts();
  const numbers: number[] = [];
  const columns = new Column();
  for (const { number, providerId, locationId, until } of rows) {
    numbers.push(number);
    for (const text of [providerId, locationId, until]) columns.push(texts.numberOf(text));
  }
  const head: AskedHead = { run: formatRunId(run), rows: numbers.length, texts: texts.all };
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(head)}\n`),
    encodeNumbers(Float64Array.from(numbers)),
    columns.bytes(),
  ]);
}

/** Reads back what `encodeAsked` wrote, as often as wanted. */
export const decodeAsked = (bytes: Uint8Array): Iterable<AskedRow> => ({
  [Symbol.iterator]: () => askedRows(bytes),
});

function* askedRows(bytes: Uint8Array): Generator<AskedRow> {
  const end = bytes.indexOf(0x0a) + 1;
  const { rows, texts } = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()) as AskedHead;
  const view = new DataView(bytes.buffer, bytes.byteOffset + end);
  const text = (row: number, column: number): string =>
    texts[view.getInt32(rows * 8 + (row * 3 + column) * 4, true)] ?? '';
  for (let row = 0; row < rows; row++) {
    yield {
      number: view.getFloat64(row * 8, true),
      providerId: text(row, 0),
      locationId: text(row, 1),
      until: text(row, 2),
    };
  }
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
