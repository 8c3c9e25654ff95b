/** A mailbox before a far side whose answers are written down beforehand. */
import { afterEach } from '@jest/globals';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import type { MailboxOptions } from '../../src/mesh/mailbox.ts';
import type { Mailbox, OutgoingMessage } from '../../src/ports.ts';
import { options, stillClock } from './far-side.ts';
import type { StillClock } from './far-side.ts';
import { answerJson, answerText, heard, scriptedServer } from './raw-server.ts';
import type { HeardCall, RawServer } from './raw-server.ts';

export const inbox = '/messageexchange/X26ABC1/inbox';
export const workflowId = 'SPINE_NTT_UPHOLDING';
export const list = '9990000018,\n9990000026,\n9990000034,\n';

/** One attempt instead of several. */
export const once = { limits: { attempts: 1 } };

let open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open) await close();
  open = [];
});

/** Both are closed when the test ends. */
export function mailboxAt(
  server: RawServer,
  changes: Partial<MailboxOptions> = {},
): Mailbox & { close(): void } {
  const mailbox = createMailbox(options(server.url, changes));
  open.push(() => {
    mailbox.close();
  }, server.close);
  return mailbox;
}

interface Scripted {
  readonly mailbox: Mailbox & { close(): void };
  readonly clock: StillClock;
  readonly calls: () => readonly HeardCall[];
}

/** A mailbox whose n-th call gets the n-th of these answers, and every further one the last. */
export async function scripted(
  answers: readonly string[],
  changes: Partial<MailboxOptions> = {},
): Promise<Scripted> {
  const server = await scriptedServer(...answers);
  const clock = stillClock();
  return { mailbox: mailboxAt(server, { clock, ...changes }), clock, calls: () => server.calls.map(heard) };
}

/** A page of the inbox. */
export const page = (messages: readonly unknown[], next?: string, more: object = {}): string =>
  answerJson({
    messages,
    links: { self: inbox, ...(next === undefined ? {} : { next }) },
    approx_inbox_count: 7,
    ...more,
  });

/** A download, or a part of one. */
export const download = (headers: Readonly<Record<string, string>>, body = list, status = '200 OK'): string =>
  answerText(status, { 'mex-messagetype': 'DATA', ...headers }, body);

export const outgoing: OutgoingMessage = {
  to: 'X26HC065',
  workflowId,
  localId: 'X26ABC1-221126-0001',
  subject: 'X26ABC1-221126-0001',
  fileName: 'X26ABC1-221126-0001.dat',
  body: Buffer.from(list),
};

/** The answer to a message that was taken. */
export const taken = answerJson({ message_id: 'M1' }, '202 Accepted');
