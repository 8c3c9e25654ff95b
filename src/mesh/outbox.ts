import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Failure } from '../domain/failure.ts';
import type { Mailbox, OutgoingMessage } from '../ports.ts';
import { faultOfAssent, readAnswer, sentMessage, trackedMessage } from './answers.ts';
import { notAsAgreed, placeOf } from './caller.ts';
import type { Caller, MeshCall } from './caller.ts';
import { failureOfAnswer } from './error-shapes.ts';
import { assertSendable, envelopeHeaders } from './outgoing-headers.ts';
import type { WireOutcome } from './wire.ts';

export interface Packing {
  /** Largest piece of the body that goes into one call, before compression. */
  readonly chunkBytes: number;
  readonly compress: boolean;
}

type Outbox = Pick<Mailbox, 'send' | 'findSent'>;

const pack = promisify(gzip);

/** What we send, and whether it was taken (MESH API v2 specification, outbox workflow). */
export function createOutbox(caller: Caller, packing: Packing): Outbox {
  const outbox = `/${caller.mailboxId}/outbox`;

  /** The body is cut first and each piece packed on its own. */
  const piece = async (body: Uint8Array, number: number): Promise<Uint8Array> => {
    const plain = body.subarray((number - 1) * packing.chunkBytes, number * packing.chunkBytes);
    return packing.compress ? await pack(plain) : plain;
  };
  const chunkHeaders = (number: number, total: number): Readonly<Record<string, string>> => ({
    'content-type': 'application/octet-stream',
    'mex-chunk-range': `${number}:${total}`,
    ...(packing.compress ? { 'content-encoding': 'gzip' } : {}),
  });

  return {
    async send(message) {
      assertSendable(message);
      const total = Math.ceil(message.body.length / packing.chunkBytes);
      const first: MeshCall = {
        method: 'POST',
        path: outbox,
        headers: { ...envelopeHeaders(message, caller.mailboxId), ...chunkHeaders(1, total) },
        body: await piece(message.body, 1),
      };
      const messageId = messageIdOf(first, message, await caller.callOnce(first));
      for (let number = 2; number <= total; number += 1) {
        const path = `${outbox}/${encodeURIComponent(messageId)}/${number}`;
        const body = await piece(message.body, number);
        await sendChunk(
          caller,
          { method: 'POST', path, headers: chunkHeaders(number, total), body },
          message,
        );
      }
      return { messageId };
    },

    async findSent(localId) {
      // Dots alone would be a step up the path and not a name.
      if (/^\.*$/.test(localId)) return null;
      const call: MeshCall = { method: 'GET', path: `${outbox}/tracking/${encodeURIComponent(localId)}` };
      const answer = await caller.call(call).catch((thrown: unknown) => {
        if (thrown instanceof Failure && thrown.code === 'mesh-not-found') return null;
        throw thrown;
      });
      if (answer === null) return null;
      const tracked = readAnswer(trackedMessage, answer);
      if (tracked === null || (tracked.localId ?? localId) !== localId)
        throw notAsAgreed(call, 'no message of this local id');
      // A message whose chunks never all came was not sent, and nobody will go on with it.
      return tracked.status?.toLowerCase() === 'uploading' ? null : { messageId: tracked.messageId };
    },
  };
}

/**
 * What the one POST that creates the message came to. It was certainly not taken if the connection never stood or MESH said no (4xx);
 * in every other case but a plain yes nobody knows. 408, 425 and 429 may come from something in between that gave up waiting.
 */
function messageIdOf(call: MeshCall, message: OutgoingMessage, outcome: WireOutcome): string {
  if (outcome.kind === 'broken') {
    throw outcome.certainlyNotTaken
      ? outcome.failure
      : unknownOutcome(call, message, outcome.failure.message);
  }
  const { status } = outcome;
  if (status >= 300) {
    const failure = failureOfAnswer(outcome, placeOf(call));
    throw status >= 400 && failure.code !== 'mesh-unavailable'
      ? failure
      : unknownOutcome(call, message, failure.message);
  }
  const sent = readAnswer(sentMessage, outcome);
  if (sent === null) throw unknownOutcome(call, message, `It answered ${status} and named no message.`);
  return sent.message_id;
}

/** A later chunk may be sent again; but once MESH has the first one, no failure says any more that it has no message of ours. */
async function sendChunk(caller: Caller, call: MeshCall, message: OutgoingMessage): Promise<void> {
  let fault: Failure | null;
  try {
    fault = faultOfAssent(call, await caller.call(call));
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    fault = thrown;
  }
  if (fault !== null) throw unknownOutcome(call, message, fault.message);
}

const unknownOutcome = (call: MeshCall, message: OutgoingMessage, why: string): Failure =>
  new Failure('mesh-send-unknown', {
    message: `Nobody can say whether MESH took the message ${message.localId}. ${why}`,
    place: placeOf(call),
    hint: 'It is not sent again: look it up by its local id, and void it if MESH does not know it in time.',
  });
