/** What comes out of a replay beside what log and lists say. People are named by their pseudonym of that run and nothing else. */
import { gateOutcomes, heldBackReasons } from '../../domain/eligibility.ts';
import type { GateCounts } from '../../domain/decision.ts';
import type { Keyring, LedgerReader, PersonListName, PersonLists, WrappedKey } from '../../ports.ts';
import type { PersonRows } from '../person-rows.ts';
import { toldLists } from '../reconcile/lists.ts';
import { notReplayable } from './past-run.ts';
import type { PastRun } from './past-run.ts';
import type { Redecided } from './redecide.ts';

/** One difference. No text of it names a person. */
export interface Difference {
  readonly about: string;
  readonly place: string;
  /** What log or list says. */
  readonly then: string;
  /** What comes out now. */
  readonly now: string;
}

/** Counts by reason: they name nobody, and stand in the log for good. */
export function* countDifferences(
  { gated }: PastRun,
  { own, objectedLate }: Redecided,
): Generator<Difference> {
  const counts = own.decision.counts();
  // An outcome that came later is not counted there.
  const rowsThen: Partial<GateCounts> = gated.rows;
  const pairs: readonly (readonly [string, string, number, number])[] = [
    ...gateOutcomes.map((outcome) => ['rows', outcome, rowsThen[outcome] ?? 0, counts[outcome]] as const),
    [
      'numbers',
      'passed the gate',
      gated.asked + gated.notAskedAgain + gated.objectedLate,
      own.decision.askedNumbers().length,
    ],
    ['numbers', 'objected-late', gated.objectedLate, objectedLate.length],
  ];
  for (const [about, place, then, now] of pairs)
    if (then !== now) yield { about, place, then: `${then}`, now: `${now}` };
}

interface ListDesk {
  readonly keyring: Keyring;
  readonly lists: PersonLists;
}

/** Who must stand in a list by what comes out now, and who besides may. */
interface Expected {
  readonly must: readonly PersonRows[];
  readonly may: readonly PersonRows[];
}

/**
 * Holds the lists of the run against what comes out now; null where the year's key is destroyed and nobody can. Whom the national check
 * cleared is not known: those released must be among those who might have been. Throws `not-replayable` for a list that was altered.
 */
export async function listDifferences(
  { keyring, lists }: ListDesk,
  tx: LedgerReader,
  past: PastRun,
  again: Redecided,
): Promise<readonly Difference[] | null> {
  const { run, account, keyDied, erased } = past;
  const year = await tx.keyOf('year-pseudonyms', run.businessDate.slice(0, 4));
  if (year === null) return null;
  const differences: Difference[] = [];
  for (const [name, logged] of toldLists(account, keyDied)) {
    const bytes = (await tx.personList(run, name)) ?? new Uint8Array();
    const ofList = erased.filter(({ list }) => list === name);
    const { digest, fault, people } = lists.examine(bytes, ofList);
    if (fault !== null || digest?.root !== logged.root)
      throw notReplayable(
        account.opened.run,
        `its list ${name} is not the one that was logged: see \`audit verify\``,
      );
    const stored = new Map<string, number>();
    for (const { providerId, rows } of people)
      for (const { pseudonym, code } of rows) stored.set(placeOf(providerId, pseudonym), code);
    const { must, may } = expectedOn(name, past, again);
    const [mustStand, mayStand] = [must, may].map((rows) => places({ keyring, year }, past, rows));
    differences.push(
      ...between(name, {
        stored,
        mustStand: mustStand ?? new Map(),
        mayStand: mayStand ?? new Map(),
        gone: logged.rows - stored.size,
      }),
    );
  }
  return differences;
}

function expectedOn(name: PersonListName, { configuration }: PastRun, again: Redecided): Expected {
  const { heldBack, decided } = again;
  if (name === 'held-back') return { must: [heldBack], may: [] };
  if (decided === null) return { must: [], may: [] };
  if (name === 'released') return { must: [], may: [decided.eligible] };
  // A person cleared whom no location of both intakes holds is kept back late as well.
  const unplaced = configuration.settings['DROP_LAYOUT'] === 'per-location' ? [decided.eligible] : [];
  return { must: [decided.late], may: [decided.perhapsLate, ...unplaced] };
}

const placeOf = (providerId: string, pseudonym: Uint8Array): string =>
  `provider ${JSON.stringify(providerId)}, pseudonym ${Buffer.from(pseudonym).toString('hex')}`;

function places(
  { keyring, year }: { readonly keyring: Keyring; readonly year: WrappedKey },
  { run }: PastRun,
  people: readonly PersonRows[],
): Map<string, number> {
  const found = new Map<string, number>();
  for (const rows of people)
    for (const { providerId, rows: persons } of rows.groups(keyring, year, run))
      for (const { pseudonym, code } of persons) found.set(placeOf(providerId, pseudonym), code);
  return found;
}

interface Compared {
  readonly stored: ReadonlyMap<string, number>;
  readonly mustStand: ReadonlyMap<string, number>;
  readonly mayStand: ReadonlyMap<string, number>;
  /** How many were erased from the list since: as many may be missing, and nobody can say who. */
  readonly gone: number;
}

function between(name: PersonListName, { stored, mustStand, mayStand, gone }: Compared): Difference[] {
  const about = `list ${name}`;
  const wordOf = (code: number): string =>
    name === 'released' ? 'released' : (heldBackReasons[code] ?? `code ${code}`);
  const extra: Difference[] = [];
  for (const [place, code] of stored) {
    const must = mustStand.get(place);
    if (must === undefined && !mayStand.has(place))
      extra.push({ about, place, then: wordOf(code), now: 'may not stand there' });
    else if (must !== undefined && must !== code)
      extra.push({ about, place, then: wordOf(code), now: wordOf(must) });
  }
  const missing = [...mustStand]
    .filter(([place]) => !stored.has(place))
    .map(([place, code]) => ({ about, place, then: 'not there', now: wordOf(code) }));
  return missing.length <= gone ? extra : [...extra, ...missing];
}
