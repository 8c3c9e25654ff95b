/** A POST to somebody who means us no good. */
import { afterEach, describe, expect, it } from '@jest/globals';

import { post } from '../../src/anchor/post.ts';
import { createAuthority } from '../support/certificates.ts';
import { serveCalls } from '../support/loopback.ts';
import type { Loopback, OnCall } from '../support/loopback.ts';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

const unfired = new AbortController().signal;
const unreachable = (found?: string): unknown =>
  expect.objectContaining({
    code: 'anchor-unreachable',
    ...(found === undefined ? {} : { detail: expect.objectContaining({ found }) as unknown }),
  });
const call = (url: string): Parameters<typeof post>[0] => ({
  url: new URL(url),
  contentType: 'text/plain',
  body: Buffer.from('asked'),
  mostBytes: 1000,
  timeoutMs: 1500,
});

let server: Loopback | undefined;
afterEach(() => server?.stop());
const answered = async (onCall: OnCall, path = ''): ReturnType<typeof post> => {
  server = await serveCalls(onCall);
  return post(call(`${server.url}${path}`), unfired);
};

describe('a POST', () => {
  it('brings back status, type and bytes, and says who asks what', async () => {
    const seen: unknown[] = [];
    const answer = await answered((incoming, outgoing) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        seen.push(incoming.method, incoming.headers['content-type'], Buffer.concat(parts).toString());
        outgoing.writeHead(409, { 'content-type': 'Text/X.tlog.size; charset=utf-8' }).end('7\n');
      });
    });
    expect(seen).toEqual(['POST', 'text/plain', 'asked']);
    expect({ ...answer, body: answer.body.toString() }).toEqual({
      status: 409,
      contentType: 'text/x.tlog.size',
      body: '7\n',
    });
  });

  it('follows no redirect', async () => {
    let calls = 0;
    const answer = await answered((_, outgoing) => {
      calls += 1;
      outgoing.writeHead(302, { location: '/elsewhere', 'content-length': '0' }).end();
    });
    expect([answer.status, calls]).toEqual([302, 1]);
  });

  it.each<[string, OnCall, string]>([
    [
      'a body without an end',
      (_, outgoing) => {
        outgoing.writeHead(200);
        const more = setInterval(() => outgoing.write(Buffer.alloc(500)), 5);
        outgoing.on('close', () => {
          clearInterval(more);
        });
      },
      'more than 1000 bytes',
    ],
    [
      'a body that is announced as huge and trickles',
      (_, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '1000' });
        const more = setInterval(() => outgoing.write('.'), 50);
        outgoing.on('close', () => {
          clearInterval(more);
        });
      },
      'none within 1.5 s',
    ],
    ['silence', () => undefined, 'none within 1.5 s'],
    ['a connection that breaks', (_, outgoing) => void outgoing.destroy(), 'ECONNRESET'],
    [
      'a body shorter than its length',
      (_, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '10' });
        outgoing.write('12345', () => void outgoing.destroy());
      },
      'ECONNRESET',
    ],
    [
      'a body that ends with its connection',
      (incoming) => {
        incoming.socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n12345');
      },
      'a broken answer',
    ],
    [
      'something that is not HTTP',
      (incoming) => {
        incoming.socket.end('SSH-2.0-OpenSSH\r\n');
      },
      'HPE_INVALID_CONSTANT',
    ],
  ])('takes %s for no answer', async (_, onCall, found) => {
    await expect(answered(onCall)).rejects.toEqual(unreachable(found));
  });

  it('takes nobody for no answer, and does not repeat the query of an address', async () => {
    server = await serveCalls(() => undefined);
    await server.stop();
    const asking = post(call(`${server.url}/a?token=secret`), unfired);
    await expect(asking).rejects.toEqual(unreachable('ECONNREFUSED'));
    await expect(asking).rejects.not.toEqual(
      expect.objectContaining({
        detail: expect.objectContaining({ place: expect.stringContaining('secret') as unknown }) as unknown,
      }),
    );
  });

  it('ends with the signal while it waits', async () => {
    server = await serveCalls(() => undefined);
    const stop = new AbortController();
    const asking = post(call(server.url), stop.signal);
    const reason = new Error('stopped');
    setTimeout(() => {
      stop.abort(reason);
    }, 50);
    await expect(asking).rejects.toBe(reason);
  });

  it('believes no server without a certificate of a known authority', async () => {
    const { cert, key } = createAuthority('nobody').issue('server', ['127.0.0.1']);
    const secure = https.createServer({ cert, key }, (_, outgoing) => outgoing.end('hello'));
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const { port } = secure.address() as AddressInfo;
    await expect(post(call(`https://127.0.0.1:${port}`), unfired)).rejects.toEqual(unreachable());
    secure.close();
    await once(secure, 'close');
  });
});
