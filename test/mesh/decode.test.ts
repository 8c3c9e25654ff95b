import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { Failure } from '../../src/domain/failure.ts';
import { decodeMessage } from '../../src/mesh/decode.ts';
import type { RawPart } from '../../src/ports.ts';

const list = '9990000018,\n';
const plain: RawPart = { headers: {}, body: Buffer.from(list) };
const packed: RawPart = { headers: { 'content-encoding': 'gzip' }, body: gzipSync(list) };

/** The text of the message, or the code of the failure. */
const outcome = (parts: readonly RawPart[], maximumBytes = 1000): string => {
  try {
    return Buffer.from(decodeMessage({ messageId: 'M1', parts }, maximumBytes)).toString('latin1');
  } catch (thrown) {
    return thrown instanceof Failure ? thrown.code : 'not a failure of ours';
  }
};

describe('a message', () => {
  it.each<[string, readonly RawPart[], string]>([
    ['one plain part', [plain], list],
    ['one packed part', [packed], list],
    ['a packed part and a plain one', [packed, plain], list + list],
    ['an empty part', [{ headers: {}, body: new Uint8Array() }], ''],
    ['GZIP in capitals', [{ ...packed, headers: { 'content-encoding': ' GZIP ' } }], list],
  ])('is joined and unpacked from %s', (_what, parts, text) => {
    expect(outcome(parts)).toBe(text);
  });

  it('is left alone where its sender packed it', () => {
    const part = { headers: { 'mex-content-compressed': 'Y' }, body: packed.body };
    expect(outcome([part])).toBe(Buffer.from(packed.body).toString('latin1'));
  });

  it.each<[string, readonly RawPart[]]>([
    ['no part', []],
    ['another encoding', [{ ...packed, headers: { 'content-encoding': 'br' } }]],
    ['two encodings', [{ ...packed, headers: { 'content-encoding': 'gzip, gzip' } }]],
    ['identity said aloud', [{ ...plain, headers: { 'content-encoding': 'identity' } }]],
    ['a plain body said to be packed', [{ ...plain, headers: packed.headers }]],
    ['a good part and a bad one', [packed, { ...packed, body: packed.body.subarray(1) }]],
  ])('is refused with %s', (_what, parts) => {
    expect(outcome(parts)).toBe('mesh-malformed');
  });

  it.each([
    ['a plain part', [plain], 12],
    ['a packed part', [packed], 12],
    ['two plain parts', [plain, plain], 24],
    ['two packed parts', [packed, packed], 24],
    ['a packed part and a plain one', [packed, plain], 24],
    ['a plain part and a packed one', [plain, packed], 24],
  ])('has one limit for all its parts: %s', (_which, parts, length) => {
    expect(outcome(parts, length)).toHaveLength(length);
    expect(outcome(parts, length - 1)).toBe('mesh-too-large');
    expect(outcome([...parts, plain], length)).toBe('mesh-too-large');
    expect(outcome([...parts, packed], length)).toBe('mesh-too-large');
  });
});
