/** A date run once more, from the command line. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { footprint, readLog } from './evidence.ts';
import { released } from './night.ts';
import type { Night } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();

const rerun = ({ date }: Night, ...flags: string[]): string[] => [
  'rerun',
  '--date',
  date,
  '--reason',
  'the home corrected its list',
  '--json',
  ...flags,
];

/** The first of those released stands on the roster no more. */
const without = (number: string, { writeIntake }: Night): void => {
  writeIntake((folder) => {
    const file = path.join(folder, 'service-users.csv');
    const rows = readFileSync(file, 'utf8').split('\n');
    const spaced = number.replace(/^(...)(...)/, '$1 $2 ');
    writeFileSync(file, rows.filter((row) => !row.includes(number) && !row.includes(spaced)).join('\n'));
  });
};

describe('rerun', () => {
  it('previews, is agreed to, and makes a second revision; the first keeps its bytes', () =>
    oneNight(async (here) => {
      expect(await here.gate(...rerun(here, '--yes'))).toMatchObject(refusal(2, 'run-not-found'));
      expect((await here.run()).code).toBe(0);
      const first = footprint(here.drop);

      const nothing = await here.gate(...rerun(here));
      expect(nothing.code).toBe(0);
      expect(result(nothing)).toMatchObject({ run: `${here.date}/r1`, changed: false });
      expect(nothing.stderr).toContain('Nothing has changed');

      const [gone = ''] = released;
      without(gone, here);
      const preview = await here.gate(...rerun(here, '--preview'));
      expect(preview.code).toBe(0);
      // Counts under ten are hidden.
      expect(result(preview)).toMatchObject({
        ...{ next: `${here.date}/r2`, supersedes: `${here.date}/r1`, same: false, removed: null },
      });
      expect(await here.gate(...rerun(here))).toMatchObject({ code: 2, stdout: '' });
      expect(await here.gate(...rerun(here, '--preview', '--yes'))).toMatchObject(refusal(2, 'usage'));
      expect(await here.farSide.sent()).toHaveLength(1);

      const second = await here.gate(...rerun(here, '--yes'));
      expect(second.code).toBe(0);
      expect(result(second)).toMatchObject({ run: `${here.date}/r2`, state: 'sealed', changed: true });
      const numbers = readFileSync(path.join(here.outbound, here.date, 'r2', 'nhs-numbers.csv'), 'utf8');
      expect(numbers).toBe(['nhs_number', ...released.slice(1), ''].join('\n'));
      expect(footprint(here.drop)).toEqual(first);
      expect((await readLog(here)).entries.find(({ what }) => what === 'run-is-rerun')).toMatchObject({
        ...{ run: `${here.date}/r2`, supersedes: `${here.date}/r1`, reason: 'the home corrected its list' },
        by: expect.stringMatching(/^operator:/),
      });
      expect(result(await here.run())).toMatchObject({ run: `${here.date}/r2`, changed: false, exitCode: 0 });
      expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
    }));

  it('is refused while the run is not over, and says how to go on', () =>
    oneNight(
      async (here) => {
        const running = here.start('run', '--date', here.date);
        while ((await here.farSide.sent()).length === 0) await new Promise((next) => setTimeout(next, 100));
        running.kill('SIGTERM');
        expect((await running.ended).code).toBe(8);
        const refused = await here.gate(...rerun(here, '--yes'));
        expect(refused).toMatchObject(refusal(2, 'run-unfinished'));
        expect(refused.stderr).toContain(`export-gate run --date ${here.date}`);
      },
      { farSide: ['--answer-delay-ms', '600000'] },
    ));
});
