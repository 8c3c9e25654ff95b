/** The drill in short: `npm run drill -- --count 100 --entries 11000` does a hundred on logs as long as a year makes. */
import { describe, expect, it } from '@jest/globals';
import { drill } from '../../scripts/drill/one-drill.ts';

describe('a restore drill', () => {
  it.each([1, 2, 3, 4, 5])('holds, seed %i', async (seed) => {
    const { entries, restoreMs } = await drill(seed);
    expect(entries).toBeGreaterThan(0);
    expect(restoreMs).toBeGreaterThan(0);
  });

  it('holds on a longer log', async () => {
    expect((await drill(6, 2_000)).entries).toBeGreaterThan(2_000);
  });
});
