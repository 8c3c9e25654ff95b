/** One POST to somebody we do not trust: no redirects, no more bytes than agreed, no longer than agreed. */
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Failure } from '../domain/failure.ts';
import { errorCode, unreachable } from './refusals.ts';

export interface Post {
  readonly url: URL;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Largest answer that is read, in bytes. */
  readonly mostBytes: number;
  /** For the whole call, from looking up the name to the last byte. */
  readonly timeoutMs: number;
}

export interface Posted {
  readonly status: number;
  /** In lower case, without parameters; empty if there is none. */
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * What came back, whatever its status. Throws `anchor-unreachable` where no whole answer came; rejects with the signal's reason when that
 * fires. Verification of the server is said aloud, for its default can be switched off by an environment variable.
 */
export async function post(call: Post, signal: AbortSignal): Promise<Posted> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(call.timeoutMs);
  try {
    const answer = await send(call, AbortSignal.any([signal, late]));
    const body = await bodyOf(answer, call);
    const contentType = (answer.headers['content-type'] ?? '').replace(/;.*$/, '').trim().toLowerCase();
    return { status: answer.statusCode ?? 0, contentType, body };
  } catch (thrown) {
    signal.throwIfAborted();
    throw late.aborted
      ? noAnswer(call, `none within ${call.timeoutMs / 1000} s`)
      : asUnreachable(call, thrown);
  }
}

function send({ url, contentType, body }: Post, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = {
    'content-type': contentType,
    'content-length': String(body.length),
    'user-agent': 'export-gate',
  };
  const options = { method: 'POST', headers, signal, agent: false } as const;
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...options, rejectUnauthorized: true, minVersion: 'TLSv1.2' }, resolve)
        : http.request(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

class TooLarge extends Error {}

async function bodyOf(answer: IncomingMessage, { mostBytes }: Post): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > mostBytes) {
      answer.destroy();
      throw new TooLarge();
    }
    parts.push(part);
  }
  // A body that ends with its connection may have been cut anywhere.
  const isFramed = 'content-length' in answer.headers || answer.headers['transfer-encoding'] === 'chunked';
  if (!answer.complete || (!isFramed && length > 0)) throw new Error('cut');
  return Buffer.concat(parts);
}

function asUnreachable(call: Post, thrown: unknown): unknown {
  if (thrown instanceof TooLarge) return noAnswer(call, `more than ${call.mostBytes} bytes`);
  return noAnswer(call, errorCode(thrown) ?? 'a broken answer', thrown);
}

const noAnswer = ({ url }: Post, found: string, cause?: unknown): Failure =>
  unreachable('The anchor gave no whole answer.', {
    place: placeOf(url),
    found,
    ...(cause === undefined ? {} : { cause }),
  });

/** Without its query, which may hold what is nobody's business. */
export const placeOf = ({ origin, pathname }: URL): string => `${origin}${pathname}`;
