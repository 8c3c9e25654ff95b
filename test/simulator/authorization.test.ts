import { describe, expect, it } from '@jest/globals';
import { createTokenDesk, tokenHash } from '../../src/simulator/authorization.ts';
import { createDirectory } from '../../src/simulator/directory.ts';
import { callerOf, closed, other, ours, sharedKey, start, stillSimulator, tokenFor } from './caller.ts';

const desk = () =>
  createTokenDesk(
    sharedKey,
    createDirectory([
      { id: ours, password: 'testing' },
      { id: closed, password: 'testing', closed: true },
      { id: 'X26HC065' },
    ]),
  );

const hourMs = 60 * 60 * 1000;

describe('the authorization header', () => {
  it('has the hash of the published test vector', () => {
    const parts = {
      mailboxId: 'X26',
      nonce: '97bf007e-3027-4127-ac9d-f9a25de4de68',
      nonceCount: '1',
      timestamp: '202210241155',
    };
    expect(tokenHash('SharedKey', 'testing', parts)).toBe(
      'b1a882d3615305602f10b8f9a0453865284ce3e4b9e88e7899fb8bb5339da179',
    );
  });

  it('opens the mailbox once and never again', () => {
    const { refusalOf } = desk();
    const token = tokenFor(ours, start);
    expect(refusalOf(token, ours, start)).toBeNull();
    expect(refusalOf(token, ours, start)).toBe('token-replayed');
  });

  it('is replayed whatever its time says, and is forgotten only when it is stale', () => {
    const { refusalOf } = desk();
    const nonce = 'one';
    expect(refusalOf(tokenFor(ours, start, { nonce }), ours, start)).toBeNull();
    expect(refusalOf(tokenFor(ours, start + 3 * hourMs, { nonce }), ours, start + 3 * hourMs)).toBe(
      'token-replayed',
    );
    expect(refusalOf(tokenFor(ours, start + 9 * hourMs, { nonce }), ours, start + 9 * hourMs)).toBeNull();
  });

  it('takes a rising count under one nonce, and a hash in either case', () => {
    const { refusalOf } = desk();
    for (const nonceCount of ['0', '1', '2']) {
      const parts = { mailboxId: ours, nonce: 'same', nonceCount, timestamp: '202611220339' };
      const hash = tokenHash(sharedKey, 'testing', parts).toUpperCase();
      expect(refusalOf(`NHSMESH ${ours}:same:${nonceCount}:202611220339:${hash}`, ours, start)).toBeNull();
    }
  });

  it.each([
    ['two hours behind', -2 * hourMs, null],
    ['more than two hours behind', -2 * hourMs - 60_000, 'token-stale'],
    ['more than two hours ahead', 2 * hourMs + 60_000, 'token-stale'],
  ])('is %s the clock', (_, drift, refusal) => {
    const minute = Math.floor(start / 60_000) * 60_000;
    expect(desk().refusalOf(tokenFor(ours, minute + drift), ours, minute)).toBe(refusal);
  });

  it.each([
    ['nothing', null],
    ['an empty one', ''],
    ['another scheme', `Basic ${ours}:n:0:202611220339:aa`],
    ['four fields', `NHSMESH ${ours}:n:202611220339:aa`],
    ['six fields', `NHSMESH ${ours}:n:0:202611220339:aa:bb`],
    ['two spaces', `NHSMESH  ${ours}:n:0:202611220339:aa`],
    ['a lower-case mailbox', `NHSMESH x26abc1:n:0:202611220339:aa`],
    ['an empty nonce', `NHSMESH ${ours}::0:202611220339:aa`],
    ['a count that is none', `NHSMESH ${ours}:n:x:202611220339:aa`],
    ['a short time', `NHSMESH ${ours}:n:0:20261122033:aa`],
    ['a day that does not exist', `NHSMESH ${ours}:n:0:202611310339:aa`],
  ])('cannot be read: %s', (_, header) => {
    expect(desk().refusalOf(header, ours, start)).toBe('token-unreadable');
  });

  it.each([
    ['a wrong password', ours, tokenFor(ours, start, { password: 'guess' }), 'token-wrong-hash'],
    ['a wrong shared key', ours, tokenFor(ours, start, { key: 'guess' }), 'token-wrong-hash'],
    ['the token of another mailbox', 'X26ABC2', tokenFor(ours, start), 'token-of-another-mailbox'],
    ['a mailbox nobody knows', 'X26NONE', tokenFor('X26NONE', start), 'mailbox-unknown'],
    ['a mailbox of the service', 'X26HC065', tokenFor('X26HC065', start), 'mailbox-unknown'],
    ['conformance 701: a disabled mailbox', closed, tokenFor(closed, start), 'mailbox-closed'],
  ])('is refused for %s', (_, mailbox, header, refusal) => {
    expect(desk().refusalOf(header, mailbox, start)).toBe(refusal);
  });

  it('is judged by the clock of the simulator', async () => {
    const simulator = stillSimulator();
    const stale = tokenFor(ours, start);
    simulator.clock.advance(3 * hourMs);
    expect((await callerOf(simulator, ours)('GET', '/inbox')).status).toBe(200);
    expect(
      (await callerOf(simulator, ours)('GET', '/inbox', { headers: { authorization: stale } })).status,
    ).toBe(403);
  });
});

describe('refusals of a token', () => {
  it.each([
    ['none', ours, '', 'Error reading from Authorization header'],
    ['a wrong hash', ours, tokenFor(ours, start, { password: 'x' }), 'Invalid Authentication Token'],
    ['an old one', ours, tokenFor(ours, start - 10_800_000), 'Invalid Authentication Token'],
    ['of another mailbox', other, tokenFor(ours, start), 'Mailbox id does not match token'],
    ['of an unknown mailbox', 'X26NONE', tokenFor('X26NONE', start), 'No mailbox matched'],
    [
      'conformance 701: a disabled mailbox',
      closed,
      tokenFor(closed, start),
      'Request Received from Inactive Mailbox',
    ],
  ])('%s', async (_, mailbox, authorization, msg) => {
    const response = await callerOf(stillSimulator(), mailbox)('GET', '/inbox', {
      headers: { authorization },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: [{ msg }] });
  });

  it('a token used before', async () => {
    const us = callerOf(stillSimulator(), ours);
    const authorization = tokenFor(ours, start);
    expect((await us('GET', '/inbox', { headers: { authorization } })).status).toBe(200);
    const again = await us('GET', '/count', { headers: { authorization } });
    expect(again.status).toBe(403);
    expect(await again.json()).toEqual({
      detail: [{ event: '', code: '', msg: 'Error Duplicated Authentication Token' }],
    });
  });
});
