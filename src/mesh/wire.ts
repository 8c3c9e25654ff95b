import http from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { Failure } from '../domain/failure.ts';
import { readBody } from './answer-body.ts';
import type { Connection } from './connection.ts';
import { framingOf, readHeaders } from './framing.ts';
import type { MeshLimits } from './limits.ts';
import { closed, faultOfError, malformedAnswer, unreachable } from './wire-faults.ts';
import type { WireFault } from './wire-faults.ts';

/** One HTTP call. */
export interface WireCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly body: Uint8Array;
  /** Largest body of a success that is read. */
  readonly maximumBytes: number;
  /** On a connection nobody used before, so that one the server closed meanwhile cannot make the outcome uncertain. */
  readonly ownConnection: boolean;
}

/** What came back, bytes untouched. Of a refusal (status 300 and above) whose body is broken, the body is empty. */
export interface WireAnswer {
  readonly kind: 'answered';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type WireOutcome = WireAnswer | ({ readonly kind: 'broken' } & WireFault);

export interface Wire {
  /**
   * Makes one call, once. Codes of a broken one: `mesh-unreachable` (no connection, silence, reset), `mesh-tls`, `mesh-malformed` (not
   * HTTP as agreed, body without length, shorter or longer than it), `mesh-too-large`, `interrupted` (closed meanwhile).
   */
  exchange(call: WireCall, place: string): Promise<WireOutcome>;
  close(): void;
}

/** Calls over at most one connection, kept open between them. */
export function createWire(connection: Connection, limits: MeshLimits): Wire {
  const { secure, hostname, port, tls } = connection;
  const keep = { keepAlive: true, maxSockets: 1, timeout: limits.keepMs };
  const agent = secure ? new https.Agent({ ...keep, ...tls }) : new http.Agent(keep);
  const stop = new AbortController();

  return {
    exchange(call, place) {
      if (stop.signal.aborted) return Promise.resolve(broken(closed(place), true));
      if (call.ownConnection) agent.destroy();
      const headers = {
        ...call.headers,
        ...(call.method === 'GET' ? {} : { 'content-length': call.body.length }),
      };
      const options = {
        agent,
        hostname,
        port,
        method: call.method,
        path: call.path,
        headers,
        ...parserOptions(limits),
      };
      const request = secure ? https.request(options) : http.request(options);
      request.maxHeadersCount = 0;
      const outcome = converse(request, { call, place, limits, secure, stop: stop.signal });
      request.end(call.body.length === 0 ? undefined : call.body);
      return outcome;
    },
    close() {
      stop.abort();
      agent.destroy();
    },
  };
}

const parserOptions = (limits: MeshLimits): { maxHeaderSize: number; insecureHTTPParser: false } => ({
  maxHeaderSize: limits.headerBytes,
  insecureHTTPParser: false,
});

const broken = (failure: Failure, certainlyNotTaken: boolean): WireOutcome => ({
  kind: 'broken',
  failure,
  certainlyNotTaken,
});

interface Terms {
  readonly call: WireCall;
  readonly place: string;
  readonly limits: MeshLimits;
  readonly secure: boolean;
  readonly stop: AbortSignal;
}

/** Follows one call to its end: the answer, the first thing that goes wrong, or the end of patience. */
function converse(request: ClientRequest, terms: Terms): Promise<WireOutcome> {
  const { place, limits, secure, stop } = terms;
  return new Promise((resolve) => {
    let begun = false;
    const finish = (outcome: WireOutcome): void => {
      clearTimeout(connecting);
      clearTimeout(overall);
      stop.removeEventListener('abort', onStop);
      if (outcome.kind === 'broken' || !request.writableFinished) request.destroy();
      resolve(outcome);
    };
    const giveUp = (why: string): void => {
      finish(broken(unreachable(place, why), !begun));
    };
    const begin = (): void => {
      begun = true;
      clearTimeout(connecting);
    };
    const onStop = (): void => {
      finish(broken(closed(place), !begun));
    };
    const connecting = setTimeout(giveUp, limits.connectMs, `no connection within ${limits.connectMs} ms`);
    const overall = setTimeout(giveUp, limits.overallMs, `no whole answer within ${limits.overallMs} ms`);
    stop.addEventListener('abort', onStop, { once: true });
    request.setTimeout(limits.idleMs, () => {
      giveUp(`silence for ${limits.idleMs} ms`);
    });
    request.on('socket', (socket) => {
      if (request.reusedSocket || !socket.connecting) begin();
      else socket.once(secure ? 'secureConnect' : 'connect', begin);
    });
    request.on('error', (error) => {
      finish({ kind: 'broken', ...faultOfError(error, begun, place) });
    });
    request.on('response', (response) => {
      begin();
      void readAnswer(response, terms).then((answer) => {
        finish(answer instanceof Failure ? broken(answer, false) : answer);
      });
    });
  });
}

async function readAnswer(response: IncomingMessage, terms: Terms): Promise<WireAnswer | Failure> {
  const { call, place, limits } = terms;
  const status = response.statusCode ?? 0;
  const headers = readHeaders(response.rawHeaders);
  const refused = status >= 300;
  if (headers === null) return malformedAnswer(place, 'a header of the message came twice');
  const body = await readBody(response, {
    place,
    framing: framingOf(status, headers),
    maximumBytes: refused ? limits.refusalBytes : call.maximumBytes,
  });
  if (body instanceof Uint8Array) return { kind: 'answered', status, headers, body };
  if (!refused) return body;
  response.destroy();
  return { kind: 'answered', status, headers, body: new Uint8Array() };
}
