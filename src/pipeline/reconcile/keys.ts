/** Keys: what must still be there, and what must be gone. */
import { formatRunId } from '../../domain/run.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { LogAccount } from './log-account.ts';
import type { Ledgered } from './ledgered.ts';
import { atEntry, finding, shown } from './told.ts';

export function* keyFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const alive = new Set(ledger.keys.map(({ keyId }) => keyId));
  const isAccounted = (keyId: string): boolean => alive.has(keyId) || log.destroyedKeys.has(keyId);
  for (const { keyId } of ledger.keys) {
    const destroyed = log.destroyedKeys.get(keyId);
    if (destroyed !== undefined)
      yield finding('key-alive', `key ${keyId}`, 'the key is in the ledger', atEntry(destroyed));
  }
  for (const { run, name } of ledger.runs) {
    const opened = log.runs.get(name)?.opened.position ?? Infinity;
    if (log.runs.has(name) && opened > log.restoredAt && !isAccounted(run.keyId))
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
      yield finding(
        'message-differs',
        `message ${messageId}, key_id`,
        `the key of run ${owner}`,
        shown(kept.run),
      );
    if (named.has(keyId) || isAccounted(keyId) || kept.position < log.restoredAt) continue;
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
  for (const year of [...years].sort())
    if (!aliveYears.has(year) && !log.erasedYears.has(year))
      yield missing(`key of the year ${year}`, 'lists of pseudonyms');
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
