import { chunkNumberOf } from './call.ts';
import type { MeshService, Route } from './call.ts';
import type { StoredMessage } from './message.ts';
import type { ApiVersion } from './refusals.ts';
import { jsonResponse, refuse, refuseField, refuseGenerically } from './refusals.ts';
import { readChunkRange, readEncoding, readEnvelope } from './send-headers.ts';
import { trackingView } from './tracking.ts';

/** Sends a message, or the first chunk of one (mesh-api.yaml, send message). */
export const sendMessage: Route = (service, { mailbox, version, headers, body, now }) => {
  const envelope = readEnvelope(headers, mailbox, version);
  if (envelope instanceof Response) return envelope;
  const encoding = readEncoding(headers);
  if (encoding === null) return refuse('encoding-unsupported', version);
  const range = readChunkRange(headers.get('mex-chunk-range'));
  if (range?.number !== 1) return refuse('chunk-range-invalid', version);
  if (service.directory.find(envelope.to) === undefined) return refuse('recipient-unknown', version);
  if (body.length === 0) return refuse('body-empty', version);
  if (isTooSmall(service, version, body, range.total > 1)) return refuse('chunk-too-small', version);
  const upload = { totalChunks: range.total, encoding, firstChunk: body };
  const { id } = service.store.upload(envelope, upload, now);
  return jsonResponse(202, version === 1 ? { messageID: id } : { message_id: id }, version);
};

/** Sends a later chunk: the next one, or again one that came before, so that a lost answer may be followed by the same call. */
export const sendChunk: Route = (service, { mailbox, version, headers, path, body, now }) => {
  const number = chunkNumberOf(path.chunk);
  if (number === null) return refuseField('path', 'chunk_number', 'a whole number from 1');
  const given = headers.get('mex-chunk-range') ?? '';
  const range = given.trim() === '' ? null : readChunkRange(given);
  if (range?.number !== number) return refuse('chunk-range-invalid', version, path.message);
  const message = service.store.find(path.message);
  if (message === undefined) return refuse('not-found', version);
  if (message.from !== mailbox) return refuse('not-yours', version);
  if (message.status !== 'uploading') return refuseGenerically(423);
  if (number > message.totalChunks) return refuseGenerically(406);
  const skips = number < 2 || number > message.chunks.length + 1;
  if (range.total !== message.totalChunks || skips) return refuse('chunk-range-invalid', version, message.id);
  if (readEncoding(headers) !== message.encoding) return refuse('encoding-changed', version, message.id);
  if (body.length === 0) return refuse('body-empty', version, message.id);
  if (isTooSmall(service, version, body, number < message.totalChunks))
    return refuse('chunk-too-small', version, message.id);
  service.store.addChunk(message, number, body, now);
  // Version 2 answers JSON null here, whatever its specification promises.
  return jsonResponse(202, version === 1 ? { messageID: message.id } : null, version);
};

/** What became of a message, for its sender alone; anyone else is told that there is none. */
export const trackMessage: Route = (service, { mailbox, version, query }) => {
  const id = query.get('messageID') ?? '';
  if (id === '') return refuseField('query', 'messageID', 'field required');
  const message = service.store.find(id);
  if (message?.kind !== 'DATA' || message.from !== mailbox) return refuse('not-found', version);
  return tracked(service, message, version);
};

/** Deprecated, and in the model of version 1 whatever is asked for; but the only way to find a message whose id was lost. */
export const trackLocalId: Route = (service, { mailbox, version, path }) => {
  const [message, ...others] = service.store.sentUnder(mailbox, path.localId);
  if (message === undefined) return refuse('not-found', version);
  return others.length > 0 ? refuse('local-id-ambiguous', version) : tracked(service, message, 1);
};

const tracked = (service: MeshService, message: StoredMessage, version: ApiVersion): Response =>
  jsonResponse(200, trackingView(message, service.directory, version), version);

/** The live service stores chunks as parts that must exceed 5 MB, the last excepted; counted as they came over the wire. */
const isTooSmall = (
  service: MeshService,
  version: ApiVersion,
  body: Uint8Array,
  moreFollow: boolean,
): boolean => version === 2 && moreFollow && body.length <= service.minimumChunkBytes;
