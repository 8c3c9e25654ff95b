import { Command } from 'commander';
import { drill } from './drill/one-drill.ts';
import type { Drilled } from './drill/one-drill.ts';

/**
 * `npm run drill -- --count 100`: backup and restore, again and again, each time with other nights, another moment of the backup and
 * another loss. Stops at the first that does not hold and prints its seed; figures at the end.
 */
const { count, seed, entries } = new Command()
  .option('--count <n>', 'how many drills', '10')
  .option('--seed <n>', 'seed of the first one', '1')
  .option('--entries <n>', 'entries in the log before the first night; a year makes about 11000', '0')
  .parse()
  .opts<{ count: string; seed: string; entries: string }>();

const done: Drilled[] = [];
for (let at = Number(seed); at < Number(seed) + Number(count); at++) {
  try {
    done.push(await drill(at, Number(entries)));
  } catch (thrown) {
    console.error(`Drill ${at} does not hold (npm run drill -- --count 1 --seed ${at}).`);
    throw thrown;
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
const figures = (name: string, of: (one: Drilled) => number): string => {
  const numbers = done.map(of);
  return `${name}: median ${median(numbers).toFixed(0)} ms, longest ${Math.max(...numbers).toFixed(0)} ms`;
};
console.log(
  `${done.length} drills hold; the log had ${median(done.map((one) => one.entries))} entries in the median, something was lost in ${done.filter(({ lost }) => lost > 0).length}, a restore killed in ${done.filter(({ killed }) => killed).length}.`,
);
console.log(figures('backup ', (one) => one.backupMs));
console.log(figures('restore', (one) => one.restoreMs));
