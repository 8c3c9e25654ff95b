import type { AnswerFault } from './faults.ts';
import type { Envelope, StoredMessage } from './message.ts';
import { plainEnvelope } from './message.ts';
import { lineBytes } from './request-file.ts';

/** Byte for byte what stands in place of a list when any number is invalid. */
export const refusalSentence = 'The file contains one or more invalid NHS Numbers.';

/** A message of the check, and when: `receipt` and `answer` are the two delays the check is set to. */
export type Reply =
  AnswerReply | { readonly kind: 'report'; readonly when: 'answer'; readonly endless: boolean };

export interface AnswerReply {
  readonly kind: 'message';
  readonly when: 'receipt' | 'answer' | 'late';
  readonly envelope: Envelope;
  readonly body: Buffer;
}

/** What the replies to one request are made of. */
export interface Occasion {
  readonly request: StoredMessage;
  /** The request's lines, unpacked. */
  readonly content: Buffer;
  readonly receipt: Buffer;
  /** The lines of those who did not opt out. */
  readonly answer: Buffer;
  /** A mailbox that is not the check. */
  readonly strangerMailboxId: string;
  /** The answer to an earlier request of the sender. */
  readonly earlier: AnswerReply | null;
}

/** From the check to the sender of a request: its workflow, its local id, its subject, and the local id as file name. */
export const answerEnvelope = (request: StoredMessage): Envelope => ({
  ...plainEnvelope(request.to, request.from),
  workflowId: request.workflowId,
  localId: request.localId,
  subject: request.subject,
  fileName: `${request.localId}.dat`,
});

export const receiptReply = (request: StoredMessage, subject: string, body: Buffer): AnswerReply => ({
  kind: 'message',
  when: 'receipt',
  envelope: { ...answerEnvelope(request), subject },
  body,
});

/** MESH refuses an empty body, so a list with nobody on it is one line feed. */
export const answerReply = (request: StoredMessage, body: Buffer): AnswerReply => ({
  kind: 'message',
  when: 'answer',
  envelope: answerEnvelope(request),
  body: body.length === 0 ? Buffer.from('\n') : body,
});

/** The replies to a request that would be answered properly, as the fault (null: none) spoils them. */
export function plannedReplies(fault: AnswerFault | null, occasion: Occasion): readonly Reply[] {
  const { request, content, answer, earlier } = occasion;
  const receipt = receiptReply(request, 'SUCCESS', occasion.receipt);
  const answered = answerReply(request, answer);
  const instead = (body: Buffer): readonly Reply[] => [receipt, answerReply(request, body)];
  const under = (change: Partial<Envelope>): readonly Reply[] => [
    receipt,
    { ...answered, envelope: { ...answered.envelope, ...change } },
  ];
  switch (fault) {
    case null:
      return [receipt, answered];
    case 'silence':
      return [];
    case 'receipt-only':
      return [receipt];
    case 'refusal':
      return instead(Buffer.from(refusalSentence));
    case 'late':
      return [receipt, { ...answered, when: 'late' }];
    case 'duplicate':
      return [receipt, answered, answered];
    case 'duplicate-different':
      return [receipt, answered, answerReply(request, answer.subarray(0, -lineBytes))];
    case 'reordered':
      return [
        { ...answered, when: 'receipt' },
        { ...receipt, when: 'answer' },
      ];
    case 'empty':
      return instead(Buffer.from('\n'));
    case 'foreign-number':
      return instead(Buffer.concat([answer, Buffer.from(`${numberNotIn(content)},\n`)]));
    case 'repeated-number':
      return instead(Buffer.concat([answer, answer.subarray(0, lineBytes)]));
    case 'echo':
      return instead(content);
    case 'truncated':
      return instead(answer.subarray(0, -7));
    case 'truncated-at-line':
      return instead(answer.subarray(0, Math.floor(answer.length / lineBytes / 2) * lineBytes));
    case 'html-page':
      return instead(Buffer.from(loginPage));
    case 'wrong-mailbox':
      return under({ from: occasion.strangerMailboxId });
    case 'wrong-workflow':
      return under({ workflowId: `${request.workflowId}_OTHER` });
    case 'wrong-local-id':
      return under({ localId: `${request.localId}-unknown`, fileName: `${request.localId}-unknown.dat` });
    case 'yesterdays-answer':
      return [...(earlier === null ? [] : [{ ...earlier, when: 'receipt' } as const]), receipt, answered];
    case 'report-instead':
      return [{ kind: 'report', when: 'answer', endless: false }];
    case 'endless-report':
      return [receipt, { kind: 'report', when: 'answer', endless: true }];
  }
}

/** The lowest valid number of the test range (999 000 0000 upwards) that the request does not hold. */
function numberNotIn(content: Buffer): string {
  for (let prefix = 999_000_001; ; prefix += 1) {
    const digits = String(prefix);
    const sum = Array.from(digits).reduce((total, digit, place) => total + Number(digit) * (10 - place), 0);
    const check = (11 - (sum % 11)) % 11;
    if (check < 10 && !content.includes(`${digits}${check},`)) return `${digits}${check}`;
  }
}

const loginPage = `<!doctype html>
<html><head><title>Log in</title></head><body>
<form action="/login" method="post"><input name="name"><input name="secret" type="password"></form>
<p>Reference:
9990000018
9990000026
</p></body></html>
`;
