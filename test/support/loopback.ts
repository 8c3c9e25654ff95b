/** A server on the loopback interface for as long as a test lasts: a pure handler, or whatever a hostile one would do with a connection. */
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { bridge } from '../../src/simulator/http-bridge.ts';

export interface Loopback {
  readonly url: string;
  /** Stops answering; what was open is cut. */
  stop(): Promise<void>;
  /** Answers again, under the same URL. */
  again(): Promise<void>;
}

export type OnCall = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export async function serveCalls(onCall: OnCall): Promise<Loopback> {
  let server = http.createServer(onCall);
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    async again() {
      server = http.createServer(onCall);
      await listen(port);
    },
  };
}

const mostBytes = 1_000_000;

export const serveHandler = (handle: (request: Request) => Promise<Response>): Promise<Loopback> =>
  serveCalls((incoming, outgoing) => {
    bridge(handle, mostBytes, incoming, outgoing).catch(() => outgoing.destroy());
  });
