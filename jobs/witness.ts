#!/usr/bin/env node
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { CommanderError } from 'commander';
import { asFailure, exitCodeOf, exitCodes } from '../src/domain/failure.ts';
import { bridge } from '../src/simulator/http-bridge.ts';
import { openWitness } from '../src/wiring-anchors.ts';
import { readWitnessFlags } from './input/witness-flags.ts';
import type { WitnessFlags } from './input/witness-flags.ts';
import { describeFailure } from './words/failures.ts';

/**
 * A witness (C2SP tlog-witness) that another team or a provider runs: it cosigns a checkpoint only if it extends every one it cosigned
 * before. Serves until SIGTERM or SIGINT. Prints one line of JSON once it listens: `{"listening":"http://127.0.0.1:8702","verifierKey":"…"}`.
 * Exit codes as those of the gate.
 */

/** A checkpoint with its proof is a few kilobytes. */
const maximumBodyBytes = 64 * 1024;

async function serve({ host, port, tls, ...terms }: WitnessFlags): Promise<void> {
  const witness = await openWitness(terms);
  const onCall = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    bridge(witness.handle, maximumBodyBytes, incoming, outgoing).catch((thrown: unknown) => {
      process.stderr.write(describeFailure(asFailure(thrown)));
      outgoing.destroy();
    });
  };
  const server =
    tls === null
      ? http.createServer(onCall)
      : https.createServer({ ...tls, minVersion: 'TLSv1.2' as const }, onCall);
  server.on('close', () => void witness.close());
  server.on('error', (error) => {
    process.stderr.write(`The witness cannot listen on ${host}:${port}: ${error.message}\n`);
    process.exitCode = exitCodes.unexpected;
    void witness.close();
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  server.listen(port, host, () => {
    const address = server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    const listening = `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`;
    process.stdout.write(`${JSON.stringify({ listening, verifierKey: witness.verifierKey })}\n`);
  });
}

process.umask(0o077);
try {
  await serve(readWitnessFlags(process.argv.slice(2)));
} catch (thrown) {
  if (thrown instanceof CommanderError)
    process.exitCode = thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else {
    process.stderr.write(describeFailure(asFailure(thrown)));
    process.exitCode = exitCodeOf(asFailure(thrown).code);
  }
}
