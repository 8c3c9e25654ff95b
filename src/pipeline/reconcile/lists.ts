/** Person-level lists and their index, beside what the log says of them. */
import type { ListDigest } from '../../domain/evidence.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { PersonListName } from '../../ports.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import type { Ledgered, LedgeredList, LedgeredRun } from './ledgered.ts';
import { atEntry, finding, shown } from './told.ts';

export function* listFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  for (const ledgered of ledger.runs) {
    const account = log.runs.get(ledgered.name);
    const lists = ledger.lists.filter(({ run }) => run === ledgered.name);
    if (account !== undefined) yield* listsOf(ledgered, lists, account, log);
  }
}

function* listsOf(
  { run, name }: LedgeredRun,
  lists: readonly LedgeredList[],
  account: RunAccount,
  log: LogAccount,
): Generator<Finding> {
  const told = toldLists(account, log.destroyedKeys.get(run.keyId)?.position ?? Infinity);
  const seen = new Set<PersonListName>();
  for (const { list, reading } of lists) {
    const place = `run ${name}, list ${list}`;
    const digest = told.get(list);
    if (digest === undefined || seen.has(list)) {
      const found = `a list of ${reading.digest?.rows ?? 'unreadable'} rows`;
      yield finding('list-without-entry', place, found, seen.has(list) ? 'one list' : 'no such list');
    } else if (reading.fault !== null) yield finding('list-altered', place, reading.fault, shown(digest));
    else if (reading.digest !== null && !isSame(reading.digest, digest))
      yield finding('list-altered', place, shown(reading.digest), shown(digest));
    seen.add(list);
  }
  for (const [list, digest] of told) {
    if (!seen.has(list))
      yield finding('list-missing', `run ${name}, list ${list}`, 'no such list in the ledger', shown(digest));
  }
}

const isSame = (a: ListDigest, b: ListDigest): boolean =>
  a.root === b.root && a.rows === b.rows && a.providers === b.providers;

/** Held back at the gate; released and held back late at the release, unless the papers they came from had died before it was told. */
export function toldLists(
  { gated, decided, released }: RunAccount,
  keyDied: number,
): Map<PersonListName, ListDigest> {
  const lists = new Map<PersonListName, ListDigest>();
  if (gated !== null) lists.set('held-back', gated.heldBackList);
  if (released === null || decided === null || keyDied < released.position) return lists;
  if (decided.releasedList !== null) lists.set('released', decided.releasedList);
  return lists.set('held-back-late', decided.heldBackLateList);
}

/**
 * Who stands in a list stands in the index of its year, or a look-up would not find them. Nobody can say which token is whose without the
 * number; but there are never fewer of a provider than the longest of its lists has people.
 */
export function* indexFindings(log: LogAccount, { lists, indexSizes }: Ledgered): Generator<Finding> {
  const indexed = new Map(
    indexSizes.map(({ year, providerId, persons }) => [`${year} ${providerId}`, persons]),
  );
  for (const year of new Set(indexSizes.map((size) => size.year))) {
    const erased = log.erasedYears.get(year);
    if (erased !== undefined)
      yield finding('index-alive', `index of the year ${year}`, 'people stand in it', atEntry(erased));
  }
  const short = new Map<string, number>();
  for (const { run, indexed: isIndexed, reading } of isWanted(log, lists)) {
    if (!isIndexed) continue;
    for (const [providerId, people] of reading.standing) {
      const place = `${run.slice(0, 4)} ${providerId}`;
      if (people > Math.max(indexed.get(place) ?? 0, short.get(place) ?? 0)) short.set(place, people);
    }
  }
  for (const [place, people] of short) {
    const where = `index of the year ${place.slice(0, 4)}, provider ${JSON.stringify(place.slice(5))}`;
    yield finding('index-short', where, `${indexed.get(place) ?? 0} people`, `${people} in one list`);
  }
}

/** Lists of years whose index should be there. */
const isWanted = (log: LogAccount, lists: readonly LedgeredList[]): readonly LedgeredList[] =>
  lists.filter(({ run }) => !log.erasedYears.has(run.slice(0, 4)));
