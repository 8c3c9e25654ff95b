/** A past run replayed from the command line. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, expect, it } from '@jest/globals';

import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const kept = mkdtempSync(path.join(tmpdir(), 'export-gate-kept-'));
afterAll(() => {
  rmSync(kept, { recursive: true });
});

it('a run comes out the same from its own intake, or is not replayable without it', () =>
  oneNight(async (here) => {
    expect(await here.run()).toMatchObject({ code: 0 });
    const run = `${here.date}/r1`;
    const own = path.join(kept, here.date);
    cpSync(here.intake, own, { recursive: true });
    // The folder of one date, or one that holds it; several are looked through.
    for (const folders of [[own], [tmpdir(), kept]]) {
      const replayed = await here.gate('audit', 'replay', run, '--json', '--intake', ...folders);
      expect(replayed).toMatchObject({ code: 0 });
      expect(result(replayed)).toMatchObject({ run, byPerson: true, differences: [] });
    }
    expect(await here.gate('audit', 'replay', run, '--intake', own)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The same comes out.'),
    });
    const disposed = refusal(2, 'not-replayable', 'intake disposed');
    expect(await here.gate('audit', 'replay', run, '--intake', here.dataDir)).toMatchObject(disposed);
    expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
  }));
