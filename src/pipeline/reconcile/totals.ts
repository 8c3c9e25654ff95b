/** Whether the counts of each run add up, and whether those who tell them twice agree (I9). */
import type { Finding } from '../../domain/reconciliation.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import type { Ledgered } from './ledgered.ts';
import { inOrder } from './runs.ts';
import { atEntry, finding, shown } from './told.ts';
import type { Told } from './told.ts';

export function* totalsFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const rowsOf = new Map(ledger.intakes.map(({ digest, rows }) => [digest, rows]));
  for (const [name, account] of log.runs) {
    const { gated, decided } = account;
    if (gated === null) continue;
    yield* gateFindings(name, gated, rosterRows(account, gated) ?? rowsOf.get(gated.intake) ?? null);
    if (decided !== null) yield* decisionFindings(name, account, gated, decided);
  }
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const place = (run: string, entry: Told): string => `run ${run}, ${atEntry(entry)}`;

/** Rows of the roster as the opening told them, where the gate read the same intake. */
function rosterRows({ opened }: RunAccount, gated: Told<'run-gated'>): number | null {
  if (opened.intake !== gated.intake) return null;
  return opened.files.find(({ name }) => name === 'service-users.csv')?.rows ?? null;
}

const passed = ({ asked, notAskedAgain, objectedLate }: Told<'run-gated'>): number =>
  asked + notAskedAgain + objectedLate;

function* gateFindings(run: string, gated: Told<'run-gated'>, roster: number | null): Generator<Finding> {
  const rows = sum(gated.rows);
  if (roster !== null && rows !== roster)
    yield finding('totals-unbalanced', place(run, gated), `${rows} outcomes`, `${roster} rows of the roster`);
  if (passed(gated) > gated.rows.asked || (passed(gated) === 0) !== (gated.rows.asked === 0)) {
    const told = `${gated.rows.asked} rows that passed the gate`;
    yield finding('totals-unbalanced', place(run, gated), `${passed(gated)} numbers that passed it`, told);
  }
}

function* decisionFindings(
  run: string,
  account: RunAccount,
  gated: Told<'run-gated'>,
  decided: Told<'run-decided' | 'run-rehearsed'>,
): Generator<Finding> {
  const { totals } = decided;
  const outcomes = sum(totals.outcomes);
  if (outcomes !== totals.asked)
    yield finding(
      'totals-unbalanced',
      place(run, decided),
      `${outcomes} outcomes`,
      `${totals.asked} numbers`,
    );
  const agree: readonly (readonly [Told, string, unknown, unknown])[] = [
    [decided, 'numbers', totals.asked, passed(gated)],
    [decided, 'rows', sameRows(totals.rows), sameRows(gated.rows)],
    ...(account.sealed === null
      ? []
      : [[account.sealed, 'totals', inOrder(account.sealed.totals), inOrder(totals)] as const]),
  ];
  for (const [entry, what, found, told] of agree) {
    if (shown(found) !== shown(told))
      yield finding('totals-differ', `${place(run, entry)}, ${what}`, shown(found), shown(told));
  }
  yield* releaseFindings(run, account, decided);
}

const sameRows = (rows: Readonly<Record<string, number>>): unknown =>
  Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));

/** A number stands once in a single file, and in one or more of those a location; a person once under each of their providers. */
function* releaseFindings(
  run: string,
  { released }: RunAccount,
  decided: Told<'run-decided' | 'run-rehearsed'>,
): Generator<Finding> {
  const count = decided.totals.outcomes.released;
  const { releasedList: list } = decided;
  const isOff = (rows: number, exact: boolean): boolean =>
    exact ? rows !== count : rows < count || (rows > 0 && count === 0);
  if (list !== null && isOff(list.rows, list.providers <= 1)) {
    const told = `${count} numbers released`;
    yield finding('totals-differ', `${place(run, decided)}, list`, `${list.rows} people on the list`, told);
  }
  if (released === null) return;
  const rows = released.files.reduce((total, file) => total + file.rows, 0);
  const single = released.files.every(({ name }) => name === 'nhs-numbers.csv');
  if (isOff(rows, single) || released.files.some((file) => file.rows > count)) {
    const told = `${count} numbers released`;
    yield finding('totals-differ', `${place(run, released)}, files`, `${rows} rows`, told);
  }
}
