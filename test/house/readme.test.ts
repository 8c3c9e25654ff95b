/** What the README tells a newcomer to break is broken here by its own words, and refused as it says. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, it } from '@jest/globals';

import type { Night } from '../jobs/night.ts';
import { useNights } from '../jobs/nights.ts';

const root = path.join(import.meta.dirname, '..', '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const oneNight = useNights();

interface ReadmeStep {
  readonly command: string;
  readonly code: number;
}

/** The commands of the block that begins so, each with the exit code its comment promises; 0 where it promises none. */
function stepsOf(beginning: string): ReadmeStep[] {
  const from = readme.indexOf(`\`\`\`sh\n${beginning}`);
  const block = readme.slice(from, readme.indexOf('\n```', from)).split('\n').slice(1);
  return block
    .filter((line) => !line.startsWith('#'))
    .map((line) => ({ command: line, code: Number(/# exit (\d)/.exec(line)?.[1] ?? 0) }));
}

/** Does the steps where `var/demo` is the demo's, and holds every exit code; gives what each said. */
function follow(steps: readonly ReadmeStep[], { programs, dataDir }: Night): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-readme-'));
  const demo = path.join(folder, 'var', 'demo');
  mkdirSync(demo, { recursive: true, mode: 0o700 });
  for (const name of ['fixtures', 'scripts']) symlinkSync(path.join(root, name), path.join(folder, name));
  for (const name of ['ledger.sqlite', 'keys', 'checkpoint'])
    symlinkSync(path.join(dataDir, name), path.join(demo, name));
  const env: Record<string, string | undefined> = { ...process.env };
  const said = steps.map(({ command, code }) => {
    const [, name, value] = /^export (\w+)=(\S+)$/.exec(command) ?? [];
    if (name !== undefined) env[name] = value;
    const gate = command.replace('npm run -s gate --', `node ${programs.cli}`);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', gate], { cwd: folder, env, encoding: 'utf8' });
    expect([command, status]).toEqual([command, code]);
    return stdout + stderr;
  });
  rmSync(folder, { recursive: true });
  return said;
}

it('the README shows its two commands by line 20', () => {
  const top = readme.split('\n').slice(0, 20).join('\n');
  expect(top).toMatch(/^npm start\b[^]*^npm test\b/m);
});

it('a broken deny list and a broken log are refused as the README says', () =>
  oneNight(async (night) => {
    expect(await night.run()).toMatchObject({ code: 0 });
    const steps = stepsOf('cp -r ');
    const said = follow(steps, night);
    expect(steps.map(({ code }) => code)).toEqual([0, 0, 6, 0, 5]);
    expect(said[2]).toContain('intake-file-altered');
    expect(said[4]).toMatch(/entry 0\n[^]*audit-invalid/);
  }));

it('an exported log is sound, and with one byte broken it is not, as the README says', () =>
  oneNight(async (night) => {
    expect(await night.run()).toMatchObject({ code: 0 });
    const steps = stepsOf('export EXPORT_GATE_DATA_DIR=');
    const said = follow(steps, night);
    expect(steps.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 5, 0]);
    expect(said[3]).toMatch(/^SOUND/m);
    expect(said[5]).toMatch(/NOT SOUND at entry \d/);
  }));
