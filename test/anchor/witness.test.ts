/** The client's side of tlog-witness, against answers that no honest witness gives. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createWitnessAnchor } from '../../src/anchor/witness.ts';
import { cosign } from '../../src/audit/cosignature.ts';
import { createTestLog, newLogKey } from '../support/anchored-log.ts';
import type { LogKey, TestLog } from '../support/anchored-log.ts';
import { outcomeOf } from '../support/contracts/anchor-contract.ts';
import { serveHandler } from '../support/loopback.ts';
import type { Loopback } from '../support/loopback.ts';
import { createTestWitness } from '../support/test-witness.ts';
import type { TestWitness } from '../support/test-witness.ts';

const unfired = new AbortController().signal;

let key: LogKey;
let log: TestLog;
let witness: TestWitness;
let server: Loopback | undefined;
beforeEach(() => {
  key = newLogKey();
  log = createTestLog('example.org/log', key);
  witness = createTestWitness([{ origin: log.origin, key }]);
});
afterEach(async () => {
  await server?.stop();
  witness.close();
});

/** Shows the log to a witness that answers so; what it was asked, and how it ended. */
async function shown(
  answer: (request: Request, call: number) => Response | Promise<Response>,
  anchored = 0,
): Promise<{ readonly outcome: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  server = await serveHandler(async (request) => {
    asked.push((await request.clone().text()).split('\n')[0] ?? '');
    return answer(request, asked.length);
  });
  const anchor = createWitnessAnchor({ url: `${server.url}/`, cosigner: witness.cosigner, timeoutMs: 2000 });
  return { outcome: await outcomeOf(anchor.take(log.view(anchored), unfired)), asked };
}

const conflict = (held: number | string, type = 'text/x.tlog.size'): Response =>
  new Response(`${held}\n`, { status: 409, headers: { 'content-type': type } });

describe('the receipt', () => {
  it('is the checkpoint with the witness’s line and no other', async () => {
    log.grow(3);
    server = await serveHandler(async (request) => {
      const line = await (await witness.handle(request)).text();
      return new Response(`— stranger.example/w2 AAAAAAB0ZXN0\n${line}`);
    });
    const anchor = createWitnessAnchor({ url: server.url, cosigner: witness.cosigner });
    const receipt = Buffer.from(await anchor.take(log.view(), unfired)).toString();
    const { note } = log.view().checkpoint;
    expect(receipt).toMatch(/^[^]*\n\n— example.org\/log \S+\n— witness.example\/w1 \S+\n$/);
    expect(receipt.startsWith(note)).toBe(true);
    expect(witness.cosigner.cosigned(receipt, '')).toBe(`${receipt}${receipt.slice(note.length)}`);
  });
});

describe('what a witness holds', () => {
  it('is asked from where it stands: first from what is remembered here, then from what it says', async () => {
    log.grow(9);
    const answers = await shown((request, call) => (call === 1 ? conflict(0) : witness.handle(request)), 4);
    expect(answers).toEqual({ outcome: 'taken', asked: ['old 4', 'old 0'] });
  });

  it.each([
    ['more than we hold', () => conflict(10), 'anchor-refused', 1],
    ['another tree of our size', () => conflict(9), 'anchor-refused', 2],
    [
      'another tree of our size, without saying so',
      (call: number) => (call === 1 ? conflict(9) : conflict('other', 'text/plain')),
      'anchor-refused',
      2,
    ],
    ['what we said it holds', () => conflict(0), 'anchor-unreachable', 1],
    ['another size each time', (call: number) => conflict(call), 'anchor-unreachable', 3],
    ['a size that is none', () => conflict('many'), 'anchor-unreachable', 1],
    ['a size with a sign', () => conflict('-1'), 'anchor-unreachable', 1],
    ['a size of another type', () => conflict(4, 'text/plain'), 'anchor-unreachable', 1],
  ])('%s', async (_, answer, outcome, calls) => {
    log.grow(9);
    const ended = await shown((__, call) => answer(call));
    expect(ended.outcome).toBe(outcome);
    expect(ended.asked.length).toBe(calls);
  });
});

describe('every other answer', () => {
  it.each([
    [400, 'anchor-unreachable'],
    [403, 'anchor-unreachable'],
    [404, 'anchor-unreachable'],
    [422, 'anchor-refused'],
    [429, 'anchor-unreachable'],
    [500, 'anchor-unreachable'],
    [503, 'anchor-unreachable'],
    [204, 'anchor-unreachable'],
  ])('HTTP %i', async (status, outcome) => {
    log.grow(2);
    const body = status === 204 ? null : 'words';
    expect((await shown(() => new Response(body, { status }))).outcome).toBe(outcome);
  });

  it('a redirect is not followed', async () => {
    log.grow(2);
    const moved = (): Response =>
      new Response(null, { status: 308, headers: { location: '/add-checkpoint' } });
    expect(await shown(moved)).toEqual({ outcome: 'anchor-unreachable', asked: ['old 0'] });
  });

  it.each([
    ['nothing', () => ''],
    ['a page', () => '<html>sign in</html>'],
    ['only strangers’ lines', () => '— stranger.example/w2 AAAAAAB0ZXN0\n'],
    ['a line of its name under another key', () => line(log.view().checkpoint.note, newLogKey())],
    ['its line with a bit turned', () => goodLine().replace(/.(?==*\n$)/, (c) => (c === 'A' ? 'Q' : 'A'))],
    ['its line for another checkpoint', () => lineFor(log.fork(2))],
    ['a good line and a bad one', () => `${goodLine()}${lineFor(log.fork(2))}`],
    ['a hundred and one lines', () => goodLine().repeat(101)],
    ['20,000 bytes', () => `${goodLine()}${' '.repeat(20_000)}`],
  ])('200 with %s is no receipt', async (_, body) => {
    log.grow(2);
    expect((await shown(() => new Response(body()))).outcome).toBe('anchor-unreachable');
  });
});

const textOf = (note: string): string => note.slice(0, note.indexOf('\n\n') + 1);
const line = (note: string, by: LogKey): string =>
  cosign(textOf(note), { name: witness.cosigner.name, privateKey: by.privateKey }, 0);
const goodLine = (): string => line(log.view().checkpoint.note, witness.key);
function lineFor(other: TestLog): string {
  other.grow(1);
  return line(other.view().checkpoint.note, witness.key);
}
