import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { authorizationHeader, freshStamp } from '../../src/mesh/authorization.ts';

const credentials = { mailboxId: 'X26', password: 'testing', sharedKey: 'SharedKey' };

describe('the authorization header', () => {
  it('is that of the official vector', () => {
    const stamp = { nonce: '97bf007e-3027-4127-ac9d-f9a25de4de68', nonceCount: 1, timestamp: '202210241155' };
    expect(authorizationHeader(credentials, stamp)).toBe(
      'NHSMESH X26:97bf007e-3027-4127-ac9d-f9a25de4de68:1:202210241155:' +
        'b1a882d3615305602f10b8f9a0453865284ce3e4b9e88e7899fb8bb5339da179',
    );
  });

  it('says the minute in UTC, whatever the zone of this machine', () => {
    const { timestamp, nonceCount } = freshStamp(Date.parse('2026-03-29T00:59:59.999Z'), new Uint8Array(16));
    expect([timestamp, nonceCount]).toEqual(['202603290059', 0]);
  });

  it('bears a version 4 GUID made of the bytes it was given', () => {
    const random = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(random, random, (one, other) => {
        const [first, second] = [freshStamp(0, one).nonce, freshStamp(0, other).nonce];
        expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        if (one[0] !== other[0]) expect(first).not.toBe(second);
      }),
    );
  });

  it('holds neither password nor shared key', () => {
    const header = authorizationHeader(credentials, freshStamp(0, new Uint8Array(16)));
    expect(header).not.toMatch(/testing|SharedKey/);
  });
});
