import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { mailboxContract } from '../support/contracts/mailbox-contract.ts';
import type { MailboxWorld } from '../support/contracts/mailbox-contract.ts';
import { createFakeMailbox } from '../support/fake-mailbox.ts';
import { bridge } from '../../src/simulator/http-bridge.ts';
import { simulated } from './simulated.ts';
import type { Simulated } from './simulated.ts';

const recipient = { mailboxId: 'X26HC065', odsCode: 'X26', workflowId: 'SPINE_NTT_UPHOLDING' };

/** The same levers, whatever lies between the client and the simulator. */
const worldOf = ({ mailbox, simulator }: Simulated): Omit<MailboxWorld, 'close'> => ({
  mailbox,
  recipient,
  deliver: (delivery) => simulator.deliver({ ...delivery, to: 'X26ABC1' }, delivery.body),
  loseNextAnswer: () => {
    simulator.fault('drop-connection-after-accept');
  },
});

mailboxContract('the fake', () => {
  const mailbox = createFakeMailbox({ mailboxId: 'X26ABC1', recipients: [recipient] });
  return {
    mailbox,
    recipient,
    deliver: (delivery) => mailbox.deliver(delivery),
    loseNextAnswer: () => {
      mailbox.failNext('send', 'mesh-send-unknown', 'after');
    },
    close: () => undefined,
  };
});

describe('without a socket', () => {
  const server = setupServer();
  beforeAll(() => {
    server.listen({ onUnhandledRequest: 'error' });
  });
  afterAll(() => {
    server.close();
  });

  mailboxContract('the MESH client, before the simulator', () => {
    const world = simulated();
    server.resetHandlers(world.handler);
    return {
      ...worldOf(world),
      close: () => {
        world.mailbox.close();
      },
    };
  });
});

describe('over a socket', () => {
  let answer: (request: Request) => Promise<Response>;
  const server = http.createServer((incoming, outgoing) => {
    void bridge((request) => answer(request), 1_000_000, incoming, outgoing);
  });
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  mailboxContract('the MESH client, before the simulator', () => {
    const world = simulated({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    answer = (request) => world.simulator.handle(request);
    return {
      ...worldOf(world),
      close: () => {
        world.mailbox.close();
      },
    };
  });
});
