/** The MESH client before the simulator, by way of msw: the whole path but the socket. */
import { http } from 'msw';
import type { HttpHandler } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import type { MailboxOptions } from '../../src/mesh/mailbox.ts';
import type { Mailbox } from '../../src/ports.ts';
import { createSimulator } from '../../src/simulator/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { midnight, options, secrets, stillClock } from './far-side.ts';

const baseUrl = 'https://localhost:18700';

/** Without a socket nobody frames an answer; here each gets the length that a server would give it. */
export const framed = (answer: (request: Request) => Response | Promise<Response>): HttpHandler =>
  http.all(`${baseUrl}/*`, async ({ request }) => {
    const response = await answer(request);
    if (response.type === 'error' || response.headers.has('content-length')) return response;
    const body = await response.arrayBuffer();
    const headers = new Headers(response.headers);
    headers.set('content-length', String(body.byteLength));
    return new Response(body, { status: response.status, headers });
  });

export interface Simulated {
  readonly simulator: Simulator;
  readonly handler: HttpHandler;
  readonly mailbox: Mailbox & { close(): void };
}

/** A mailbox and the simulator it talks to, which share a clock. */
export function simulated(
  changes: {
    readonly url?: string;
    readonly simulator?: Partial<SimulatorOptions>;
    readonly mailbox?: Partial<MailboxOptions>;
  } = {},
): Simulated {
  const simulator = createSimulator({
    sharedKey: secrets.sharedKey,
    mailboxes: [{ id: 'X26ABC1', password: secrets.password }],
    now: () => midnight,
    ...changes.simulator,
  });
  return {
    simulator,
    handler: framed((request) => simulator.handle(request)),
    mailbox: createMailbox(
      options(changes.url ?? baseUrl, {
        clock: { ...stillClock(), now: simulator.clock.now },
        ...changes.mailbox,
      }),
    ),
  };
}

type Changes = NonNullable<Parameters<typeof simulated>[0]>;

/**
 * Call once in a test file. Begins a world in which nothing but its simulator answers, and whose mailbox is closed after the test. Chunks
 * there are of a few bytes where the real ones are of megabytes.
 */
export function useSimulated(): (changes?: Changes) => Simulated {
  const server = setupServer();
  let opened: Simulated['mailbox'] | undefined;
  beforeAll(() => {
    server.listen({ onUnhandledRequest: 'error' });
  });
  afterEach(() => {
    opened?.close();
  });
  afterAll(() => {
    server.close();
  });
  return (changes = {}) => {
    const world = simulated({ ...changes, simulator: { minimumChunkBytes: 10, ...changes.simulator } });
    server.resetHandlers(world.handler);
    opened = world.mailbox;
    return world;
  };
}
