import type { Agenda } from './agenda.ts';
import type { Envelope, StoredMessage, Trouble } from './message.ts';
import { messageIdOf } from './stamps.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** MESH API v2 specification: uncollected after five days it leaves the inbox; after thirty days nothing is left of it. */
export const expiryMs = 5 * dayMs;
const deletionMs = 30 * dayMs;

export interface Upload {
  readonly totalChunks: number;
  readonly encoding: '' | 'gzip';
  readonly firstChunk: Uint8Array;
}

/** All messages of all mailboxes. Every change takes the instant at which it happens. */
export interface MailboxStore {
  /** A client's message: accepted at once when it has one chunk, else uploading until the last one came. */
  readonly upload: (envelope: Envelope, upload: Upload, at: number) => StoredMessage;
  /** Chunk `number` of an uploading message: the next one, or one that is there already and is replaced. */
  readonly addChunk: (message: StoredMessage, number: number, bytes: Uint8Array, at: number) => void;
  /** A message of the service itself, in one chunk. */
  readonly deliver: (envelope: Envelope, body: Uint8Array, at: number) => StoredMessage;
  /** Takes an accepted message out of the inbox as undeliverable, and tells its sender by a report with code 14. */
  readonly fail: (message: StoredMessage, at: number) => void;
  /** A report to the sender of a message; an endless one never comes to its last chunk. */
  readonly report: (failed: StoredMessage, trouble: Trouble, at: number, endless?: boolean) => StoredMessage;
  /** Idempotent; takes it out of the inbox and forgets its content. */
  readonly acknowledge: (message: StoredMessage, at: number) => void;
  readonly find: (messageId: string) => StoredMessage | undefined;
  /** Accepted and not acknowledged, oldest first. */
  readonly inbox: (mailboxId: string) => readonly StoredMessage[];
  /** What the mailbox sent under a local id and is not yet deleted. */
  readonly sentUnder: (mailboxId: string, localId: string) => readonly StoredMessage[];
  /** Called with every client message once it is whole. */
  readonly onAccepted: (listener: (message: StoredMessage, at: number) => void) => void;
}

type Draft = Envelope &
  Pick<StoredMessage, 'kind' | 'inboxOf' | 'totalChunks' | 'encoding' | 'trouble' | 'endless'>;

export const notCollected = (linkedMessageId: string): Trouble => ({
  linkedMessageId,
  event: 'SEND',
  code: '14',
  description: 'Message not collected by recipient after 5 days',
});

export function createMailboxStore(agenda: Agenda, chance: (bytes: number) => Uint8Array): MailboxStore {
  const messages = new Map<string, StoredMessage>();
  const inboxes = new Map<string, Map<string, StoredMessage>>();
  const bySender = new Map<string, StoredMessage[]>();
  const listeners: ((message: StoredMessage, at: number) => void)[] = [];
  let created = 0;
  let accepted = 0;

  const inboxMap = (mailboxId: string): Map<string, StoredMessage> => {
    const found = inboxes.get(mailboxId) ?? new Map<string, StoredMessage>();
    inboxes.set(mailboxId, found);
    return found;
  };

  const newId = (at: number): string => {
    let id: string;
    do {
      created += 1;
      id = messageIdOf(at + Math.floor(created / 1000), created, chance(3));
    } while (messages.has(id));
    return id;
  };

  const keep = (draft: Draft, firstChunk: Uint8Array | null, at: number): StoredMessage => {
    const id = newId(at);
    const message: StoredMessage = {
      ...draft,
      id,
      fileName: draft.fileName === '' ? `${id}.dat` : draft.fileName,
      createdAt: at,
      chunks: firstChunk === null ? [] : [firstChunk],
      fileSize: firstChunk?.length ?? 0,
      status: 'uploading',
      statusAt: at,
      acceptedAt: 0,
      sequence: 0,
    };
    messages.set(id, message);
    if (draft.kind === 'DATA')
      bySender.set(keyOf(message), [...(bySender.get(keyOf(message)) ?? []), message]);
    agenda.schedule(at + deletionMs, () => {
      forget(id);
    });
    return message;
  };

  const forget = (id: string): void => {
    const message = messages.get(id);
    if (message === undefined) return;
    messages.delete(id);
    inboxMap(message.inboxOf).delete(id);
    const others = (bySender.get(keyOf(message)) ?? []).filter((other) => other.id !== id);
    if (others.length === 0) bySender.delete(keyOf(message));
    else bySender.set(keyOf(message), others);
  };

  const accept = (message: StoredMessage, at: number): void => {
    accepted += 1;
    message.sequence = accepted;
    message.status = 'accepted';
    message.statusAt = at;
    message.acceptedAt = at;
    inboxMap(message.inboxOf).set(message.id, message);
    agenda.schedule(at + expiryMs, (dueAt) => {
      store.fail(message, dueAt);
    });
  };

  const acceptUpload = (message: StoredMessage, at: number): void => {
    accept(message, at);
    for (const listener of listeners) listener(message, at);
  };

  const store: MailboxStore = {
    upload(envelope, { totalChunks, encoding, firstChunk }, at) {
      const draft: Draft = {
        ...envelope,
        kind: 'DATA',
        inboxOf: envelope.to,
        totalChunks,
        encoding,
        trouble: null,
        endless: false,
      };
      const message = keep(draft, firstChunk, at);
      if (totalChunks === 1) acceptUpload(message, at);
      return message;
    },
    addChunk(message, number, bytes, at) {
      message.chunks[number - 1] = bytes;
      message.fileSize = message.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      if (message.chunks.length === message.totalChunks) acceptUpload(message, at);
    },
    deliver(envelope, body, at) {
      const part = { kind: 'DATA', inboxOf: envelope.to, totalChunks: 1, encoding: '' } as const;
      const message = keep({ ...envelope, ...part, trouble: null, endless: false }, body, at);
      accept(message, at);
      return message;
    },
    fail(message, at) {
      if (message.status !== 'accepted') return;
      message.status = 'undeliverable';
      message.statusAt = at;
      message.chunks = [];
      inboxMap(message.inboxOf).delete(message.id);
      if (message.kind === 'DATA') store.report(message, notCollected(message.id), at);
    },
    report(failed, trouble, at, endless = false) {
      const part = { kind: 'REPORT', inboxOf: failed.from, totalChunks: 0, encoding: '' } as const;
      const flags = { compressed: false, encrypted: false, checksum: '', fileName: '' };
      const message = keep({ ...failed, ...flags, ...part, trouble, endless }, null, at);
      accept(message, at);
      return message;
    },
    acknowledge(message, at) {
      if (message.status !== 'accepted') return;
      message.status = 'acknowledged';
      message.statusAt = at;
      message.chunks = [];
      inboxMap(message.inboxOf).delete(message.id);
    },
    find: (messageId) => messages.get(messageId),
    inbox: (mailboxId) => [...inboxMap(mailboxId).values()],
    sentUnder: (mailboxId, localId) => bySender.get(`${mailboxId}\n${localId}`) ?? [],
    onAccepted: (listener) => void listeners.push(listener),
  };
  return store;
}

/** A local id is the sender's own; two senders may use the same. */
const keyOf = (message: StoredMessage): string => `${message.from}\n${message.localId}`;
