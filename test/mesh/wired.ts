/** The wire alone, before a raw server; both are closed when the test ends. */
import type { Socket } from 'node:net';
import { afterEach } from '@jest/globals';
import { readConnection } from '../../src/mesh/connection.ts';
import { meshLimits } from '../../src/mesh/limits.ts';
import type { MeshLimits } from '../../src/mesh/limits.ts';
import { createWire } from '../../src/mesh/wire.ts';
import type { Wire, WireCall, WireOutcome } from '../../src/mesh/wire.ts';
import { rawServer } from './raw-server.ts';
import type { RawServer } from './raw-server.ts';

export const get: WireCall = {
  method: 'GET',
  path: '/messageexchange/X26ABC1/inbox',
  headers: {},
  body: new Uint8Array(),
  maximumBytes: 1000,
  ownConnection: false,
};
export const post: WireCall = {
  ...get,
  method: 'POST',
  body: Buffer.from('9990000018,\n'),
  ownConnection: true,
};

let open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open) await close();
  open = [];
});

export const server = async (answer: (socket: Socket, call: number) => void): Promise<RawServer> => {
  const started = await rawServer(answer);
  open.unshift(() => started.close());
  return started;
};

export function wireTo(url: string, limits: Partial<MeshLimits> = {}): Wire {
  const wire = createWire(readConnection(url), { ...meshLimits, ...limits });
  open.unshift(() => {
    wire.close();
  });
  return wire;
}

/** In one line: status and body, or the failure's code and whether the call was certainly not taken. */
export function lineOf(outcome: WireOutcome): string {
  if (outcome.kind === 'answered') return `${outcome.status} ${Buffer.from(outcome.body).toString('latin1')}`;
  return `${outcome.failure.code}, ${outcome.certainlyNotTaken ? 'not taken' : 'perhaps taken'}`;
}
