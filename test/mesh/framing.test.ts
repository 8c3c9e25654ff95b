import { describe, expect, it } from '@jest/globals';
import { framingOf, readHeaders } from '../../src/mesh/framing.ts';

describe('the framing of an answer', () => {
  it.each([
    [200, { 'content-length': '0' }, { kind: 'length', bytes: 0 }],
    [200, { 'content-length': '24' }, { kind: 'length', bytes: 24 }],
    [206, { 'transfer-encoding': 'chunked' }, { kind: 'chunked' }],
    [200, { 'transfer-encoding': ' Chunked ' }, { kind: 'chunked' }],
    [204, {}, { kind: 'length', bytes: 0 }],
    [304, {}, { kind: 'length', bytes: 0 }],
    [200, {}, null],
    [200, { 'content-length': '24', 'transfer-encoding': 'chunked' }, null],
    [200, { 'transfer-encoding': 'gzip, chunked' }, null],
    [200, { 'transfer-encoding': 'identity' }, null],
    [200, { 'content-length': '' }, null],
    [200, { 'content-length': '-1' }, null],
    [200, { 'content-length': '+1' }, null],
    [200, { 'content-length': '0x10' }, null],
    [200, { 'content-length': '1.5' }, null],
    [200, { 'content-length': '5, 5' }, null],
    [200, { 'content-length': '9'.repeat(16) }, null],
  ])('%i %j: %j', (status, headers, framing) => {
    expect(framingOf(status, headers)).toEqual(framing);
  });
});

describe('the headers of an answer', () => {
  it('have their names in lower case, and their values as they came', () => {
    expect(readHeaders(['Mex-LocalID', 'A:b', 'Date', 'today'])).toEqual({
      'mex-localid': 'A:b',
      date: 'today',
    });
  });

  it('are joined when a name comes again', () => {
    expect(
      readHeaders(['Via', 'a', 'VIA', 'b', 'content-encoding', 'gzip', 'Content-Encoding', 'gzip']),
    ).toEqual({
      via: 'a, b',
      'content-encoding': 'gzip, gzip',
    });
  });

  it('are refused when one of the message comes again', () => {
    expect(readHeaders(['mex-localid', 'a', 'Mex-LocalID', 'a'])).toBeNull();
  });

  it('may bear the names of what every object has', () => {
    const headers = readHeaders(['__proto__', 'a', 'constructor', 'b']);
    expect(Object.entries(headers ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });
});
