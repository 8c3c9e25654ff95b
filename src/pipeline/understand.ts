import { addDays, hour, minute } from '../domain/calendar.ts';
import { asFailure } from '../domain/failure.ts';
import { toleratedSkewMinutes } from '../domain/hold.ts';
import type { HoldReason } from '../domain/hold.ts';
import { kindOf, readAnswer, refusalParts, refusedForDays } from '../domain/national-check.ts';
import type { MessageKind } from '../domain/national-check.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import { splitList } from '../domain/number-list.ts';
import type { NumberList } from '../domain/number-list.ts';
import type {
  EntryProof,
  LedgerWriter,
  RawMessage,
  StoredMessage,
  StoredRequest,
  StoredRun,
} from '../ports.ts';
import { headersOf, requestOf } from './binding.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { insertRequest } from './gate.ts';
import { noteHoldReasons } from './holds.ts';
import {
  answerPaper,
  decodeMessage,
  decodeNumbers,
  encodeNumbers,
  messagePaper,
  putPaper,
  requestPaper,
  takePaper,
} from './papers.ts';
import type { Desk } from './papers.ts';

type Understood =
  'receipt' | 'receipt-of-failure' | 'answer' | 'refusal' | 'report' | 'stranger' | 'late' | 'repetition';

/** Everything that reading one message needs: the message, the request it speaks of, and the transaction in which it is settled. */
interface Reading {
  readonly pipeline: Pipeline;
  readonly tx: LedgerWriter;
  readonly message: StoredMessage;
  readonly request: StoredRequest;
  readonly run: StoredRun;
  readonly desk: Desk;
}

/**
 * Reads a kept and acknowledged message, binds it to the request it answers, and writes down what it means, in one transaction. What is
 * not certainly an answer to an open request changes nobody's outcome; what is odd about an open request holds the run.
 */
export async function understandMessage(pipeline: Pipeline, message: StoredMessage): Promise<void> {
  const { ledger, claim, keyring } = pipeline;
  await ledger.transact(claim, async (tx) => {
    const key = await tx.key(message.keyId);
    const raw =
      key === null
        ? null
        : decodeMessage(await takePaper(tx, { keyring, key }, messagePaper(message.messageId)));
    const request = raw === null ? null : await requestOf(tx, raw);
    const run = request === null ? null : await tx.run(request.run);
    if (key === null || raw === null || request === null || run === null) {
      await settle({ pipeline, tx, message }, null, 'stranger');
      return;
    }
    // Once the run's papers are dead there is nothing left to hold an answer against.
    if (message.keyId !== run.keyId) await settle({ pipeline, tx, message }, run, 'late');
    else await read({ pipeline, tx, message, request, run, desk: { keyring, key } }, raw);
  });
}

async function read(reading: Reading, raw: RawMessage): Promise<unknown> {
  const headers = headersOf(raw);
  const { check } = reading.pipeline.config;
  if (headers.workflowId !== check.workflowId) return settle(reading, null, 'stranger');
  if (headers.messageType === 'REPORT') return reported(reading);
  if (headers.from.toUpperCase() !== check.mailboxId.toUpperCase())
    return odd(reading, 'answer-from-elsewhere');
  const body = decoded(reading.pipeline, raw);
  if (body === null) return bad(reading, 'answer-malformed');
  const kind = kindOf({ ...headers, body });
  if (kind === 'receipt')
    return settle(reading, reading.run, saysFailure(body) ? 'receipt-of-failure' : 'receipt');
  if (sentBefore(reading.request, headers.stampedAt)) return odd(reading, 'answer-before-send');
  return judged(reading, kind, body);
}

/** What the message means for a request that may be open, settled, void or over. */
async function judged(reading: Reading, kind: MessageKind, body: Uint8Array): Promise<unknown> {
  const { request, run, pipeline } = reading;
  const over =
    run.state !== 'asked' && run.state !== 'gated' && run.state !== 'answered' && run.state !== 'held';
  if (over || request.state === 'void' || request.state === 'unanswered') return settle(reading, run, 'late');
  if (request.state !== 'sent' && request.state !== 'intended') return again(reading, kind, body);
  const sentAt = request.sentAt ?? request.intendedAt ?? 0;
  if (pipeline.clock.now() - sentAt > pipeline.config.check.maxAgeHours * hour)
    return settle(reading, run, 'late');
  switch (kind) {
    case 'answer':
      return answered(reading, body);
    case 'refusal':
      return refused(reading);
    case 'unknown':
      return bad(reading, 'message-not-understood');
    case 'receipt':
    case 'report':
      return settle(reading, run, kind);
  }
}

async function answered(reading: Reading, body: Uint8Array): Promise<void> {
  const asked = await numbersAsked(reading);
  const answer = readAnswer(body, asked);
  if (answer.kind === 'refused') return bad(reading, answer.fault);
  const { tx, desk, request } = reading;
  await putPaper(tx, desk, answerPaper(request.localId), encodeNumbers(answer.returned));
  const proof = await settle(reading, reading.run, 'answer');
  await move(reading, 'answered', proof);
}

