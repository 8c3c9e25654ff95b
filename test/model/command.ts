/**
 * `npm run model -- [--traces 8]`: has Spin exhaust the model of a run (model/run.pml), find the bugs planted in it, follow logs that the
 * program wrote, and refuse logs that lie. Needs `spin` and `gcc`. Exit 1 for any that does not end as it should.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { drawTraces, lies } from './traces.ts';

const bugs = ['STALE', 'ACKNOWLEDGE', 'RESEND', 'VOID', 'SILENCE', 'LATE', 'UNLOCKED', 'TWICE', 'MANIFEST'];
const model = path.join(import.meta.dirname, '..', '..', 'model', 'run.pml');

/** What Spin says of the model under these definitions. */
function search(folder: string, defined: readonly string[], flags: readonly string[] = []): string {
  const options = { cwd: folder, stdio: 'pipe' } as const;
  try {
    execFileSync('spin', [...defined.map((name) => `-D${name}`), '-a', 'run.pml'], options);
    execFileSync('gcc', ['-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'], options);
  } catch (thrown) {
    throw new Error('The model was not built; are spin and gcc installed?', { cause: thrown });
  }
  const { stdout } = spawnSync(path.join(folder, 'pan'), ['-m1000000', '-w24', ...flags], options);
  return stdout.toString();
}

const errorsIn = (said: string): number => Number(/errors: (\d+)/.exec(said)?.[1] ?? NaN);

/** Whether the model can write exactly this log. */
function follows(folder: string, steps: readonly string[]): boolean {
  writeFileSync(
    path.join(folder, 'trace.pml'),
    `#define LENGTH ${steps.length}\nmtype:entry told[${steps.length + 1}] = { ${[...steps, 'no_entry'].join(', ')} };\n`,
  );
  return /assertion violated .*at!=/.test(search(folder, ['TRACE'], ['-E']));
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { traces: { type: 'string', default: '8' } } });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'export-gate-model-'));
  copyFileSync(model, path.join(folder, 'run.pml'));
  let wrong = 0;
  const row = (what: string, figure: string, isRight: boolean): void => {
    if (!isRight) wrong += 1;
    process.stdout.write(`${what.padEnd(46)}${figure.padEnd(34)}${isRight ? 'as it should be' : 'WRONG'}\n`);
  };
  try {
    const whole = search(folder, []);
    const states = Number(/([0-9.e+]+) states, stored/.exec(whole)?.[1] ?? NaN);
    const isExhausted =
      errorsIn(whole) === 0 &&
      !whole.includes('max search depth too small') &&
      !whole.includes('not completed');
    row('the model, exhausted', `${states.toLocaleString('en-GB')} states`, isExhausted && states > 500_000);
    const missed = bugs.filter((bug) => !(errorsIn(search(folder, [`BUG_${bug}`])) > 0));
    row(
      'bugs planted in it',
      `${bugs.length - missed.length} of ${bugs.length} found ${missed.join(' ')}`,
      missed.length === 0,
    );
    const traces = await drawTraces(Number(values.traces));
    const strange = traces.filter(({ steps }) => !follows(folder, steps));
    row(
      'logs that the program wrote',
      `${traces.length - strange.length} of ${traces.length} followed`,
      strange.length === 0 && traces.length > 0,
    );
    for (const { name, steps } of strange) process.stdout.write(`  ${name}: ${steps.join(' ')}\n`);
    const told = lies.map(([name, lie]) => ({
      name,
      steps: traces.map(({ steps }) => lie(steps)).find((steps) => steps !== null),
    }));
    const believed = told.filter(({ steps }) => steps === undefined || follows(folder, steps));
    row('logs that lie', `${told.length - believed.length} of ${told.length} refused`, believed.length === 0);
    for (const { name } of believed) process.stdout.write(`  believed, or never told: ${name}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return wrong === 0 ? 0 : 1;
}

process.exitCode = await main();
