/** An authority that says when it saw a checkpoint (RFC 3161): it remembers nothing, but what it signed cannot be made up later. */
import type { Anchor, Chance } from '../ports.ts';
import { placeOf, post } from './post.ts';
import type { Posted } from './post.ts';
import { unreachable } from './refusals.ts';
import { ask, encodeQuestion, nonceBytes, readAuthorities } from './timestamp-request.ts';
import { believeTimestamp, Disbelief } from './timestamp-token.ts';

export interface TimestampAnchorOptions {
  readonly url: string;
  /** PEM: authorities whose time stamps are believed. */
  readonly authorities: string;
  /** Object identifier of the policy asked for and demanded; null: the authority's own. */
  readonly policy: string | null;
  readonly chance: Chance;
  readonly timeoutMs?: number;
}

const mostBytes = 256 * 1024;
const usualTimeout = 30_000;

/**
 * An anchor that has the checkpoint stamped. The receipt is the authority's whole answer, as
 * `openssl ts -verify -in RECEIPT -data CHECKPOINT -CAfile FILE` reads it. Throws `configuration-invalid` for authorities that cannot be read.
 */
export function createTimestampAnchor(options: TimestampAnchorOptions): Anchor {
  const { policy, chance, timeoutMs = usualTimeout } = options;
  const url = new URL(options.url);
  const place = placeOf(url);
  const authorities = readAuthorities(options.authorities);
  return {
    name: 'timestamp',
    target: options.url,
    remembers: false,
    async take({ checkpoint }, signal) {
      const question = ask(Buffer.from(checkpoint.note), chance.bytes(nonceBytes), policy);
      const body = encodeQuestion(question);
      const contentType = 'application/timestamp-query';
      const answer = await post({ url, contentType, body, mostBytes, timeoutMs }, signal);
      demandReply(answer, place);
      try {
        await believeTimestamp(answer.body, question, authorities);
      } catch (thrown) {
        if (!(thrown instanceof Disbelief)) throw thrown;
        throw unreachable(`The time stamp is not believed: ${thrown.message}.`, {
          place,
          hint: 'Nothing is lost. If it comes again, ask the authority, and compare ANCHOR_TSA_CA_FILE with what it publishes.',
        });
      }
      return answer.body;
    },
  };
}

function demandReply({ status, contentType }: Posted, place: string): void {
  if (status === 200 && contentType === 'application/timestamp-reply') return;
  throw unreachable('The time-stamp authority did not answer with a time stamp.', {
    place,
    found: `HTTP ${status}, ${/^[a-z0-9.+-]{1,40}\/[a-z0-9.+-]{1,60}$/.test(contentType) ? contentType : 'no type'}`,
    allowed: 'HTTP 200, application/timestamp-reply',
  });
}
