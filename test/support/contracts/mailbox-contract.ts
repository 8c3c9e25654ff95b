import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure } from '../../../src/domain/failure.ts';
import type { FailureCode } from '../../../src/domain/failure.ts';
import type { Mailbox, OutgoingMessage } from '../../../src/ports.ts';

/** A mailbox and the levers of the far side it talks to. */
export interface MailboxWorld {
  readonly mailbox: Mailbox;
  /** Somebody who can be written to, and how lookup finds them. */
  readonly recipient: { readonly mailboxId: string; readonly odsCode: string; readonly workflowId: string };
  /** Somebody else puts a message into our inbox; its id. */
  deliver(message: {
    readonly from: string;
    readonly workflowId: string;
    readonly localId: string;
    readonly subject: string;
    readonly body: Uint8Array;
  }): string;
  /** The next message sent is taken, but the answer that says so is lost. */
  loseNextAnswer(): void;
  close(): void | Promise<void>;
}

const workflowId = 'SPINE_NTT_UPHOLDING';
const list = Buffer.from('9990000018,\n9990000026,\n');

async function outcomeOf(promise: Promise<unknown>): Promise<FailureCode | 'succeeded'> {
  try {
    await promise;
    return 'succeeded';
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
}

/** What the port promises (src/ports.ts), of whatever keeps it. */
export function mailboxContract(name: string, open: () => Promise<MailboxWorld> | MailboxWorld): void {
  describe(`the mailbox port, kept by ${name}`, () => {
    let world: MailboxWorld;
    let mailbox: Mailbox;
    beforeEach(async () => {
      world = await open();
      mailbox = world.mailbox;
    });
    afterEach(() => world.close());

    const message = (changes: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
      to: world.recipient.mailboxId,
      workflowId,
      localId: 'X26ABC1-221126-0001',
      subject: 'X26ABC1-221126-0001',
      fileName: 'X26ABC1-221126-0001.dat',
      body: list,
      ...changes,
    });
    const deliver = (localId: string, changes: { workflowId?: string; body?: Uint8Array } = {}): string =>
      world.deliver({
        from: world.recipient.mailboxId,
        workflowId,
        localId,
        subject: localId,
        body: list,
        ...changes,
      });

    describe('the handshake', () => {
      it('may be made again and again', async () => {
        for (let count = 0; count < 2; count += 1) {
          const skew = await mailbox.handshake();
          expect(skew === null || Number.isFinite(skew)).toBe(true);
        }
      });
    });

    describe('sending', () => {
      it('gives the id under which the message arrives, whole and with its names', async () => {
        const { messageId } = await mailbox.send(message({ to: mailbox.mailboxId }));
        expect(await mailbox.waiting(workflowId, 10)).toEqual([messageId]);
        const raw = await mailbox.download(messageId);
        expect(Buffer.from(mailbox.decode(raw)).equals(list)).toBe(true);
        expect(raw.parts[0]?.headers).toMatchObject({
          'mex-from': mailbox.mailboxId,
          'mex-to': mailbox.mailboxId,
          'mex-workflowid': workflowId,
          'mex-localid': 'X26ABC1-221126-0001',
          'mex-subject': 'X26ABC1-221126-0001',
          'mex-filename': 'X26ABC1-221126-0001.dat',
          'mex-messagetype': 'DATA',
        });
      });

      it('to nobody is refused, and MESH knows nothing of it', async () => {
        expect(await outcomeOf(mailbox.send(message({ to: 'X26NOBODY' })))).toBe('mesh-rejected');
        expect(await mailbox.findSent(message().localId)).toBeNull();
      });

      it.each<[string, Partial<OutgoingMessage>]>([
        ['without content', { body: new Uint8Array() }],
        ['without recipient', { to: '' }],
        ['without workflow', { workflowId: '' }],
        ['without local id', { localId: '' }],
        ['without subject', { subject: '' }],
        ['with a colon in its local id', { localId: 'a:b' }],
        ['with a colon in its subject', { subject: 'run: 1' }],
        ['with a colon in its file name', { fileName: 'c:list.dat' }],
        ['with a line break in its subject', { subject: 'a\r\nmex-to: X26EVIL' }],
        ['with a control character in its local id', { localId: 'a\u0007' }],
        ['with a letter that is not ASCII', { subject: 'é' }],
        ['with a space at an end', { localId: 'a ' }],
        ['with a URL for its workflow', { workflowId: 'https://example.test' }],
        ['with too long a local id', { localId: 'a'.repeat(301) }],
        ['with too long a recipient', { to: 'A'.repeat(101) }],
      ])('%s is refused', async (_what, changes) => {
        expect(await outcomeOf(mailbox.send(message({ to: mailbox.mailboxId, ...changes })))).toBe(
          'mesh-rejected',
        );
        expect(await mailbox.waitingInAll()).toBe(0);
      });

      it('with a lost answer is neither repeated nor called a failure, and can be looked up', async () => {
        world.loseNextAnswer();
        expect(await outcomeOf(mailbox.send(message({ to: mailbox.mailboxId })))).toBe('mesh-send-unknown');
        const [messageId, ...others] = await mailbox.waiting(workflowId, 10);
        expect(others).toEqual([]);
        expect(await mailbox.findSent(message().localId)).toEqual({ messageId });
      });
    });

    describe('looking a sent message up', () => {
      it('finds it by its local id, and after it was collected too', async () => {
        const { messageId } = await mailbox.send(message({ to: mailbox.mailboxId }));
        expect(await mailbox.findSent(message().localId)).toEqual({ messageId });
        await mailbox.acknowledge(messageId);
        expect(await mailbox.findSent(message().localId)).toEqual({ messageId });
      });

      it.each(['never-sent', 'with a space', 'per%cent', 'a/b', 'a?b#c'])(
        'finds nothing under %s',
        async (localId) => {
          await mailbox.send(message());
          expect(await mailbox.findSent(localId)).toBeNull();
        },
      );

      it('finds it under a local id that must be encoded', async () => {
        const { messageId } = await mailbox.send(message({ localId: 'a b/c%20?d&e' }));
        expect(await mailbox.findSent('a b/c%20?d&e')).toEqual({ messageId });
      });

      it('refuses to choose between two of one local id', async () => {
        await mailbox.send(message());
        await mailbox.send(message());
        expect(await outcomeOf(mailbox.findSent(message().localId))).toBe('mesh-rejected');
      });
    });

    describe('what waits', () => {
      it('is listed oldest first, of one workflow, up to a limit', async () => {
        const first = deliver('a');
        deliver('of another', { workflowId: 'SPINE_NTT_UPHOLDING_2' });
        const second = deliver('b');
        const third = deliver('c');
        expect(await mailbox.waiting(workflowId, 10)).toEqual([first, second, third]);
        expect(await mailbox.waiting(workflowId, 2)).toEqual([first, second]);
        expect(await mailbox.waiting(workflowId, 0)).toEqual([]);
        expect(await mailbox.waiting('NOT_OURS', 10)).toEqual([]);
        expect(await mailbox.waitingInAll()).toBe(4);
      });

      it('is listed to the end, though the first page holds nothing of ours', async () => {
        for (let count = 0; count < 510; count += 1) deliver(`other-${count}`, { workflowId: 'ANOTHER' });
        const ours = Array.from({ length: 3 }, (_, index) => deliver(`ours-${index}`));
        expect(await mailbox.waiting(workflowId, 1000)).toEqual(ours);
      });
    });

    describe('downloading', () => {
      it('takes nothing out', async () => {
        const messageId = deliver('a');
        const once = await mailbox.download(messageId);
        const again = await mailbox.download(messageId);
        expect(once.messageId).toBe(messageId);
        expect(mailbox.decode(again)).toEqual(mailbox.decode(once));
        expect(await mailbox.waiting(workflowId, 10)).toEqual([messageId]);
      });

      it('shows header names in lower case', async () => {
        const [part] = (await mailbox.download(deliver('a'))).parts;
        const names = Object.keys(part?.headers ?? {});
        expect(names).toEqual(names.map((each) => each.toLowerCase()));
        expect(names).toContain('mex-localid');
      });

      it('of a message that is not there says so', async () => {
        expect(await outcomeOf(mailbox.download('20200529155357895317_3573F8'))).toBe('mesh-not-found');
      });

      it('of a message that was acknowledged says so', async () => {
        const messageId = deliver('a');
        await mailbox.acknowledge(messageId);
        expect(await outcomeOf(mailbox.download(messageId))).toBe('mesh-gone');
      });
    });

    describe('acknowledging', () => {
      it('takes one message out, however often it is done', async () => {
        const first = deliver('a');
        const second = deliver('b');
        await mailbox.acknowledge(first);
        await mailbox.acknowledge(first);
        expect(await mailbox.waiting(workflowId, 10)).toEqual([second]);
      });

      it('of a message that is not there says so', async () => {
        expect(await outcomeOf(mailbox.acknowledge('20200529155357895317_3573F8'))).toBe('mesh-not-found');
      });
    });

    describe('lookup', () => {
      it('finds the mailboxes of an organisation for a workflow', async () => {
        const { mailboxId, odsCode } = world.recipient;
        const found = await mailbox.lookUp(odsCode, world.recipient.workflowId);
        expect(found.map((each) => each.mailboxId)).toEqual([mailboxId]);
        expect(await mailbox.lookUp('NOBODY', world.recipient.workflowId)).toEqual([]);
        expect(await mailbox.lookUp(odsCode, 'NOTHING')).toEqual([]);
      });
    });

    describe('decoding', () => {
      const packed = { headers: { 'content-encoding': 'gzip' }, body: gzipSync(list) };

      it('joins the parts, each unpacked as its headers say', () => {
        const raw = { messageId: 'M1', parts: [packed, { headers: {}, body: list }] };
        expect(Buffer.from(mailbox.decode(raw)).toString()).toBe(list.toString().repeat(2));
      });

      it('refuses what is not one whole gzip member (fault 12)', () => {
        const cut = { ...packed, body: packed.body.subarray(0, -1) };
        expect(() => mailbox.decode({ messageId: 'M1', parts: [packed, cut] })).toThrow(Failure);
      });
    });
  });
}
