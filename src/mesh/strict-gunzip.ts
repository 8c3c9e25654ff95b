import { crc32, inflateRawSync } from 'node:zlib';
import { Failure } from '../domain/failure.ts';

const flags = { headerChecksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const;
const fixedHeaderBytes = 10;
const trailerBytes = 8;
const outputBlockBytes = 256 * 1024;

/**
 * Decompresses exactly one gzip member (RFC 1952): header, deflated content, checksum and length must be right and nothing may stand
 * before, between or after them. Node's own gunzip joins members and drops trailing zeros without a word, so that half a list may
 * look whole. Throws `mesh-malformed`, and `mesh-too-large` for more than `maximumBytes` of content.
 */
export function strictGunzip(packed: Uint8Array, maximumBytes: number): Uint8Array {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const start = headerEnd(bytes);
  const { content, consumed } = inflate(bytes.subarray(start), maximumBytes);
  const trailer = bytes.subarray(start + consumed);
  if (trailer.length < trailerBytes) throw malformed('it ends before its checksum and length');
  if (trailer.readUInt32LE(0) !== crc32(content)) throw malformed('its checksum is another');
  if (trailer.readUInt32LE(4) !== content.length % 2 ** 32) throw malformed('its length is another');
  if (trailer.length > trailerBytes) throw malformed(`${trailer.length - trailerBytes} bytes follow its end`);
  return content;
}

/** Where the header ends and the deflated content begins. */
function headerEnd(bytes: Buffer): number {
  if (bytes.length < fixedHeaderBytes) throw malformed('it ends within its header');
  if (bytes.readUInt16BE(0) !== 0x1f8b || bytes.readUInt8(2) !== 8)
    throw malformed('it does not begin as gzip');
  const set = bytes.readUInt8(3);
  if ((set & flags.reserved) !== 0) throw malformed('a reserved flag is set');
  let at = fixedHeaderBytes;
  if ((set & flags.extra) !== 0) {
    if (at + 2 > bytes.length) throw malformed('it ends within its header');
    at += 2 + bytes.readUInt16LE(at);
  }
  if ((set & flags.name) !== 0) at = afterZero(bytes, at);
  if ((set & flags.comment) !== 0) at = afterZero(bytes, at);
  if ((set & flags.headerChecksum) !== 0) {
    if (at + 2 > bytes.length) throw malformed('it ends within its header');
    if (bytes.readUInt16LE(at) !== (crc32(bytes.subarray(0, at)) & 0xffff))
      throw malformed('the checksum of its header is another');
    at += 2;
  }
  if (at > bytes.length) throw malformed('it ends within its header');
  return at;
}

function afterZero(bytes: Buffer, from: number): number {
  const zero = bytes.indexOf(0, from);
  if (zero === -1) throw malformed('it ends within its header');
  return zero + 1;
}

/** With `info`, zlib returns its engine too, which knows how much input the deflated content took. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function inflate(deflated: Buffer, maximumBytes: number): { content: Buffer; consumed: number } {
  try {
    const options = { info: true, maxOutputLength: maximumBytes, chunkSize: outputBlockBytes };
    const { buffer, engine } = inflateRawSync(deflated, options) as unknown as Inflated;
    return { content: buffer, consumed: engine.bytesWritten };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maximumBytes);
    throw malformed('its deflated content is broken or cut');
  }
}

const malformed = (why: string): Failure =>
  new Failure('mesh-malformed', {
    message: `A message from MESH is not one whole gzip member: ${why}.`,
    allowed: 'one gzip member (RFC 1952) and nothing else',
    hint: 'Nothing of it was used. The message is kept as it came.',
  });

const tooLarge = (maximumBytes: number): Failure =>
  new Failure('mesh-too-large', {
    message: 'A message from MESH unpacks to more than it may.',
    allowed: `at most ${maximumBytes} bytes`,
    hint: 'Nothing of it was used. The message is kept as it came.',
  });
