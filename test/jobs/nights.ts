/** What the test files of the real programs share: the programs, a night for each test, and how an end is told. */
import { afterAll, beforeAll, expect } from '@jest/globals';

import { bundlePrograms } from '../support/processes.ts';
import type { Ended, Programs } from '../support/processes.ts';
import { demandSilence } from './evidence.ts';
import { createNight } from './night.ts';
import type { Night, NightOptions } from './night.ts';

export type OneNight = <T>(work: (night: Night) => Promise<T>, options?: NightOptions) => Promise<T>;

/** Call once in a test file. Lives through a night and clears up after it; at the end, no program may have said a number or a secret. */
export function useNights(): OneNight {
  let programs: Programs;
  beforeAll(() => {
    programs = bundlePrograms();
  });
  afterAll(() => {
    programs.remove();
    demandSilence();
  });
  return async (work, options = {}) => {
    const night = await createNight(programs, options);
    try {
      return await work(night);
    } finally {
      await night.close();
    }
  };
}

/** What was printed as JSON. */
export const result = ({ stdout }: Ended): Record<string, unknown> =>
  JSON.parse(stdout) as Record<string, unknown>;

/** A refusal: nothing on stdout, and on stderr what happened (`words`), then its code. */
export const refusal = (exit: number, code: string, words = ''): object => ({
  code: exit,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(`${words}[^]*code: +${code}\\n`)),
});
