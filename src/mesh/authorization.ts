import { createHmac } from 'node:crypto';
import type { Instant } from '../domain/calendar.ts';

/** What opens a mailbox. Password and shared key never travel: only a hash made with them does. */
export interface Credentials {
  /** Upper case. */
  readonly mailboxId: string;
  readonly password: string;
  /** The shared secret of the MESH environment. */
  readonly sharedKey: string;
}

/** What makes a token good for one call only. */
export interface TokenStamp {
  readonly nonce: string;
  readonly nonceCount: number;
  /** UTC, `yyyyMMddHHmm`. */
  readonly timestamp: string;
}

/**
 * The value of the `Authorization` header: scheme, mailbox, nonce, count, time and an HMAC-SHA-256 in lower-case hex (MESH API v2
 * specification, MESH authorization header).
 */
export function authorizationHeader(credentials: Credentials, stamp: TokenStamp): string {
  const { mailboxId, password, sharedKey } = credentials;
  const { nonce, nonceCount, timestamp } = stamp;
  const hash = createHmac('sha256', sharedKey)
    .update([mailboxId, nonce, nonceCount, password, timestamp].join(':'))
    .digest('hex');
  return `NHSMESH ${[mailboxId, nonce, nonceCount, timestamp, hash].join(':')}`;
}

/** A stamp never used before: a GUID made of 16 random bytes (RFC 9562, version 4), count 0. */
export function freshStamp(at: Instant, random: Uint8Array): TokenStamp {
  return {
    nonce: guidOf(random),
    nonceCount: 0,
    timestamp: new Date(at)
      .toISOString()
      .replaceAll(/[^0-9]/g, '')
      .slice(0, 12),
  };
}

function guidOf(random: Uint8Array): string {
  const bytes = Buffer.from(random.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
