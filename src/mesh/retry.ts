import type { Failure, FailureCode } from '../domain/failure.ts';
import type { Chance, Clock } from '../ports.ts';
import type { MeshLimits } from './limits.ts';

export type Attempt<T> =
  | { readonly succeeded: true; readonly value: T }
  /** `waitMs`: the least wait the server asked for. */
  | { readonly succeeded: false; readonly failure: Failure; readonly waitMs: number };

export interface RetryTerms {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly limits: Pick<MeshLimits, 'attempts' | 'backoffMs' | 'backoffCapMs' | 'retryAfterCapMs'>;
  /** Ends the wait for the next attempt: `interrupted`. */
  readonly signal: AbortSignal;
}

const passing: ReadonlySet<FailureCode> = new Set(['mesh-unreachable', 'mesh-unavailable', 'mesh-malformed']);

/**
 * Makes the attempt until it succeeds, fails for good, or has been made `limits.attempts` times; then throws its last failure.
 * Waits a random time between (full jitter over a doubling range), but not less than the server asked for within its bound. Only for
 * calls that do no harm when made twice.
 */
export async function withRetries<T>(attempt: () => Promise<Attempt<T>>, terms: RetryTerms): Promise<T> {
  const { clock, limits, signal } = terms;
  for (let made = 1; ; made += 1) {
    const outcome = await attempt();
    if (outcome.succeeded) return outcome.value;
    if (made >= limits.attempts || !passing.has(outcome.failure.code)) throw outcome.failure;
    const asked = Math.min(outcome.waitMs, limits.retryAfterCapMs);
    await clock.sleep(Math.max(asked, jitter(made, terms)), signal);
  }
}

function jitter(made: number, { chance, limits }: RetryTerms): number {
  const range = Math.min(limits.backoffCapMs, limits.backoffMs * 2 ** (made - 1));
  const fraction = Buffer.from(chance.bytes(4)).readUInt32BE(0) / 2 ** 32;
  return Math.floor(range * fraction);
}
