import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleaned, failureOfAnswer, readHttpDate, retryAfterMs } from '../../src/mesh/error-shapes.ts';
import type { WireAnswer } from '../../src/mesh/wire.ts';
import { midnight } from './far-side.ts';

const answer = (status: number, body: string | Uint8Array): WireAnswer => ({
  kind: 'answered',
  status,
  headers: {},
  body: Buffer.from(body),
});
const messageOf = (status: number, body: string | Uint8Array): string =>
  failureOfAnswer(answer(status, body), 'place').message;

describe('the status decides', () => {
  it.each([
    [300, 'mesh-rejected'],
    [302, 'mesh-rejected'],
    [400, 'mesh-rejected'],
    [401, 'mesh-rejected'],
    [403, 'mesh-forbidden'],
    [404, 'mesh-not-found'],
    [406, 'mesh-rejected'],
    [408, 'mesh-unavailable'],
    [410, 'mesh-gone'],
    [417, 'mesh-rejected'],
    [422, 'mesh-rejected'],
    [423, 'mesh-rejected'],
    [425, 'mesh-unavailable'],
    [429, 'mesh-unavailable'],
    [500, 'mesh-unavailable'],
    [503, 'mesh-unavailable'],
    [599, 'mesh-unavailable'],
  ])('%i is %s', (status, code) => {
    expect(failureOfAnswer(answer(status, '{"detail":[{"event":"SEND","code":"12"}]}'), '').code).toBe(code);
  });
});

describe('the body adds words', () => {
  it.each([
    [
      'version 2',
      '{"detail":[{"event":"SEND","code":"12","msg":"Unregistered to address"}]}',
      ' (SEND 12): Unregistered to address',
    ],
    [
      'version 2 with the message it speaks of',
      '{"message_id":"A1","detail":[{"event":"SEND","code":"InvalidHeaderChunks","msg":"Invalid chunk values"}]}',
      ' (SEND InvalidHeaderChunks): Invalid chunk values',
    ],
    [
      'version 2 without event and code',
      '{"detail":[{"event":"","code":"","msg":"Forbidden"}]}',
      ': Forbidden',
    ],
    [
      'a validation fault',
      '{"detail":[{"loc":["header","mex-to"],"msg":"field required","type":"value_error"}]}',
      ': header mex-to: field required',
    ],
    ['a detail that is a sentence', '{"detail":"Not Found"}', ': Not Found'],
    ['no detail', '{"detail":[]}', ''],
    [
      'version 1',
      '{"messageID":"A1","errorEvent":"RECEIVE","errorCode":"20","errorDescription":"Message does not exist"}',
      ' (RECEIVE 20): Message does not exist',
    ],
    [
      'the generic message',
      '{"message":"An internal error occurred.\\n\\nPlease contact support."}',
      ': An internal error occurred. Please contact support.',
    ],
    [
      'XML',
      '<?xml version="1.0"?><error><message>Internal Server Error</message></error>',
      ': Internal Server Error',
    ],
    [
      'HTML',
      '<!DOCTYPE html><html><head><title>Sign in</title></head><body>9990000018</body></html>',
      ': HTML page Sign in',
    ],
    ['plain text', 'Service Unavailable', ': Service Unavailable'],
    ['nothing', '', ''],
    ['white space', '\r\n', ''],
    ['an unknown object', '{"reason":"9990000018"}', ': words of an unknown shape'],
    ['JSON cut short', '{"detail":[{"eve', ': words that could not be read'],
    ['null', '[null]', ': words of an unknown shape'],
    ['details that are none', '{"detail":[7]}', ''],
  ])('of %s', (_shape, body, words) => {
    expect(messageOf(417, body)).toBe(`MESH answered 417${words}`);
  });

  it.each(['<', '<html><title', '{"detail":', '[', '9', 'NHSMESH ', '\n'])(
    'wastes no time on endless %j',
    (piece) => {
      const before = performance.now();
      messageOf(500, piece.repeat(65_536 / piece.length));
      expect(performance.now() - before).toBeLessThan(5000);
    },
  );

  it('never fails over a body', () => {
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json(),
      fc.json().map((json) => `{"detail":[${json}]}`),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        expect(messageOf(500, body).length).toBeLessThan(300);
      }),
      { numRuns: 200 },
    );
  });
});

describe('words that are safe to log', () => {
  it.each([
    ['an NHS number', 'no 9990000018!', 'no [digits]!'],
    ['one in groups', 'no 999 000 0018!', 'no [digits]!'],
    ['one with hyphens', '999-000-0018', '[digits]'],
    ['nine digits', '999000001', '[digits]'],
    ['one in other digits', '٩٩٩٠٠٠٠٠١٨', '[digits]'],
    ['eight digits', '99900000', '99900000'],
    ['a token of ours', 'bad NHSMESH X26:a:0:202611220000:ff', 'bad NHSMESH [token]'],
    ['line breaks and colours', 'a\r\n\u001b[31mb', 'a [31mb'],
    ['a turn of direction', 'a\u202eb', 'a b'],
  ])('show of %s only what may be seen', (_what, text, shown) => {
    expect(cleaned(text, 100)).toBe(shown);
  });

  it('never show a run of nine digits, however it is broken up', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 20 });
    const breaks = fc.constantFrom('', ' ', '-', '.');
    fc.assert(
      fc.property(digits, breaks, fc.string(), (number, between, around) => {
        const shown = cleaned(around + number.join(between) + around, 160);
        expect(shown).not.toMatch(/[0-9](?:[ .-]?[0-9]){8}/);
      }),
    );
  });

  it('are cut to their length', () => {
    expect(cleaned('word '.repeat(100), 12)).toBe('word word w…');
  });
});

describe('retry-after', () => {
  it.each([
    ['7', 7000],
    ['0', 0],
    ['Sun, 22 Nov 2026 00:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 00:00:30 GMT', 0],
    ['soon', 0],
    ['-5', 0],
    ['1e9', 0],
    ['2027', 2_027_000],
  ])('%s', (value, milliseconds) => {
    expect(retryAfterMs({ 'retry-after': value }, midnight)).toBe(milliseconds);
  });

  it('absent', () => {
    expect(retryAfterMs({}, midnight)).toBe(0);
  });
});

describe('an HTTP date', () => {
  it.each([
    'Sun, 22 Nov 2026 03:39:44 UTC',
    '2026-11-22T00:00:00Z',
    'Sun, 99 Nov 2026 03:39:44 GMT',
    '1',
    '',
  ])('is not %s', (value) => {
    expect(readHttpDate(value)).toBeNull();
  });
});
