/** Deliveries that are wrong, by name: good lines, but packed, cut into parts or labelled as no answer may be. */
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

import type { Delivery } from '../support/fake-mailbox.ts';

export interface NamedDelivery {
  readonly name: string;
  readonly body: Uint8Array;
  readonly over: Partial<Delivery>;
  readonly code: string;
}

const malformed = 'answer-malformed';
const notList = 'message-not-understood';
const gzip = { 'content-encoding': 'gzip' };

/** More than may be unpacked. */
const bombBytes = 160 * 1024 * 1024;

function changed(bytes: Uint8Array, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at < 0 ? copy.length + at : at] = value;
  return copy;
}

/** A member whose header says that more follows before the content. */
const withFlag = (packed: Uint8Array, flag: number, more: Uint8Array): Buffer =>
  Buffer.concat([changed(packed.subarray(0, 10), 3, flag), more, packed.subarray(10)]);

function packedWrongly(good: Buffer): (readonly [name: string, body: Uint8Array, code: string])[] {
  const packed = gzipSync(good);
  const stored = gzipSync(good, { level: 0 });
  const half = Math.floor(packed.length / 2);
  const trailer = packed.subarray(-8);
  const other = Buffer.from(good.subarray(12));
  const otherCrc = Buffer.alloc(4);
  otherCrc.writeUInt32LE(crc32(other));
  return [
    ['nothing', new Uint8Array(), malformed],
    ['a plain list', good, malformed],
    ['a header alone', packed.subarray(0, 10), malformed],
    ['a header that is cut', packed.subarray(0, 7), malformed],
    ['a first half', packed.subarray(0, half), malformed],
    ['a second half', packed.subarray(half), malformed],
    ['no trailer', packed.subarray(0, -8), malformed],
    ['half a trailer', packed.subarray(0, -4), malformed],
    ['one byte short', packed.subarray(0, -1), malformed],
    ['one byte more', Buffer.concat([packed, Buffer.of(1)]), malformed],
    ['a nought more', Buffer.concat([packed, Buffer.of(0)]), malformed],
    ['a block of noughts more', Buffer.concat([packed, Buffer.alloc(512)]), malformed],
    ['a line feed more', Buffer.concat([packed, Buffer.from('\n')]), malformed],
    ['lines more, in plain', Buffer.concat([packed, good]), malformed],
    ['a second member', Buffer.concat([packed, packed]), malformed],
    ['a second member of nothing', Buffer.concat([packed, gzipSync('')]), malformed],
    ['a byte before', Buffer.concat([Buffer.of(0x1f), packed]), malformed],
    ['a blank before', Buffer.concat([Buffer.from(' '), packed]), malformed],
    ['another magic number', changed(packed, 1, 0x8c), malformed],
    ['another method', changed(packed, 2, 7), malformed],
    ['a reserved flag', changed(packed, 3, 0x20), malformed],
    ['another reserved flag', changed(packed, 3, 0x80), malformed],
    ['a name without end', withFlag(packed.subarray(0, 10), 0x08, Buffer.from('answer')), malformed],
    ['a comment without end', withFlag(packed.subarray(0, 10), 0x10, Buffer.from('answer')), malformed],
    ['an extra field longer than all', withFlag(packed, 0x04, Buffer.of(0xff, 0xff)), malformed],
    ['a header checksum that is another', withFlag(packed, 0x02, Buffer.of(1, 2)), malformed],
    ['another checksum', changed(packed, -8, (trailer[0] ?? 0) ^ 1), malformed],
    ['another length', changed(packed, -4, (trailer[4] ?? 0) ^ 1), malformed],
    ['a length of four gigabytes more or less', changed(packed, -1, 1), malformed],
    [
      'the checksum of other lines',
      Buffer.concat([packed.subarray(0, -8), otherCrc, packed.subarray(-4)]),
      malformed,
    ],
    ['a stored line altered', changed(stored, 20, 0x39), malformed],
    ['a stored block of another length', changed(stored, 11, (stored[11] ?? 0) ^ 1), malformed],
    ['a block of no kind', changed(packed, 10, 0x07), malformed],
    ['zlib', deflateSync(good), malformed],
    ['bare deflate', deflateRawSync(good), malformed],
    ['gzip twice', gzipSync(packed), notList],
    ['line feeds without end', gzipSync(Buffer.alloc(bombBytes, '\n')), malformed],
    ['lines without end', gzipSync(Buffer.alloc(bombBytes, good.subarray(0, 12))), malformed],
    ['a bomb in a bomb', gzipSync(gzipSync(Buffer.alloc(bombBytes))), notList],
  ];
}

