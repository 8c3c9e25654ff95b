import { Failure } from '../../src/domain/failure.ts';
import type { FailureCode } from '../../src/domain/failure.ts';
import { decodeMessage } from '../../src/mesh/decode.ts';
import { assertSendable, envelopeHeaders } from '../../src/mesh/outgoing-headers.ts';
import type { Mailbox, OutgoingMessage, RawMessage, RawPart } from '../../src/ports.ts';

/** A message somebody else puts into our inbox. What is not said takes the usual value. */
export interface Delivery {
  readonly from: string;
  readonly workflowId: string;
  readonly localId: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly fileName?: string;
  readonly messageType?: 'DATA' | 'REPORT';
  /** Further headers, in lower case; they win over those above. An empty one takes its header away. */
  readonly headers?: Readonly<Record<string, string>>;
  /** More parts after `body`, which is then the first. */
  readonly furtherParts?: readonly Uint8Array[];
}

export interface SentMessage extends OutgoingMessage {
  readonly messageId: string;
}

type Operation = Exclude<keyof Mailbox, 'mailboxId' | 'decode'>;

export interface FakeMailbox extends Mailbox {
  /** Puts a message into our inbox; its id. */
  deliver(delivery: Delivery): string;
  /** What was taken from us, in order. */
  readonly sent: readonly SentMessage[];
  /** Ids in the order of their first acknowledgement. */
  readonly acknowledged: readonly string[];
  /** How often a message was downloaded. */
  downloads(messageId: string): number;
  /** The next call of an operation fails: before anything came of it, or after. May be said several times. */
  failNext(operation: Operation, code: FailureCode, when?: 'before' | 'after'): void;
}

export interface FakeMailboxOptions {
  readonly mailboxId: string;
  /** Whom we can write to, besides ourselves; by default any mailbox. */
  readonly recipients?: readonly {
    readonly mailboxId: string;
    readonly odsCode: string;
    readonly workflowId: string;
  }[];
  /** Server minus local clock, as the handshake tells it. */
  readonly skewMs?: number | null;
  /** Told of each message taken, so that a test can answer it. */
  readonly onSent?: (message: SentMessage, mailbox: FakeMailbox) => void;
}

/** The mailbox port in memory, without MESH: same promises, no clock, no waiting. */
export function createFakeMailbox(options: FakeMailboxOptions): FakeMailbox {
  const { mailboxId, recipients } = options;
  const messages = new Map<string, { readonly workflowId: string; readonly raw: RawMessage }>();
  const acknowledged = new Set<string>();
  const downloads = new Map<string, number>();
  const sent: SentMessage[] = [];
  const failures: {
    readonly operation: Operation;
    readonly code: FailureCode;
    readonly when: 'before' | 'after';
  }[] = [];
  let made = 0;

  /** Does the work of an operation, unless or although it was told to fail. */
  const perform = async <T>(operation: Operation, work: () => T): Promise<T> => {
    await Promise.resolve();
    const at = failures.findIndex((each) => each.operation === operation);
    const [scripted] = at === -1 ? [] : failures.splice(at, 1);
    const outcome = scripted?.when === 'before' ? null : work();
    if (scripted !== undefined) throw new Failure(scripted.code, { message: 'This failure was asked for.' });
    return outcome as T;
  };
  const newId = (): string =>
    `20261122000000000000_${(made += 1).toString(16).toUpperCase().padStart(6, '0')}`;
  const found = (messageId: string): { readonly workflowId: string; readonly raw: RawMessage } => {
    const message = messages.get(messageId);
    if (message === undefined) throw new Failure('mesh-not-found', { message: 'No message has such an id.' });
    return message;
  };
  const isWaiting = (messageId: string): boolean => !acknowledged.has(messageId);
  const put = (messageId: string, delivery: Delivery): void => {
    messages.set(messageId, {
      workflowId: delivery.workflowId,
      raw: rawMessage(messageId, mailboxId, delivery),
    });
  };

  const take = (message: OutgoingMessage): { messageId: string } => {
    assertSendable(message);
    if (
      recipients !== undefined &&
      ![mailboxId, ...recipients.map((each) => each.mailboxId)].includes(message.to)
    )
      throw new Failure('mesh-rejected', { message: 'Unregistered to address.' });
    const taken: SentMessage = { ...message, messageId: newId() };
    sent.push(taken);
    if (message.to === mailboxId) put(taken.messageId, { ...message, from: mailboxId });
    options.onSent?.(taken, mailbox);
    return { messageId: taken.messageId };
  };
  const lookFor = (localId: string): { messageId: string } | null => {
    const [first, ...others] = sent.filter((message) => message.localId === localId);
    if (others.length > 0) throw new Failure('mesh-rejected', { message: 'Multiple Choices.' });
    return first === undefined ? null : { messageId: first.messageId };
  };

  const mailbox: FakeMailbox = {
    mailboxId,
    handshake: () => perform('handshake', () => (options.skewMs === undefined ? 0 : options.skewMs)),
    send: (message) => perform('send', () => take(message)),
    findSent: (localId) => perform('findSent', () => lookFor(localId)),
    waiting: (workflowId, limit) =>
      perform('waiting', () =>
        [...messages.keys()]
          .filter((id) => isWaiting(id) && found(id).workflowId === workflowId)
          .slice(0, limit),
      ),
    waitingInAll: () => perform('waitingInAll', () => [...messages.keys()].filter(isWaiting).length),
    download: (messageId) =>
      perform('download', () => {
        const { raw } = found(messageId);
        if (!isWaiting(messageId))
          throw new Failure('mesh-gone', { message: 'The message was acknowledged.' });
        downloads.set(messageId, mailbox.downloads(messageId) + 1);
        return raw;
      }),
    acknowledge: (messageId) =>
      perform('acknowledge', () => {
        found(messageId);
        acknowledged.add(messageId);
      }),
    lookUp: (odsCode, workflowId) =>
      perform('lookUp', () =>
        (recipients ?? [])
          .filter((each) => each.odsCode === odsCode && each.workflowId === workflowId)
          .map((each) => ({ mailboxId: each.mailboxId, name: each.mailboxId })),
      ),
    decode: (message) => decodeMessage(message, 128 * 1024 * 1024),
    deliver(delivery) {
      const messageId = newId();
      put(messageId, delivery);
      return messageId;
    },
    sent,
    get acknowledged() {
      return [...acknowledged];
    },
    downloads: (messageId) => downloads.get(messageId) ?? 0,
    failNext: (operation, code, when = 'before') => void failures.push({ operation, code, when }),
  };
  return mailbox;
}

/** The message as it would come over the wire. */
function rawMessage(messageId: string, to: string, delivery: Delivery): RawMessage {
  const report = delivery.messageType === 'REPORT';
  const bodies = [delivery.body, ...(delivery.furtherParts ?? [])];
  const { workflowId, localId, subject, body, fileName = `${messageId}.dat` } = delivery;
  const part = (bytes: Uint8Array, index: number): RawPart => {
    const headers: Record<string, string> = {
      ...envelopeHeaders({ to, workflowId, localId, subject, fileName, body }, delivery.from),
      'mex-messageid': messageId,
      'mex-messagetype': report ? 'REPORT' : 'DATA',
      'mex-chunk-range': report ? '1:0' : `${index + 1}:${bodies.length}`,
      'mex-total-chunks': report ? '0' : String(bodies.length),
      'content-length': String(bytes.length),
      ...delivery.headers,
    };
    return {
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
      body: bytes,
    };
  };
  return { messageId, parts: bodies.map(part) };
}
