/** The campaigns that try to have somebody sent wrongly, or the evidence of it falsified; and what none of them covers. */

/** How long a campaign runs: as every check does, or as on a night of its own. */
export type Size = 'check' | 'nightly';

export interface Campaign {
  readonly name: string;
  /** What Node is told to run. */
  readonly command: Readonly<Record<Size, readonly string[]>>;
  /** It keeps every core busy, or measures time itself: nothing runs beside it. */
  readonly alone: boolean;
  /** What was tried, in figures, told from what it printed; null where it does not say, which fails the campaign. */
  readonly counts: (printed: string) => string | null;
}

const tsx = (script: string, ...args: readonly string[]): readonly string[] => [
  '--import',
  'tsx',
  script,
  ...args,
];
const jest = (...files: readonly string[]): readonly string[] => ['node_modules/jest/bin/jest.js', ...files];

const sum = (printed: string, line: RegExp): number =>
  [...printed.matchAll(line)].reduce((total, [, count]) => total + Number(count), 0);
const figure = (count: number): string => count.toLocaleString('en-GB');
const first = (printed: string, shape: RegExp, words: (found: RegExpExecArray) => string): string | null => {
  const found = shape.exec(printed);
  return found === null ? null : words(found);
};
const counted = (count: number, words: string): string | null =>
  count === 0 ? null : `${figure(count)} ${words}`;
const passed =
  (what: string) =>
  (printed: string): string | null =>
    first(printed, /^Tests: +(\d+) passed, \1 total$/m, ([, tests]) => `${figure(Number(tests))} ${what}`);

export const campaigns: readonly Campaign[] = [
  {
    name: 'histories of whole nights',
    command: {
      check: tsx('test/simulation/simulate.ts', '--count', '30000', '--json'),
      nightly: tsx('test/simulation/simulate.ts', '--count', '500000', '--json'),
    },
    alone: true,
    counts: (printed) =>
      first(
        printed,
        /"histories":(\d+),"nights":(\d+)/,
        ([, histories, nights]) => `${figure(Number(histories))} histories, ${figure(Number(nights))} nights`,
      ),
  },
  {
    name: 'planted bugs of the gate',
    command: {
      check: tsx('test/simulation/planted.ts', '--count', '10000'),
      nightly: tsx('test/simulation/planted.ts', '--count', '10000'),
    },
    alone: true,
    counts: (printed) => first(printed, /^(\d+) of (\d+) planted bugs found$/m, ([line]) => line),
  },
  {
    name: 'wrong answers and intakes',
    command: {
      check: tsx('test/malformed/command.ts', '--mutated', '20000', '--cut', '20'),
      nightly: tsx('test/malformed/command.ts', '--mutated', '200000', '--cut', '200'),
    },
    alone: false,
    counts: (printed) => {
      const named = sum(printed, /^named \w+ +(\d+)$/gm);
      const cut = sum(printed, /^\w+ cut at every byte +(\d+)$/gm);
      const mutated = sum(printed, /^mutated \w+ +(\d+)$/gm);
      return counted(named, `named, ${figure(cut)} cut, ${figure(mutated)} mutated`);
    },
  },
  {
    name: 'relations between two nights',
    command: {
      check: tsx('test/relations/command.ts', '--count', '10000', '--nights', '300'),
      nightly: tsx('test/relations/command.ts', '--count', '200000', '--nights', '10000'),
    },
    alone: false,
    counts: (printed) => {
      const relations = [...printed.matchAll(/ (\d+) (?:holds|BROKEN) /g)];
      return counted(
        relations.length,
        `relations, ${figure(sum(printed, / (\d+) (?:holds|BROKEN) /g))} pairs`,
      );
    },
  },
  {
    name: 'tamperings of log and world',
    command: {
      check: tsx('test/support/tamper-command.ts', '--count', '10000'),
      nightly: tsx('test/support/tamper-command.ts', '--count', '100000'),
    },
    alone: false,
    counts: (printed) =>
      first(printed, /^all +(\d+) +\d+ +(\d+)$/m, ([, tried, found]) => {
        const worlds = sum(printed, /finds each of (\d+) tamperings/g);
        return `${figure(Number(found) + worlds)} of ${figure(Number(tried) + worlds)} found`;
      }),
  },
  {
    name: 'backups lost and restored',
    command: {
      check: tsx('scripts/drill.ts', '--count', '20'),
      nightly: tsx('scripts/drill.ts', '--count', '100'),
    },
    alone: false,
    counts: (printed) => first(printed, /^(\d+) drills hold/m, ([, drills]) => `${drills} drills`),
  },
  {
    name: 'a model of two workers, exhausted',
    command: { check: tsx('test/model/command.ts'), nightly: tsx('test/model/command.ts') },
    alone: false,
    counts: (printed) => {
      const states = /^the model, exhausted +([0-9,]+) states/m.exec(printed)?.[1];
      const told = [...printed.matchAll(/(\d+) of (\d+) (?:found|followed|refused)/g)].map(
        ([, n, of]) => `${n}/${of}`,
      );
      return states === undefined || told.length !== 3
        ? null
        : `${states} states; bugs ${told[0]}, logs ${told[1]}, lies ${told[2]}`;
    },
  },
  {
    name: 'ten years of clocks',
    command: { check: jest('test/domain/schedule.test.ts'), nightly: jest('test/domain/schedule.test.ts') },
    alone: false,
    counts: passed('tests, 12 of ten years each'),
  },
  {
    name: 'crashes of drop and run',
    command: {
      check: jest('test/drop/drop-crash.test.ts', 'test/jobs/crash.test.ts'),
      nightly: jest('test/drop/drop-crash.test.ts', 'test/jobs/crash.test.ts'),
    },
    alone: false,
    counts: passed('tests, each at every step'),
  },
  {
    name: 'calls to the disk that fail',
    command: {
      check: tsx('test/points/command.ts', '--points', '150'),
      nightly: tsx('test/points/command.ts'),
    },
    alone: true,
    counts: (printed) =>
      first(
        printed,
        /^(\d+) calls, (\d+) points, (\d+) tried$/m,
        ([, calls, points, tried]) =>
          `${figure(Number(tried))} of ${figure(Number(points))} points, ${calls} calls`,
      ),
  },
  {
    name: 'faults of the table',
    command: {
      check: jest('test/house/fault-table.test.ts'),
      nightly: jest('test/house/fault-table.test.ts'),
    },
    alone: false,
    counts: passed('checks: each of 40 faults has its test'),
  },
  {
    name: 'workers and servers killed',
    command: {
      check: tsx('test/support/queue-campaign.ts', '--kills', '6', '--stalls', '1'),
      nightly: tsx('test/support/queue-campaign.ts', '--kills', '200', '--stalls', '50'),
    },
    alone: true,
    counts: (printed) =>
      first(
        printed,
        /"kills": (\d+),\s*"stalls": (\d+),\s*"nights": (\d+)/,
        ([, kills, stalls, nights]) => `${kills} kills, ${stalls} stalls, ${nights} nights`,
      ),
  },
];

/** What the table does not show, so that nobody takes it for more than it is. */
export const notCovered: readonly (readonly [what: string, why: string])[] = [
  [
    'crash images with writes lost or reordered',
    'left to SQLite, PostgreSQL and the order of flushes, which a test holds',
  ],
  ['mutation of the whole, and coverage', 'the planted bugs stand in; npm run mutate takes a file'],
  ['a live MESH', 'the simulator, written from its specification'],
];
