import { Failure } from '../domain/failure.ts';
import type { RawMessage, RawPart } from '../ports.ts';
import { strictGunzip } from './strict-gunzip.ts';

/**
 * Joins the parts of a message, each unpacked first if its `content-encoding` is gzip. `mex-content-compressed` says nothing about the
 * transport: what a sender packed is passed on as it came (MESH API v2 specification, compression). Throws `mesh-malformed` for any
 * other encoding and for a message without parts, `mesh-too-large` above `maximumBytes`.
 */
export function decodeMessage(message: RawMessage, maximumBytes: number): Uint8Array {
  if (message.parts.length === 0) throw undecodable(message, 'it has no part');
  const pieces: Uint8Array[] = [];
  let room = maximumBytes;
  for (const part of message.parts) {
    const piece = decodePart(message, part, room);
    room -= piece.length;
    if (room < 0) throw tooMuch(message, maximumBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function decodePart(message: RawMessage, { headers, body }: RawPart, room: number): Uint8Array {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '') return body;
  if (encoding !== 'gzip') throw undecodable(message, 'a part is packed in a way that is not gzip');
  return strictGunzip(body, Math.max(room, 1));
}

const undecodable = (message: RawMessage, why: string): Failure =>
  new Failure('mesh-malformed', {
    message: `A message from MESH cannot be read: ${why}.`,
    place: `message ${message.messageId}`,
    allowed: 'parts as they are, or each of them one gzip member',
    hint: 'Nothing of it was used. The message is kept as it came.',
  });

const tooMuch = (message: RawMessage, maximumBytes: number): Failure =>
  new Failure('mesh-too-large', {
    message: 'A message from MESH holds more than it may.',
    place: `message ${message.messageId}`,
    allowed: `at most ${maximumBytes} bytes`,
    hint: 'Nothing of it was used. The message is kept as it came.',
  });
