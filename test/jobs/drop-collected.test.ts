/** `export-gate drop collected`, and what `status` makes of it. */
import { expect, it } from '@jest/globals';

import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();

it('the word of somebody at the terminal is written down once, and `status` is content', () =>
  oneNight(
    async (night) => {
      expect(await night.gate('drop', 'collected')).toEqual(
        expect.objectContaining(refusal(2, 'run-not-found')),
      );
      expect(await night.run()).toMatchObject({ code: 0 });
      expect(await night.gate('drop', 'collected', '--revision', 'r1')).toMatchObject(refusal(2, 'usage'));
      expect(await night.gate('drop', 'collected', '--date', night.date)).toMatchObject({
        code: 0,
        stdout: 'Written down.\n',
      });
      expect((await night.gate('drop', 'collected', '--revision', '1')).stdout).toMatch(/known already/);
      const status = await night.gate('status', '--json');
      expect(status.code).toBe(0);
      expect(result(status)).toMatchObject({ uncollected: [] });
      expect((await night.gate('status', '--metrics')).stdout).toContain('export_gate_drops_uncollected 0');
      expect(await night.gate('audit', 'verify')).toMatchObject({ code: 0 });
    },
    { settings: { DROP_COLLECTED_WITHIN_HOURS: '1' } },
  ));
