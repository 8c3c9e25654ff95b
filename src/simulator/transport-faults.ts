import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { RouteName } from './call.ts';
import {
  bodyFaults,
  callFaults,
  chunkFaults,
  gzipFaults,
  inboxFaults,
  namesOf,
  sendFaults,
} from './faults.ts';
import type { CallFault, FaultScript, ReturnFault } from './faults.ts';
import type { ApiVersion } from './refusals.ts';
import { jsonResponse, refuse } from './refusals.ts';

/** Takes the next scripted fault that fits any call; the response in place of the call, or null. */
export function troubleBefore(script: FaultScript, version: ApiVersion): Response | null {
  const fault = script.take(namesOf(callFaults));
  return fault === null ? null : callTrouble(fault.name, version);
}

function callTrouble(name: CallFault, version: ApiVersion): Response {
  switch (name) {
    case 'http-503':
      return new Response('Service Unavailable', { status: 503, headers: { 'content-type': 'text/plain' } });
    case 'http-429':
      return new Response('Too Many Requests', { status: 429, headers: { 'retry-after': '1' } });
    case 'xml-500':
      return new Response('<?xml version="1.0"?><error><message>Internal Server Error</message></error>', {
        status: 500,
        headers: { 'content-type': 'text/xml' },
      });
    case 'v1-error-shape':
      return refuse('mailbox-unknown', 1);
    case 'error-without-body':
      return new Response(null, { status: 403 });
    case 'closed-mailbox':
      return refuse('mailbox-closed', version);
  }
}

/** What was called, so far as a fault must know. */
export interface Exchange {
  readonly route: RouteName;
  readonly url: URL;
  readonly path: { readonly chunk: string };
}

/** Takes the next scripted fault that fits this response, and spoils it. */
export async function troubleOnReturn(
  script: FaultScript,
  exchange: Exchange,
  response: Response,
): Promise<Response> {
  if (!response.ok) return response;
  const fault = script.take(fitting(exchange, response));
  return fault === null ? response : returnTrouble(fault.name, exchange, response);
}

function fitting({ route, path }: Exchange, { headers }: Response): readonly ReturnFault[] {
  if (route === 'send') return namesOf(sendFaults);
  if (route === 'inbox') return namesOf(inboxFaults);
  if (route !== 'download' && route !== 'download-chunk') return [];
  const later = route === 'download-chunk' && Number(path.chunk) > 1;
  return [
    ...(later ? namesOf(chunkFaults) : []),
    ...(headers.get('content-encoding') === 'gzip' ? namesOf(gzipFaults) : []),
    ...(headers.get('content-length') === '0' ? [] : namesOf(bodyFaults)),
  ];
}

async function returnTrouble(name: ReturnFault, { url }: Exchange, response: Response): Promise<Response> {
  switch (name) {
    case 'drop-connection-after-accept':
      return Response.error();
    case 'page-loop':
      return changedPage(response, (page) => ({
        ...page,
        links: { self: `${url.pathname}${url.search}`, next: `${url.pathname}${url.search}` },
      }));
    case 'huge-page':
      return changedPage(response, (page) => ({ ...page, messages: [...page.messages, ...hugePage()] }));
    case 'gzip-cut':
      return changedBody(response, (bytes) => bytes.subarray(0, Math.ceil(bytes.length / 2)));
    case 'gzip-bomb':
      return changedBody(response, () => bomb());
    case 'gzip-second-member':
      return changedBody(response, (bytes) => Buffer.concat([bytes, gzipSync(`${strangerNumber},\n`)]));
    case 'gzip-trailing-bytes':
      return changedBody(response, (bytes) => Buffer.concat([bytes, trailingBytes]));
    case 'short-body':
      return shortBody(response);
    case 'wrong-chunk':
      return anotherMessagesChunk(response);
    case 'missing-chunk':
      return refuse('message-unknown', 2);
  }
}

/** Behind a zero byte, for what follows one is what careless readers of gzip pass over without a word. */
const trailingBytes = Buffer.from('\0and then some');

/** A valid number of the test range. */
const strangerNumber = '9990000018';

interface Page {
  readonly messages: readonly string[];
}

async function changedPage(response: Response, change: (page: Page) => Page): Promise<Response> {
  const page = (await response.json()) as Page;
  return jsonResponse(200, change(page), response.headers.get('content-type') === 'application/json' ? 1 : 2);
}

const hugePage = (): readonly string[] =>
  Array.from(
    { length: 100_000 },
    (_, index) => `20200529155357895317_${index.toString(16).toUpperCase().padStart(6, '0')}`,
  );

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

async function changedBody(response: Response, change: (bytes: Buffer) => Buffer): Promise<Response> {
  const body = new Uint8Array(change(await bytesOf(response)));
  const headers = new Headers(response.headers);
  headers.set('content-length', String(body.length));
  return new Response(body, { status: response.status, headers });
}

/** Over HTTP the connection ends before the promised length; without HTTP the header still tells. */
async function shortBody(response: Response): Promise<Response> {
  const bytes = await bytesOf(response);
  const half = new Uint8Array(bytes.subarray(0, Math.floor(bytes.length / 2)));
  return new Response(half, { status: response.status, headers: response.headers });
}

function anotherMessagesChunk(response: Response): Response {
  const body = `${strangerNumber},\n9990000026,\n`;
  const headers = new Headers(response.headers);
  headers.set('mex-messageid', '20200529155357895317_3573F8');
  headers.set('mex-localid', 'another-message');
  headers.set('content-length', String(body.length));
  headers.delete('content-encoding');
  return new Response(body, { status: response.status, headers });
}

const bombBlockBytes = 8 * 1024 * 1024;
const bombBlocks = 64;

/** One honest gzip member (RFC 1952) of 512 MiB, made of one deflated block again and again, so that making it costs little. */
function bomb(): Buffer {
  const block = Buffer.alloc(bombBlockBytes, '\n');
  const deflated = deflateRawSync(block, { finishFlush: constants.Z_FULL_FLUSH });
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const lastBlock = Buffer.from([3, 0]);
  const trailer = Buffer.alloc(8);
  let checksum = 0;
  for (let count = 0; count < bombBlocks; count += 1) checksum = crc32(block, checksum);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(bombBlockBytes * bombBlocks, 4);
  return Buffer.concat([header, ...Array.from({ length: bombBlocks }, () => deflated), lastBlock, trailer]);
}
