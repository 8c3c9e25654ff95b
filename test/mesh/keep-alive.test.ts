import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { answerText } from './raw-server.ts';
import { get, lineOf, post, server, wireTo } from './wired.ts';

describe('a connection', () => {
  const answering = (socket: Socket): void => void socket.write(answerText('200 OK', {}, 'ok'));

  it('serves one call after the other', async () => {
    const far = await server(answering);
    const wire = wireTo(far.url);
    for (let count = 0; count < 5; count += 1) await wire.exchange(get, 'here');
    expect(far.connections()).toBe(1);
  });

  it('is not kept for long when nobody uses it, but may be silent for longer while somebody does', async () => {
    const far = await server((socket) => void setTimeout(answering, 150, socket));
    const wire = wireTo(far.url, { keepMs: 50, idleMs: 2000 });
    expect(lineOf(await wire.exchange(get, 'here'))).toBe('200 ok');
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (let count = 0; count < 2; count += 1)
      expect(lineOf(await wire.exchange(get, 'here'))).toBe('200 ok');
    expect(far.connections()).toBe(2);
  });

  it('is never beside another', async () => {
    const far = await server((socket) => void setTimeout(answering, 20, socket));
    const wire = wireTo(far.url);
    await Promise.all(Array.from({ length: 5 }, () => wire.exchange(get, 'here')));
    expect(far.connections()).toBe(1);
  });

  it('is a new one for the call that may be made only once', async () => {
    const far = await server(answering);
    const wire = wireTo(far.url);
    await wire.exchange(get, 'here');
    expect(lineOf(await wire.exchange(post, 'here'))).toBe('200 ok');
    await wire.exchange(get, 'here');
    expect(far.connections()).toBe(2);
    expect(far.calls[1]).toContain('content-length: 12\r\n');
  });

  it('that is closed ends its call, and begins no other', async () => {
    const far = await server(() => undefined);
    const wire = wireTo(far.url);
    const underWay = wire.exchange(post, 'here');
    while (far.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    wire.close();
    expect(lineOf(await underWay)).toBe('interrupted, perhaps taken');
    expect(lineOf(await wire.exchange(post, 'here'))).toBe('interrupted, not taken');
    expect(far.calls).toHaveLength(1);
  });

  it('survives an answer that comes before the whole call was written', async () => {
    const early = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => void socket.write(answerText('413 Too Large', {}, 'no')));
    });
    await new Promise<void>((resolve) => void early.listen(0, '127.0.0.1', resolve));
    const wire = wireTo(`http://127.0.0.1:${(early.address() as AddressInfo).port}`);
    const outcome = await wire.exchange({ ...post, body: Buffer.alloc(20_000_000) }, 'here');
    expect(lineOf(outcome)).toBe('413 no');
    wire.close();
    await new Promise((resolve) => early.close(resolve));
  });
});
