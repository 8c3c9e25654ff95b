import { compactTime, httpTime } from './stamps.ts';

/** What the sender says about a message; absent is the empty string. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly workflowId: string;
  readonly localId: string;
  readonly subject: string;
  /** Empty: the message id and `.dat`. */
  readonly fileName: string;
  readonly partnerId: string;
  readonly checksum: string;
  readonly contentType: string;
  /** The sender's own packing, passed through. */
  readonly compressed: boolean;
  readonly encrypted: boolean;
}

/** An envelope with nothing but its two ends. */
export const plainEnvelope = (from: string, to: string): Envelope => ({
  from,
  to,
  workflowId: '',
  localId: '',
  subject: '',
  fileName: '',
  partnerId: '',
  checksum: '',
  contentType: 'application/octet-stream',
  compressed: false,
  encrypted: false,
});

/** Why a message was not delivered, and which. */
export interface Trouble {
  readonly linkedMessageId: string;
  readonly event: string;
  readonly code: string;
  readonly description: string;
}

export type MessageStatus = 'uploading' | 'accepted' | 'acknowledged' | 'undeliverable';

export interface StoredMessage extends Envelope {
  readonly id: string;
  readonly kind: 'DATA' | 'REPORT';
  /** Whose inbox it lies in: the recipient of a DATA message, the sender of what a REPORT tells of. */
  readonly inboxOf: string;
  readonly totalChunks: number;
  /** How the chunks came and are kept. */
  readonly encoding: '' | 'gzip';
  readonly createdAt: number;
  readonly trouble: Trouble | null;
  /** A scripted fault: a report that says of every chunk that another follows. */
  readonly endless: boolean;
  /** In order; emptied once acknowledged, for then it cannot be downloaded again. */
  chunks: Uint8Array[];
  fileSize: number;
  status: MessageStatus;
  /** Of the last change of status. */
  statusAt: number;
  /** When the last chunk came, and the order of acceptance from 1; both 0 while uploading. */
  acceptedAt: number;
  sequence: number;
}

/** The headers of a download (mesh-api.yaml, download message; those without a value are left out). */
export function downloadHeaders(message: StoredMessage, chunkNumber: number): Headers {
  const headers = new Headers();
  const shown: Record<string, string> = {
    'mex-from': message.kind === 'DATA' ? message.from : '',
    'mex-to': message.to,
    'mex-workflowid': message.workflowId,
    'mex-chunk-range': `${chunkNumber}:${message.totalChunks}`,
    'mex-total-chunks': String(message.totalChunks),
    'mex-addresstype': 'ALL',
    'mex-localid': message.localId,
    'mex-partnerid': message.partnerId,
    'mex-filename': message.fileName,
    'mex-subject': message.subject,
    'mex-version': '1.0',
    'mex-messagetype': message.kind,
    'mex-messageid': message.id,
    ...statusHeaders(message),
    'mex-content-checksum': message.checksum,
    'mex-content-type': message.kind === 'DATA' ? message.contentType : '',
    'mex-content-compressed': message.compressed ? 'Y' : '',
    'mex-content-encrypted': message.encrypted ? 'Y' : '',
    'last-modified': httpTime(message.statusAt),
  };
  for (const [name, value] of Object.entries(shown)) if (value !== '') headers.set(name, value);
  return headers;
}

function statusHeaders(message: StoredMessage): Record<string, string> {
  const { trouble } = message;
  return {
    'mex-linkedmsgid': trouble?.linkedMessageId ?? '',
    'mex-statuscode': trouble?.code ?? '00',
    'mex-statusevent': trouble?.event ?? 'TRANSFER',
    'mex-statusdescription': trouble?.description ?? 'Transferred to recipient mailbox',
    'mex-statussuccess': trouble === null ? 'SUCCESS' : 'ERROR',
    'mex-statustimestamp': compactTime(message.statusAt),
  };
}
