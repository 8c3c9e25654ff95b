import { createHash } from 'node:crypto';
import type { Agenda } from './agenda.ts';
import { answerReply, plannedReplies, receiptReply, refusalSentence } from './check-replies.ts';
import type { AnswerReply, Reply } from './check-replies.ts';
import { answerFaults, namesOf } from './faults.ts';
import type { FaultScript } from './faults.ts';
import { notCollected } from './mailbox-store.ts';
import type { MailboxStore } from './mailbox-store.ts';
import type { StoredMessage } from './message.ts';
import { receiptJson } from './receipt.ts';
import type { ReceiptStage } from './receipt.ts';
import { anyNumber, contentOf, fileOrder, isWellFormed, linesKept } from './request-file.ts';

/** How the check is set up. Delays are counted from the acceptance of the request. */
export interface CheckSettings {
  readonly mailboxId: string;
  readonly workflowId: string;
  /** A mailbox that is not the check, for answers from the wrong sender. */
  readonly strangerMailboxId: string;
  readonly receiptDelayMs: number;
  readonly answerDelayMs: number;
  readonly isOptedOut: (nhsNumber: string) => boolean;
  /** Numbers refused although they are well-formed, so that a culprit can be planted. */
  readonly isRefused: (nhsNumber: string) => boolean;
}

/** What the check remembers of a sender. */
interface Correspondence {
  readonly fileNames: Set<string>;
  readonly digests: Set<string>;
  latestOrder: string;
  lastAnswer: AnswerReply | null;
}

interface Plan {
  readonly replies: readonly Reply[];
  readonly lateByMs?: number;
}

/**
 * The Check for National Data Opt-outs service behind its mailbox: collects each request when the receipt is due, sends a receipt
 * (subject `SUCCESS`, a JSON body) and later the lines of those who did not opt out, in their order, or one sentence when any number
 * is invalid. A request without subject or local id, or with a colon in either, is collected and never answered. Mail of another
 * workflow is not collected.
 */
export function startOptOutCheck(
  agenda: Agenda,
  store: MailboxStore,
  script: FaultScript,
  settings: CheckSettings,
): void {
  const senders = new Map<string, Correspondence>();

  const correspondenceWith = (mailboxId: string): Correspondence => {
    const known = senders.get(mailboxId);
    if (known !== undefined) return known;
    const fresh = {
      fileNames: new Set<string>(),
      digests: new Set<string>(),
      latestOrder: '',
      lastAnswer: null,
    };
    senders.set(mailboxId, fresh);
    return fresh;
  };

  const send = (request: StoredMessage, { replies, lateByMs = 0 }: Plan): void => {
    const receipt = request.acceptedAt + settings.receiptDelayMs;
    const answer = request.acceptedAt + settings.answerDelayMs;
    const dueAt = { receipt, answer, late: answer + lateByMs };
    for (const reply of replies)
      agenda.schedule(dueAt[reply.when], (at) => {
        if (reply.kind === 'message') store.deliver(reply.envelope, reply.body, at);
        else if (reply.endless) store.report(request, notCollected(request.id), at, true);
        else store.fail(request, at);
      });
  };

  const collect = (request: StoredMessage, at: number): void => {
    if (request.status !== 'accepted') return;
    const plan = isAddressedWell(request) ? planFor(request, at) : { replies: [] };
    if (!plan.replies.some((reply) => reply.kind === 'report' && !reply.endless))
      store.acknowledge(request, at);
    send(request, plan);
  };

  const planFor = (request: StoredMessage, at: number): Plan => {
    const content = contentOf(request) ?? Buffer.alloc(0);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const sender = correspondenceWith(request.from);
    const failed = failedStage(request, content, sha256, sender);
    const receipt = Buffer.from(
      receiptJson({ request, size: content.length, sha256, receivedAt: at, failed }),
    );
    if (failed !== null) return { replies: [receiptReply(request, 'FAILED', receipt)] };
    if (!isWellFormed(content) || anyNumber(content, settings.isRefused)) {
      const refusal = answerReply(request, Buffer.from(refusalSentence));
      return { replies: [receiptReply(request, 'SUCCESS', receipt), refusal] };
    }
    const earlier = sender.lastAnswer;
    const answer = linesKept(content, (nhsNumber) => !settings.isOptedOut(nhsNumber));
    sender.lastAnswer = answerReply(request, answer);
    const fault = script.take(
      namesOf(answerFaults).filter((name) => name !== 'yesterdays-answer' || earlier !== null),
    );
    const { strangerMailboxId } = settings;
    const occasion = { request, content, receipt, answer, strangerMailboxId, earlier };
    return { replies: plannedReplies(fault?.name ?? null, occasion), lateByMs: fault?.delayMs ?? 0 };
  };

  const failedStage = (
    request: StoredMessage,
    content: Buffer,
    sha256: string,
    known: Correspondence,
  ): ReceiptStage | null => {
    if (content.toString('latin1', 0, 100).trim() === '') return 'validate_non_empty_file';
    const sameContent = known.digests.has(sha256) && script.take(['unique-by-content']) !== null;
    if (known.fileNames.has(request.fileName) || sameContent) return 'validate_is_unique_upload';
    const order = fileOrder(request.fileName);
    if (order !== null && order <= known.latestOrder && script.take(['in-order']) !== null)
      return 'validate_in_order';
    known.fileNames.add(request.fileName);
    known.digests.add(sha256);
    if (order !== null && order > known.latestOrder) known.latestOrder = order;
    return null;
  };

  store.onAccepted((message, acceptedAt) => {
    if (message.to !== settings.mailboxId || message.workflowId !== settings.workflowId) return;
    agenda.schedule(acceptedAt + settings.receiptDelayMs, (at) => {
      collect(message, at);
    });
  });
}

/** The live service never answers a request without subject and local id, nor one with a colon in them. */
const isAddressedWell = ({ subject, localId }: StoredMessage): boolean =>
  [subject, localId].every((text) => text !== '' && !text.includes(':'));
