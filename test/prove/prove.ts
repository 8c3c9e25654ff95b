/**
 * `npm run prove [-- --nightly] [-- --only text]`: runs every campaign and prints one table of what was tried, in what time, and found;
 * then what no campaign covers. What a campaign printed is shown where it found something. Exit 1 then, and where one did not say what it did.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { campaigns, notCovered } from './campaigns.ts';
import type { Campaign, Size } from './campaigns.ts';

interface Result {
  readonly campaign: Campaign;
  readonly counts: string | null;
  readonly holds: boolean;
  readonly seconds: number;
  readonly printed: string;
}

async function run(campaign: Campaign, size: Size): Promise<Result> {
  const began = performance.now();
  process.stderr.write(`${campaign.name} ...\n`);
  const child = spawn(process.execPath, campaign.command[size], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const counts = campaign.counts(printed);
  const seconds = (performance.now() - began) / 1_000;
  return { campaign, counts, holds: code === 0 && counts !== null, seconds, printed };
}

/** As many beside each other as there are cores, but those that want to be alone. */
async function runAll(wanted: readonly Campaign[], size: Size): Promise<Result[]> {
  const results: Result[] = [];
  const side = wanted.filter(({ alone }) => !alone);
  const lane = async (): Promise<void> => {
    for (let next = side.shift(); next !== undefined; next = side.shift())
      results.push(await run(next, size));
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, lane));
  for (const each of wanted.filter(({ alone }) => alone)) results.push(await run(each, size));
  return results.sort((a, b) => campaigns.indexOf(a.campaign) - campaigns.indexOf(b.campaign));
}

const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
const row = (...[name = '', counts = '', time = '', found = '']: readonly string[]): string =>
  `${name.padEnd(36)}${counts.padEnd(58)}${time.padStart(7)}  ${found}\n`;

const { values } = parseArgs({
  options: { nightly: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const began = performance.now();
const wanted = campaigns.filter(({ name }) => name.includes(values.only));
const results = await runAll(wanted, values.nightly ? 'nightly' : 'check');

for (const { campaign, printed } of results.filter(({ holds }) => !holds))
  process.stdout.write(`\n${campaign.name}:\n${printed.slice(-6_000)}\n`);
process.stdout.write(row('campaign', 'tried', 'time', 'found'));
for (const { campaign, counts, seconds, holds } of results)
  process.stdout.write(
    row(campaign.name, counts ?? 'it did not say', minutes(seconds), holds ? 'nothing' : 'SOMETHING'),
  );
process.stdout.write(row('all', '', minutes((performance.now() - began) / 1_000)));
process.stdout.write('\nnot covered\n');
for (const [what, why] of notCovered) process.stdout.write(`${what.padEnd(52)}${why}\n`);
process.exitCode = results.length > 0 && results.every(({ holds }) => holds) ? 0 : 1;
