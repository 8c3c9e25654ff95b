import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { CommanderError } from 'commander';
import { readSimulatorFlags } from '../src/simulator/command-line.ts';
import type { SimulatorFlags } from '../src/simulator/command-line.ts';
import { control } from '../src/simulator/control.ts';
import { bridge } from '../src/simulator/http-bridge.ts';
import { createSimulator } from '../src/simulator/simulator.ts';

/**
 * Serves the far side on the loopback interface until SIGTERM or SIGINT. Prints one line of JSON once it listens:
 * `{"listening":"http://127.0.0.1:PORT","mailbox":"X26ABC1"}`. Exit 2: the arguments are wrong.
 */

const maximumBodyBytes = 100_000_000;

function serve(flags: SimulatorFlags): void {
  const simulator = createSimulator({ ...flags.simulator, maximumBodyBytes });
  for (const { name, times, delayMs } of flags.faults) simulator.fault(name, { times, delayMs });

  const answer = async (request: Request): Promise<Response> =>
    (flags.control ? control(simulator, request) : null) ?? simulator.handle(request);
  const onCall = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    bridge(answer, maximumBodyBytes, incoming, outgoing).catch(() => outgoing.destroy());
  };
  const server =
    flags.tls === null
      ? http.createServer(onCall)
      : https.createServer(
          {
            ...flags.tls,
            minVersion: 'TLSv1.2',
            requestCert: flags.tls.ca !== undefined,
            rejectUnauthorized: true,
          },
          onCall,
        );

  server.listen(flags.port, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : flags.port;
    const listening = `${flags.tls === null ? 'http' : 'https'}://127.0.0.1:${port ?? flags.port}`;
    console.log(JSON.stringify({ listening, mailbox: flags.mailbox }));
  });
  server.on('error', (error) => {
    console.error(`The simulator cannot listen on port ${flags.port}: ${error.message}`);
    process.exitCode = 1;
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
}

try {
  serve(readSimulatorFlags(process.argv.slice(2), (text) => process.stderr.write(text)));
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
