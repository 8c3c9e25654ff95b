/** The conformance cases of the MESH API (witness test specification, 201 to 801), played against the simulator. */
import { describe, expect, it } from '@jest/globals';
import type { Mailbox, OutgoingMessage } from '../../src/ports.ts';
import { codeOf } from './far-side.ts';
import { useSimulated } from './simulated.ts';

const begin = useSimulated();
const workflowId = 'SPINE_NTT_UPHOLDING';
const list = Buffer.from(
  ['9990000018', '9990000026', '9990000034', '9990000042'].map((number) => `${number},\n`).join(''),
);
const message: OutgoingMessage = {
  to: 'X26ABC1',
  workflowId,
  localId: 'X26ABC1-221126-0001',
  subject: 'X26ABC1-221126-0001',
  fileName: 'X26ABC1-221126-0001.dat',
  body: list,
};
const delivery = { from: 'X26HC065', to: 'X26ABC1', workflowId, localId: 'a', subject: 'a' };

/** Sends to ourselves and gives back what arrives. */
async function roundTrip(
  mailbox: Mailbox,
): Promise<{ parts: number; encodings: readonly unknown[]; body: Buffer }> {
  const { messageId } = await mailbox.send(message);
  const raw = await mailbox.download(messageId);
  const encodings = raw.parts.map(({ headers }) => headers['content-encoding']);
  return { parts: raw.parts.length, encodings, body: Buffer.from(mailbox.decode(raw)) };
}

describe('conformance', () => {
  it('201: sends a message as it is', async () => {
    const { mailbox, simulator } = begin();
    const { messageId } = await mailbox.send({ ...message, to: 'X26HC065' });
    const { localId, subject, fileName } = message;
    const names = { workflowId, localId, subject, fileName };
    expect(simulator.sent()).toMatchObject([
      { ...names, messageId, from: 'X26ABC1', to: 'X26HC065', lines: 4 },
    ]);
  });

  it('202: sends a message packed with gzip', async () => {
    const { mailbox, simulator } = begin({ mailbox: { compress: true } });
    await mailbox.send({ ...message, to: 'X26HC065' });
    expect(simulator.sent()).toMatchObject([{ localId: message.localId, lines: 4 }]);
  });

  it('401: receives a message that was sent as it is', async () => {
    const { mailbox } = begin();
    expect((await roundTrip(mailbox)).body.equals(list)).toBe(true);
  });

  it('402: receives a message that was sent packed with gzip', async () => {
    const { mailbox } = begin({ mailbox: { compress: true } });
    const { encodings, body } = await roundTrip(mailbox);
    expect(encodings).toEqual(['gzip']);
    expect(body.equals(list)).toBe(true);
  });

  it.each([
    ['as they are', false],
    ['packed with gzip', true],
  ])('501 and 502: sends and receives a message in chunks, %s', async (_how, compress) => {
    const { mailbox, simulator } = begin({ mailbox: { chunkBytes: 20, compress } });
    const { parts, body } = await roundTrip(mailbox);
    expect([parts, body.equals(list)]).toEqual([3, true]);
    expect(simulator.statistics().calls).toMatchObject({ send: 1, 'send-chunk': 2 });
  });

  it('601: lists 600 waiting messages, 500 and 100, and takes each out once', async () => {
    const { mailbox, simulator } = begin();
    const waiting = Array.from({ length: 600 }, () => simulator.deliver(delivery, list));
    expect(await mailbox.waiting(workflowId, 1000)).toEqual(waiting);
    expect(simulator.statistics().calls.inbox).toBe(2);
    for (const messageId of waiting.slice(0, 20)) {
      await mailbox.download(messageId);
      await mailbox.acknowledge(messageId);
      expect(simulator.downloads(messageId)).toBe(1);
    }
    expect(await mailbox.waiting(workflowId, 1000)).toEqual(waiting.slice(20));
    expect(simulator.statistics().calls.inbox).toBe(4);
  });

  it('701: is refused with a disabled mailbox (403)', async () => {
    const { mailbox, simulator } = begin();
    simulator.fault('closed-mailbox', { times: Infinity });
    const calls = [
      () => mailbox.handshake(),
      () => mailbox.waiting(workflowId, 1),
      () => mailbox.send(message),
    ];
    for (const call of calls) expect(await codeOf(call())).toBe('mesh-forbidden');
    expect(simulator.statistics().calls).toEqual({ handshake: 1, inbox: 1, send: 1 });
  });

  it('702: is refused with a recipient that is not registered (417)', async () => {
    const { mailbox, simulator } = begin();
    expect(await codeOf(mailbox.send({ ...message, to: 'X26NOBODY' }))).toBe('mesh-rejected');
    expect(simulator.sent()).toEqual([]);
  });

  it('703: is told when a message was not collected for five days', async () => {
    const { mailbox, simulator } = begin({
      simulator: { mailboxes: [{ id: 'X26ABC1', password: 'canary-password' }, { id: 'X26ABC2' }] },
    });
    const { messageId } = await mailbox.send({ ...message, to: 'X26ABC2' });
    simulator.clock.advance(5 * 24 * 60 * 60 * 1000);
    const [report = ''] = await mailbox.waiting(workflowId, 10);
    const raw = await mailbox.download(report);
    expect(raw.parts).toHaveLength(1);
    expect(raw.parts[0]?.headers).toMatchObject({
      'mex-messagetype': 'REPORT',
      'mex-linkedmsgid': messageId,
      'mex-localid': message.localId,
      'mex-statuscode': '14',
      'mex-statussuccess': 'ERROR',
    });
    expect(mailbox.decode(raw)).toHaveLength(0);
    expect(await mailbox.findSent(message.localId)).toEqual({ messageId });
    await mailbox.acknowledge(report);
    expect(await mailbox.waiting(workflowId, 10)).toEqual([]);
  });

  it('704: is told that a message does not exist (404)', async () => {
    const { mailbox } = begin();
    expect(await codeOf(mailbox.download('20200529155357895317_3573F8'))).toBe('mesh-not-found');
  });

  it('705: is told that an acknowledged message is gone (410)', async () => {
    const { mailbox, simulator } = begin();
    const messageId = simulator.deliver(delivery, list);
    await mailbox.download(messageId);
    await mailbox.acknowledge(messageId);
    expect(await codeOf(mailbox.download(messageId))).toBe('mesh-gone');
  });

  it('801: makes one call at a time, whatever is asked of it at once', async () => {
    const { mailbox, simulator } = begin();
    const messageId = simulator.deliver(delivery, list);
    simulator.fault('http-503');
    await Promise.all([
      mailbox.handshake(),
      ...Array.from({ length: 10 }, () => mailbox.waiting(workflowId, 10)),
      mailbox.send({ ...message, to: 'X26HC065' }),
      mailbox.download(messageId),
      mailbox.findSent(message.localId),
    ]);
    expect(simulator.overlaps('X26ABC1')).toBe(0);
    expect(Object.values(simulator.statistics().calls).reduce((sum, count) => sum + count)).toBe(15);
  });
});
