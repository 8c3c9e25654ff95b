import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import { Command } from 'commander';
import { createKeyring } from '../src/keys/keyring.ts';
import type { WrappedKey } from '../src/ports.ts';
import { artefactsBelow, keysIn, tablesBelow } from './attack/artefacts.ts';
import type { Row } from './attack/artefacts.ts';
import { hashed, inClear, keyed, salted } from './attack/guesses.ts';
import type { Found } from './attack/guesses.ts';
import { Haystack } from './attack/haystack.ts';
import { differences, numberLists, smallCounts, storedLists } from './attack/inferences.ts';
import type { Missing, StoredList } from './attack/inferences.ts';
import { checkDigit } from './cohort/numbers.ts';

/**
 * `npm run attack -- DATA_DIR`: what somebody learns who has copied everything that outlives the keep days, but not the key-encryption key.
 * It must be nobody's NHS number and nobody's national opt-out; with a year's key, who was sent that year and who was held back here, and
 * no more. It looks at bytes before it looks at tables, and knows the program.
 */

export interface AttackOptions {
  /** The data folder: ledger, and whatever exports, packs and backups lie beside it; `keys/` is left out. */
  readonly folder: string;
  /** Numbers to try in every way that needs no key. */
  readonly numbers: readonly string[];
  /** Numbers to try under every key and every salt found: somebody's roster, say. */
  readonly suspects: readonly string[];
  /** Keys of calendar years that came into the wrong hands. */
  readonly yearKeys?: Readonly<Record<string, Uint8Array>>;
}

export interface Learned {
  /** Whose number was found, and how. */
  readonly numbers: readonly Found[];
  /** Who was asked about and did not come back: numbers, or pseudonyms. */
  readonly optOuts: readonly Missing[];
  /** Wrapped keys that something found has opened. */
  readonly opened: readonly string[];
  /** With the keys of years, or those opened. */
  readonly withYearKeys: { readonly sent: readonly string[]; readonly heldBack: readonly string[] };
  /** What somebody who also knows the roster may conclude. */
  readonly inferable: readonly string[];
  /** What was tried, in words and figures. */
  readonly tried: readonly string[];
}

export async function attack({ folder, numbers, suspects, yearKeys = {} }: AttackOptions): Promise<Learned> {
  const artefacts = artefactsBelow(folder);
  const tables = await tablesBelow(folder);
  const entries = (tables.get('entries') ?? []).map(
    ({ line }) => JSON.parse(Buffer.from(line as Uint8Array).toString()) as Row,
  );
  const haystack = new Haystack(artefacts);
  const keys = keysIn(artefacts, tables);
  const runs = [...new Set(entries.map(({ run }) => String(run)).filter((run) => run !== ''))];
  const words = wordsIn(tables, runs);
  const candidates = new Set([...numbers, ...suspects]);
  const wrapped = (tables.get('keys') ?? []).map(wrappedKey);
  const lists = storedLists(tables);
  const found = [
    ...inClear(artefacts, (number) => candidates.has(number)),
    ...hashed(haystack, candidates),
    ...salted(haystack, suspects, words),
    ...keyed(haystack, suspects, [...keys, ...words], runs),
  ];
  const numbersLeft = numberLists(artefacts);
  const pseudonymous = runs.flatMap((run) =>
    differences(
      lists
        .filter((one) => one.run === run)
        .map(({ list, pseudonyms }) => ({ name: `${list} of ${run}`, members: pseudonyms })),
    ),
  );
  const opened = openings(keys, wrapped);
  return {
    numbers: [...new Map(found.map((one) => [`${one.number} ${one.how}`, one])).values()],
    optOuts: [...differences(numbersLeft), ...pseudonymous],
    opened: opened.map(({ what }) => what),
    withYearKeys: whoIsIn(lists, candidates, [
      ...Object.entries(yearKeys).map(([year, key]) => ({ year, pseudonyms: pseudonymsUnder(key) })),
      ...opened.flatMap(({ year, pseudonyms }) => (year === null ? [] : [{ year, pseudonyms }])),
    ]),
    inferable: smallCounts(entries),
    tried: [
      `${artefacts.reduce((sum, { bytes }) => sum + bytes.length, 0)} bytes of files, and what they say in hex and base64`,
      `${candidates.size} numbers in clear and under plain hashes`,
      `${suspects.length} numbers under ${words.length} salts and ${keys.length} values that might be keys`,
      `${keys.length} values on ${wrapped.length} wrapped keys`,
      `${numbersLeft.length} lists of numbers and ${lists.length} lists of pseudonyms beside each other`,
    ],
  };
}

/** Short words that a careless hand might have taken for a salt or a key. */
function wordsIn(tables: ReadonlyMap<string, readonly Row[]>, runs: readonly string[]): string[] {
  const settings = (tables.get('settings') ?? []).flatMap(({ name, value }) => [String(name), String(value)]);
  const keys = (tables.get('keys') ?? []).flatMap((row) => [String(row['key_id']), String(row['scope'])]);
  const words = [
    '',
    'export-gate',
    'export-gate/audit',
    'nhs',
    'salt',
    'pepper',
    ...runs,
    ...settings,
    ...keys,
  ];
  return [...new Set(words)].filter((word) => word.length <= 64);
}

