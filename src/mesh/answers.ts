import { z } from 'zod';
import type { Failure } from '../domain/failure.ts';
import { notAsAgreed } from './caller.ts';
import type { MeshCall } from './caller.ts';
import type { WireAnswer } from './wire.ts';

/** Opaque, but it goes into a path: no separator, and not dots alone. */
const messageId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);

/** A page of the inbox (MESH API v2 specification, check an inbox). */
export const inboxPage = z.object({
  messages: z.array(messageId),
  links: z.object({ next: z.string().min(1).max(4000).nullish() }).nullish(),
  approx_inbox_count: z.int().nonnegative().optional(),
});

/** The answer to a message that was taken (send message). */
export const sentMessage = z.object({ message_id: messageId });

/** Tracking by local id: always the model of version 1, of which only these are looked at. */
export const trackedMessage = z.object({
  messageId,
  localId: z.string().nullish(),
  status: z.string().nullish(),
});

/** Endpoint lookup. */
export const lookedUp = z.object({
  results: z.array(z.object({ mailbox_id: z.string().min(1).max(100), mailbox_name: z.string().nullish() })),
});

/** What an answer holds if it is JSON of this shape, else null. Other fields are ignored. */
export function readAnswer<T>(shape: z.ZodType<T>, answer: WireAnswer): T | null {
  return shape.safeParse(jsonOf(answer)).data ?? null;
}

/** Null for anything that is not JSON in clear UTF-8. */
function jsonOf({ headers, body }: WireAnswer): unknown {
  if (headers['content-encoding'] !== undefined) return null;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
}

/**
 * What MESH answers where nothing is to be said: an empty body, or in version 1 a small JSON object. A page of somebody between us
 * would be neither. Null when all is well.
 */
export function faultOfAssent(call: MeshCall, answer: WireAnswer): Failure | null {
  const silent = answer.body.length === 0 || jsonOf(answer) !== null;
  return silent || new TextDecoder().decode(answer.body).trim() === 'null'
    ? null
    : notAsAgreed(call, 'words where it should say nothing');
}
