import { Failure } from '../domain/failure.ts';
import type { Mailbox, RawMessage, RawPart } from '../ports.ts';
import { faultOfAssent, inboxPage, readAnswer } from './answers.ts';
import { notAsAgreed, placeOf } from './caller.ts';
import type { Caller, MeshCall } from './caller.ts';
import type { WireAnswer } from './wire.ts';
import { tooLarge } from './wire-faults.ts';

const pageSize = 500;
const smallestPage = 10;

type Inbox = Pick<Mailbox, 'waiting' | 'waitingInAll' | 'download' | 'acknowledge'>;

/** What waits for us, fetched and taken out (MESH API v2 specification, inbox poll cycle). */
export function createInbox(caller: Caller): Inbox {
  const inbox = `/${caller.mailboxId}/inbox`;

  const page = async (call: MeshCall): Promise<ReturnType<typeof inboxPage.parse>> => {
    const found = readAnswer(inboxPage, await caller.call(call));
    if (found === null) throw notAsAgreed(call, 'no page of an inbox');
    return found;
  };

  return {
    async waiting(workflowId, limit) {
      const found = new Set<string>();
      const seen = new Set<string>();
      let path: string | null = `${inbox}?max_results=${pageSize}&workflow_filter=${exactFilter(workflowId)}`;
      while (path !== null && found.size < limit) {
        const call: MeshCall = { method: 'GET', path };
        if (seen.has(path)) throw notAsAgreed(call, 'a page that leads back to an earlier one');
        if (seen.size >= caller.limits.pages) throw tooLarge(placeOf(call), `more than ${seen.size} pages`);
        seen.add(path);
        const { messages, links } = await page(call);
        if (messages.length > pageSize) throw notAsAgreed(call, 'more on a page than was asked for');
        for (const messageId of messages) found.add(messageId);
        path = nextPath(call, inbox, links?.next ?? null);
      }
      return [...found].slice(0, limit);
    },

    async waitingInAll() {
      const call: MeshCall = { method: 'GET', path: `${inbox}?max_results=${smallestPage}` };
      const { approx_inbox_count: count } = await page(call);
      if (count === undefined) throw notAsAgreed(call, 'a page without the count of the inbox');
      return count;
    },

    download: (messageId) => downloadAll(caller, `${inbox}/${segment(messageId)}`, messageId),

    async acknowledge(messageId) {
      const call: MeshCall = { method: 'PUT', path: `${inbox}/${segment(messageId)}/status/acknowledged` };
      const fault = faultOfAssent(call, await caller.call(call));
      if (fault !== null) throw fault;
    },
  };
}

/** An exact filter: an exclamation mark or an asterisk would make it a pattern. */
function exactFilter(workflowId: string): string {
  if (/^[A-Za-z0-9_.-]{2,255}$/.test(workflowId)) return encodeURIComponent(workflowId);
  throw new Failure('configuration-invalid', {
    message: 'This workflow id cannot be asked for.',
    place: 'MESH_CHECK_WORKFLOW_ID',
    allowed: '2 to 255 letters, digits, hyphens, underscores and dots',
    hint: 'Nothing was asked. Correct the configuration.',
  });
}

/** The link to the next page leads into our own inbox or nowhere; an empty page may have one too. */
function nextPath(call: MeshCall, inbox: string, next: string | null): string | null {
  if (next === null) return null;
  const start = `/messageexchange${inbox}?`;
  if (!next.startsWith(start) || !/^[\x21-\x7e]+$/.test(next) || next.includes('#'))
    throw notAsAgreed(call, 'a link to the next page that leads out of our inbox');
  return next.slice('/messageexchange'.length);
}

/** A message id as one segment of a path. */
function segment(messageId: string): string {
  if (/^\.*$/.test(messageId)) throw new Failure('mesh-not-found', { message: 'No message has such an id.' });
  return encodeURIComponent(messageId);
}

async function downloadAll(caller: Caller, path: string, messageId: string): Promise<RawMessage> {
  const { limits } = caller;
  let room = limits.messageBytes;
  const part = async (number: number): Promise<{ part: RawPart; call: MeshCall }> => {
    const call: MeshCall = {
      method: 'GET',
      path: number === 1 ? path : `${path}/${number}`,
      headers: { 'accept-encoding': 'gzip' },
      maximumBytes: Math.min(room, limits.partBytes),
    };
    const answer = await caller.call(call).catch((thrown: unknown) => {
      throw number > 1 && thrown instanceof Failure && thrown.code === 'mesh-not-found'
        ? notAsAgreed(call, `a message that lacks its part ${number}`)
        : thrown;
    });
    room -= answer.body.length;
    return { part: asPart(call, answer, messageId), call };
  };

  const first = await part(1);
  const total = totalParts(first.call, first.part);
  if (total > limits.parts) throw tooLarge(placeOf(first.call), `${total} parts of at most ${limits.parts}`);
  const parts = [first.part];
  for (let number = 2; number <= total; number += 1) {
    const next = await part(number);
    if (next.part.headers['mex-chunk-range']?.trim() !== `${number}:${total}`)
      throw notAsAgreed(next.call, `something other than part ${number} of ${total}`);
    parts.push(next.part);
  }
  return { messageId, parts };
}

/** A part of this message, as far as its headers tell: a log-in page has none of MESH's, another message has its own id. */
function asPart(call: MeshCall, { status, headers, body }: WireAnswer, messageId: string): RawPart {
  if (status !== 200 && status !== 206) throw notAsAgreed(call, `status ${status} for a download`);
  if (!Object.keys(headers).some((name) => name.startsWith('mex-')))
    throw notAsAgreed(call, 'no message of MESH');
  const named = headers['mex-messageid']?.trim();
  if (named !== undefined && named.toUpperCase() !== messageId.toUpperCase())
    throw notAsAgreed(call, 'another message than was asked for');
  return { headers, body };
}

/**
 * How many parts there are. A report has one, whatever it says of itself (its total is 0); without a word on parts there is one. The
 * two headers must agree.
 */
function totalParts(call: MeshCall, { headers }: RawPart): number {
  if (headers['mex-messagetype']?.trim().toUpperCase() === 'REPORT') return 1;
  const range = headers['mex-chunk-range']?.trim();
  const total = headers['mex-total-chunks']?.trim() ?? range?.replace(/^1:/, '') ?? '1';
  if (!/^[0-9]{1,6}$/.test(total) || (range !== undefined && range !== `1:${total}`))
    throw notAsAgreed(call, 'a first part that does not say how many there are');
  return Math.max(1, Number(total));
}
