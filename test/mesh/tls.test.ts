import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Failure } from '../../src/domain/failure.ts';
import { readConnection } from '../../src/mesh/connection.ts';
import type { TlsMaterial } from '../../src/mesh/connection.ts';
import { meshLimits } from '../../src/mesh/limits.ts';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import { createWire } from '../../src/mesh/wire.ts';
import { faultOfError } from '../../src/mesh/wire-faults.ts';
import type { Mailbox } from '../../src/ports.ts';
import { createAuthority } from '../support/certificates.ts';
import type { Certified } from '../support/certificates.ts';
import { codeOf, failureOf, options } from './far-side.ts';

const authority = createAuthority('MESH test authority');
const stranger = createAuthority('A stranger');
const rightServer = authority.issue('server', ['localhost', '127.0.0.1']);
const rightClient = authority.issue('client', ['x26abc1.x26.api.mesh-client.nhs.uk']);
const expired = { from: '2020-01-01', to: '2021-01-01' };

const material = (client: Certified, ca = authority.cert): TlsMaterial => ({ ...client, ca });

interface MutualServer {
  readonly port: number;
  /** Calls that were heard. */
  heard(): number;
  close(): Promise<void>;
}

async function mutualServer(own: Certified, settings: https.ServerOptions = {}): Promise<MutualServer> {
  let heard = 0;
  const demands = { requestCert: true, rejectUnauthorized: true, ca: authority.cert };
  const server = https.createServer({ ...own, ...demands, ...settings }, (_request, response) => {
    heard += 1;
    response.writeHead(200, { 'content-length': 0, date: 'Sun, 22 Nov 2026 00:00:07 GMT' }).end();
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

let opened: (Mailbox & { close(): void })[] = [];
afterEach(() => {
  for (const mailbox of opened) mailbox.close();
  opened = [];
});

function mailboxAt(port: number, tls?: TlsMaterial, host = 'localhost'): Mailbox {
  const mailbox = createMailbox(
    options(`https://${host}:${port}`, { limits: { attempts: 1 }, ...(tls === undefined ? {} : { tls }) }),
  );
  opened.push(mailbox);
  return mailbox;
}

describe('mutual TLS', () => {
  let server: MutualServer;
  beforeAll(async () => {
    server = await mutualServer(rightServer);
  });
  afterAll(() => server.close());

  it.each(['localhost', '127.0.0.1'])(
    'lets us talk when both sides prove who they are (%s)',
    async (host) => {
      expect(await mailboxAt(server.port, material(rightClient), host).handshake()).toBe(7000);
    },
  );

  it('is refused by us when the server is certified by somebody else', async () => {
    const before = server.heard();
    const mailbox = mailboxAt(server.port, material(rightClient, stranger.cert));
    expect(await codeOf(mailbox.handshake())).toBe('mesh-tls');
    expect(server.heard()).toBe(before);
  });

  it.each([
    ['shows one of somebody else', material(stranger.issue('client', ['x26abc1']))],
    ['shows one that has expired', material(authority.issue('client', ['x26abc1'], expired))],
    ['shows that of a server', material(rightServer)],
  ])('is refused by the server when the client %s', async (_what, tls) => {
    const before = server.heard();
    // Whether its alert or the end of the connection comes first is chance.
    expect(['mesh-tls', 'mesh-unreachable']).toContain(await codeOf(mailboxAt(server.port, tls).handshake()));
    expect(server.heard()).toBe(before);
  });

  it('is refused by the server when the client shows no certificate', async () => {
    const connection = readConnection(`https://localhost:${server.port}`);
    const wire = createWire({ ...connection, tls: { ...connection.tls, ca: authority.cert } }, meshLimits);
    const call = { method: 'GET', path: '/', headers: {}, body: Buffer.alloc(0), maximumBytes: 0 } as const;
    const before = server.heard();
    const outcome = await wire.exchange({ ...call, ownConnection: true }, 'here');
    expect(outcome.kind === 'broken' && outcome.failure.code).toMatch(/^mesh-(tls|unreachable)$/);
    expect(server.heard()).toBe(before);
    wire.close();
  });

  it('is refused by us, who show no certificate on this machine, when only a private authority vouches for the server', async () => {
    expect(await codeOf(mailboxAt(server.port).handshake())).toBe('mesh-tls');
  });
});

describe('a server', () => {
  it.each([
    ['of another name', authority.issue('server', ['mesh.test']), {}],
    ['of another address', authority.issue('server', ['10.0.0.1']), {}],
    ['with the certificate of a client', authority.issue('client', ['localhost']), {}],
    ['whose certificate has expired', authority.issue('server', ['localhost'], expired), {}],
    [
      'that knows no TLS newer than 1.1',
      rightServer,
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    ],
  ] as const)('%s is refused, and hears nothing', async (_which, own, settings) => {
    const server = await mutualServer(own, settings);
    const mailbox = mailboxAt(server.port, material(rightClient));
    const message = {
      to: 'X26HC065',
      workflowId: 'SPINE_NTT_UPHOLDING',
      localId: 'a-1',
      subject: 'a-1',
      fileName: 'a-1.dat',
      body: Buffer.from('9990000018,\n'),
    };
    expect(await codeOf(mailbox.handshake())).toBe('mesh-tls');
    expect(await codeOf(mailbox.send(message))).toBe('mesh-tls');
    expect(server.heard()).toBe(0);
    await server.close();
  });

  it('that knows nothing newer than TLS 1.2 will do', async () => {
    const server = await mutualServer(rightServer, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    expect(await mailboxAt(server.port, material(rightClient)).handshake()).toBe(7000);
    await server.close();
  });
});

describe('an alert about our certificate after we have begun to speak', () => {
  const errorOf = (code: string): Error => Object.assign(new Error('write EPROTO'), { code });

  it.each([
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'mesh-tls', true],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'mesh-tls', true],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'mesh-tls', true],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'mesh-tls', false],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'mesh-tls', false],
    ['ECONNRESET', 'mesh-unreachable', false],
    ['', 'mesh-unreachable', false],
  ])('%s: %s, certainly not taken: %s', (code, failureCode, certain) => {
    const fault = faultOfError(errorOf(code), true, 'here');
    expect([fault.failure.code, fault.certainlyNotTaken]).toEqual([failureCode, certain]);
  });

  it('says nothing certain of an error without a code, even before', () => {
    expect(faultOfError(new TypeError('Network error'), false, 'here').certainlyNotTaken).toBe(false);
  });
});

