import type { TokenDesk } from './authorization.ts';
import type { MeshCall, MeshService, Route, RouteName } from './call.ts';
import type { FaultScript } from './faults.ts';
import { acknowledge, countInbox, getChunk, getMessage, headMessage, listInbox } from './inbox-routes.ts';
import { handshake, lookUpMailboxes } from './lookup-routes.ts';
import { sendChunk, sendMessage, trackLocalId, trackMessage } from './outbox-routes.ts';
import type { ApiVersion } from './refusals.ts';
import { refuse, refuseField } from './refusals.ts';
import { troubleBefore, troubleOnReturn } from './transport-faults.ts';

/** The paths behind a mailbox (mesh-api.yaml). A colon marks what varies. */
const routes = {
  handshake: { methods: ['POST', 'GET'], path: '', route: handshake },
  inbox: { methods: ['GET'], path: 'inbox', route: listInbox },
  download: { methods: ['GET'], path: 'inbox/:message', route: getMessage },
  head: { methods: ['HEAD'], path: 'inbox/:message', route: headMessage },
  'download-chunk': { methods: ['GET'], path: 'inbox/:message/:chunk', route: getChunk },
  acknowledge: { methods: ['PUT'], path: 'inbox/:message/status/acknowledged', route: acknowledge },
  send: { methods: ['POST'], path: 'outbox', route: sendMessage },
  'send-chunk': { methods: ['POST'], path: 'outbox/:message/:chunk', route: sendChunk },
  track: { methods: ['GET'], path: 'outbox/tracking', route: trackMessage },
  'track-local-id': { methods: ['GET'], path: 'outbox/tracking/:localId', route: trackLocalId },
  count: { methods: ['GET'], path: 'count', route: countInbox },
} as const satisfies Record<RouteName, { methods: readonly string[]; path: string; route: Route }>;

const routeNames = Object.keys(routes) as readonly RouteName[];

export interface MeshServerParts extends MeshService {
  readonly desk: TokenDesk;
  readonly script: FaultScript;
  readonly now: () => number;
  /** Told of every call that reached a route, before it is answered. */
  readonly onCall: (route: RouteName, mailbox: string) => void;
}

export type MeshServer = (request: Request, body: Uint8Array) => Promise<Response>;

/** Answers one call under `/messageexchange/`, in the order of the live service: path, token, accepted version, then the call itself. */
export function createMeshServer(parts: MeshServerParts): MeshServer {
  return async (request, body) => {
    const url = new URL(request.url);
    const segments = segmentsOf(url.pathname);
    if (segments === null) return refuseField('path', 'path', 'percent-encoding is broken');
    const accepted = acceptedVersion(request.headers.get('accept'));
    const version = accepted ?? 1;
    const [root, ...rest] = segments;
    if (root !== 'messageexchange') return refuse('not-found', version);
    const open = lookup(rest);
    if (open !== null)
      return request.method === 'GET'
        ? lookUpMailboxes(parts.directory, open.odsCode, open.workflowId, version)
        : refuse('method-not-allowed', version);

    const [mailbox = '', ...tail] = rest;
    const names = routeNames.filter((name) => matches(routes[name].path, tail));
    const name = names.find((each) => (routes[each].methods as readonly string[]).includes(request.method));
    if (name === undefined) return refuse(names.length === 0 ? 'not-found' : 'method-not-allowed', version);
    parts.onCall(name, mailbox);
    const trouble = troubleBefore(parts.script, version);
    if (trouble !== null) return trouble;

    const now = parts.now();
    const refusal = parts.desk.refusalOf(request.headers.get('authorization'), mailbox, now);
    if (refusal !== null) return withoutBodyForHead(request, refuse(refusal, version));
    if (accepted === null) return refuse('accept-malformed', version);
    const path = pathParts(routes[name].path, tail);
    const call: MeshCall = {
      mailbox,
      version,
      headers: request.headers,
      query: url.searchParams,
      path,
      body,
      now,
    };
    const response = routes[name].route(parts, call);
    return withoutBodyForHead(
      request,
      await troubleOnReturn(parts.script, { route: name, url, path }, response),
    );
  };
}

function segmentsOf(pathname: string): readonly string[] | null {
  try {
    return pathname.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** One `application/vnd.mesh.vN+json` and nothing else about MESH; absent or any other type is version 1; null for a malformed one. */
function acceptedVersion(accept: string | null): ApiVersion | null {
  const mesh = (accept ?? '').split(';').find((part) => part.includes('vnd.mesh'));
  if (mesh === undefined) return 1;
  const match = /^\s*application\/vnd\.mesh\.v([12])\+json\s*$/.exec(mesh);
  return match === null ? null : match[1] === '2' ? 2 : 1;
}

function lookup(segments: readonly string[]): { odsCode: string | null; workflowId: string } | null {
  const [kind, first = '', second = ''] = segments;
  if (kind === 'endpointlookup' && segments.length === 3) return { odsCode: first, workflowId: second };
  if (kind === 'workflowsearch' && segments.length === 2) return { odsCode: null, workflowId: first };
  return null;
}

const partsOf = (path: string): readonly string[] => (path === '' ? [] : path.split('/'));

function matches(path: string, segments: readonly string[]): boolean {
  const parts = partsOf(path);
  return (
    parts.length === segments.length &&
    parts.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  );
}

function pathParts(path: string, segments: readonly string[]): MeshCall['path'] {
  const named = (name: string): string => segments[partsOf(path).indexOf(name)] ?? '';
  return { message: named(':message'), chunk: named(':chunk'), localId: named(':localId') };
}

const withoutBodyForHead = (request: Request, response: Response): Response =>
  request.method === 'HEAD' && response.body !== null ? new Response(null, response) : response;
