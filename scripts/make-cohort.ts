import fs from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { chanceFrom } from './cohort/chance.ts';
import type { Chance } from './cohort/chance.ts';
import { daysAround } from './cohort/days.ts';
import type { Days } from './cohort/days.ts';
import { LineFile, csvLine, writeManifest } from './cohort/intake-folder.ts';
import { kindAt } from './cohort/kinds.ts';
import { testNumbers, unallocatedNumbers } from './cohort/numbers.ts';
import { choiceColumns, choiceOf, residentRow, rosterColumns } from './cohort/people.ts';
import type { Choice, Source } from './cohort/people.ts';
import { makeSector, neighbourhoods, providerColumns } from './cohort/providers.ts';
import { emptyTally, tallyPerson } from './cohort/tally.ts';
import type { Tally } from './cohort/tally.ts';

export interface CohortOptions {
  /** The intake folder to write; it is made where it does not stand. */
  readonly out: string;
  /** Business date, `YYYY-MM-DD`. */
  readonly date: string;
  /** RFC 3339 with offset; no choice is younger. */
  readonly producedAt: string;
  readonly people?: number;
  readonly homes?: number;
  readonly providers?: number;
  readonly seed?: number;
  readonly supplier?: string;
  /** Where to write the numbers with a national opt-out, one a line; never inside `out`. */
  readonly nationalOptOuts?: string;
  /** How large a share of the residents' sound numbers has one. */
  readonly nationalShare?: number;
}

const defaults = {
  people: 30_000,
  homes: 700,
  providers: 120,
  seed: 1,
  supplier: 'Demo Care Records',
  nationalShare: 0.045,
};

type Plan = CohortOptions & typeof defaults;

export interface CohortSummary extends Readonly<Tally> {
  readonly homes: number;
  readonly providers: number;
  readonly choices: number;
  /** Those of the choices whose service user left long ago and stands on no row. */
  readonly unmatchedChoices: number;
}

/** No more providers than homes, unless told. */
const providersOf = (homes = defaults.homes): number => Math.max(1, Math.min(defaults.providers, homes));

/**
 * Writes an intake folder full of invented people (design, section 4): three CSV files and, last, their manifest. The same options
 * give the same bytes, and memory does not grow with the number of people. Throws RangeError where the options make no sense.
 */
export function makeCohort(options: CohortOptions): CohortSummary {
  const plan: Plan = { ...defaults, providers: providersOf(options.homes), ...options };
  requireSense(plan);
  const chance = chanceFrom(plan.seed);
  const source = sourceOf(chance, daysAround(plan.date, plan.producedAt));
  const sector = makeSector(plan, chance, source.days);
  const tally = emptyTally();
  const files = openFiles(plan);
  // A chance of its own: who has a national opt-out changes nothing in the intake.
  const nationalChance = chanceFrom(plan.seed + 1_000_003);
  const hasNationalOptOut = (number: string): boolean => {
    const has = nationalChance.draw() < plan.nationalShare;
    if (has) files.national?.write(number);
    return has;
  };
  let choices = 0;
  const writeChoice = (choice: Choice): void => {
    const choice_id = `CH-${String(++choices).padStart(6, '0')}`;
    files.choices.write(csvLine(choiceColumns, { choice_id, ...choice }));
  };

  for (const { row } of sector.providers) files.providers.write(csvLine(providerColumns, row));
  const residents = shareOfHomes(sector.homes.length, plan.people, chance);
  for (const [index, { home, sister, stranger }] of neighbourhoods(sector.homes).entries()) {
    for (let resident = 0; resident < (residents[index] ?? 0); resident++) {
      const { name, make } = kindAt(chance.draw());
      const person = make({ source, home, sister, stranger, row: residentRow(source, home) });
      for (const { row } of person.rows) files.roster.write(csvLine(rosterColumns, row));
      person.choices.forEach(writeChoice);
      tallyPerson(tally, name, person, hasNationalOptOut);
    }
  }
  const unmatchedChoices = Math.round(plan.people / 5_000);
  for (let leaver = 0; leaver < unmatchedChoices; leaver++) {
    writeChoice(choiceOf(source, source.id(), [400, 60], {}));
  }
  closeFiles(files, plan);
  return { ...tally, homes: plan.homes, providers: plan.providers, choices, unmatchedChoices };
}

