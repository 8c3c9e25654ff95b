import { tokenHash } from '../../src/simulator/authorization.ts';
import { createSimulator } from '../../src/simulator/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';

export const sharedKey = 'SharedKey';
export const ours = 'X26ABC1';
export const other = 'X26ABC2';
export const closed = 'X26SHUT';
export const check = 'X26HC065';
export const workflow = 'SPINE_NTT_UPHOLDING';
/** Sunday 22 November 2026, 03:39:44 UTC. */
export const start = Date.UTC(2026, 10, 22, 3, 39, 44, 560);
export const dayMs = 24 * 60 * 60 * 1000;

export const v1 = 'application/json';
export const v2 = 'application/vnd.mesh.v2+json';

/** A simulator with three client mailboxes and a clock that only moves when told to. */
export function stillSimulator(options: Partial<SimulatorOptions> = {}): Simulator {
  const mailboxes = [
    { id: ours, password: 'testing', name: 'Ours', odsCode: 'X26' },
    { id: other, password: 'testing', name: 'Other', odsCode: 'ABC', workflows: ['WF_A'] },
    { id: closed, password: 'testing', closed: true },
  ];
  return createSimulator({ sharedKey, mailboxes, now: () => start, minimumChunkBytes: 20, ...options });
}

/** The header for a mailbox, with a nonce never used before unless one is given. */
export function tokenFor(
  mailbox: string,
  at: number,
  said: { nonce?: string; password?: string; key?: string } = {},
): string {
  const timestamp = new Date(at)
    .toISOString()
    .replaceAll(/[^0-9]/g, '')
    .slice(0, 12);
  const parts = { mailboxId: mailbox, nonce: said.nonce ?? crypto.randomUUID(), nonceCount: '0', timestamp };
  const hash = tokenHash(said.key ?? sharedKey, said.password ?? 'testing', parts);
  return `NHSMESH ${mailbox}:${parts.nonce}:0:${timestamp}:${hash}`;
}

export interface Said {
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Record<string, string>;
  readonly accept?: string;
}

export type Caller = (method: string, path: string, said?: Said) => Promise<Response>;

/** Calls as a mailbox; the path goes on from the mailbox (`/inbox`). */
export function callerOf(simulator: Simulator, mailbox: string): Caller {
  return (method, path, said = {}) =>
    simulator.handle(
      new Request(`https://mesh.test/messageexchange/${mailbox}${path}`, {
        method,
        headers: {
          accept: said.accept ?? v2,
          authorization: tokenFor(mailbox, simulator.clock.now()),
          ...said.headers,
        },
        ...(said.body === undefined ? {} : { body: said.body }),
      }),
    );
}

export const toCheck = (localId: string, headers: Record<string, string> = {}): Record<string, string> => ({
  'mex-from': ours,
  'mex-to': check,
  'mex-workflowid': workflow,
  'mex-localid': localId,
  'mex-subject': localId,
  'mex-filename': `${localId}.dat`,
  'content-type': 'application/octet-stream',
  ...headers,
});

export const lines = (...numbers: readonly string[]): string =>
  numbers.map((number) => `${number},\n`).join('');

export const toOther = (said: Record<string, string> = {}): Record<string, string> => ({
  'mex-from': ours,
  'mex-to': other,
  'mex-workflowid': 'WF_A',
  'mex-localid': 'local-1',
  'mex-subject': 'subject-1',
  'mex-filename': 'name-1.dat',
  'mex-content-checksum': 'b10a8db164e0754105b7a99be72e3fe5',
  'content-type': 'application/octet-stream',
  ...said,
});

/** Sends a message to the other mailbox, or as `said`; the message id. */
export async function send(caller: Caller, said: Said): Promise<string> {
  const response = await caller('POST', '/outbox', { headers: toOther(), ...said });
  if (response.status !== 202) throw new Error(`MESH said ${response.status}`);
  return ((await response.json()) as { message_id: string }).message_id;
}

/** A simulator and two who call it. */
export function twoCallers(): { simulator: Simulator; us: Caller; them: Caller } {
  const simulator = stillSimulator();
  return { simulator, us: callerOf(simulator, ours), them: callerOf(simulator, other) };
}

/** Sends a list to the check; the message id. */
export async function ask(caller: Caller, localId: string, body: string): Promise<string> {
  const response = await caller('POST', '/outbox', { headers: toCheck(localId), body });
  return ((await response.json()) as { message_id: string }).message_id;
}

export async function inboxOf(caller: Caller, search = ''): Promise<readonly string[]> {
  const response = await caller('GET', `/inbox${search}`);
  return ((await response.json()) as { messages: string[] }).messages;
}

export interface Received {
  readonly id: string;
  readonly from: string | null;
  readonly type: string | null;
  readonly subject: string | null;
  readonly localId: string | null;
  readonly workflowId: string | null;
  readonly code: string | null;
  readonly linked: string | null;
  readonly body: string;
}

/** Downloads and acknowledges all that waits, oldest first. */
export async function collectAll(caller: Caller): Promise<readonly Received[]> {
  const received: Received[] = [];
  for (const id of await inboxOf(caller)) {
    const response = await caller('GET', `/inbox/${id}`);
    const named = (name: string): string | null => response.headers.get(name);
    received.push({
      id,
      from: named('mex-from'),
      type: named('mex-messagetype'),
      subject: named('mex-subject'),
      localId: named('mex-localid'),
      workflowId: named('mex-workflowid'),
      code: named('mex-statuscode'),
      linked: named('mex-linkedmsgid'),
      body: await response.text(),
    });
    await caller('PUT', `/inbox/${id}/status/acknowledged`);
  }
  return received;
}

/** Valid numbers of the test range. */
export const people = [
  '9990000018',
  '9990000026',
  '9990000034',
  '9990000042',
  '9990000050',
  '9990000069',
  '9990000077',
  '9990000085',
] as const;
