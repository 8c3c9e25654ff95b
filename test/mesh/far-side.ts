/** What the tests of the MESH client stand on: a clock that does not tick, secrets that must not show, failures by their code. */
import { randomBytes } from 'node:crypto';
import { Failure } from '../../src/domain/failure.ts';
import type { FailureCode } from '../../src/domain/failure.ts';
import type { MailboxOptions } from '../../src/mesh/mailbox.ts';
import type { Chance, Clock } from '../../src/ports.ts';

export const midnight = Date.parse('2026-11-22T00:00:00Z');

export const chance: Chance = { bytes: (length) => randomBytes(length) };

export interface StillClock extends Clock {
  /** Every wait asked for, in milliseconds. None takes any time. */
  readonly waits: number[];
}

export function stillClock(now = midnight): StillClock {
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    monotonic: () => 0,
    sleep(milliseconds, signal) {
      waits.push(milliseconds);
      return signal.aborted
        ? Promise.reject(new Failure('interrupted', { message: 'stopped' }))
        : Promise.resolve();
    },
  };
}

export const secrets = { password: 'canary-password', sharedKey: 'canary-shared-key' };

/** Options of a mailbox for tests; the URL is that of the far side. */
export const options = (url: string, changes: Partial<MailboxOptions> = {}): MailboxOptions => ({
  url,
  mailboxId: 'X26ABC1',
  ...secrets,
  clock: stillClock(),
  chance,
  ...changes,
});

/** The code a promise fails with; `succeeded` if it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<FailureCode | 'succeeded'> {
  return (await failureOf(promise))?.code ?? 'succeeded';
}

/** The failure a promise ends in, or null. Anything else that is thrown is thrown on. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure | null> {
  try {
    await promise;
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}