function requireSense(plan: Plan): void {
  const limits = [
    ['people', plan.people, 1, 50_000_000],
    ['providers', plan.providers, 1, 40_000],
    ['homes', plan.homes, plan.providers, 1_000_000],
    ['seed', plan.seed, 0, 1_000_000_000],
  ] as const;
  for (const [name, value, least, most] of limits) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} is ${value}; allowed are whole numbers from ${least} to ${most}.`);
    }
  }
  if (!(plan.nationalShare >= 0 && plan.nationalShare <= 1)) {
    throw new RangeError(`nationalShare is ${plan.nationalShare}; allowed are numbers from 0 to 1.`);
  }
  const inside =
    plan.nationalOptOuts !== undefined && !path.relative(plan.out, plan.nationalOptOuts).startsWith('..');
  if (inside)
    throw new RangeError(
      'The list of national opt-outs is not for the gate: write it outside the intake folder.',
    );
}

function sourceOf(chance: Chance, days: Days): Source {
  const numbers = testNumbers(chance);
  const unallocated = unallocatedNumbers(chance);
  let ids = 0;
  return {
    chance,
    days,
    id: () => `SU-${String(++ids).padStart(6, '0')}`,
    number: () => numbers.next().value,
    unallocatedNumber: () => unallocated.next().value,
  };
}

/** How many of `people` live in each of the homes, the largest with three times as many as the smallest. */
function shareOfHomes(homes: number, people: number, chance: Chance): number[] {
  const weights = Array.from({ length: homes }, () => 0.5 + chance.draw());
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  let housed = 0;
  return weights.map((weight) => {
    reached += weight;
    const upToHere = Math.round((reached / whole) * people);
    const residents = upToHere - housed;
    housed = upToHere;
    return residents;
  });
}

interface Files {
  readonly roster: LineFile;
  readonly choices: LineFile;
  readonly providers: LineFile;
  readonly national: LineFile | null;
}

/** An older manifest goes first: a folder that is being written is not an intake. */
function openFiles(plan: Plan): Files {
  fs.mkdirSync(plan.out, { recursive: true, mode: 0o700 });
  fs.rmSync(path.join(plan.out, 'manifest.json'), { force: true });
  if (plan.nationalOptOuts !== undefined)
    fs.mkdirSync(path.dirname(plan.nationalOptOuts), { recursive: true });
  const open = (name: string, columns: readonly string[]): LineFile => {
    const file = new LineFile(path.join(plan.out, name));
    file.write(columns.join(','));
    return file;
  };
  return {
    roster: open('service-users.csv', rosterColumns),
    choices: open('in-service-choices.csv', choiceColumns),
    providers: open('providers.csv', providerColumns),
    national: plan.nationalOptOuts === undefined ? null : new LineFile(plan.nationalOptOuts),
  };
}

function closeFiles({ roster, choices, providers, national }: Files, plan: Plan): void {
  national?.close();
  const { date: businessDate, producedAt, supplier } = plan;
  const files = [roster, choices, providers].map((file) => file.close());
  writeManifest(plan.out, { businessDate, producedAt, supplier, files });
}

function numberFlag(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

if (process.argv[1] === import.meta.filename) {
  new Command('make-cohort')
    .description('Write an intake folder full of invented people, all with numbers from the test range.')
    .requiredOption('--out <folder>', 'intake folder to write')
    .requiredOption('--date <date>', 'business date, YYYY-MM-DD')
    .option('--people <count>', 'people', numberFlag, defaults.people)
    .option('--homes <count>', 'homes, at least one for each provider', numberFlag, defaults.homes)
    .option(
      '--providers <count>',
      `care providers (default: ${defaults.providers}, or one a home)`,
      numberFlag,
    )
    .option('--seed <number>', 'the same seed gives the same people', numberFlag, defaults.seed)
    .option('--produced-at <time>', 'RFC 3339 time for the manifest', new Date().toISOString())
    .option(
      '--national-opt-outs <file>',
      'write the numbers with a national opt-out there, for the simulator',
    )
    .option(
      '--national-share <share>',
      'share of numbers with a national opt-out',
      numberFlag,
      defaults.nationalShare,
    )
    .option('--supplier <name>', 'supplier named in the manifest', defaults.supplier)
    .action((flags: CohortOptions) => {
      try {
        console.log(JSON.stringify(makeCohort(flags), null, 2));
      } catch (thrown) {
        if (!(thrown instanceof RangeError)) throw thrown;
        console.error(thrown.message);
        process.exitCode = 2;
      }
    })
    .parse();
}
