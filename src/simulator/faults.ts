/**
 * The scripted faults: everything the far side may do to us, each by name. A fault waits until an event it fits comes along, is
 * used up by it, and of several that fit the one scripted first goes first. An answer fault fits a request that would have been
 * answered properly; the others say what they fit.
 */

/** What the check does instead of sending its receipt and then its answer. */
export const answerFaults = {
  refusal: 'receipt, then the sentence that some number is invalid',
  silence: 'neither receipt nor answer, though the request was collected',
  'receipt-only': 'receipt, and never an answer',
  late: 'the answer comes `delayMs` later (26 hours unless told otherwise)',
  duplicate: 'the answer comes twice, byte for byte, as two messages',
  'duplicate-different': 'a second answer follows that has one number less',
  reordered: 'the answer comes when the receipt is due and the receipt when the answer is',
  empty: 'the answer is a single line feed',
  'foreign-number': 'the answer ends with a valid number nobody asked about',
  'repeated-number': 'the answer names its first number again at the end',
  echo: 'the request comes back whole, opted-out people included',
  truncated: 'the last line of the answer is cut inside its number',
  'truncated-at-line': 'the second half of the answer is missing, cut at a line end',
  'html-page': 'a log-in page with ten-digit numbers stands in place of the answer',
  'wrong-mailbox': 'the answer comes from a mailbox that is not the check',
  'wrong-workflow': 'the answer comes under another workflow',
  'wrong-local-id': 'the answer comes under a local id we never used',
  'yesterdays-answer':
    'the answer to an earlier request of the sender comes again, first; waits until there is one',
  'report-instead': 'no receipt; when the answer is due the request is reported undelivered, code 14',
  'endless-report':
    'receipt, then in place of the answer a report that says of every chunk that another follows',
} as const;

/** What the check finds wrong with a request. */
export const intakeFaults = {
  'unique-by-content':
    'fits a request with the content of an earlier one of its sender: failed receipt, no answer',
  'in-order':
    'fits a request whose file name counts lower than an earlier one of its sender: failed receipt, no answer',
} as const;

/** What happens to any call of a mailbox before it is looked at; a call so refused changes nothing. */
export const callFaults = {
  'http-503': 'the service is unavailable, in a few words of plain text',
  'http-429': 'too many calls, with `retry-after: 1`',
  'xml-500': 'an internal error told in XML',
  'v1-error-shape':
    'refused as an unknown mailbox (403, EPL-151), in the body of version 1 whatever was asked for',
  'error-without-body': 'refused with 403 and no body',
  'closed-mailbox': 'refused as a disabled mailbox (403)',
} as const;

/** What happens to an answer of the server on its way back. */
export const sendFaults = {
  'drop-connection-after-accept': 'fits a message that was accepted: the connection breaks before the answer',
} as const;

export const inboxFaults = {
  'page-loop': 'fits an inbox page: `links.next` leads to the page itself',
  'huge-page': 'fits an inbox page: it holds 100,000 further ids',
} as const;

export const gzipFaults = {
  'gzip-cut': 'fits a download packed with gzip: cut mid-way, with the content length of what is left',
  'gzip-bomb': 'fits a download packed with gzip: half a gigabyte of line feeds',
  'gzip-second-member': 'fits a download packed with gzip: a second gzip member with one more line follows',
  'gzip-trailing-bytes': 'fits a download packed with gzip: bytes that are no gzip follow',
} as const;

export const bodyFaults = {
  'short-body': 'fits a download: half the body under the content length of the whole',
} as const;

export const chunkFaults = {
  'wrong-chunk': 'fits a second or later chunk: that of another message comes, and its headers say so',
  'missing-chunk': 'fits a second or later chunk: it does not exist (404)',
} as const;

/** Every fault and what it does, in one line each. */
export const faultNotes = {
  ...answerFaults,
  ...intakeFaults,
  ...callFaults,
  ...sendFaults,
  ...inboxFaults,
  ...gzipFaults,
  ...bodyFaults,
  ...chunkFaults,
} as const;

export type AnswerFault = keyof typeof answerFaults;
export type CallFault = keyof typeof callFaults;
export type ReturnFault =
  | keyof typeof sendFaults
  | keyof typeof inboxFaults
  | keyof typeof gzipFaults
  | keyof typeof bodyFaults
  | keyof typeof chunkFaults;
export type FaultName = keyof typeof faultNotes;

/** The names of a group, typed. */
export const namesOf = <T extends object>(group: T): readonly (keyof T)[] =>
  Object.keys(group) as (keyof T)[];

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(faultNotes, name);

export interface ScriptedFault<Name extends FaultName = FaultName> {
  readonly name: Name;
  /** How many events it is still good for; Infinity is a lasting state of the far side. */
  readonly times: number;
  /** Only `late` knows a delay. */
  readonly delayMs: number;
}

export interface FaultScript {
  readonly add: (fault: ScriptedFault) => void;
  /** Uses up one of the first scripted fault among these names. */
  readonly take: <Name extends FaultName>(names: readonly Name[]) => ScriptedFault<Name> | null;
  readonly waiting: () => readonly ScriptedFault[];
}

const lateByMs = 26 * 60 * 60 * 1000;

/** A fault with what was not said filled in: once, and 26 hours. */
export const scripted = (
  name: FaultName,
  said: { times?: number; delayMs?: number } = {},
): ScriptedFault => ({
  name,
  times: said.times ?? 1,
  delayMs: said.delayMs ?? lateByMs,
});

/** Reads `name`, `name:times` or `name:times:delayMs`, times `*` for ever; null for an unknown name or a number that is none. */
export function parseFault(text: string): ScriptedFault | null {
  const match = /^([a-z0-9-]+)(?::([0-9]{1,9}|\*))?(?::([0-9]{1,12}))?$/.exec(text);
  const name = match?.[1] ?? '';
  if (!isFaultName(name)) return null;
  const times = match?.[2] ?? '1';
  return scripted(name, {
    times: times === '*' ? Infinity : Number(times),
    delayMs: Number(match?.[3] ?? lateByMs),
  });
}

export function createFaultScript(): FaultScript {
  let faults: ScriptedFault[] = [];
  return {
    add: (fault) => void faults.push(fault),
    take<Name extends FaultName>(names: readonly Name[]) {
      const isAmong = (fault: ScriptedFault): fault is ScriptedFault<Name> =>
        fault.times > 0 && (names as readonly FaultName[]).includes(fault.name);
      const found = faults.find(isAmong);
      if (found === undefined) return null;
      faults = faults
        .map((fault) => (fault === found ? { ...fault, times: fault.times - 1 } : fault))
        .filter((fault) => fault.times > 0);
      return found;
    },
    waiting: () => faults,
  };
}
