import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { readConnection } from '../../src/mesh/connection.ts';
import { meshLimits } from '../../src/mesh/limits.ts';
import type { MeshLimits } from '../../src/mesh/limits.ts';
import { createWire } from '../../src/mesh/wire.ts';
import { rawServer } from './raw-server.ts';
import { get, lineOf, post, server, wireTo } from './wired.ts';

/** What one call comes to when the server writes these bytes and, if `ends`, closes. */
async function outcomeOf(
  bytes: string | Buffer,
  ends = false,
  limits: Partial<MeshLimits> = {},
): Promise<string> {
  const { url } = await server((socket) => {
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
  return lineOf(await wireTo(url, limits).exchange(get, 'here'));
}

const ok = (headers: string, body: string): string => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`;

describe('an answer', () => {
  it('comes with its bytes untouched and its header names in lower case', async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0, 255, 10]);
    const { url } = await server((socket) => {
      socket.write(
        'HTTP/1.1 206 Partial\r\nMex-LocalID: a:b\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n',
      );
      socket.write(bytes);
    });
    const outcome = await wireTo(url).exchange(get, 'here');
    expect(outcome).toEqual({
      kind: 'answered',
      status: 206,
      headers: { 'mex-localid': 'a:b', 'content-encoding': 'gzip', 'content-length': '5' },
      body: bytes,
    });
  });

  it.each([
    ['by its length', ok('content-length: 5\r\n', 'hello'), '200 hello'],
    ['by a length of zero', ok('content-length: 0\r\n', ''), '200 '],
    [
      'in chunks',
      ok('transfer-encoding: chunked\r\n', '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'),
      '200 hello world',
    ],
    ['by a status that has no body', 'HTTP/1.1 204 No Content\r\n\r\n', '204 '],
    [
      'after an interim answer',
      `HTTP/1.1 103 Early Hints\r\n\r\n${ok('content-length: 2\r\n', 'ok')}`,
      '200 ok',
    ],
  ])('is whole when framed %s', async (_how, bytes, line) => {
    expect(await outcomeOf(bytes)).toBe(line);
  });

  it.each([
    ['framed by nothing but the end of the connection', ok('content-type: text/plain\r\n', '9990000018,\n')],
    ['empty and framed by nothing', ok('', '')],
    ['shorter than its length', ok('content-length: 50\r\n', '9990000018,\n')],
    ['longer than its length', ok('connection: close\r\ncontent-length: 3\r\n', '9990000018,\n')],
    ['framed twice', ok('content-length: 5\r\ntransfer-encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n')],
    ['framed by two lengths', ok('content-length: 5\r\ncontent-length: 6\r\n', 'hello!')],
    ['framed by two equal lengths', ok('content-length: 5\r\ncontent-length: 5\r\n', 'hello')],
    ['of a negative length', ok('content-length: -5\r\n', 'hello')],
    ['in chunks of which the last is missing', ok('transfer-encoding: chunked\r\n', '5\r\nhello\r\n')],
    ['in chunks cut in the middle', ok('transfer-encoding: chunked\r\n', '5\r\nhel')],
    [
      'in chunks of a size that is no number',
      ok('transfer-encoding: chunked\r\n', 'five\r\nhello\r\n0\r\n\r\n'),
    ],
    [
      'in a transfer encoding besides chunked',
      ok('transfer-encoding: gzip, chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    ],
    ['in a transfer encoding that is not chunked', ok('transfer-encoding: identity\r\n', 'hello')],
    [
      'with a header of the message twice',
      ok('mex-localid: a\r\nMex-LocalID: b\r\ncontent-length: 5\r\n', 'hello'),
    ],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
    [
      'with a line feed for a line end in its head',
      'HTTP/1.1 200 OK\r\nfold: a\n b\ncontent-length: 5\n\nhello',
    ],
  ])('is refused when it is %s', async (_what, bytes) => {
    expect(await outcomeOf(bytes, true)).toBe('mesh-malformed, perhaps taken');
  });

  it('that refuses keeps its status although its body is broken', async () => {
    expect(await outcomeOf('HTTP/1.1 403 Forbidden\r\n\r\n<html>who', true)).toBe('403 ');
    expect(await outcomeOf('HTTP/1.1 503 Busy\r\ncontent-length: 90\r\n\r\nsorry', true)).toBe('503 ');
    const long = `HTTP/1.1 500 Oh\r\ncontent-length: 90\r\n\r\n${'x'.repeat(90)}`;
    expect(await outcomeOf(long, false, { refusalBytes: 89 })).toBe('500 ');
  });

  it('is read to its limit and no further', async () => {
    expect(await outcomeOf(ok('content-length: 1000\r\n', 'x'.repeat(1000)))).toBe(`200 ${'x'.repeat(1000)}`);
    expect(await outcomeOf(ok('content-length: 1001\r\n', 'x'))).toBe('mesh-too-large, perhaps taken');
    const chunked = ok('transfer-encoding: chunked\r\n', `3e9\r\n${'x'.repeat(1001)}\r\n`);
    expect(await outcomeOf(chunked)).toBe('mesh-too-large, perhaps taken');
  });

  it('may not have endless headers', async () => {
    const headers = `${'x-header: 0123456789\r\n'.repeat(1000)}content-length: 0\r\n`;
    expect(await outcomeOf(ok(headers, ''))).toBe('mesh-too-large, perhaps taken');
    const many = `${'a:\r\n'.repeat(3000)}content-length: 2\r\n`;
    expect(await outcomeOf(ok(many, 'ok'))).toBe('200 ok');
  });
});

describe('a call that is not answered', () => {
  it('was not taken if nobody listens', async () => {
    const { url, close } = await rawServer(() => undefined);
    await close();
    expect(lineOf(await wireTo(url).exchange(post, 'here'))).toBe('mesh-unreachable, not taken');
  });

  it('was not taken if the host has no address', async () => {
    const connection = { ...readConnection('http://localhost:1'), hostname: 'nowhere.invalid' };
    const wire = createWire(connection, meshLimits);
    expect(lineOf(await wire.exchange(post, 'here'))).toBe('mesh-unreachable, not taken');
    wire.close();
  });

  it('was not taken if no connection stands in time: with TLS, not before both sides have proved who they are', async () => {
    const { url } = await server(() => undefined);
    const wire = wireTo(url.replace('http:', 'https:'), { connectMs: 100 });
    expect(lineOf(await wire.exchange(post, 'here'))).toBe('mesh-unreachable, not taken');
  });

  it.each([
    ['resets', (socket: Socket) => void socket.resetAndDestroy()],
    ['hangs up', (socket: Socket) => void socket.end()],
  ])('was perhaps taken if the server %s', async (_how, misbehave) => {
    const { url } = await server(misbehave);
    expect(lineOf(await wireTo(url).exchange(post, 'here'))).toBe('mesh-unreachable, perhaps taken');
  });

  it.each([
    ['before it answers', (): void => undefined],
    ['in the middle of its head', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nconte')],
    [
      'in the middle of its body',
      (socket: Socket) => void socket.write(ok('content-length: 50\r\n', '9990')),
    ],
  ])('was perhaps taken if the server falls silent %s', async (_when, answer) => {
    const { url } = await server(answer);
    const outcome = await wireTo(url, { idleMs: 100 }).exchange(post, 'here');
    expect(lineOf(outcome)).toBe('mesh-unreachable, perhaps taken');
  });

  it('may not take for ever, though there is never silence', async () => {
    const { url } = await server((socket) => {
      socket.write(ok('content-length: 1000\r\n', ''));
      const drip = setInterval(() => socket.write('9'), 20);
      socket.on('close', () => {
        clearInterval(drip);
      });
    });
    const outcome = await wireTo(url, { overallMs: 200 }).exchange(get, 'here');
    expect(lineOf(outcome)).toBe('mesh-unreachable, perhaps taken');
  });
});

describe('what is said of a broken call', () => {
  it('holds none of the bytes that were read', async () => {
    const { url } = await server((socket) => void socket.write('9990000018 9990000018\r\n\r\n'));
    const outcome = await wireTo(url).exchange(get, 'here');
    if (outcome.kind !== 'broken') throw new Error('an answer was expected to be refused');
    const { failure } = outcome;
    expect(failure.cause).toBeUndefined();
    expect(JSON.stringify([failure, failure.message, failure.stack])).not.toContain('9990000018');
  });
});
