import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/domain/failure.ts';
import { strictGunzip } from '../../src/mesh/strict-gunzip.ts';

const list = Buffer.from('9990000018,\n9990000026,\n');
const room = 1024 * 1024;

const outcome = (packed: Uint8Array, maximumBytes = room): string => {
  try {
    return Buffer.from(strictGunzip(packed, maximumBytes)).toString('latin1');
  } catch (thrown) {
    return thrown instanceof Failure ? thrown.code : 'not a failure of ours';
  }
};

/** A member with the header fields asked for. */
function member(flags: number, fields: readonly Buffer[], content = list): Buffer {
  const header = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), ...fields]);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, deflateRawSync(content), trailer]);
}

const checksumOfHeader = (flags: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(crc32(Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3])) & 0xffff);
  return bytes;
};

describe('one whole gzip member', () => {
  it('gives back what was packed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (content) => {
        expect(Buffer.from(strictGunzip(gzipSync(content), room)).equals(Buffer.from(content))).toBe(true);
      }),
    );
  });

  it.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 512 * 1024])(
    'knows its own end although its content, %i bytes, may fill the output exactly',
    (length) => {
      const content = randomBytes(length);
      const packed = gzipSync(content);
      expect(Buffer.from(strictGunzip(packed, room)).equals(content)).toBe(true);
      expect(outcome(Buffer.concat([packed, Buffer.alloc(1)]))).toBe('mesh-malformed');
    },
  );

  it.each([
    ['an extra field', 0x04, [Buffer.from([3, 0, 1, 2, 3])]],
    ['a name', 0x08, [Buffer.from('list.dat\0')]],
    ['a comment', 0x10, [Buffer.from('no comment\0')]],
    ['a checksum of its header', 0x02, [checksumOfHeader(0x02)]],
    [
      'an empty extra field, a name and a comment',
      0x1c,
      [Buffer.from([0, 0]), Buffer.from('n\0'), Buffer.from('c\0')],
    ],
  ])('may have %s', (_what, flags, fields) => {
    expect(outcome(member(flags, fields))).toBe(list.toString());
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no gzip', list],
    ['another method', Buffer.concat([Buffer.from([0x1f, 0x8b, 7]), gzipSync(list).subarray(3)])],
    ['a reserved flag', member(0x20, [])],
    ['a wrong checksum of its header', member(0x02, [Buffer.from([0, 0])])],
    ['an extra field that leads out of it', member(0x04, [Buffer.from([0xff, 0xff])])],
    [
      'a name without an end',
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.from('name')]),
    ],
    ['a wrong length', Buffer.concat([gzipSync(list).subarray(0, -4), Buffer.from([9, 0, 0, 0])])],
    ['a second member', Buffer.concat([gzipSync(list), gzipSync(list)])],
    ['a second, empty member', Buffer.concat([gzipSync(list), gzipSync('')])],
    ['a byte after it', Buffer.concat([gzipSync(list), Buffer.from('x')])],
    ['zeros after it', Buffer.concat([gzipSync(list), Buffer.alloc(512)])],
    ['a byte before it', Buffer.concat([Buffer.from('x'), gzipSync(list)])],
  ])('is refused with %s', (_what, packed) => {
    expect(outcome(packed)).toBe('mesh-malformed');
  });

  it('is refused when cut at any byte (fault 10)', () => {
    const packed = member(0x08, [Buffer.from('list.dat\0')]);
    for (let length = 0; length < packed.length; length += 1) {
      expect(`${length} ${outcome(packed.subarray(0, length))}`).toBe(`${length} mesh-malformed`);
    }
  });

  it('never gives back something else when a bit of content or trailer is flipped', () => {
    const packed = gzipSync(list);
    for (let bit = 10 * 8; bit < packed.length * 8; bit += 1) {
      const flipped = Buffer.from(packed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(['mesh-malformed', list.toString()]).toContain(outcome(flipped));
    }
  });

  it('may unpack to the limit and not to a byte more', () => {
    expect(outcome(gzipSync(list), list.length)).toBe(list.toString());
    expect(outcome(gzipSync(list), list.length - 1)).toBe('mesh-too-large');
  });

  it('is given up long before a bomb has unpacked (fault 12)', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 1 });
    const before = process.memoryUsage().rss;
    expect(outcome(bomb)).toBe('mesh-too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
  });
});
