/** What must be kept, and what must be gone: person lists, keys, recorded choices, intakes, configurations. */
import { contentDigest, digestOfGuarded, digestOfSettings } from '../../config.ts';
import { contentOf } from '../../domain/configuration.ts';
import type { ListDigest } from '../../domain/evidence.ts';
import { formatRunId } from '../../domain/run.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { PersonListName, StoredConfiguration } from '../../ports.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import type { Ledgered, LedgeredRun } from './ledgered.ts';
import { atEntry, finding, shown } from './told.ts';
import type { Told } from './told.ts';

export function* listFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  for (const ledgered of ledger.runs) {
    const account = log.runs.get(ledgered.name);
    if (account !== undefined) yield* listsOf(ledgered, account, log);
  }
}

function* listsOf(
  { run, name, lists }: LedgeredRun,
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
function toldLists(
  { gated, decided, released }: RunAccount,
  keyDied: number,
): Map<PersonListName, ListDigest> {
  const lists = new Map<PersonListName, ListDigest>();
  if (gated !== null) lists.set('held-back', gated.heldBackList);
  if (released === null || decided === null || keyDied < released.position) return lists;
  if (decided.releasedList !== null) lists.set('released', decided.releasedList);
  return lists.set('held-back-late', decided.heldBackLateList);
}

export function* keyFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const alive = new Set(ledger.keys.map(({ keyId }) => keyId));
  const isAccounted = (keyId: string): boolean => alive.has(keyId) || log.destroyedKeys.has(keyId);
  for (const { keyId } of ledger.keys) {
    const destroyed = log.destroyedKeys.get(keyId);
    if (destroyed !== undefined)
      yield finding('key-alive', `key ${keyId}`, 'the key is in the ledger', atEntry(destroyed));
  }
  for (const { run, name } of ledger.runs) {
    if (log.runs.has(name) && !isAccounted(run.keyId))
      yield missing(`run ${name}, key ${run.keyId}`, 'a run with papers');
  }
  yield* mailKeys(log, ledger, isAccounted);
  yield* lastingKeys(log, ledger);
}

/** A message lies under the key of the run that asked, or under one of its day; a key that is lost is named once. */
function* mailKeys(
  log: LogAccount,
  ledger: Ledgered,
  isAccounted: (keyId: string) => boolean,
): Generator<Finding> {
  const runOf = new Map(ledger.runs.map(({ run, name }) => [run.keyId, name]));
  const named = new Set(runOf.keys());
  for (const { messageId, keyId } of ledger.messages) {
    const kept = log.messages.get(messageId)?.kept;
    if (kept === undefined) continue;
    const owner = runOf.get(keyId);
    if (owner !== undefined && owner !== kept.run)
      yield finding('message-differs', `message ${messageId}, key_id`, `the key of run ${owner}`, shown(kept.run));
    if (named.has(keyId) || isAccounted(keyId)) continue;
    named.add(keyId);
    yield missing(`message ${messageId}, key ${keyId}`, atEntry(kept));
  }
}

const missing = (place: string, told: string): Finding =>
  finding('key-missing', place, 'neither in the ledger nor told as destroyed', told);

/** Keys of years and of recorded choices; those of runs that nobody opened. */
function* lastingKeys(log: LogAccount, { keys, choices, runs }: Ledgered): Generator<Finding> {
  const scopes = (purpose: string): Set<string> =>
    new Set(keys.filter((key) => key.purpose === purpose).map(({ scope }) => scope));
  const gated = [...log.runs.values()].filter((account) => account.gated !== null);
  const years = new Set(gated.map(({ opened }) => opened.run.slice(0, 4)));
  const aliveYears = scopes('year-pseudonyms');
  const dead = [...log.destroyedKeys.values()].filter(({ purpose }) => purpose === 'year-pseudonyms').length;
  const gone = [...years].filter((year) => !aliveYears.has(year)).sort();
  // The entry of a destroyed key does not name its year: as many may be gone as were destroyed.
  for (const year of gone.slice(dead)) yield missing(`key of the year ${year}`, 'lists of pseudonyms');
  if (choices > 0 && scopes('choice-papers').size === 0)
    yield missing('key of recorded choices', `${choices} choices`);
  const opened = new Set([...runs.map(({ name }) => name), ...log.runs.keys()]);
  for (const { purpose, scope, keyId } of keys) {
    const isOwned =
      purpose === 'run-papers'
        ? opened.has(runOfScope(scope))
        : purpose !== 'year-pseudonyms' || years.has(scope);
    if (!isOwned)
      yield finding('key-without-step', `key ${keyId}`, `a key of ${purpose} ${scope}`, 'no such run');
  }
}

/** The scope of a run's key is its date and number. */
function runOfScope(scope: string): string {
  const [businessDate = '', revision = ''] = scope.split('#');
  return formatRunId({ businessDate, revision: Number(revision) });
}

export function* memoryFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  if (ledger.choices !== log.choices) {
    const [found, told] = [`${ledger.choices} choices`, `${log.choices} choices`];
    yield finding('choices-differ', 'recorded choices', found, told);
  }
  const known = new Set(ledger.intakes.map(({ digest }) => digest));
  const forgotten = new Map<string, string>();
  for (const { gated, decided } of log.runs.values()) {
    for (const entry of [gated, decided]) {
      for (const digest of entry === null ? [] : intakesIn(entry))
        if (!known.has(digest) && entry !== null) forgotten.set(digest, atEntry(entry));
    }
  }
  for (const [digest, entry] of forgotten)
    yield finding('intake-forgotten', `intake ${digest}`, 'no such intake in the ledger', entry);
  yield* configurationFindings(log, ledger);
}

const intakesIn = (entry: { readonly intake?: string; readonly newestIntake: string }): string[] =>
  entry.intake === undefined ? [entry.newestIntake] : [entry.intake, entry.newestIntake];

function* configurationFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const stored = new Map(ledger.configurations.map((one) => [one.position, one]));
  let previous: string | null = null;
  for (const entry of log.configurations) {
    const one = stored.get(entry.position);
    stored.delete(entry.position);
    if (one === undefined) {
      const found = 'no such configuration in the ledger';
      yield finding('configuration-missing', atEntry(entry), found, entry.digest);
    } else if (!isAsTold(one, entry)) {
      const found = 'other settings or approvers than those of its digests';
      yield finding('configuration-differs', atEntry(entry), found, entry.digest);
    }
    if (entry.previous !== previous)
      yield finding(
        'configuration-differs',
        `${atEntry(entry)}, previous`,
        shown(entry.previous),
        shown(previous),
      );
    previous = entry.digest;
  }
  for (const { position, digest } of stored.values())
    yield finding(
      'configuration-without-entry',
      `configuration of entry ${position}`,
      digest,
      'nothing of it',
    );
  for (const [name, { opened, configuration }] of log.runs) {
    if (opened.configuration !== configuration) {
      const place = `run ${name}, ${atEntry(opened)}`;
      yield finding('configuration-differs', place, opened.configuration, shown(configuration));
    }
  }
}

/** Who may approve the next change is read from here: it must be what came into force then, to the letter. */
function isAsTold(one: StoredConfiguration, entry: Told<'configuration-in-force'>): boolean {
  const { digest, guarded, settings, approvers } = one;
  const file = settings['APPROVERS_FILE'] ?? '';
  return (
    digest === entry.digest &&
    guarded === entry.guarded &&
    digestOfSettings(settings) === digest &&
    digestOfGuarded(settings) === guarded &&
    (file !== '' || approvers === null) &&
    contentDigest(file === '' ? null : file, approvers) === settings[contentOf('APPROVERS_FILE')]
  );
}
