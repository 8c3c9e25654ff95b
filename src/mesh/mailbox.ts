import os from 'node:os';
import { Failure } from '../domain/failure.ts';
import type { Chance, Clock, Mailbox } from '../ports.ts';
import { faultOfAssent, lookedUp, readAnswer } from './answers.ts';
import type { Credentials } from './authorization.ts';
import { createCaller, notAsAgreed } from './caller.ts';
import type { MeshCall } from './caller.ts';
import { readConnection } from './connection.ts';
import type { TlsMaterial } from './connection.ts';
import { decodeMessage } from './decode.ts';
import { readHttpDate } from './error-shapes.ts';
import { createInbox } from './inbox.ts';
import { meshLimits } from './limits.ts';
import type { MeshLimits } from './limits.ts';
import { createOutbox } from './outbox.ts';
import { createWire } from './wire.ts';

export interface MailboxOptions extends Credentials {
  /** Scheme, host and port; `/messageexchange` is added. */
  readonly url: string;
  /** Required unless the URL is on this machine. */
  readonly tls?: TlsMaterial;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Largest piece of a message in one call, before compression; 75 MB unless told. */
  readonly chunkBytes?: number;
  /** Packs what is sent with gzip; no unless told. */
  readonly compress?: boolean;
  readonly limits?: Partial<MeshLimits>;
}

/** Sent with each handshake; the version is that of package.json. */
export const clientVersion = 'export-gate==0.1.0';

/**
 * A mailbox of the MESH API v2 (R6). Calls are made one after the other, for MESH allows one thread per mailbox (conformance 801). Opens no
 * connection before the first call; `close` ends a call under way with `interrupted`. Throws `configuration-invalid`.
 */
export function createMailbox(options: MailboxOptions): Mailbox & { close(): void } {
  checkCredentials(options);
  const { mailboxId, clock, chance, chunkBytes = 75_000_000, compress = false } = options;
  const limits = { ...meshLimits, ...options.limits };
  const stop = new AbortController();
  const wire = createWire(readConnection(options.url, options.tls), limits);
  const caller = createCaller({ wire, credentials: options, clock, chance, limits, signal: stop.signal });
  const inbox = createInbox(caller);
  const outbox = createOutbox(caller, { chunkBytes, compress });
  const inTurn = oneAtATime();

  const handshake = async (): Promise<number | null> => {
    const call: MeshCall = { method: 'POST', path: `/${mailboxId}`, headers: introduction() };
    const answer = await caller.call(call);
    const serverTime = readHttpDate(answer.headers['date'] ?? '');
    const fault = faultOfAssent(call, answer);
    if (fault !== null) throw fault;
    return serverTime === null ? null : serverTime - clock.now();
  };
  const lookUp: Mailbox['lookUp'] = async (odsCode, workflowId) => {
    const path = `/endpointlookup/${encodeURIComponent(odsCode)}/${encodeURIComponent(workflowId)}`;
    const call: MeshCall = { method: 'GET', path };
    const found = readAnswer(lookedUp, await caller.call(call));
    if (found === null) throw notAsAgreed(call, 'no list of mailboxes');
    return found.results.map((each) => ({ mailboxId: each.mailbox_id, name: each.mailbox_name ?? '' }));
  };

  return {
    mailboxId,
    handshake: () => inTurn(handshake),
    send: (message) => inTurn(() => outbox.send(message)),
    findSent: (localId) => inTurn(() => outbox.findSent(localId)),
    waiting: (workflowId, limit) => inTurn(() => inbox.waiting(workflowId, limit)),
    waitingInAll: () => inTurn(() => inbox.waitingInAll()),
    download: (messageId) => inTurn(() => inbox.download(messageId)),
    acknowledge: (messageId) => inTurn(() => inbox.acknowledge(messageId)),
    lookUp: (odsCode, workflowId) => inTurn(() => lookUp(odsCode, workflowId)),
    decode: (message) => decodeMessage(message, limits.decodedBytes),
    close() {
      stop.abort();
      wire.close();
    },
  };
}

/** What a handshake must say of the caller (MESH API v2 specification, validate a mailbox). */
const introduction = (): Readonly<Record<string, string>> => ({
  'mex-clientversion': clientVersion,
  'mex-osname': os.platform(),
  'mex-osversion': os.release(),
  'mex-osarchitecture': os.arch(),
});

/** Runs what it is given in the order it was given, each after the one before has ended, well or not. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

function checkCredentials({ mailboxId, password, sharedKey }: Credentials): void {
  const places = [
    ['MESH_MAILBOX_ID', /^[A-Z0-9]{1,100}$/.test(mailboxId)],
    ['MESH_MAILBOX_PASSWORD', password !== ''],
    ['MESH_SHARED_KEY', sharedKey !== ''],
  ] as const;
  const wrong = places.find(([, right]) => !right);
  if (wrong === undefined) return;
  throw new Failure('configuration-invalid', {
    message: 'The mailbox cannot be opened as configured.',
    place: wrong[0],
    allowed: 'mailbox id in capitals and digits; password and shared key not empty',
    hint: 'Nothing was sent. Correct the configuration and run `config check`.',
  });
}