const wrappedKey = (row: Row): WrappedKey => ({
  keyId: String(row['key_id']),
  purpose: row['purpose'] as WrappedKey['purpose'],
  scope: String(row['scope']),
  wrapped: row['wrapped'] as Uint8Array,
});

interface Opening {
  readonly what: string;
  readonly year: string | null;
  readonly pseudonyms: Pseudonyms;
}
type Pseudonyms = (run: string, number: string) => string;

/** Every value found as the key-encryption key, on every wrapped key. */
function openings(keys: readonly Buffer[], wrapped: readonly WrappedKey[]): Opening[] {
  const nothing = { bytes: (length: number) => new Uint8Array(length) };
  return keys.flatMap((master) => {
    const keyring = createKeyring(master, nothing);
    return wrapped.flatMap((key) => {
      try {
        keyring.personTokens(key);
      } catch {
        return [];
      }
      const year = key.purpose === 'year-pseudonyms' ? key.scope : null;
      const pseudonyms: Pseudonyms = (run, number) => hexOf(keyring.runPseudonyms(key, runOf(run))(number));
      return [{ what: `${key.purpose} ${key.scope}`, year, pseudonyms }];
    });
  });
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function runOf(run: string): { businessDate: string; revision: number } {
  const [businessDate = '', name = ''] = run.split('/');
  const [, rehearsal, revision] = /^(?:rehearsal-(\d+)|r(\d+))$/.exec(name) ?? [];
  return { businessDate, revision: rehearsal === undefined ? Number(revision) : 1 - Number(rehearsal) };
}

const pseudonymsUnder =
  (key: Uint8Array): Pseudonyms =>
  (run, number) => {
    const person = createHmac('sha256', key).update(number).digest();
    return createHmac('sha256', run).update(person).digest('hex').slice(0, 32);
  };

function whoIsIn(
  lists: readonly StoredList[],
  numbers: ReadonlySet<string>,
  keys: readonly { readonly year: string; readonly pseudonyms: Pseudonyms }[],
): Learned['withYearKeys'] {
  const sent = new Set<string>();
  const heldBack = new Set<string>();
  for (const { year, pseudonyms } of keys)
    for (const { run, list, pseudonyms: members } of lists)
      for (const number of run.startsWith(year) && members.size > 0 ? numbers : [])
        if (members.has(pseudonyms(run, number))) (list === 'released' ? sent : heldBack).add(number);
  return { sent: [...sent].sort(), heldBack: [...heldBack].sort() };
}

/** Every number from 999 000 0000 upwards that may stand for a person in a test. */
export function everyTestNumber(): string[] {
  const numbers: string[] = [];
  for (let prefix = 999_000_000; prefix < 1_000_000_000; prefix++)
    if (checkDigit(prefix) < 10) numbers.push(`${prefix}${checkDigit(prefix)}`);
  return numbers;
}

/** What was learned, in words; numbers that were found are counted, not repeated. */
export function describe({ numbers, optOuts, opened, withYearKeys, inferable, tried }: Learned): string {
  const howMany = (found: readonly { readonly how: string }[]): string[] => {
    const kinds = found.map(({ how }) => how.split(':')[0] ?? '');
    return [...new Set(kinds)].map((kind) => `  ${kinds.filter((other) => other === kind).length} ${kind}`);
  };
  return [
    'Tried:',
    ...tried.map((what) => `  ${what}`),
    `NHS numbers learned: ${new Set(numbers.map(({ number }) => number)).size}`,
    ...howMany(numbers),
    `People asked about and not returned, learned: ${optOuts.length}`,
    ...howMany(optOuts),
    `Wrapped keys opened: ${opened.length}`,
    ...opened.map((what) => `  ${what}`),
    `With keys of years: ${withYearKeys.sent.length} people sent, ${withYearKeys.heldBack.length} held back by this service`,
    'What somebody who also knows the roster may conclude:',
    ...(inferable.length === 0 ? ['  nothing'] : inferable.map((what) => `  ${what}`)),
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const program = new Command('attack')
    .description(
      'Try to learn from a data folder, without its keys, whose numbers were sent and who has opted out nationally.',
    )
    .argument('<folder>', 'data folder, or a copy of it with exported logs, packs and backups')
    .option('--suspects <file>', 'numbers to try under every key and salt found, one a line')
    .option('--year-key <YEAR=HEX>', 'a year’s key in the wrong hands')
    .parse();
  const { suspects, yearKey } = program.opts<{ suspects?: string; yearKey?: string }>();
  const [year, hex] = yearKey?.split('=') ?? [];
  const numbers = everyTestNumber();
  const learned = await attack({
    folder: program.args[0] ?? '',
    numbers,
    suspects:
      suspects === undefined
        ? numbers.slice(0, usualSuspects)
        : fs.readFileSync(suspects, 'utf8').split(/\s+/).filter(Boolean),
    ...(year === undefined || hex === undefined ? {} : { yearKeys: { [year]: Buffer.from(hex, 'hex') } }),
  });
  process.stdout.write(describe(learned));
  process.exitCode = learned.numbers.length + learned.optOuts.length + learned.opened.length === 0 ? 0 : 5;
}

/** Enough to see whether a key fits; a roster says more. */
const usualSuspects = 200;

if (process.argv[1] === import.meta.filename) void main();