describe('the connection as configured', () => {
  const tls = material(rightClient);
  const outcome = (url: string, given?: TlsMaterial): string => {
    try {
      readConnection(url, given);
      return 'accepted';
    } catch (thrown) {
      return thrown instanceof Failure ? thrown.code : 'not a failure of ours';
    }
  };

  it.each([
    ['https://mesh-sync.spineservices.nhs.uk', tls],
    ['https://mesh-sync.spineservices.nhs.uk/', tls],
    ['https://msg.intspineservices.nhs.uk:8443', tls],
    ['https://localhost:8443', undefined],
    ['http://localhost:8701', undefined],
    ['http://127.0.0.1:8701', undefined],
    ['http://127.9.9.9', undefined],
    ['http://[::1]:8701', undefined],
  ])('may be %s', (url, given) => {
    expect(outcome(url, given)).toBe('accepted');
  });

  it.each([
    ['https://mesh-sync.spineservices.nhs.uk', undefined],
    ['http://mesh-sync.spineservices.nhs.uk', tls],
    ['http://127.0.0.1.example.test', undefined],
    ['http://localhost.example.test', undefined],
    ['http://0.0.0.0', undefined],
    ['https://localhost/messageexchange', undefined],
    ['https://localhost?x', undefined],
    ['https://localhost#x', undefined],
    ['https://someone:secret@localhost', undefined],
    ['ftp://localhost', undefined],
    ['localhost', undefined],
    ['', undefined],
    ['https://localhost', { ...tls, key: rightServer.key }],
    ['https://localhost', { ...tls, cert: 'no certificate' }],
    ['https://localhost', { ...tls, ca: 'no certificate' }],
  ])('may not be %s', (url, given) => {
    expect(outcome(url, given)).toBe('configuration-invalid');
  });

  it.each([
    ['https://localhost', undefined],
    ['https://mesh.test', tls],
  ])('always verifies, whatever the environment says, and speaks TLS 1.2 or newer: %s', (url, given) => {
    // NODE_TLS_REJECT_UNAUTHORIZED only changes what is not said aloud.
    expect(readConnection(url, given).tls).toMatchObject({ rejectUnauthorized: true, minVersion: 'TLSv1.2' });
  });

  it('reads bytes as well as text', () => {
    const { cert, key, ca } = tls;
    expect(
      outcome('https://mesh.test', { cert: Buffer.from(cert), key: Buffer.from(key), ca: Buffer.from(ca) }),
    ).toBe('accepted');
  });

  it('does not show the key when it is refused', async () => {
    const key = tls.key.toString().replace('BEGIN', 'BEGAN');
    const failure = await failureOf(
      Promise.resolve().then(() => readConnection('https://mesh.test', { ...tls, key })),
    );
    expect([failure?.code, failure?.cause]).toEqual(['configuration-invalid', undefined]);
  });
});
