/**
 * The Check for National Data Opt-outs as it speaks over MESH: the request list, the five kinds of message that come back, and what an
 * answer must be before a single number of it is believed. Formats: MESH API v2 specification and the service's own guidance.
 */
import type { LocalDate } from './calendar.ts';
import { demandNoCanary } from './canary.ts';
import type { NhsNumber } from './nhs-number.ts';
import { holds, numberList } from './number-list.ts';
import type { NumberList } from './number-list.ts';

const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const zero = 0x30;
const lineLength = 12;

/**
 * The request file: ten digits, comma, LF for each number, ascending; no header, no byte-order mark. Throws `canary-survived` where it
 * would ask about one of `canaries`.
 */
export function requestBody(numbers: NumberList, canaries: NumberList): Uint8Array {
  demandNoCanary(numbers, canaries, 'a request of the national check');
  const body = new Uint8Array(numbers.length * lineLength);
  numbers.forEach((number, index) => {
    let rest = number;
    for (let place = 9; place >= 0; place--) {
      body[index * lineLength + place] = zero + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    body[index * lineLength + 10] = comma;
    body[index * lineLength + 11] = lineFeed;
  });
  return body;
}

/** Subject of a request: mailbox, date as DDMMYY and the sequence number of the month, joined by hyphens; no colons. */
export function requestSubject(mailboxId: string, date: LocalDate, sequence: number): string {
  const ddmmyy = `${date.slice(8)}${date.slice(5, 7)}${date.slice(2, 4)}`;
  return `${mailboxId}-${ddmmyy}-${String(sequence).padStart(4, '0')}`;
}

/** What is read of a message before its digits. Header values are empty where the header is absent. */
export interface ReceivedMessage {
  readonly messageType: string;
  readonly from: string;
  readonly workflowId: string;
  readonly localId: string;
  readonly linkedMessageId: string;
  readonly subject: string;
  readonly body: Uint8Array;
}

export const messageKinds = ['report', 'receipt', 'refusal', 'answer', 'unknown'] as const;
export type MessageKind = (typeof messageKinds)[number];

const refusalSentence = 'the file contains one or more invalid nhs numbers.';

/** Tells the kinds of message apart, strictest first, before any digit is read as a number. */
export function kindOf(message: ReceivedMessage): MessageKind {
  if (message.messageType === 'REPORT') return 'report';
  if (message.messageType !== 'DATA') return 'unknown';
  const start = text(message.body.subarray(0, 256)).trim();
  if (message.subject === 'SUCCESS' || start.startsWith('{')) return 'receipt';
  if (message.body.length <= 256 && start.toLowerCase() === refusalSentence) return 'refusal';
  return /^(?:[0-9]{10}|$)/.test(start) ? 'answer' : 'unknown';
}

const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

export type AnswerFault = 'answer-malformed' | 'answer-truncated' | 'answer-repeats' | 'answer-not-asked';

export type ReadAnswer =
  | { readonly kind: 'accepted'; readonly returned: NumberList }
  | { readonly kind: 'refused'; readonly fault: AnswerFault };

/**
 * Reads an answer against the list it answers: lines of ten ASCII digits, an optional comma, LF or CRLF, all alike, the last one
 * ended; every number asked, none twice. Anything else refuses the answer whole. A blank body is an answer without numbers (R6, R7).
 */
export function readAnswer(body: Uint8Array, asked: NumberList): ReadAnswer {
  if (text(body.subarray(0, 8)).trim() === '' && body.length <= 8)
    return { kind: 'accepted', returned: new Float64Array() };
  const ending = lineEnding(body);
  if (ending === null) return { kind: 'refused', fault: 'answer-malformed' };
  const length = 10 + ending.length;
  const returned = new Float64Array(Math.floor(body.length / length));
  for (let line = 0; line < returned.length; line++) {
    const number = readLine(body, line * length, ending);
    if (number === null) return { kind: 'refused', fault: 'answer-malformed' };
    returned[line] = number;
  }
  if (body.length % length !== 0) return { kind: 'refused', fault: 'answer-truncated' };
  const list = numberList(returned);
  if (list.length !== returned.length) return { kind: 'refused', fault: 'answer-repeats' };
  if (!list.every((number) => holds(asked, number))) return { kind: 'refused', fault: 'answer-not-asked' };
  return { kind: 'accepted', returned: list };
}

const endings = [
  [comma, lineFeed],
  [lineFeed],
  [comma, carriageReturn, lineFeed],
  [carriageReturn, lineFeed],
] as const;

/** What ends the first line, and so must end them all. */
const lineEnding = (body: Uint8Array): readonly number[] | null =>
  endings.find((ending) => ending.every((byte, index) => body[10 + index] === byte)) ?? null;

function readLine(body: Uint8Array, from: number, ending: readonly number[]): NhsNumber | null {
  let number = 0;
  for (const byte of body.subarray(from, from + 10)) {
    const digit = byte - zero;
    if (digit < 0 || digit > 9) return null;
    number = number * 10 + digit;
  }
  return ending.every((byte, index) => body[from + 10 + index] === byte) ? number : null;
}

/** A refused list is cut into this many parts, again and again, until the culprit stands alone. */
export const refusalParts = 32;

/** A number refused alone is not asked about again for this many days. */
export const refusedForDays = 30;
