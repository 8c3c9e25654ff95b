import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  callerOf,
  inboxOf,
  other,
  ours,
  send,
  start,
  stillSimulator,
  toOther,
  twoCallers,
  v1,
} from './caller.ts';

describe('handshake', () => {
  const named = { 'mex-clientversion': '1', 'mex-osname': 'Linux', 'mex-osversion': '6' };

  it('succeeds with an empty body in version 2 and the mailbox in version 1', async () => {
    const { us } = twoCallers();
    const second = await us('POST', '', { headers: named });
    expect([second.status, await second.text()]).toEqual([200, '']);
    const first = await us('GET', '', { headers: named, accept: v1 });
    expect(await first.json()).toEqual({ mailboxId: ours });
  });

  it.each(Object.keys(named))('is refused without %s', async (missing) => {
    const { us } = twoCallers();
    const headers = Object.fromEntries(Object.entries(named).filter(([name]) => name !== missing));
    const response = await us('POST', '', { headers });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: [{ loc: ['header', missing] }] });
  });
});

describe('sending and receiving', () => {
  it('conformance 201 and 401: a plain message arrives with its headers and bytes', async () => {
    const { simulator, us, them } = twoCallers();
    const id = await send(us, { body: 'hello' });
    expect(id).toMatch(/^20261122033944\d{6}_[0-9A-F]{6}$/);
    const response = await them('GET', `/inbox/${id}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'mex-from': ours,
      'mex-to': other,
      'mex-workflowid': 'WF_A',
      'mex-chunk-range': '1:1',
      'mex-total-chunks': '1',
      'mex-addresstype': 'ALL',
      'mex-localid': 'local-1',
      'mex-filename': 'name-1.dat',
      'mex-subject': 'subject-1',
      'mex-version': '1.0',
      'mex-messagetype': 'DATA',
      'mex-messageid': id,
      'mex-statuscode': '00',
      'mex-statusevent': 'TRANSFER',
      'mex-statusdescription': 'Transferred to recipient mailbox',
      'mex-statussuccess': 'SUCCESS',
      'mex-statustimestamp': '20261122033944',
      'mex-content-checksum': 'b10a8db164e0754105b7a99be72e3fe5',
      'mex-content-type': 'application/octet-stream',
      'last-modified': 'Sun, 22 Nov 2026 03:39:44 UTC',
      'content-length': '5',
      'content-type': 'application/octet-stream',
    });
    expect(await response.text()).toBe('hello');
    expect(simulator.downloads(id)).toBe(1);
    expect(simulator.sent()).toEqual([
      {
        messageId: id,
        from: ours,
        to: other,
        workflowId: 'WF_A',
        localId: 'local-1',
        subject: 'subject-1',
        fileName: 'name-1.dat',
        acceptedAt: start,
        lines: 1,
        sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      },
    ]);
  });

  it('leaves out headers without a value, and names the file after the message', async () => {
    const { us, them } = twoCallers();
    const id = await send(us, { body: 'x', headers: { 'mex-to': other, 'mex-workflowid': 'WF_A' } });
    const { headers } = await them('HEAD', `/inbox/${id}`);
    expect(headers.has('mex-subject')).toBe(false);
    expect(headers.has('mex-localid')).toBe(false);
    expect(headers.get('mex-filename')).toBe(`${id}.dat`);
  });

  it('conformance 202 and 402: a gzip message is passed on as it came, or unpacked for who does not accept gzip', async () => {
    const { simulator, us, them } = twoCallers();
    const body = new Uint8Array(gzipSync('hello\nworld\n'));
    const id = await send(us, { body, headers: toOther({ 'content-encoding': 'gzip' }) });
    const packed = await them('GET', `/inbox/${id}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('mex-content-compressed')).toBe('Y');
    expect(Buffer.from(await packed.arrayBuffer()).equals(body)).toBe(true);
    const plain = await them('GET', `/inbox/${id}`);
    expect(plain.headers.has('content-encoding')).toBe(false);
    expect(plain.headers.get('content-length')).toBe('12');
    expect(await plain.text()).toBe('hello\nworld\n');
    expect(simulator.sent()[0]?.lines).toBe(2);
  });

  it('packs a plain message for version 2 when asked, and never for version 1', async () => {
    const { us, them } = twoCallers();
    const id = await send(us, { body: 'hello' });
    const headers = { 'accept-encoding': 'gzip' };
    const second = await them('GET', `/inbox/${id}`, { headers });
    const bytes = Buffer.from(await second.arrayBuffer());
    expect(second.headers.get('content-length')).toBe(String(bytes.length));
    expect(gunzipSync(bytes).toString()).toBe('hello');
    const first = await them('GET', `/inbox/${id}`, { headers, accept: v1 });
    expect(await first.text()).toBe('hello');
  });

  it('passes on that the sender packed or encrypted the content itself', async () => {
    const { us, them } = twoCallers();
    const flags = {
      'mex-content-compressed': 'Y',
      'mex-content-encrypted': 'Y',
      'mex-content-type': 'text/csv',
    };
    const id = await send(us, { body: 'packed by the sender', headers: toOther(flags) });
    const response = await them('GET', `/inbox/${id}`);
    expect(response.headers.get('mex-content-compressed')).toBe('Y');
    expect(response.headers.get('mex-content-encrypted')).toBe('Y');
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(await response.text()).toBe('packed by the sender');
  });

  it('speaks version 1 when version 2 is not asked for', async () => {
    const { us, them } = twoCallers();
    const sent = await us('POST', '/outbox', { headers: toOther(), body: 'x', accept: v1 });
    const { messageID: id } = (await sent.json()) as { messageID: string };
    const page = await them('GET', '/inbox', { accept: v1 });
    expect(await page.json()).toEqual({ messages: [id] });
    expect(page.headers.get('content-type')).toBe(v1);
    expect(await (await them('GET', '/count', { accept: v1 })).json()).toMatchObject({ count: 1 });
    expect(await (await them('GET', '/count')).json()).toEqual({ count: 1 });
    const acknowledged = await them('PUT', `/inbox/${id}/status/acknowledged`, { accept: v1 });
    expect(await acknowledged.json()).toEqual({ messageId: id });
  });

  it('conformance 705: an acknowledged message cannot be downloaded again, and may be acknowledged again', async () => {
    const { simulator, us, them } = twoCallers();
    const id = await send(us, { body: 'x' });
    for (let time = 0; time < 2; time += 1) {
      const response = await them('PUT', `/inbox/${id}/status/acknowledged`);
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect((await them('GET', `/inbox/${id}`)).status).toBe(410);
    expect((await them('HEAD', `/inbox/${id}`)).status).toBe(410);
    expect(await inboxOf(them)).toEqual([]);
    expect(simulator.acknowledged()).toEqual([id]);
  });

  it('shows the headers to recipient and sender alone', async () => {
    const { simulator, us, them } = twoCallers();
    const id = await send(us, { body: 'x', headers: toOther({ 'mex-to': 'X26HC065' }) });
    expect((await us('HEAD', `/inbox/${id}`)).status).toBe(200);
    const response = await them('HEAD', `/inbox/${id}`);
    expect([response.status, response.body]).toEqual([404, null]);
    expect(simulator.downloads(id)).toBe(0);
  });
});

describe('chunks', () => {
  const big = 'x'.repeat(21);
  const range = (value: string, more: Record<string, string> = {}) =>
    toOther({ 'mex-chunk-range': value, ...more });

  it('conformance 501 and 502: a message in chunks is whole only when the last one came', async () => {
    const { simulator, us, them } = twoCallers();
    const id = await send(us, { body: big, headers: range('1:3') });
    expect(await inboxOf(them)).toEqual([]);
    expect((await them('GET', `/inbox/${id}`)).status).toBe(410);
    expect(await (await us('GET', `/outbox/tracking?messageID=${id}`)).json()).toMatchObject({
      status: 'uploading',
    });
    const next = await us('POST', `/outbox/${id}/2`, {
      body: `${big}y`,
      headers: { 'mex-chunk-range': '2:3' },
    });
    expect([next.status, await next.json()]).toEqual([202, null]);
    // A repeated chunk replaces the first of its number.
    await us('POST', `/outbox/${id}/2`, { body: `${big}z`, headers: { 'mex-chunk-range': '2:3' } });
    await us('POST', `/outbox/${id}/3`, { body: 'end', headers: { 'mex-chunk-range': '3:3' } });
    expect(await inboxOf(them)).toEqual([id]);

    const shown: unknown[] = [];
    for (const part of ['', '/2', '/3']) {
      const response = await them('GET', `/inbox/${id}${part}`);
      shown.push([response.status, response.headers.get('mex-chunk-range'), await response.text()]);
    }
    expect(shown).toEqual([
      [206, '1:3', big],
      [206, '2:3', `${big}z`],
      [200, '3:3', 'end'],
    ]);
    expect(simulator.sent()[0]?.lines).toBe(1);
    expect(simulator.downloads(id)).toBe(1);
  });

  it('packs each chunk separately, all in the same way', async () => {
    const { us, them } = twoCallers();
    const packed = (text: string) => new Uint8Array(gzipSync(text));
    const headers = range('1:2', { 'content-encoding': 'gzip' });
    const id = await send(us, { body: packed('hello '), headers });
    const changed = await us('POST', `/outbox/${id}/2`, {
      body: 'world',
      headers: { 'mex-chunk-range': '2:2' },
    });
    expect(changed.status).toBe(417);
    expect(await changed.json()).toEqual({
      message_id: id,
      detail: [{ event: '', code: '', msg: 'cannot change content encoding' }],
    });
    const more = { 'mex-chunk-range': '2:2', 'content-encoding': 'gzip' };
    await us('POST', `/outbox/${id}/2`, { body: packed('world'), headers: more });
    const read = async (part: string) => (await them('GET', `/inbox/${id}${part}`)).text();
    expect((await read('')) + (await read('/2'))).toBe('hello world');
  });

  it('must exceed the minimum size in version 2, the last one excepted', async () => {
    const { us } = twoCallers();
    const small = await us('POST', '/outbox', { body: 'x'.repeat(20), headers: range('1:2') });
    expect(small.status).toBe(417);
    expect(await small.json()).toMatchObject({ detail: [{ code: 'InvalidChunkSize' }] });
    expect((await us('POST', '/outbox', { body: 'x', headers: range('1:2'), accept: v1 })).status).toBe(202);
    const id = await send(us, { body: big, headers: range('1:3') });
    const second = await us('POST', `/outbox/${id}/2`, { body: 'x', headers: { 'mex-chunk-range': '2:3' } });
    expect(second.status).toBe(417);
    expect(await second.json()).toMatchObject({ message_id: id });
  });

  it('must exceed 5 MiB unless told otherwise', async () => {
    const simulator = stillSimulator({ minimumChunkBytes: 5 * 1024 * 1024 });
    const us = callerOf(simulator, ours);
    const sized = (bytes: number) => new Uint8Array(bytes).fill(120);
    const status = async (bytes: number) =>
      (await us('POST', '/outbox', { body: sized(bytes), headers: range('1:2') })).status;
    expect([await status(5 * 1024 * 1024), await status(5 * 1024 * 1024 + 1)]).toEqual([417, 202]);
  });
});
