/** What the far side may do to us, one scripted fault of the simulator at a time. */
import { describe, expect, it } from '@jest/globals';
import type { FaultName } from '../../src/simulator/faults.ts';
import type { Mailbox } from '../../src/ports.ts';
import { codeOf } from './far-side.ts';
import { useSimulated } from './simulated.ts';

const begin = useSimulated();
const workflowId = 'SPINE_NTT_UPHOLDING';
const list = Buffer.from('9990000018,\n9990000026,\n');
const delivery = { from: 'X26HC065', to: 'X26ABC1', workflowId, localId: 'a', subject: 'a' };

/** Downloads the message and reads it. */
const read = async (mailbox: Mailbox, messageId: string): Promise<string> =>
  Buffer.from(mailbox.decode(await mailbox.download(messageId))).toString();

describe('a fault that passes', () => {
  it.each<FaultName>(['http-503', 'http-429', 'xml-500', 'short-body'])(
    'is waited out: %s',
    async (fault) => {
      const { mailbox, simulator } = begin();
      const messageId = simulator.deliver(delivery, list);
      simulator.fault(fault);
      expect(await read(mailbox, messageId)).toBe(list.toString());
    },
  );

  it.each<[FaultName, string]>([
    ['http-503', 'mesh-unavailable'],
    ['http-429', 'mesh-unavailable'],
    ['xml-500', 'mesh-unavailable'],
    ['short-body', 'mesh-malformed'],
  ])('and does not pass is told: %s', async (fault, code) => {
    const { mailbox, simulator } = begin();
    const messageId = simulator.deliver(delivery, list);
    simulator.fault(fault, { times: Infinity });
    expect(await codeOf(read(mailbox, messageId))).toBe(code);
    expect(simulator.statistics().calls.download).toBe(4);
  });
});

describe('a refusal', () => {
  it.each<FaultName>(['v1-error-shape', 'error-without-body', 'closed-mailbox'])(
    'is believed at once: %s',
    async (fault) => {
      const { mailbox, simulator } = begin();
      simulator.fault(fault);
      expect(await codeOf(mailbox.waiting(workflowId, 10))).toBe('mesh-forbidden');
      expect(simulator.statistics().calls.inbox).toBe(1);
    },
  );
});

describe('an inbox', () => {
  it.each<[FaultName, string]>([
    ['page-loop', 'mesh-malformed'],
    ['huge-page', 'mesh-too-large'],
  ])('that goes on for ever is refused: %s', async (fault, code) => {
    const { mailbox, simulator } = begin();
    simulator.fault(fault);
    expect(await codeOf(mailbox.waiting(workflowId, 100))).toBe(code);
  });
});

describe('a message', () => {
  it.each<[FaultName, string]>([
    ['gzip-cut', 'mesh-malformed'],
    ['gzip-second-member', 'mesh-malformed'],
    ['gzip-trailing-bytes', 'mesh-malformed'],
    ['gzip-bomb', 'mesh-too-large'],
  ])('that is packed wrongly is kept but not read: %s', async (fault, code) => {
    const { mailbox, simulator } = begin();
    const messageId = simulator.deliver(delivery, list);
    simulator.fault(fault);
    const raw = await mailbox.download(messageId);
    expect(await codeOf(Promise.resolve().then(() => mailbox.decode(raw)))).toBe(code);
  });

  it.each<FaultName>(['wrong-chunk', 'missing-chunk'])(
    'that is not all there is refused: %s',
    async (fault) => {
      const { mailbox, simulator } = begin({ mailbox: { chunkBytes: 12 } });
      const names = { to: 'X26ABC1', workflowId, localId: 'a', subject: 'a', fileName: 'a.dat' };
      const { messageId } = await mailbox.send({ ...names, body: list });
      simulator.fault(fault);
      expect(await codeOf(mailbox.download(messageId))).toBe('mesh-malformed');
      expect(await read(mailbox, messageId)).toBe(list.toString());
    },
  );

  it('that is a report without end has one part', async () => {
    const { mailbox, simulator } = begin();
    simulator.fault('endless-report');
    await mailbox.send({
      to: 'X26HC065',
      workflowId,
      localId: 'X26ABC1-221126-0001',
      subject: 'X26ABC1-221126-0001',
      fileName: 'X26ABC1-221126-0001.dat',
      body: list,
    });
    simulator.clock.advance(60_000);
    const types: unknown[] = [];
    for (const messageId of await mailbox.waiting(workflowId, 10)) {
      const raw = await mailbox.download(messageId);
      expect(raw.parts).toHaveLength(1);
      types.push(raw.parts[0]?.headers['mex-messagetype']);
      await mailbox.acknowledge(messageId);
    }
    expect(types).toEqual(['DATA', 'REPORT']);
    expect(await mailbox.waiting(workflowId, 10)).toEqual([]);
  });
});
