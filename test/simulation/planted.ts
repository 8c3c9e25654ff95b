/**
 * `npm run simulate:planted`: plants one bug after the other in a copy of the program and plays histories until one finds it. Prints after
 * how many; exit 1 if one was not found within `--count`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Command } from 'commander';

import { plantedBugs, withoutSelfTest } from './planted-bugs.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Tally } from './simulate.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** The simulation with the bug in it, as one file; throws where the bug does not fit the program any more. */
export function plant(bug: PlantedBug, folder: string): string {
  for (const part of ['src', 'test', 'package.json', 'tsconfig.json'])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  // The gate's own trial of its rules would stop most of them before a single history is judged.
  for (const each of [...withoutSelfTest, bug]) replaceOnce(folder, each);
  return bundle(folder);
}

function replaceOnce(folder: string, { name, file, find, replace }: PlantedBug): void {
  const place = path.join(folder, file);
  const pieces = readFileSync(place, 'utf8').split(find);
  if (pieces.length !== 2) throw new Error(`"${name}" fits ${file} ${pieces.length - 1} times, not once`);
  writeFileSync(place, pieces.join(replace));
}

function bundle(folder: string): string {
  const out = path.join(folder, 'out');
  mkdirSync(out);
  const require = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const flags = ['--bundle', '--splitting', '--format=esm', '--platform=node', '--log-level=error'];
  const places = ['--external:@photostructure/sqlite', `--banner:js=${require}`, `--outdir=${out}`];
  const entry = path.join(folder, 'test', 'simulation', 'simulate.ts');
  execFileSync(path.join(root, 'node_modules', '.bin', 'esbuild'), [entry, ...flags, ...places]);
  return path.join(out, 'simulate.js');
}

/** Plays histories until one finds the bug; the tally up to then. */
async function hunt(bug: PlantedBug, count: number): Promise<Tally> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'export-gate-planted-'));
  try {
    const args = [plant(bug, folder), '--json', '--stop-at-first', '--alone', '--count', String(count)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const pieces: Buffer[] = [];
    for await (const piece of child.stdout) pieces.push(piece as Buffer);
    return JSON.parse(Buffer.concat(pieces).toString()) as Tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const { count, only } = new Command()
    .option('--count <n>', 'most histories for each bug', '10000')
    .option('--only <text>', 'bugs whose name holds this', '')
    .parse()
    .opts<{ count: string; only: string }>();
  const waiting = plantedBugs.filter(({ name }) => name.includes(only));
  const wanted = waiting.length;
  let found = 0;
  const work = async (): Promise<void> => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      const tally = await hunt(bug, Number(count));
      const [first] = tally.found;
      if (first !== undefined) found += 1;
      const how =
        first === undefined
          ? `NOT FOUND in ${tally.histories}`
          : `found in history ${tally.histories}: ${(first.faults[0] ?? '').split('\n')[0] ?? ''}`;
      process.stdout.write(`${bug.name.padEnd(52)} ${how}\n`);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  process.stdout.write(`${found} of ${wanted} planted bugs found\n`);
  return found === wanted ? 0 : 1;
}

process.exitCode = await main();