/** Parts that each hold lines, but together are no answer. */
function inWrongParts(good: Buffer, asked: readonly string[]): NamedDelivery[] {
  const [one, two, three] = [good.subarray(0, 15), good.subarray(15, 40), good.subarray(40)];
  const parts = (name: string, pieces: readonly Uint8Array[], code: string): NamedDelivery => ({
    name: `in parts: ${name}`,
    body: pieces[0] ?? new Uint8Array(),
    over: { furtherParts: pieces.slice(1) },
    code,
  });
  const packed = (name: string, pieces: readonly Uint8Array[], code: string): NamedDelivery => {
    const plain = parts(name, pieces, code);
    return { ...plain, name: `in packed parts: ${name}`, over: { ...plain.over, headers: gzip } };
  };
  const line = Buffer.from(`${asked[0]},\n`);
  return [
    parts('the last is missing', [one, two], 'answer-truncated'),
    parts('the first is missing', [two, three], notList),
    parts('the middle is missing', [one, three], malformed),
    parts('two change places', [one, three, two], malformed),
    parts('the last comes first', [three, one, two], notList),
    parts('one comes twice', [one, two, two, three], malformed),
    parts('all come twice', [one, two, three, one, two, three], 'answer-repeats'),
    parts('one of another message', [good, Buffer.from('9990000131,\n')], 'answer-not-asked'),
    parts('one of an own line again', [good, line], 'answer-repeats'),
    parts('one of a page', [good, Buffer.from('<html></html>')], malformed),
    parts('one of noughts', [one, Buffer.alloc(4), two, three], malformed),
    parts('a packed one that is not said to be', [one, gzipSync(two), three], malformed),
    packed('one is plain', [gzipSync(one), two, gzipSync(three)], malformed),
    packed('one is cut', [gzipSync(one), gzipSync(two).subarray(0, -3), gzipSync(three)], malformed),
    packed('one is of nothing', [gzipSync(one), new Uint8Array(), gzipSync(two), gzipSync(three)], malformed),
    packed('two are one member', [gzipSync(good).subarray(0, 20), gzipSync(good).subarray(20)], malformed),
    packed(
      'one has another checksum',
      [gzipSync(one), changed(gzipSync(two), -8, 0), gzipSync(three)],
      malformed,
    ),
    packed('the middle is missing', [gzipSync(one), gzipSync(three)], malformed),
    packed(
      'each may be unpacked, not all',
      Array.from({ length: 3 }, () => gzipSync(Buffer.alloc(bombBytes / 2, line))),
      malformed,
    ),
  ];
}

function labelledWrongly(good: Buffer, localId: string): NamedDelivery[] {
  const says = (name: string, over: Partial<Delivery>, code: string): NamedDelivery => ({
    name: `labelled: ${name}`,
    body: good,
    over,
    code,
  });
  const header = (name: string, headers: Readonly<Record<string, string>>, code: string): NamedDelivery =>
    says(name, { headers }, code);
  return [
    says('from another mailbox', { from: 'X26OT999' }, 'answer-from-elsewhere'),
    says('from a mailbox with a longer name', { from: 'X26HC0655' }, 'answer-from-elsewhere'),
    says('from a mailbox with a blank', { from: 'X26HC065 ' }, 'answer-from-elsewhere'),
    says('from ourselves', { from: 'X26ABC1' }, 'answer-from-elsewhere'),
    header('from nobody', { 'mex-from': '' }, 'answer-from-elsewhere'),
    says('another workflow', { workflowId: 'SPINE_NTT_OTHER' }, 'left'),
    says('the workflow in small letters', { workflowId: 'spine_ntt_upholding' }, 'left'),
    header('another workflow in its header alone', { 'mex-workflowid': 'SPINE_NTT_OTHER' }, 'stranger'),
    header('no workflow in its header', { 'mex-workflowid': '' }, 'stranger'),
    says('an unknown local id', { localId: 'X26ABC1-211126-0001' }, 'stranger'),
    says('the local id in small letters', { localId: localId.toLowerCase() }, 'stranger'),
    says('the local id and a blank', { localId: `${localId} ` }, 'stranger'),
    says('the local id cut', { localId: localId.slice(0, -1) }, 'stranger'),
    says('the local id twice', { localId: `${localId}${localId}` }, 'stranger'),
    says('a number for a local id', { localId: '9990000018' }, 'stranger'),
    header('no local id', { 'mex-localid': '' }, 'stranger'),
    header('a link to another message', { 'mex-linkedmsgid': '20261121000000000000_ABCDEF' }, 'stranger'),
    says('a report', { messageType: 'REPORT' }, 'report'),
    header('a type of no kind', { 'mex-messagetype': 'ANSWER' }, notList),
    header('no type', { 'mex-messagetype': '' }, notList),
    says('the subject of a receipt', { subject: 'SUCCESS' }, 'receipt'),
    header('stamped the day before', { 'mex-statustimestamp': '20261118023000' }, 'answer-before-send'),
    header('stamped in another year', { 'mex-statustimestamp': '19700101000000' }, 'answer-before-send'),
    ...['br', 'deflate', 'zstd', 'x-gzip', 'gzip, gzip', 'identity', 'compress', 'none'].map((encoding) =>
      header(`packed as ${encoding}`, { 'content-encoding': encoding }, malformed),
    ),
  ];
}

export function namedDeliveries(asked: readonly string[], localId: string): readonly NamedDelivery[] {
  const good = Buffer.from(asked.map((number) => `${number},\n`).join(''));
  const packed = packedWrongly(good).map(([name, body, code]): NamedDelivery => ({
    name: `packed: ${name}`,
    body,
    over: { headers: gzip },
    code,
  }));
  const unsaid: NamedDelivery = {
    name: 'packed, and not said to be',
    body: gzipSync(good),
    over: {},
    code: notList,
  };
  return [...packed, unsaid, ...inWrongParts(good, asked), ...labelledWrongly(good, localId)];
}
