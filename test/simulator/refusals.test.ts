import { describe, expect, it } from '@jest/globals';
import { callerOf, other, ours, stillSimulator, v1, v2 } from './caller.ts';
import type { Said } from './caller.ts';

/** The headers of a plain message, some said otherwise; null leaves one out. */
const headers = (said: Record<string, string | null> = {}): Record<string, string> => {
  const all: Record<string, string | null> = { 'mex-to': other, 'mex-workflowid': 'WF_A', ...said };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
};
const send = (said: Record<string, string | null>, body = 'x'): readonly [string, string, Said] => [
  'POST',
  '/outbox',
  { headers: headers(said), body },
];
const mesh = (event: string, code: string, msg: string) => ({ detail: [{ event, code, msg }] });
const generic = { message: 'An internal error occurred.\n\nPlease contact support.' };
const field = (place: string, name: string) => ({ detail: [{ loc: [place, name], type: 'value_error' }] });

describe('refusals that need no message', () => {
  it.each<[string, readonly [string, string, Said?], number, unknown]>([
    ['no Mex-To', send({ 'mex-to': null }), 400, field('header', 'mex-to')],
    ['no Mex-WorkflowID', send({ 'mex-workflowid': null }), 400, field('header', 'mex-workflowid')],
    ['an empty Mex-WorkflowID', send({ 'mex-workflowid': '' }), 400, field('header', 'mex-workflowid')],
    ['a long local id', send({ 'mex-localid': 'x'.repeat(301) }), 400, field('header', 'mex-localid')],
    ['an empty Mex-To', send({ 'mex-to': '' }), 400, mesh('SEND', '08', 'TO_DTS missing')],
    [
      'a control character',
      send({ 'mex-subject': 'a\tb' }),
      400,
      mesh('TRANSFER', '06', 'MalformedControlFile'),
    ],
    [
      'a URL as recipient',
      send({ 'mex-to': 'http://x' }),
      400,
      mesh('TRANSFER', '06', 'MalformedControlFile'),
    ],
    [
      'a base64 checksum',
      send({ 'mex-content-checksum': 'ab+=' }),
      400,
      mesh('SEND', 'Invalid checksum', 'Invalid checksum'),
    ],
    ['another sender', send({ 'mex-from': other }), 400, { detail: [{ event: 'SEND', code: '07' }] }],
    [
      'conformance 702: an unknown recipient',
      send({ 'mex-to': 'X26NONE' }),
      417,
      mesh('SEND', '12', 'Unregistered to address'),
    ],
    ['an empty body', send({}, ''), 417, mesh('COLLECT', '02', 'Data file is missing or inaccessible.')],
    ...['2:2', '0:1', '1', '2:1', 'x:y', '1:2:3', '1.5:2'].map(
      (range): [string, readonly [string, string, Said?], number, unknown] => [
        `chunk range ${range}`,
        send({ 'mex-chunk-range': range }),
        417,
        { detail: [{ event: 'SEND', code: 'InvalidHeaderChunks' }] },
      ],
    ),
    [
      'deflate',
      send({ 'content-encoding': 'deflate' }),
      422,
      { detail: [{ code: 'UnsupportedContentEncoding' }] },
    ],
    [
      'conformance 704: an unknown message',
      ['GET', '/inbox/NONE'],
      404,
      mesh('RECEIVE', '20', 'Message does not exist'),
    ],
    [
      'an unknown message to acknowledge',
      ['PUT', '/inbox/NONE/status/acknowledged'],
      404,
      { detail: [{ code: '20' }] },
    ],
    [
      'an unknown message to track',
      ['GET', '/outbox/tracking?messageID=NONE'],
      404,
      mesh('', '', 'Not Found'),
    ],
    ['an unknown local id to track', ['GET', '/outbox/tracking/NONE'], 404, mesh('', '', 'Not Found')],
    ['tracking of nothing', ['GET', '/outbox/tracking'], 400, field('query', 'messageID')],
    ['a page too small', ['GET', '/inbox?max_results=9'], 400, field('query', 'max_results')],
    ['a page too large', ['GET', '/inbox?max_results=5001'], 400, field('query', 'max_results')],
    ['a page size that is none', ['GET', '/inbox?max_results=ten'], 400, field('query', 'max_results')],
    ['a filter too short', ['GET', '/inbox?workflow_filter=x'], 400, field('query', 'workflow_filter')],
    ['a place too short', ['GET', '/inbox?continue_from=x'], 400, field('query', 'continue_from')],
    ['a place nobody gave', ['GET', `/inbox?continue_from=${'x'.repeat(30)}`], 500, generic],
    ['chunk 0', ['GET', '/inbox/NONE/0'], 400, field('path', 'chunk_number')],
    ['chunk 0 to send', ['POST', '/outbox/NONE/0', { body: 'x' }], 400, field('path', 'chunk_number')],
    [
      'a chunk of nothing',
      ['POST', '/outbox/NONE/2', { body: 'x', headers: { 'mex-chunk-range': '2:2' } }],
      404,
      mesh('', '', 'Not Found'),
    ],
    ['a chunk without its range', ['POST', '/outbox/NONE/2', { body: 'x' }], 417, { message_id: 'NONE' }],
    [
      'a chunk under another range',
      ['POST', '/outbox/NONE/2', { body: 'x', headers: { 'mex-chunk-range': '3:3' } }],
      417,
      { message_id: 'NONE' },
    ],
    ['no such path', ['GET', '/nothing'], 404, mesh('', '', 'Not Found')],
    ['no such method', ['DELETE', '/inbox'], 405, mesh('', '', 'Method Not Allowed')],
    ['broken percent-encoding', ['GET', '/inbox/%E0%A4%A'], 400, field('path', 'path')],
    [
      'an unknown version',
      ['GET', '/inbox', { accept: 'application/vnd.mesh.v3+json' }],
      400,
      { errorDescription: 'Accept header api format incorrect' },
    ],
    [
      'two types in one',
      ['GET', '/inbox', { accept: `${v2}, ${v1}` }],
      400,
      { errorDescription: 'Accept header api format incorrect' },
    ],
  ])('%s', async (_, [method, path, said], status, body) => {
    const response = await callerOf(stillSimulator(), ours)(method, path, said);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(body as object);
  });

  it('come under the media type of the version asked for', async () => {
    const us = callerOf(stillSimulator(), ours);
    expect((await us('GET', '/inbox/NONE')).headers.get('content-type')).toBe(v2);
    const first = await us('GET', '/inbox/NONE', { accept: v1 });
    expect(first.headers.get('content-type')).toBe(v1);
    expect(await first.json()).toEqual({
      errorEvent: 'RECEIVE',
      errorCode: '20',
      errorDescription: 'Message does not exist',
    });
  });
});

