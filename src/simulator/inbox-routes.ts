import { gunzipSync, gzipSync } from 'node:zlib';
import { chunkNumberOf } from './call.ts';
import type { MeshCall, MeshService, Route } from './call.ts';
import { downloadHeaders } from './message.ts';
import type { StoredMessage } from './message.ts';
import { jsonResponse, refuse, refuseField, refuseGenerically } from './refusals.ts';

const defaultPage = 500;

/** Ids in the inbox, oldest first, a page at a time (mesh-api.yaml, check inbox). */
export const listInbox: Route = (service, call) => {
  const { query, mailbox, version } = call;
  const maxResults = query.get('max_results') ?? String(defaultPage);
  const size = /^[0-9]{1,5}$/.test(maxResults) ? Number(maxResults) : 0;
  if (size < 10 || size > 5000) return refuseField('query', 'max_results', 'a whole number from 10 to 5000');
  const filter = query.get('workflow_filter');
  if (filter !== null && (filter.length < 2 || filter.length > 255))
    return refuseField('query', 'workflow_filter', '2 to 255 characters');
  const continueFrom = query.get('continue_from');
  if (continueFrom !== null && (continueFrom.length < 24 || continueFrom.length > 1000))
    return refuseField('query', 'continue_from', '24 to 1000 characters');
  const after = continueFrom === null ? 0 : positionOf(continueFrom, call, service);
  if (after === null) return refuseGenerically(500);

  const waiting = service.store.inbox(mailbox);
  const rest = waiting.filter((message) => message.sequence > after);
  const page = rest.slice(0, size);
  // The page is cut before it is filtered: with a filter a page can be empty although a later one is not.
  const matches = workflowMatcher(filter);
  const messages = page.filter((message) => matches(message.workflowId)).map((message) => message.id);
  if (version === 1) return jsonResponse(200, { messages }, 1);
  const last = page.at(-1);
  const next = last !== undefined && rest.length > page.length ? positionToken(mailbox, last.sequence) : null;
  const links = {
    self: pageLink(call, size, continueFrom),
    ...(next === null ? {} : { next: pageLink(call, size, next) }),
  };
  return jsonResponse(200, { messages, links, approx_inbox_count: waiting.length }, 2);
};

/** Deprecated: how many ids wait. */
export const countInbox: Route = (service, { mailbox, version }) => {
  const count = service.store.inbox(mailbox).length;
  return jsonResponse(
    200,
    version === 1 ? { count, internalID: '', allResultsIncluded: true } : { count },
    version,
  );
};

/** The whole message, or the first of its chunks. */
export const getMessage: Route = (service, call) => {
  const response = download(service, call, 1);
  if (response.ok) service.onDownload(call.path.message);
  return response;
};

export const getChunk: Route = (service, call) => {
  const chunk = chunkNumberOf(call.path.chunk);
  return chunk === null
    ? refuseField('path', 'chunk_number', 'a whole number from 1')
    : download(service, call, chunk);
};

/** The headers alone; open to the sender too. */
export const headMessage: Route = (service, { mailbox, version, path }) => {
  const message = service.store.find(path.message);
  if (message === undefined || (message.inboxOf !== mailbox && message.from !== mailbox))
    return refuse('message-unknown', version);
  if (message.status !== 'accepted') return refuse('message-gone', version);
  return new Response(null, { status: 200, headers: downloadHeaders(message, 1) });
};

/** Takes the message out of the inbox; a second time changes nothing and succeeds. */
export const acknowledge: Route = (service, { mailbox, version, path, now }) => {
  const message = service.store.find(path.message);
  if (message === undefined) return refuse('message-unknown', version);
  if (message.inboxOf !== mailbox) return refuse('not-yours', version);
  if (message.status === 'uploading' || message.status === 'undeliverable')
    return refuse('message-gone', version);
  service.store.acknowledge(message, now);
  service.onAcknowledge(message.id);
  return version === 1
    ? jsonResponse(200, { messageId: message.id }, 1)
    : new Response(null, { status: 200 });
};

