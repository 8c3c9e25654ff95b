/** Holds of the ledger beside those of the log. An opening entry bears no number: it is known by what it holds, in its order. */
import type { Finding } from '../../domain/reconciliation.ts';
import { formatRunId } from '../../domain/run.ts';
import type { StoredHold } from '../../ports.ts';
import type { HoldAccount, LogAccount } from './log-account.ts';
import type { Ledgered } from './ledgered.ts';
import { isNear } from './runs.ts';
import { atEntry, finding, shown } from './told.ts';

export function* holdFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const decided = new Map(log.holdDecisions);
  for (const { name } of ledger.runs) {
    const holds = ledger.holds.filter(({ run }) => formatRunId(run) === name);
    const { pairs, untold, missing } = pair(holds, log.runs.get(name)?.holds ?? []);
    for (const [hold, account] of pairs) {
      yield* differences(hold, account, log);
      decided.delete(hold.id);
    }
    for (const hold of untold) {
      decided.delete(hold.id);
      yield finding(
        'hold-without-entry',
        `run ${name}, hold ${hold.id}`,
        `a hold that is ${hold.decision}`,
        'nothing',
      );
    }
    for (const { held } of missing)
      yield finding(
        'hold-missing',
        `run ${name}, ${atEntry(held)}`,
        'no such hold in the ledger',
        held.stage,
      );
  }
  for (const [id, entry] of decided) {
    // That a hold is missing has been said once, by the entry that opened it.
    if (log.runs.get(entry.run)?.holds.length === 0)
      yield finding(
        'hold-missing',
        `run ${entry.run}, hold ${id}`,
        'no such hold in the ledger',
        atEntry(entry),
      );
  }
}

interface Pairing {
  readonly pairs: readonly (readonly [StoredHold, HoldAccount])[];
  readonly untold: readonly StoredHold[];
  readonly missing: readonly HoldAccount[];
}

/** First those of the same digest, reasons and stage; of what is left on both sides, the first with the first. */
function pair(holds: readonly StoredHold[], accounts: readonly HoldAccount[]): Pairing {
  const pairs: [StoredHold, HoldAccount][] = [];
  const left = [...accounts];
  const rest = holds.filter((hold) => {
    const at = left.findIndex(({ held }) => isSame(hold, held));
    const [account] = at < 0 ? [] : left.splice(at, 1);
    if (account !== undefined) pairs.push([hold, account]);
    return account === undefined;
  });
  while (rest.length > 0 && left.length > 0) {
    const [hold, account] = [rest.shift(), left.shift()];
    if (hold !== undefined && account !== undefined) pairs.push([hold, account]);
  }
  return { pairs, untold: rest, missing: left };
}

const isSame = (hold: StoredHold, held: HoldAccount['held']): boolean =>
  hold.digest === held.digest && hold.stage === held.stage && shown(hold.reasons) === shown(held.reasons);

function* differences(hold: StoredHold, { held, run }: HoldAccount, log: LogAccount): Generator<Finding> {
  const decision = log.holdDecisions.get(hold.id) ?? null;
  const decisions = {
    'hold-approved': 'approved',
    'hold-rejected': 'rejected',
    'hold-expired': 'expired',
  } as const;
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ['stage', hold.stage, held.stage],
    ['reasons', hold.reasons, held.reasons],
    ['digest', hold.digest, held.digest],
    ['opened_by', hold.openedBy, held.by],
    ['decision', hold.decision, decision === null ? 'open' : decisions[decision.what]],
    ['decided_by', hold.decidedBy, decision?.by ?? null],
    ['run', run, decision?.run ?? run],
  ];
  const place = `run ${run}, hold ${hold.id}`;
  for (const [column, found, told] of columns) {
    if (shown(found) !== shown(told))
      yield finding('hold-differs', `${place}, ${column}`, shown(found), shown(told));
  }
  if (decision !== null && 'digest' in decision && decision.digest !== held.digest)
    yield finding('hold-differs', `${place}, ${atEntry(decision)}`, decision.digest, held.digest);
  if (!isNear(hold.openedAt, held.at))
    yield finding('hold-differs', `${place}, opened_at`, shown(hold.openedAt), held.at);
}