describe('refusals of a message that is there', () => {
  const sent = async (range: string, accept = v1) => {
    const simulator = stillSimulator();
    const us = callerOf(simulator, ours);
    const response = await us('POST', '/outbox', {
      headers: headers({ 'mex-chunk-range': range }),
      body: 'x',
      accept,
    });
    const { messageID: id } = (await response.json()) as { messageID: string };
    const chunk = (number: number, value: string, more: Said = {}) =>
      us('POST', `/outbox/${id}/${number}`, { body: 'x', headers: { 'mex-chunk-range': value }, ...more });
    return { simulator, us, id, chunk };
  };

  it('is addressed to somebody else', async () => {
    const { us, id } = await sent('1:1');
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/1'],
      ['PUT', '/status/acknowledged'],
    ] as const) {
      const response = await us(method, `/inbox/${id}${path}`);
      expect([response.status, await response.json()]).toEqual([403, mesh('', '', 'Forbidden')]);
    }
  });

  it('is still uploading', async () => {
    const { simulator, id } = await sent('1:2');
    const response = await callerOf(simulator, other)('GET', `/inbox/${id}`);
    expect(response.status).toBe(410);
    expect(await response.json()).toEqual(
      mesh('SEND', 'Message already accepted', 'Message no longer available for download'),
    );
    const acknowledged = await callerOf(simulator, other)('PUT', `/inbox/${id}/status/acknowledged`);
    expect(acknowledged.status).toBe(410);
  });

  it('has no such chunk to download', async () => {
    const { simulator, id } = await sent('1:1');
    expect((await callerOf(simulator, other)('GET', `/inbox/${id}/2`)).status).toBe(404);
  });

  it('takes no chunk above its total', async () => {
    const { chunk } = await sent('1:2');
    const response = await chunk(3, '3:3');
    expect([response.status, await response.json()]).toEqual([406, generic]);
  });

  it('takes no chunk once it is whole', async () => {
    const { chunk } = await sent('1:2');
    expect((await chunk(2, '2:2')).status).toBe(202);
    const response = await chunk(2, '2:2');
    expect([response.status, await response.json()]).toEqual([423, generic]);
  });

  it('takes no chunk before its turn, of another total, empty, or from somebody else', async () => {
    const { simulator, id, chunk } = await sent('1:4');
    expect((await chunk(3, '3:4')).status).toBe(417);
    expect((await chunk(2, '2:3')).status).toBe(417);
    expect((await chunk(2, '2:4', { body: '' })).status).toBe(417);
    const stranger = await callerOf(simulator, other)('POST', `/outbox/${id}/2`, {
      body: 'x',
      headers: { 'mex-chunk-range': '2:4' },
    });
    expect(stranger.status).toBe(403);
  });

  it('cannot be unpacked for a recipient who does not accept gzip', async () => {
    const simulator = stillSimulator();
    const said = { headers: headers({ 'content-encoding': 'gzip' }), body: 'no gzip at all' };
    const response = await callerOf(simulator, ours)('POST', '/outbox', said);
    const { message_id: id } = (await response.json()) as { message_id: string };
    expect((await callerOf(simulator, other)('GET', `/inbox/${id}`)).status).toBe(500);
    expect(simulator.sent()[0]?.lines).toBe(0);
  });
});

describe('refusals of the path and the size', () => {
  it('knows nothing outside the message exchange', async () => {
    const response = await stillSimulator().handle(new Request('https://mesh.test/other'));
    expect(response.status).toBe(404);
  });

  it('takes no call that is too large', async () => {
    const us = callerOf(stillSimulator({ maximumBodyBytes: 10 }), ours);
    const status = async (body: string) => (await us('POST', '/outbox', { headers: headers(), body })).status;
    expect([await status('x'.repeat(10)), await status('x'.repeat(11))]).toEqual([202, 413]);
  });
});
