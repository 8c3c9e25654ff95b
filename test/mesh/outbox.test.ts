import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { codeOf } from './far-side.ts';
import { answerJson, answerText, heard, rawServer, scriptedServer } from './raw-server.ts';
import type { RawServer } from './raw-server.ts';
import { list, mailboxAt, outgoing, taken } from './scripted.ts';

describe('a message sent', () => {
  it('is one POST with everything the recipient must know', async () => {
    const server = await scriptedServer(taken);
    expect(await mailboxAt(server).send(outgoing)).toEqual({ messageId: 'M1' });
    const [call] = server.calls.map(heard);
    expect(call?.line).toBe('POST /messageexchange/X26ABC1/outbox');
    expect(call?.body).toBe(list);
    expect(call?.headers).toMatchObject({
      accept: 'application/vnd.mesh.v2+json',
      'content-type': 'application/octet-stream',
      'content-length': String(list.length),
      'mex-from': 'X26ABC1',
      'mex-to': 'X26HC065',
      'mex-workflowid': 'SPINE_NTT_UPHOLDING',
      'mex-localid': 'X26ABC1-221126-0001',
      'mex-subject': 'X26ABC1-221126-0001',
      'mex-filename': 'X26ABC1-221126-0001.dat',
      'mex-chunk-range': '1:1',
    });
    expect(call?.headers['content-encoding']).toBeUndefined();
    expect(server.calls).toHaveLength(1);
  });

  it('has no NHS number outside its body', async () => {
    const server = await scriptedServer(taken);
    await mailboxAt(server).send(outgoing);
    expect(server.calls[0]?.split('\r\n\r\n')[0]).not.toContain('999000');
  });
});

