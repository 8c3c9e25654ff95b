import { createHmac } from 'node:crypto';
import type { Directory } from './directory.ts';
import type { RefusalName } from './refusals.ts';

const windowMs = 2 * 60 * 60 * 1000;
const tokenShape = /^NHSMESH ([0-9A-Z]+):([^:\s]+):([0-9]+):([0-9]{12}):([^:\s]+)$/;

/** What the five fields of the header are made of. */
export interface TokenParts {
  readonly mailboxId: string;
  readonly nonce: string;
  readonly nonceCount: string;
  readonly timestamp: string;
}

/**
 * HMAC-SHA-256 in lower-case hex, keyed with the shared key of the environment, over mailbox, nonce, count, password and time joined
 * with colons (MESH API v2 specification, authorization header).
 */
export function tokenHash(sharedKey: string, password: string, parts: TokenParts): string {
  const { mailboxId, nonce, nonceCount, timestamp } = parts;
  return createHmac('sha256', sharedKey)
    .update([mailboxId, nonce, nonceCount, password, timestamp].join(':'))
    .digest('hex');
}

export interface TokenDesk {
  /** Why the header does not open the mailbox at `now`, or null. A token that opens it once never opens it again. */
  readonly refusalOf: (header: string | null, mailboxId: string, now: number) => RefusalName | null;
}

/** Written from the specification alone and sharing no line with our client, so that a fault of one shows at the other. */
export function createTokenDesk(sharedKey: string, directory: Directory): TokenDesk {
  const forgetAt = new Map<string, number>();

  const usedBefore = (parts: TokenParts, now: number): boolean => {
    for (const [token, at] of forgetAt) {
      if (at > now) break;
      forgetAt.delete(token);
    }
    const token = `${parts.mailboxId}:${parts.nonce}:${parts.nonceCount}`;
    if (forgetAt.has(token)) return true;
    forgetAt.set(token, now + 2 * windowMs);
    return false;
  };

  return {
    refusalOf(header, mailboxId, now) {
      const match = tokenShape.exec(header ?? '');
      if (match === null) return 'token-unreadable';
      const [, tokenMailbox = '', nonce = '', nonceCount = '', timestamp = '', hash = ''] = match;
      const at = instantOf(timestamp);
      if (at === null) return 'token-unreadable';
      if (tokenMailbox !== mailboxId) return 'token-of-another-mailbox';
      const account = directory.find(mailboxId);
      if (account?.password === undefined) return 'mailbox-unknown';
      const parts = { mailboxId, nonce, nonceCount, timestamp };
      if (hash.toLowerCase() !== tokenHash(sharedKey, account.password, parts)) return 'token-wrong-hash';
      if (account.closed === true) return 'mailbox-closed';
      if (Math.abs(now - at) > windowMs) return 'token-stale';
      return usedBefore(parts, now) ? 'token-replayed' : null;
    },
  };
}

/** Twelve digits, year to minute, UTC; null for a day or minute that does not exist. */
function instantOf(timestamp: string): number | null {
  const iso = timestamp.replace(/^(....)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:00.000Z');
  const at = Date.parse(iso);
  return Number.isNaN(at) || new Date(at).toISOString() !== iso ? null : at;
}
