/** The drill in short: `npm run drill -- --count 100` does a hundred. */
import { describe, expect, it } from '@jest/globals';
import { drill } from '../../scripts/drill/one-drill.ts';

describe('a restore drill', () => {
  it.each([1, 2, 3, 4, 5, 6])('holds, seed %i', async (seed) => {
    const { entries, restoreMs } = await drill(seed);
    expect(entries).toBeGreaterThan(0);
    expect(restoreMs).toBeGreaterThan(0);
  });

  it('holds on a log as long as a year makes', async () => {
    expect((await drill(7, 11_000)).entries).toBeGreaterThan(11_000);
  });
});
