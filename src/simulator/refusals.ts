/**
 * Every way MESH says no (MESH API v2 specification, errors; texts as the public sandbox sends them). A refusal is an answer, not
 * an exception: routes return it.
 */

export type ApiVersion = 1 | 2;

export const mediaTypes: Readonly<Record<ApiVersion, string>> = {
  1: 'application/json',
  2: 'application/vnd.mesh.v2+json',
};

/** Status, event, code, text. */
const refusals = {
  'accept-malformed': [400, '', '', 'Accept header api format incorrect'],
  'recipient-missing': [400, 'SEND', '08', 'TO_DTS missing'],
  'sender-invalid': [400, 'SEND', '07', 'Invalid From Address in the control file'],
  'header-malformed': [400, 'TRANSFER', '06', 'MalformedControlFile'],
  'checksum-invalid': [400, 'SEND', 'Invalid checksum', 'Invalid checksum'],
  'token-unreadable': [403, '', '', 'Error reading from Authorization header'],
  'token-wrong-hash': [403, '', '', 'Invalid Authentication Token'],
  'token-stale': [403, '', '', 'Invalid Authentication Token'],
  'token-replayed': [403, '', '', 'Error Duplicated Authentication Token'],
  'token-of-another-mailbox': [403, '', '', 'Mailbox id does not match token'],
  'mailbox-unknown': [403, 'SEND', 'EPL-151', 'No mailbox matched'],
  'mailbox-closed': [403, '', '', 'Request Received from Inactive Mailbox'],
  'not-yours': [403, '', '', 'Forbidden'],
  'message-unknown': [404, 'RECEIVE', '20', 'Message does not exist'],
  'not-found': [404, '', '', 'Not Found'],
  'method-not-allowed': [405, '', '', 'Method Not Allowed'],
  'local-id-ambiguous': [300, '', '', 'Multiple Choices'],
  'message-gone': [410, 'SEND', 'Message already accepted', 'Message no longer available for download'],
  'body-too-large': [413, '', '', 'Request Entity Too Large'],
  'recipient-unknown': [417, 'SEND', '12', 'Unregistered to address'],
  'body-empty': [417, 'COLLECT', '02', 'Data file is missing or inaccessible.'],
  'chunk-range-invalid': [
    417,
    'SEND',
    'InvalidHeaderChunks',
    'Invalid chunk values sent in mex-Chunk-Range header',
  ],
  'chunk-too-small': [
    417,
    'SEND',
    'InvalidChunkSize',
    'Every chunk but the last must exceed the minimum size',
  ],
  'encoding-changed': [417, '', '', 'cannot change content encoding'],
  'encoding-unsupported': [422, 'SEND', 'UnsupportedContentEncoding', 'Unsupported content encoding'],
} as const satisfies Record<string, readonly [number, string, string, string]>;

export type RefusalName = keyof typeof refusals;

/** The refusal in the shape of the version asked for; `messageId` where MESH names the message that was refused. */
export function refuse(name: RefusalName, version: ApiVersion, messageId?: string): Response {
  const [status, event, code, text] = refusals[name];
  const body =
    version === 1
      ? {
          ...(messageId === undefined ? {} : { messageID: messageId }),
          errorEvent: event,
          errorCode: code,
          errorDescription: text,
        }
      : {
          ...(messageId === undefined ? {} : { message_id: messageId }),
          detail: [{ event, code, msg: text }],
        };
  return jsonResponse(status, body, version);
}

/** A header, query or path value of the wrong form: 400 with its place, and neither event nor code. */
export function refuseField(place: 'header' | 'query' | 'path', field: string, text: string): Response {
  return jsonResponse(400, { detail: [{ loc: [place, field], msg: text, type: 'value_error' }] }, 1);
}

/** The generic object MESH answers with when it has no words for what went wrong. */
export function refuseGenerically(status: 406 | 423 | 500): Response {
  return jsonResponse(status, { message: 'An internal error occurred.\n\nPlease contact support.' }, 1);
}

/** `body` as JSON under the media type of the version. */
export function jsonResponse(status: number, body: unknown, version: ApiVersion): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': mediaTypes[version] } });
}
