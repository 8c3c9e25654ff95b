import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setupServer } from 'msw/node';
import { bridge } from '../../src/simulator/http-bridge.ts';
import { simulatorHandlers } from '../support/mesh-simulator.ts';
import { createAuthority } from './certificates.ts';
import { callerOf, check, lines, ours, people, stillSimulator, toCheck, tokenFor, v2 } from './caller.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One call through Node's own client, which decodes nothing. */
function call(
  base: string,
  method: string,
  target: string,
  said: { headers?: Record<string, string>; body?: string; tls?: https.RequestOptions } = {},
): Promise<Answer> {
  const headers = { accept: v2, authorization: tokenFor(ours, Date.now()), ...said.headers };
  const client = base.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(
      `${base}${target}`,
      { method, headers, agent: false, ...said.tls },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(said.body);
  });
}

const folder = mkdtempSync(path.join(tmpdir(), 'simulator-'));
const file = (name: string, text: string): string => {
  const place = path.join(folder, name);
  writeFileSync(place, text, { mode: 0o600 });
  return place;
};
const running: ChildProcess[] = [];

const root = path.join(import.meta.dirname, '..', '..');
const start = (...flags: readonly string[]): ChildProcess => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'jobs/simulator.ts', ...flags], { cwd: root });
  running.push(child);
  return child;
};
const secrets = ['--password', 'testing', '--shared-key', 'SharedKey'];

const listening = async (child: ChildProcess): Promise<{ listening: string; mailbox: string }> => {
  for await (const line of createInterface({ input: child.stdout! }))
    return JSON.parse(line) as { listening: string; mailbox: string };
  throw new Error('the simulator said nothing');
};

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the entry point', () => {
  it('listens on loopback, answers, can be steered, and stops when told', async () => {
    const child = start(
      ...['--port', '0', '--mailbox', ours, '--control', '--fault', 'http-503:1', '--fault', 'late:1:10'],
      ...[
        '--password-file',
        file('password', 'testing\n'),
        '--shared-key-file',
        file('shared-key', 'SharedKey\n'),
      ],
      ...[
        '--opt-outs',
        file('opt-outs', `${people[1]}\n\n${people[4]}\n`),
        '--refuse',
        file('refused', people[7]),
      ],
    );
    const { listening: base, mailbox } = await listening(child);
    expect(base).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
    expect(mailbox).toBe(ours);
    const inbox = `/messageexchange/${ours}/inbox`;
    const outbox = `/messageexchange/${ours}/outbox`;
    expect((await call(base, 'GET', inbox)).status).toBe(503);

    const body = lines(people[0], people[1], people[2]);
    expect((await call(base, 'POST', outbox, { headers: toCheck('one'), body })).status).toBe(202);
    expect((await call(base, 'POST', '/simulator/advance?ms=3000')).status).toBe(200);
    const page = JSON.parse((await call(base, 'GET', inbox)).body.toString()) as { messages: string[] };
    expect(page.messages).toHaveLength(2);
    const answer = await call(base, 'GET', `${inbox}/${page.messages[1]!}`);
    expect(answer.body.toString()).toBe(lines(people[0], people[2]));
    const head = await call(base, 'HEAD', `${inbox}/${page.messages[1]!}`);
    expect([head.status, head.headers['mex-localid'], head.body.length]).toEqual([200, 'one', 0]);

    expect((await call(base, 'POST', '/simulator/fault?name=short-body')).status).toBe(200);
    await expect(call(base, 'GET', `${inbox}/${page.messages[1]!}`)).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await call(base, 'POST', '/simulator/fault?name=drop-connection-after-accept&times=1&delayMs=5');
    const dropped = call(base, 'POST', outbox, { headers: toCheck('two'), body });
    await expect(dropped).rejects.toMatchObject({ code: 'ECONNRESET' });

    const sent = JSON.parse((await call(base, 'GET', '/simulator/sent')).body.toString()) as {
      localId: string;
    }[];
    expect(sent.map(({ localId }) => localId)).toEqual(['one', 'two']);
    const statistics = JSON.parse(
      (await call(base, 'GET', '/simulator/statistics')).body.toString(),
    ) as unknown;
    expect(statistics).toMatchObject({ calls: { send: 2, inbox: 2 }, faultsWaiting: [] });
    for (const lever of ['advance', 'advance?ms=x', 'fault?name=none', 'fault?name=echo&times=x'])
      expect((await call(base, 'POST', `/simulator/${lever}`)).status).toBe(400);

    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('demands a client certificate when it is given their authority, and keeps its levers shut unless told', async () => {
    const authority = createAuthority('the authority');
    const server = authority.issue('server');
    const child = start(
      ...secrets,
      ...['--tls-cert', file('cert', server.cert), '--tls-key', file('key', server.key)],
      ...['--tls-ca', file('ca', authority.cert)],
    );
    const { listening: base } = await listening(child);
    expect(base).toMatch(/^https:/);
    const ca = authority.cert;
    const inbox = `/messageexchange/${ours}/inbox`;
    const known = { ca, ...authority.issue('client') };
    const stranger = { ca, ...createAuthority('another').issue('client') };
    expect((await call(base, 'GET', inbox, { tls: known })).status).toBe(200);
    expect((await call(base, 'GET', '/simulator/sent', { tls: known })).status).toBe(404);
    await expect(call(base, 'GET', inbox, { tls: { ca } })).rejects.toThrow();
    await expect(call(base, 'GET', inbox, { tls: stranger })).rejects.toThrow();
    await expect(call(base, 'GET', inbox, { tls: { ...known, ca: [] } })).rejects.toThrow();
  });

  it('exits with 2 when its arguments are wrong', async () => {
    expect(await once(start('--mailbox', ours), 'exit')).toEqual([2, null]);
  });
});

