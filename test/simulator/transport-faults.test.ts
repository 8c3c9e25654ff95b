import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { answerFaults, faultNotes, intakeFaults, namesOf } from '../../src/simulator/faults.ts';
import type { FaultName } from '../../src/simulator/faults.ts';
import { check, inboxOf, lines, other, ours, people, toCheck, v2 } from './caller.ts';
import { faulty, faultTests, request } from './faulty.ts';

const { fault, tested } = faultTests();

describe('faults of any call', () => {
  const responses: readonly (readonly [FaultName, number, unknown, string | null])[] = [
    ['http-503', 503, 'Service Unavailable', 'text/plain'],
    ['http-429', 429, 'Too Many Requests', expect.anything() as unknown as string],
    ['xml-500', 500, expect.stringMatching(/^<\?xml/), 'text/xml'],
    ['v1-error-shape', 403, expect.stringContaining('"errorCode":"EPL-151"'), 'application/json'],
    ['error-without-body', 403, '', null],
    ['closed-mailbox', 403, expect.stringContaining('Request Received from Inactive Mailbox'), v2],
  ];
  for (const [name, status, body, type] of responses)
    fault(name, async () => {
      const { simulator, us } = faulty(name);
      const headers = toCheck('one');
      const response = await us('POST', '/outbox', { headers, body: request });
      expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([
        status,
        body,
        type,
      ]);
      expect(response.headers.get('retry-after')).toBe(name === 'http-429' ? '1' : null);
      expect(simulator.sent()).toEqual([]);
      expect((await us('POST', '/outbox', { headers, body: request })).status).toBe(202);
    });

  it('come as often as scripted, one after the other', async () => {
    const { simulator, us } = faulty();
    simulator.fault('http-503', { times: 2 });
    simulator.fault('http-429');
    simulator.fault('xml-500', { times: 0 });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await us('GET', '/inbox')).status);
    expect(statuses).toEqual([503, 503, 429, 200]);
  });
});

describe('faults of the way back', () => {
  fault('drop-connection-after-accept', async () => {
    const { simulator, us } = faulty('drop-connection-after-accept');
    expect((await us('GET', '/inbox')).status).toBe(200);
    const response = await us('POST', '/outbox', { headers: toCheck('one'), body: request });
    expect(response.type).toBe('error');
    expect(simulator.sent().map(({ localId }) => localId)).toEqual(['one']);
    expect((await us('GET', '/outbox/tracking/one')).status).toBe(200);
  });

  fault('page-loop', async () => {
    const { us } = faulty('page-loop');
    const page = await us('GET', '/inbox?max_results=10');
    expect(await page.json()).toMatchObject({
      links: { next: `/messageexchange/${ours}/inbox?max_results=10` },
    });
    expect(await (await us('GET', '/inbox')).json()).not.toHaveProperty('links.next');
  });

  fault('huge-page', async () => {
    const { us } = faulty('huge-page');
    expect(await inboxOf(us)).toHaveLength(100_000);
    expect(await inboxOf(us)).toEqual([]);
  });

  const download = async (name: FaultName) => {
    const { simulator, us } = faulty(name);
    const id = simulator.deliver({ from: check, to: ours }, Buffer.from(request));
    const plain = await us('GET', `/inbox/${id}`);
    if (name !== 'short-body') expect(await plain.text()).toBe(request);
    const packed =
      name === 'short-body'
        ? plain
        : await us('GET', `/inbox/${id}`, { headers: { 'accept-encoding': 'gzip' } });
    const bytes = Buffer.from(await packed.arrayBuffer());
    return {
      bytes,
      promised: Number(packed.headers.get('content-length')),
      encoding: packed.headers.get('content-encoding'),
    };
  };

  fault('gzip-cut', async () => {
    const { bytes, promised } = await download('gzip-cut');
    expect(promised).toBe(bytes.length);
    expect(() => gunzipSync(bytes)).toThrow('unexpected end of file');
    const lenient = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    expect(request.startsWith(lenient) && lenient.length < request.length).toBe(true);
  });

  fault('gzip-second-member', async () => {
    const { bytes, promised } = await download('gzip-second-member');
    expect(promised).toBe(bytes.length);
    expect(gunzipSync(bytes).toString()).toBe(request + lines(people[0]));
  });

  fault('gzip-trailing-bytes', async () => {
    const { bytes, promised } = await download('gzip-trailing-bytes');
    expect(promised).toBe(bytes.length);
    expect(bytes.subarray(-13).toString()).toBe('and then some');
    expect(gunzipSync(bytes).toString()).toBe(request);
  });

  fault('gzip-bomb', async () => {
    const { bytes, promised, encoding } = await download('gzip-bomb');
    expect([promised, encoding]).toEqual([bytes.length, 'gzip']);
    expect(bytes.length).toBeLessThan(1_000_000);
    expect(bytes.readUInt32LE(bytes.length - 4)).toBe(512 * 1024 * 1024);
    let size = 0;
    for await (const part of createGunzip().end(bytes)) {
      size += (part as Buffer).length;
      if (size > 32 * 1024 * 1024) break;
    }
    expect(size).toBeGreaterThan(32 * 1024 * 1024);
  });

  fault('short-body', async () => {
    const { bytes, promised } = await download('short-body');
    expect([promised, bytes.toString()]).toEqual([request.length, request.slice(0, request.length / 2)]);
  });

  const secondChunk = async (name: FaultName) => {
    const { us, them } = faulty(name);
    const headers = toCheck('one', { 'mex-to': other, 'mex-chunk-range': '1:2' });
    const sent = await us('POST', '/outbox', { headers, body: request });
    const { message_id: id } = (await sent.json()) as { message_id: string };
    await us('POST', `/outbox/${id}/2`, { headers: { 'mex-chunk-range': '2:2' }, body: 'end' });
    expect((await them('GET', `/inbox/${id}`)).status).toBe(206);
    const spoilt = await them('GET', `/inbox/${id}/2`);
    expect(await (await them('GET', `/inbox/${id}/2`)).text()).toBe('end');
    return { id, spoilt };
  };

  fault('wrong-chunk', async () => {
    const { id, spoilt } = await secondChunk('wrong-chunk');
    expect([spoilt.status, spoilt.headers.get('mex-chunk-range')]).toEqual([200, '2:2']);
    expect(spoilt.headers.get('mex-messageid')).not.toBe(id);
    expect(await spoilt.text()).toBe(lines(people[0], people[1]));
  });

  fault('missing-chunk', async () => {
    const { spoilt } = await secondChunk('missing-chunk');
    expect(spoilt.status).toBe(404);
    expect(await spoilt.json()).toMatchObject({ detail: [{ code: '20' }] });
  });
});

it('has a test for every fault of the way', () => {
  const ofTheCheck = [...namesOf(answerFaults), ...namesOf(intakeFaults)] as readonly FaultName[];
  expect(tested()).toEqual(
    namesOf(faultNotes)
      .filter((name) => !ofTheCheck.includes(name))
      .sort(),
  );
});
