/** What the README tells a newcomer to break is broken here by its own words, and refused as it says. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, it } from '@jest/globals';

import { useNights } from '../jobs/nights.ts';

const root = path.join(import.meta.dirname, '..', '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const oneNight = useNights();

/** The commands of the block that breaks, each with the exit code its comment promises; 0 where it promises none. */
const steps = (/```sh\n(cp -r [^]*?)```/.exec(readme)?.[1] ?? '')
  .trimEnd()
  .split('\n')
  .map((line) => ({ command: line, code: Number(/# exit (\d)/.exec(line)?.[1] ?? 0) }));

it('the README shows its two commands by line 20', () => {
  const top = readme.split('\n').slice(0, 20).join('\n');
  expect(top).toMatch(/^npm start\b[^]*^npm test\b/m);
});

it('a broken deny list and a broken log are refused as the README says', () =>
  oneNight(async ({ run, programs, dataDir }) => {
    expect(await run()).toMatchObject({ code: 0 });
    const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-readme-'));
    const demo = path.join(folder, 'var', 'demo');
    mkdirSync(demo, { recursive: true, mode: 0o700 });
    symlinkSync(path.join(root, 'fixtures'), path.join(folder, 'fixtures'));
    for (const name of ['ledger.sqlite', 'keys'])
      symlinkSync(path.join(dataDir, name), path.join(demo, name));

    const said = steps.map(({ command, code }) => {
      const gate = command.replace('npm run -s gate --', `node ${programs.cli}`);
      const { status, stdout, stderr } = spawnSync('sh', ['-c', gate], { cwd: folder, encoding: 'utf8' });
      expect([command, status]).toEqual([command, code]);
      return stdout + stderr;
    });
    rmSync(folder, { recursive: true });

    expect(steps.map(({ code }) => code)).toEqual([0, 0, 6, 0, 5]);
    expect(said[2]).toContain('intake-file-altered');
    expect(said[4]).toMatch(/entry 0\n[^]*audit-invalid/);
  }));
