/** An RFC 3161 authority over real HTTP: one that does as it should, and everything it may get wrong. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PKIStatus, TimeStampReq } from 'pkijs';
import type { Certificate } from 'pkijs';

import { ask, encodeQuestion, imprintOf, readAuthorities } from '../../src/anchor/timestamp-request.ts';
import { believeTimestamp, Disbelief } from '../../src/anchor/timestamp-token.ts';
import { createTimestampAnchor } from '../../src/anchor/timestamp.ts';
import { systemChance } from '../../src/wiring.ts';
import { createTestLog } from '../support/anchored-log.ts';
import type { TestLog } from '../support/anchored-log.ts';
import { outcomeOf } from '../support/contracts/anchor-contract.ts';
import { serveHandler } from '../support/loopback.ts';
import type { Loopback } from '../support/loopback.ts';
import {
  certify,
  pemOf,
  policyOfTests,
  stamp,
  stampedAt,
  timeStamping,
} from '../support/timestamp-authority.ts';
import type { Certified, CertificateTerms, Misdeeds } from '../support/timestamp-authority.ts';

const unfired = new AbortController().signal;
const reply = { 'content-type': 'application/timestamp-reply' };

let root: Certified;
let between: Certified;
let signer: Certified;
let log: TestLog;
beforeAll(async () => {
  root = await certify({ isAuthority: true, name: 'test root' });
  between = await certify({ isAuthority: true, name: 'test between' }, root);
  signer = await certify({ name: 'test signer' }, between);
  log = createTestLog();
  log.grow(3);
});

let server: Loopback | undefined;
afterEach(() => server?.stop());

type Answer = (request: Uint8Array) => Promise<Response> | Response;

async function stamped(
  answer: Answer,
  policy: string | null = null,
  believed = root.certificate,
): Promise<string> {
  server = await serveHandler(async (request) => answer(new Uint8Array(await request.arrayBuffer())));
  const anchor = createTimestampAnchor({
    ...{ url: `${server.url}/tsr`, policy, chance: systemChance, timeoutMs: 3000 },
    authorities: pemOf(believed),
  });
  return outcomeOf(anchor.take(log.view(), unfired));
}

const answering =
  (
    misdeeds: Misdeeds,
    by: () => Certified = () => signer,
    above: () => Certificate[] = () => [between.certificate],
  ): Answer =>
  async (request) =>
    new Response(Buffer.from(await stamp(request, by(), above(), misdeeds)), { headers: reply });

describe('the request', () => {
  it('asks for a stamp on the SHA-256 of the checkpoint, with a nonce of its own and the certificates', async () => {
    const seen: TimeStampReq[] = [];
    let contentType: string | null = null;
    server = await serveHandler(async (request) => {
      contentType = request.headers.get('content-type');
      const body = await request.arrayBuffer();
      seen.push(TimeStampReq.fromBER(body));
      return new Response(Buffer.from(await stamp(new Uint8Array(body), signer, [between.certificate])), {
        headers: reply,
      });
    });
    const options = {
      url: server.url,
      policy: policyOfTests,
      chance: systemChance,
      authorities: pemOf(root.certificate),
    };
    const anchor = createTimestampAnchor(options);
    for (let times = 0; times < 2; times += 1) await anchor.take(log.view(), unfired);
    expect(contentType).toBe('application/timestamp-query');
    for (const { version, messageImprint, certReq, reqPolicy } of seen) {
      expect([version, certReq, reqPolicy]).toEqual([1, true, policyOfTests]);
      expect(messageImprint.hashAlgorithm.algorithmId).toBe('2.16.840.1.101.3.4.2.1');
      expect(Buffer.from(messageImprint.hashedMessage.getValue())).toEqual(
        imprintOf(Buffer.from(log.view().checkpoint.note)),
      );
    }
    const nonces = seen.map(({ nonce }) => Buffer.from(nonce!.valueBlock.valueHexView).toString('hex'));
    expect(new Set(nonces).size).toBe(2);
    expect(nonces.map(({ length }) => length)).toEqual([32, 32]);
  });

  it('has a nonce that is a positive number in its shortest form, whatever chance gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (random) => {
        const question = ask(Buffer.from('a note'), random, null);
        const { nonce } = TimeStampReq.fromBER(Uint8Array.from(encodeQuestion(question)).buffer);
        expect(Buffer.from(nonce!.valueBlock.valueHexView)).toEqual(Buffer.from(question.nonce));
        expect(question.nonce[0]! & 0xc0).toBe(0x40);
      }),
    );
  });
});

const openssl = (...args: readonly string[]) => spawnSync('openssl', args, { encoding: 'utf8' });
const withOpenssl = openssl('version').status === 0 ? it : it.skip;

withOpenssl('a stranger checks the receipt with openssl, and with nothing of ours', async () => {
  server = await serveHandler(async (request) => answering({})(new Uint8Array(await request.arrayBuffer())));
  const authorities = pemOf(root.certificate);
  const anchor = createTimestampAnchor({ url: server.url, policy: null, chance: systemChance, authorities });
  const receipt = await anchor.take(log.view(), unfired);
  const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-openssl-'));
  const put = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const data = put('checkpoint', log.view().checkpoint.note);
  const other = put('other', `${log.view().checkpoint.note}\n`);
  const [token, believed] = [put('receipt', receipt), put('ca.pem', authorities)];
  const stranger = put('stranger.pem', pemOf((await certify({ isAuthority: true })).certificate));
  const verify = (over: string, by: string): boolean =>
    openssl('ts', '-verify', '-in', token, '-data', over, '-CAfile', by).status === 0;
  expect([verify(data, believed), verify(other, believed), verify(data, stranger)]).toEqual([
    true,
    false,
    false,
  ]);
  rmSync(folder, { recursive: true });
});

describe('a token is taken', () => {
  it.each<[string, Misdeeds]>([
    ['as it should be', {}],
    ['granted with modifications', { status: PKIStatus.grantedWithMods }],
    ['signed over SHA-512', { digest: 'SHA-512' }],
    ['bound to its certificate in the older way', { boundBy: 'v1' }],
  ])('%s', async (_, misdeeds) => {
    expect(await stamped(answering(misdeeds))).toBe('taken');
  });

  it('of a certificate that has expired since, but not when it stamped', async () => {
    const then = await certify({ to: new Date('2026-11-23') }, between);
    expect(await stamped(answering({}, () => then))).toBe('taken');
  });

  it('of an authority that signs without anybody between', async () => {
    const direct = await certify({}, root);
    expect(
      await stamped(
        answering(
          {},
          () => direct,
          () => [],
        ),
      ),
    ).toBe('taken');
  });

  it('under the policy that was asked for', async () => {
    expect(await stamped(answering({}), policyOfTests)).toBe('taken');
  });
});

describe('no token is taken', () => {
  it.each<[string, Misdeeds]>([
    ['refused', { status: PKIStatus.rejection, withoutToken: true }],
    ['refused, with a token all the same', { status: PKIStatus.rejection }],
    ['granted, without a token', { withoutToken: true }],
    ['about another checkpoint', { imprint: randomBytes(32) }],
    ['about the right digest by another name', { imprintAlgorithm: '1.3.14.3.2.26' }],
    ['that answers another question', { nonce: Uint8Array.of(0x41, ...randomBytes(15)) }],
    ['that answers no question', { nonce: null }],
    ['of an unknown version', { version: 2 }],
    ['that is no time stamp', { contentType: '1.2.840.113549.1.7.1' }],
    ['whose signature is over something else', { signedType: '1.2.840.113549.1.7.1' }],
    ['signed over SHA-1', { digest: 'SHA-1' }],
    ['that does not say which certificate signed', { boundTo: null }],
    ['without its certificate', { certificates: [] }],
    ['signed by nobody', { signers: 0 }],
    ['signed twice', { signers: 2 }],
    [
      'with a bit of its signature turned',
      { signature: (s) => Uint8Array.from(s, (byte, at) => (at === 12 ? byte ^ 1 : byte)) },
    ],
    ['made before its certificate was valid', { at: new Date('2019-12-31') }],
    ['made after its certificate had expired', { at: new Date('2049-06-01') }],
  ])('%s', async (_, misdeeds) => {
    expect(await stamped(answering(misdeeds))).toBe('anchor-unreachable');
  });

  it('under another policy than asked for', async () => {
    expect(await stamped(answering({ policy: '1.3.6.1.4.1.99999.2' }), policyOfTests)).toBe(
      'anchor-unreachable',
    );
  });

  it.each<[string, CertificateTerms]>([
    ['for nothing in particular', { purposes: null }],
    ['for servers', { purposes: ['1.3.6.1.5.5.7.3.1'] }],
    ['for time stamps and servers', { purposes: [timeStamping, '1.3.6.1.5.5.7.3.1'] }],
    ['for time stamps, not critically', { critical: false }],
    ['that had expired', { to: new Date('2026-11-21') }],
    ['not valid yet', { from: new Date('2026-11-23') }],
  ])('by a key %s', async (_, terms) => {
    const other = await certify(terms, between);
    expect(await stamped(answering({}, () => other))).toBe('anchor-unreachable');
  });

  it('bound to another certificate', async () => {
    const other = await certify({}, between);
    expect(await stamped(answering({ boundTo: other.certificate }))).toBe('anchor-unreachable');
  });

  it('of an authority that nobody told us of, though it bears the same names', async () => {
    const otherRoot = await certify({ isAuthority: true, name: 'test root' });
    const otherBetween = await certify({ isAuthority: true, name: 'test between' }, otherRoot);
    const other = await certify({ name: 'test signer' }, otherBetween);
    const above = (): Certificate[] => [otherBetween.certificate, otherRoot.certificate];
    expect(await stamped(answering({}, () => other, above))).toBe('anchor-unreachable');
  });

  it('of one who was certified by somebody who may not certify', async () => {
    const usurper = await certify({}, signer);
    const above = (): Certificate[] => [signer.certificate, between.certificate];
    expect(await stamped(answering({}, () => usurper, above))).toBe('anchor-unreachable');
  });

  it('of one whose authority had expired', async () => {
    const old = await certify({ isAuthority: true, to: new Date('2026-11-21') }, root);
    const other = await certify({}, old);
    expect(
      await stamped(
        answering(
          {},
          () => other,
          () => [old.certificate],
        ),
      ),
    ).toBe('anchor-unreachable');
  });
});

describe('no answer is taken', () => {
  it.each<[string, Answer]>([
    [
      'of another type',
      async (request) =>
        new Response(Buffer.from(await stamp(request, signer, [])), {
          headers: { 'content-type': 'text/html' },
        }),
    ],
    [
      'of another status',
      async (request) =>
        new Response(Buffer.from(await stamp(request, signer, [])), {
          status: 201,
          headers: reply,
        }),
    ],
    ['that is empty', () => new Response('', { headers: reply })],
    ['that is a page', () => new Response('<html>sign in</html>', { headers: reply })],
    ['that moves elsewhere', () => new Response(null, { status: 302, headers: { location: '/other' } })],
    ['that is huge', () => new Response(Buffer.alloc(300_000, 0x30), { headers: reply })],
    [
      'that nests without end',
      () => new Response(Buffer.alloc(200_000, Buffer.of(0x30, 0x80)), { headers: reply }),
    ],
  ])('%s', async (_, answer) => {
    expect(await stamped(answer)).toBe('anchor-unreachable');
  });

  it('with anything behind it, cut anywhere, or with any byte changed that is signed', async () => {
    const question = ask(Buffer.from('a note'), randomBytes(16), null);
    const good = await stamp(encodeQuestion(question), signer, [between.certificate]);
    const authorities = readAuthorities(pemOf(root.certificate));
    const believedTime = (bytes: Uint8Array): Promise<number | null> =>
      believeTimestamp(bytes, question, authorities).then(
        (at) => at.getTime(),
        (thrown: unknown) => {
          expect(thrown).toBeInstanceOf(Disbelief);
          return null;
        },
      );
    expect(await believedTime(good)).toBe(stampedAt.getTime());
    expect(await believedTime(Buffer.concat([good, Buffer.of(0)]))).toBeNull();
    for (let length = 0; length < good.length; length += 7)
      expect(await believedTime(good.subarray(0, length))).toBeNull();
    const turning = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(turning, async ([at, by]) => {
        const turned = Uint8Array.from(good, (byte, place) => (place === at ? byte ^ by : byte));
        // What is not signed (names of algorithms, the order of certificates) may change; then the time is still the one that was signed.
        expect([null, stampedAt.getTime()]).toContain(await believedTime(turned));
      }),
      { numRuns: 300 },
    );
  });
});

describe('authorities', () => {
  it('may be several, and must be at least one that can be read', () => {
    expect(readAuthorities(`${pemOf(root.certificate)}words\n${pemOf(between.certificate)}`).length).toBe(2);
    for (const bad of ['', 'words', pemOf(root.certificate).replace(/\n[^\n]{64}\n/, '\n')])
      expect(() => readAuthorities(bad)).toThrow(expect.objectContaining({ code: 'configuration-invalid' }));
  });
});
