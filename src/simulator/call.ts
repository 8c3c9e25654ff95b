import type { Directory } from './directory.ts';
import type { MailboxStore } from './mailbox-store.ts';
import type { ApiVersion } from './refusals.ts';

export type RouteName =
  | 'handshake'
  | 'inbox'
  | 'download'
  | 'head'
  | 'download-chunk'
  | 'acknowledge'
  | 'send'
  | 'send-chunk'
  | 'track'
  | 'track-local-id'
  | 'count';

/** A call on behalf of a mailbox, authorised and with its body read. */
export interface MeshCall {
  readonly mailbox: string;
  readonly version: ApiVersion;
  readonly headers: Headers;
  readonly query: URLSearchParams;
  /** The variable parts of the path by name; a part the route does not have is the empty string. */
  readonly path: { readonly message: string; readonly chunk: string; readonly localId: string };
  readonly body: Uint8Array;
  readonly now: number;
}

/** What the routes work on. */
export interface MeshService {
  readonly store: MailboxStore;
  readonly directory: Directory;
  /** Every chunk but the last must be larger than this (version 2 only). */
  readonly minimumChunkBytes: number;
  /** Told of every whole message, or first chunk of one, handed out. */
  readonly onDownload: (messageId: string) => void;
  readonly onAcknowledge: (messageId: string) => void;
}

export type Route = (service: MeshService, call: MeshCall) => Response;

/** A chunk number of the path: digits, from 1; null for anything else. */
export const chunkNumberOf = (text: string): number | null =>
  /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
