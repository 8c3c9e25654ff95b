import { describe, expect, it } from '@jest/globals';
import { Failure, failureCodes } from '../../src/domain/failure.ts';
import type { FailureCode } from '../../src/domain/failure.ts';
import { withRetries } from '../../src/mesh/retry.ts';
import type { Attempt, RetryTerms } from '../../src/mesh/retry.ts';
import { codeOf, stillClock } from './far-side.ts';

const limits = { attempts: 4, backoffMs: 500, backoffCapMs: 1500, retryAfterCapMs: 60_000 };

function terms(fraction: number, signal = new AbortController().signal): RetryTerms & { waits: number[] } {
  const clock = stillClock();
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.floor(fraction * 2 ** 32));
  return { clock, chance: { bytes: () => bytes }, limits, signal, waits: clock.waits };
}

const failing = (code: FailureCode, waitMs = 0): Attempt<string> => ({
  succeeded: false,
  failure: new Failure(code, { message: '' }),
  waitMs,
});

/** Makes the attempts in order; the last one again and again. */
function attempts(...outcomes: readonly Attempt<string>[]): {
  attempt: () => Promise<Attempt<string>>;
  made: () => number;
} {
  let made = 0;
  return {
    made: () => made,
    attempt: () => Promise.resolve(outcomes[Math.min(made++, outcomes.length - 1)] ?? failing('unexpected')),
  };
}

describe('an attempt', () => {
  it('that succeeds is made once', async () => {
    const { attempt, made } = attempts({ succeeded: true, value: 'yes' });
    const given = terms(0.5);
    expect([await withRetries(attempt, given), made(), given.waits]).toEqual(['yes', 1, []]);
  });

  it.each(failureCodes)('that fails with %s is made again only if that may pass', async (code) => {
    const { attempt, made } = attempts(failing(code));
    expect(await codeOf(withRetries(attempt, terms(0.5)))).toBe(code);
    const passes = ['mesh-unreachable', 'mesh-unavailable', 'mesh-malformed'].includes(code);
    expect(made()).toBe(passes ? limits.attempts : 1);
  });

  it('that fails twice and then succeeds is a success', async () => {
    const { attempt, made } = attempts(failing('mesh-unreachable'), failing('mesh-malformed'), {
      succeeded: true,
      value: 'yes',
    });
    expect([await withRetries(attempt, terms(0.5)), made()]).toEqual(['yes', 3]);
  });
});

describe('the wait', () => {
  it.each([
    [0, [0, 0, 0]],
    [0.5, [250, 500, 750]],
    [0.999999, [499, 999, 1499]],
  ])('is drawn from a range that doubles up to its cap (chance %f)', async (fraction, waits) => {
    const given = terms(fraction);
    await codeOf(withRetries(attempts(failing('mesh-unreachable')).attempt, given));
    expect(given.waits).toEqual(waits);
  });

  it.each([
    [7000, 7000],
    [10, 250],
    [86_400_000, 60_000],
  ])('is at least what the server asks for, within bounds (%i ms asked)', async (asked, waited) => {
    const given = terms(0.5);
    await codeOf(withRetries(attempts(failing('mesh-unavailable', asked)).attempt, given));
    expect(given.waits[0]).toBe(waited);
  });

  it('ends at once when the mailbox is closed', async () => {
    const { attempt, made } = attempts(failing('mesh-unreachable'));
    expect(await codeOf(withRetries(attempt, terms(0.5, AbortSignal.abort())))).toBe('interrupted');
    expect(made()).toBe(1);
  });
});