/** A list that holds an invalid number is refused whole: it is split until the culprit stands alone. */
async function refused(reading: Reading): Promise<void> {
  const { pipeline, tx, request, run, desk } = reading;
  const asked = await numbersAsked(reading);
  const proof = await settle(reading, run, 'refusal');
  const [culprit] = asked;
  if (asked.length === 1 && culprit !== undefined) {
    const told = await tell(pipeline, tx, run, { what: 'number-refused-by-check', localId: request.localId });
    const name = pipeline.keyring.carriedName('number', formatNhsNumber(culprit));
    await tx.refuseNumber(name, addDays(run.businessDate, refusedForDays), told);
    return move(reading, 'refused', proof);
  }
  const parts = splitList(asked, refusalParts);
  for (const list of parts) await insertRequest(pipeline, tx, { run, desk, list, level: request.level + 1 });
  await tell(pipeline, tx, run, { what: 'request-split', localId: request.localId, parts: parts.length });
  return move(reading, 'split', proof);
}

/** MESH says that our own message was not delivered: nobody will answer it. */
async function reported(reading: Reading): Promise<void> {
  const { request, run } = reading;
  const proof = await settle(reading, run, 'report');
  if (request.state === 'sent' || request.state === 'intended') await move(reading, 'unanswered', proof);
}

/** A second message about a settled request: the same answer again is nothing, another one holds the run. */
async function again(reading: Reading, kind: MessageKind, body: Uint8Array): Promise<unknown> {
  const { tx, desk, request, run } = reading;
  if (kind === 'refusal' && (request.state === 'split' || request.state === 'refused'))
    return settle(reading, run, 'repetition');
  if (kind === 'answer' && request.state === 'answered') {
    const first = decodeNumbers(await takePaper(tx, desk, answerPaper(request.localId)));
    const second = readAnswer(body, await numbersAsked(reading));
    const same =
      second.kind === 'accepted' &&
      second.returned.length === first.length &&
      second.returned.every((number, index) => number === first[index]);
    if (same) return settle(reading, run, 'repetition');
  }
  return odd(reading, 'answers-differ');
}

/** Settles the request with an answer that cannot be believed: its numbers stay, and the run is held. */
async function bad(reading: Reading, reason: HoldReason): Promise<void> {
  const { request, run } = reading;
  const open = (request.state === 'sent' || request.state === 'intended') && run.state === 'asked';
  const proof = await odd(reading, reason);
  if (open) await move(reading, 'answer-refused', proof);
}

/** Something about an open request that a person must look at; the request itself goes on waiting. */
async function odd({ pipeline, tx, message, run }: Reading, reason: HoldReason): Promise<EntryProof> {
  const { messageId } = message;
  const proof = await tell(pipeline, tx, run, { what: 'answer-refused', messageId, reason });
  await noteHoldReasons(tx, run, [reason]);
  await tx.settleMessage(messageId, { understood: reason }, proof);
  return proof;
}

async function settle(
  { pipeline, tx, message }: Pick<Reading, 'pipeline' | 'tx' | 'message'>,
  run: StoredRun | null,
  as: Understood,
): Promise<EntryProof> {
  const { messageId } = message;
  const proof = await tell(pipeline, tx, run, { what: 'message-understood', messageId, as });
  await tx.settleMessage(messageId, { understood: as }, proof);
  return proof;
}

/** An answer proves that a send of unknown outcome arrived, so an intended request may settle too. */
async function move(
  { tx, request }: Reading,
  to: 'answered' | 'answer-refused' | 'split' | 'refused' | 'unanswered',
  proof: EntryProof,
): Promise<void> {
  if (request.state === 'intended') {
    await tx.moveRequest(request.localId, 'intended', 'sent', { sentAt: request.intendedAt ?? 0 }, proof);
  }
  await tx.moveRequest(request.localId, 'sent', to, {}, proof);
}

const numbersAsked = async ({ tx, desk, request }: Reading): Promise<NumberList> =>
  decodeNumbers(await takePaper(tx, desk, requestPaper(request.localId)));

function decoded({ mailbox }: Pipeline, raw: RawMessage): Uint8Array | null {
  try {
    return mailbox.decode(raw);
  } catch (thrown) {
    const { code } = asFailure(thrown);
    if (code === 'mesh-malformed' || code === 'mesh-too-large') return null;
    throw thrown;
  }
}

/** Whether a receipt says that a stage of the check's own intake failed; the answer will then not come, and the deadline decides. */
const saysFailure = (body: Uint8Array): boolean =>
  /"passed"\s*:\s*false/.test(Buffer.from(body).toString('latin1'));

/** Whether MESH stamped the message (UTC, fourteen digits) before the request was made, clocks allowed to differ as much as MESH allows. */
function sentBefore(request: StoredRequest, stampedAt: string): boolean {
  const [, date, time] = /^(\d{8})(\d{6})$/.exec(stampedAt) ?? [];
  if (date === undefined || time === undefined) return false;
  const iso = `${date.replace(/(\d{4})(\d{2})(\d{2})/, '$1-$2-$3')}T${time.replace(/(\d{2})(\d{2})(\d{2})/, '$1:$2:$3')}Z`;
  return Date.parse(iso) < (request.intendedAt ?? 0) - toleratedSkewMinutes * minute;
}