describe('the bridge', () => {
  const outcome = async (method: string, body: string, answer: (request: Request) => Promise<Response>) => {
    const happened: unknown[] = [];
    const incoming = Object.assign(Readable.from([Buffer.from(body)]), {
      method,
      url: '/',
      rawHeaders: ['a', 'b'],
    });
    await bridge(answer, 10, incoming, {
      writeHead: (status, headers) => happened.push(status, headers),
      write: (bytes, written) => {
        happened.push(Buffer.from(bytes).toString());
        written();
      },
      end: (bytes) => happened.push(bytes === undefined ? 'end' : Buffer.from(bytes).toString()),
      destroy: () => happened.push('broken'),
    });
    return happened;
  };

  it('passes on method, headers and body, and the answer with its length', async () => {
    const answer = async (request: Request) =>
      new Response(`${request.method} ${request.headers.get('a') ?? ''} ${await request.text()}`, {
        status: 202,
      });
    expect(await outcome('PUT', '0123456789', answer)).toEqual([
      202,
      { 'content-type': 'text/plain;charset=UTF-8', 'content-length': '16' },
      'PUT b 0123456789',
    ]);
  });

  it('breaks the connection on a body too large, a network error and a short answer', async () => {
    const short = new Response('half', { headers: { 'content-length': '8', 'content-type': 'x' } });
    expect(await outcome('PUT', '0123456789+', () => Promise.reject(new Error('not asked')))).toEqual([
      'broken',
    ]);
    expect(await outcome('PUT', '', () => Promise.resolve(Response.error()))).toEqual(['broken']);
    expect(await outcome('GET', '', () => Promise.resolve(short))).toEqual([
      200,
      { 'content-length': '8', 'content-type': 'x' },
      'half',
      'broken',
    ]);
  });
});

describe('behind msw', () => {
  const simulator = stillSimulator();
  const server = setupServer(...simulatorHandlers(simulator, 'https://mesh.test'));
  const base = 'https://mesh.test';
  const headers = () => ({ authorization: tokenFor(ours, simulator.clock.now()) });

  beforeAll(() => {
    server.listen({ onUnhandledRequest: 'error' });
  });
  afterAll(() => {
    server.close();
  });

  it('answers the HTTPS client of Node, gzip left as it is', async () => {
    const id = simulator.deliver({ from: check, to: ours }, Buffer.from('hello'));
    const packed = { ...headers(), 'accept-encoding': 'gzip' };
    const answer = await call(base, 'GET', `/messageexchange/${ours}/inbox/${id}`, { headers: packed });
    expect([answer.status, answer.headers['content-encoding'], answer.body[0]]).toEqual([200, 'gzip', 0x1f]);
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
  });

  it('breaks the connection where the simulator does', async () => {
    simulator.fault('drop-connection-after-accept');
    const said = { headers: { ...headers(), ...toCheck('dropped') }, body: lines(people[0]) };
    await expect(call(base, 'POST', `/messageexchange/${ours}/outbox`, said)).rejects.toThrow();
    expect((await callerOf(simulator, ours)('GET', '/outbox/tracking/dropped')).status).toBe(200);
  });
});
