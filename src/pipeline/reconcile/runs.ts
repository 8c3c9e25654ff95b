/** Runs of the ledger beside those of the log. */
import { readInstant, minute } from '../../domain/calendar.ts';
import type { Instant } from '../../domain/calendar.ts';
import { askedOutcomes, gateOutcomes } from '../../domain/eligibility.ts';
import type { RunTotals } from '../../domain/evidence.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import type { Ledgered, LedgeredRun } from './ledgered.ts';
import { atEntry, finding, shown } from './told.ts';
import type { Told } from './told.ts';

/** Entry and step bear times of their own, taken a moment apart; a step may have waited for its turn to write. */
const aMomentApart = 5 * minute;

export const isNear = (stored: Instant | null, told: string | null): boolean => {
  const at = told === null ? null : readInstant(told);
  return stored === null || at === null ? stored === at : Math.abs(stored - at) <= aMomentApart;
};

export function* runFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const known = new Set(ledger.runs.map(({ name }) => name));
  const told = [...log.runs].map(([name, { opened }]) => [name, opened] as const);
  for (const [name, entry] of [...told, ...log.missed]) {
    if (!known.has(name))
      yield finding('run-missing', `run ${name}`, 'no such run in the ledger', atEntry(entry));
  }
  for (const ledgered of ledger.runs) {
    const account = log.runs.get(ledgered.name);
    const missed = log.missed.get(ledgered.name);
    if (missed !== undefined) yield* differencesOfMissed(ledgered, missed);
    else if (account === undefined) {
      const found = `a run in state ${ledgered.run.state}`;
      yield finding('run-without-entry', `run ${ledgered.name}`, found, 'nothing of such a run');
    } else yield* differences(ledgered, account);
  }
  for (const { about, entry, stood } of log.outOfOrder) {
    yield finding(`${about}-out-of-order`, placeOf(entry.run, atEntry(entry)), stood, entry.what);
  }
}

const placeOf = (run: string, entry: string): string => (run === '' ? entry : `run ${run}, ${entry}`);

function* differencesOfMissed(
  { run, name }: LedgeredRun,
  { code, configuration, at }: Told<'night-missed'>,
): Generator<Finding> {
  const told = { state: 'failed', reason: code, intake: '', configuration, released: null, totals: null };
  for (const [column, value] of Object.entries(told)) {
    const found = shown(run[column as keyof typeof told]);
    if (found !== shown(value)) yield finding('run-differs', `run ${name}, ${column}`, found, shown(value));
  }
  if (!isNear(run.endedAt, at))
    yield finding('run-differs', `run ${name}, ended_at`, timeOf(run.endedAt), shown(at));
}

function* differences({ run, name }: LedgeredRun, account: RunAccount): Generator<Finding> {
  const { opened, gated, decided, end } = account;
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ['state', run.state, account.state],
    ['held_from', run.heldFrom, account.heldFrom],
    [
      'reason',
      run.reason,
      end === null || end.what === 'run-sealed' ? null : 'reason' in end ? end.reason : end.code,
    ],
    ['intake', run.intake, gated?.intake ?? opened.intake],
    ['configuration', run.configuration, opened.configuration],
    ['released', run.released, decided?.totals.outcomes.released ?? null],
    ['totals', inOrder(run.totals), inOrder(toldTotals(account))],
  ];
  for (const [column, found, told] of columns) {
    if (shown(found) !== shown(told))
      yield finding('run-differs', `run ${name}, ${column}`, shown(found), shown(told));
  }
  for (const [column, found, told] of [
    ['opened_at', run.openedAt, opened.at],
    ['ended_at', run.endedAt, end?.at ?? null],
  ] as const) {
    if (!isNear(found, told))
      yield finding('run-differs', `run ${name}, ${column}`, timeOf(found), shown(told));
  }
}

const timeOf = (at: Instant | null): string => (at === null ? 'nothing' : `${at} ms since 1970`);

/** Totals as the newest gate or decision left them. */
export function toldTotals({ gated, decided }: RunAccount): RunTotals | null {
  if (decided !== null) return decided.totals;
  if (gated === null) return null;
  const { rows, asked, notAskedAgain, objectedLate } = gated;
  const settled = { 'refused-by-check': notAskedAgain, 'objected-late': objectedLate };
  return {
    rows,
    asked: asked + notAskedAgain + objectedLate,
    outcomes: { released: 0, 'not-cleared': 0, 'not-answered': 0, ...settled },
  };
}

/** The same totals in one order, whoever wrote them. */
export const inOrder = (totals: RunTotals | null): unknown =>
  totals === null
    ? null
    : {
        rows: Object.fromEntries(gateOutcomes.map((outcome) => [outcome, totals.rows[outcome]])),
        asked: totals.asked,
        outcomes: Object.fromEntries(askedOutcomes.map((outcome) => [outcome, totals.outcomes[outcome]])),
      };