function download(service: MeshService, call: MeshCall, chunkNumber: number): Response {
  const { mailbox, version, path } = call;
  const message = service.store.find(path.message);
  if (message === undefined) return refuse('message-unknown', version);
  if (message.inboxOf !== mailbox) return refuse('not-yours', version);
  if (message.status !== 'accepted') return refuse('message-gone', version);
  const headers = downloadHeaders(message, chunkNumber);
  if (message.kind === 'REPORT') {
    headers.set('content-length', '0');
    return new Response(null, { status: message.endless ? 206 : 200, headers });
  }
  const stored = message.chunks[chunkNumber - 1];
  if (stored === undefined) return refuse('message-unknown', version);
  const body = packed(message, stored, call);
  if (body === null) return refuseGenerically(500);
  if (body.gzip) {
    headers.set('content-encoding', 'gzip');
    headers.set('mex-content-compressed', 'Y');
  }
  headers.set('content-length', String(body.bytes.length));
  headers.set('content-type', message.totalChunks === 1 ? message.contentType : 'application/octet-stream');
  return new Response(body.bytes, { status: chunkNumber < message.totalChunks ? 206 : 200, headers });
}

/** The chunk as the caller accepts it; null when its sender's gzip cannot be unpacked. Version 1 never packs on its own. */
function packed(
  message: StoredMessage,
  stored: Uint8Array,
  { headers, version }: MeshCall,
): { bytes: Uint8Array<ArrayBuffer>; gzip: boolean } | null {
  const accepts = (headers.get('accept-encoding') ?? '').toLowerCase().includes('gzip');
  if (message.encoding === 'gzip' && !accepts) {
    try {
      return { bytes: new Uint8Array(gunzipSync(stored)), gzip: false };
    } catch {
      return null;
    }
  }
  if (message.encoding === 'gzip') return { bytes: new Uint8Array(stored), gzip: true };
  if (accepts && version === 2) return { bytes: new Uint8Array(gzipSync(stored)), gzip: true };
  return { bytes: new Uint8Array(stored), gzip: false };
}

/** `WF` is, `!WF` is not, `WF*` begins with, `*X*` contains; `!` before the last two negates them. */
function workflowMatcher(filter: string | null): (workflowId: string) => boolean {
  const text = filter?.trim() ?? '';
  if (text === '') return () => true;
  const negated = text.startsWith('!');
  const pattern = negated ? text.slice(1) : text;
  const core = pattern.replaceAll(/^\*|\*$/g, '');
  const matches = (workflowId: string): boolean => {
    if (pattern.startsWith('*')) return workflowId.includes(core);
    return pattern.endsWith('*') ? workflowId.startsWith(core) : workflowId === core;
  };
  return (workflowId) => matches(workflowId) !== negated;
}

/** A path without a host, as the live service sends it. */
function pageLink({ mailbox, query }: MeshCall, size: number, continueFrom: string | null): string {
  const kept = new URLSearchParams();
  if (size !== defaultPage) kept.set('max_results', String(size));
  const filter = query.get('workflow_filter');
  if (filter !== null) kept.set('workflow_filter', filter);
  if (continueFrom !== null) kept.set('continue_from', continueFrom);
  const search = kept.toString();
  return `/messageexchange/${mailbox}/inbox${search === '' ? '' : `?${search}`}`;
}

const positionToken = (mailbox: string, sequence: number): string =>
  Buffer.from(JSON.stringify({ mailbox, after: sequence })).toString('base64url');

/** The sequence number a page ended with: of our own token, or in version 1 of a message id. Null for neither. */
function positionOf(
  continueFrom: string,
  { mailbox, version }: MeshCall,
  { store }: MeshService,
): number | null {
  if (version === 1) return store.find(continueFrom)?.sequence ?? null;
  const text = Buffer.from(continueFrom, 'base64url').toString();
  const match = /^\{"mailbox":"([^"]+)","after":([0-9]{1,15})\}$/.exec(text);
  return match?.[1] === mailbox ? Number(match[2]) : null;
}