describe('the one POST that creates a message', () => {
  it.each([
    ['403 Forbidden', 'mesh-forbidden'],
    ['404 Not Found', 'mesh-not-found'],
    ['400 Bad Request', 'mesh-rejected'],
    ['417 Expectation Failed', 'mesh-rejected'],
    ['422 Unprocessable', 'mesh-rejected'],
    ['408 Request Timeout', 'mesh-send-unknown'],
    ['425 Too Early', 'mesh-send-unknown'],
    ['429 Too Many Requests', 'mesh-send-unknown'],
    ['302 Found', 'mesh-send-unknown'],
    ['500 Internal Server Error', 'mesh-send-unknown'],
    ['502 Bad Gateway', 'mesh-send-unknown'],
    ['503 Service Unavailable', 'mesh-send-unknown'],
    ['504 Gateway Timeout', 'mesh-send-unknown'],
  ])('answered with %s ends in %s and is never repeated', async (status, code) => {
    const server = await scriptedServer(answerJson({ detail: [] }, status));
    expect(await codeOf(mailboxAt(server).send(outgoing))).toBe(code);
    expect(server.calls).toHaveLength(1);
  });

  it.each([
    ['a page of somebody in between', answerText('200 OK', {}, '<html>Sign in</html>')],
    ['nothing', answerText('202 Accepted', {})],
    ['null', answerText('202 Accepted', {}, 'null')],
    ['an id that is empty', answerJson({ message_id: '' }, '202 Accepted')],
    ['an id that leads elsewhere', answerJson({ message_id: '../inbox' }, '202 Accepted')],
    ['the answer of version 1', answerJson({ messageID: 'M1' }, '202 Accepted')],
    [
      'half an answer',
      taken.slice(0, -3).replace('content-length: 19', 'content-length: 19\r\nconnection: close'),
    ],
    ['an answer without a length', 'HTTP/1.1 202 Accepted\r\n\r\n{"message_id":"M1"}'],
    ['something that is no HTTP', '9990000018\r\n\r\n'],
  ])('answered with %s has an outcome nobody knows, and is never repeated', async (_what, answer) => {
    const server = await rawServer((socket) => void socket.end(answer));
    expect(await codeOf(mailboxAt(server).send(outgoing))).toBe('mesh-send-unknown');
    expect(server.calls).toHaveLength(1);
  });

  it('answered with silence has an outcome nobody knows, and is never repeated', async () => {
    const server = await rawServer(() => undefined);
    expect(await codeOf(mailboxAt(server, { limits: { idleMs: 100 } }).send(outgoing))).toBe(
      'mesh-send-unknown',
    );
    expect(server.calls).toHaveLength(1);
  });

  it('cut off by a reset has an outcome nobody knows, and is never repeated', async () => {
    const server = await rawServer((socket) => void socket.resetAndDestroy());
    expect(await codeOf(mailboxAt(server).send(outgoing))).toBe('mesh-send-unknown');
    expect(server.calls).toHaveLength(1);
  });

  it('cut off by us has an outcome nobody knows', async () => {
    const server = await rawServer(() => undefined);
    const mailbox = mailboxAt(server);
    const sending = codeOf(mailbox.send(outgoing));
    while (server.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    mailbox.close();
    expect(await sending).toBe('mesh-send-unknown');
  });

  it('was certainly not made if nobody listens', async () => {
    const server = await rawServer(() => undefined);
    const mailbox = mailboxAt(server);
    await server.close();
    expect(await codeOf(mailbox.send(outgoing))).toBe('mesh-unreachable');
  });

  it('does not meet a connection that the server has closed meanwhile', async () => {
    const server = await rawServer((socket, call) => {
      // The answer of the first call comes with the end of the connection hard on its heels.
      socket.write(call === 1 ? answerText('200 OK', {}) : taken);
      if (call === 1) setImmediate(() => socket.destroy());
    });
    const mailbox = mailboxAt(server);
    await mailbox.handshake();
    expect(await mailbox.send(outgoing)).toEqual({ messageId: 'M1' });
  });
});

describe('a message larger than one call', () => {
  const ranges = (server: RawServer): readonly (string | undefined)[] =>
    server.calls.map((call) => heard(call).headers['mex-chunk-range']);

  it('is cut into pieces, the first of which creates it', async () => {
    const server = await scriptedServer(
      taken,
      answerText('202 Accepted', {}, 'null'),
      answerJson({ message_id: 'M1' }),
    );
    expect(await mailboxAt(server, { chunkBytes: 15 }).send(outgoing)).toEqual({ messageId: 'M1' });
    const calls = server.calls.map(heard);
    expect(calls.map(({ line }) => line)).toEqual([
      'POST /messageexchange/X26ABC1/outbox',
      'POST /messageexchange/X26ABC1/outbox/M1/2',
      'POST /messageexchange/X26ABC1/outbox/M1/3',
    ]);
    expect(calls.map(({ body }) => body)).toEqual([list.slice(0, 15), list.slice(15, 30), list.slice(30)]);
    expect(ranges(server)).toEqual(['1:3', '2:3', '3:3']);
    expect(calls[1]?.headers['mex-to']).toBeUndefined();
  });

  it.each([
    [36, ['1:1']],
    [35, ['1:2', '2:2']],
    [18, ['1:2', '2:2']],
    [12, ['1:3', '2:3', '3:3']],
  ])('with pieces of at most %i bytes is sent as %j', async (chunkBytes, expected) => {
    const server = await scriptedServer(taken);
    await mailboxAt(server, { chunkBytes }).send(outgoing);
    expect(ranges(server)).toEqual(expected);
  });

  it('is packed piece by piece', async () => {
    const server = await scriptedServer(taken);
    await mailboxAt(server, { chunkBytes: 18, compress: true }).send(outgoing);
    const calls = server.calls.map(heard);
    expect(calls.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'gzip']);
    const pieces = calls.map(({ body }) => gunzipSync(Buffer.from(body, 'latin1')).toString());
    expect(pieces).toEqual([list.slice(0, 18), list.slice(18)]);
  });

  it('has every piece but the first sent again when that may help', async () => {
    const server = await scriptedServer(taken, answerText('503 Busy', {}), answerText('202 Accepted', {}));
    await mailboxAt(server, { chunkBytes: 18 }).send(outgoing);
    expect(ranges(server)).toEqual(['1:2', '2:2', '2:2']);
  });

  it.each([
    ['is refused', '417 Expectation Failed', 2],
    ['comes after the end', '423 Locked', 2],
    ['never gets through', '503 Busy', 5],
  ])('has an outcome nobody knows when a later piece %s', async (_what, status, calls) => {
    const server = await scriptedServer(taken, answerText(status, {}));
    expect(await codeOf(mailboxAt(server, { chunkBytes: 18 }).send(outgoing))).toBe('mesh-send-unknown');
    expect(server.calls).toHaveLength(calls);
  });

  it('has an outcome nobody knows when somebody in between answers a later piece', async () => {
    const server = await scriptedServer(taken, answerText('200 OK', {}, '<html>Sign in</html>'));
    expect(await codeOf(mailboxAt(server, { chunkBytes: 18 }).send(outgoing))).toBe('mesh-send-unknown');
  });

  it('was not taken if its first piece was refused', async () => {
    const server = await scriptedServer(answerText('403 Forbidden', {}));
    expect(await codeOf(mailboxAt(server, { chunkBytes: 18 }).send(outgoing))).toBe('mesh-forbidden');
    expect(server.calls).toHaveLength(1);
  });
});
