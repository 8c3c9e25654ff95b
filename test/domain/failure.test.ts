/** The closed list of failures: its three tables are total, and no stranger's words are repeated. */
import { describe, expect, it } from '@jest/globals';

import {
  asFailure,
  exitCodeOf,
  exitCodes,
  Failure,
  failureCodes,
  httpStatusOf,
  retryOf,
} from '../../src/domain/failure.ts';

describe('the three tables', () => {
  it.each(failureCodes)('%s has an exit code, an HTTP status and a retry', (code) => {
    expect(Object.values(exitCodes)).toContain(exitCodeOf(code));
    expect(httpStatusOf(code)).toBeGreaterThanOrEqual(400);
    expect(httpStatusOf(code)).toBeLessThan(600);
    expect(['never', 'again', 'later']).toContain(retryOf(code));
  });

  it('no failure exits as if all were well', () => {
    expect(failureCodes.filter((code) => exitCodeOf(code) === exitCodes.done)).toEqual([]);
  });

  it('every exit code but 0 has a failure that leads to it', () => {
    const led = new Set(failureCodes.map(exitCodeOf));
    expect(Object.values(exitCodes).filter((code) => !led.has(code))).toEqual([exitCodes.done]);
  });

  it('exit codes are 0 to 8, each once', () => {
    expect(Object.values(exitCodes)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('what is wrong with an intake or a partner can be tried later; a send of unknown outcome never by itself', () => {
    for (const code of ['intake-missing', 'manifest-stale', 'mesh-unreachable', 'mesh-unavailable'] as const)
      expect(retryOf(code)).toBe('later');
    expect(retryOf('mesh-send-unknown')).toBe('never');
  });
});

describe('a failure', () => {
  it('carries its code, its words and its cause', () => {
    const cause = new Error('inner');
    const failure = new Failure('busy', { message: 'Another run goes on.', hint: 'Wait.', cause });
    expect(failure).toMatchObject({ name: 'Failure', code: 'busy', message: 'Another run goes on.', cause });
    expect(failure.detail.hint).toBe('Wait.');
    expect('cause' in new Failure('busy', { message: 'Another run goes on.' })).toBe(false);
  });

  it('is itself when it is one already', () => {
    const failure = new Failure('busy', { message: 'Another run goes on.' });
    expect(asFailure(failure)).toBe(failure);
  });

  it('around a stranger says what kind it is, and not what it says', () => {
    const stranger = asFailure(new TypeError('999 000 0018 is not a function'));
    expect(stranger.code).toBe('unexpected');
    expect(stranger.message).toContain('TypeError');
    expect(JSON.stringify([stranger.message, stranger.detail.hint])).not.toContain('999');
    expect(asFailure('9990000018').message).toContain('string');
    expect(asFailure('9990000018').message).not.toContain('999');
  });
});
