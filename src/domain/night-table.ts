/** The nights of a pack as CSV for people: RFC 4180, and no cell that a spreadsheet would take for a formula. */
import { csvRow } from './csv-cell.ts';
import { heldBackReasons } from './eligibility.ts';
import type { PackFacts, Shown, ShownNight, ShownRun } from './provider-pack.ts';

const columns = ['business_date', 'run', 'outcome', 'told_at', 'entry', 'released', 'held_back'].concat(
  heldBackReasons.map((reason) => `held_back_${reason.replaceAll('-', '_')}`),
  ['objected_after_the_gate', 'rules', 'configuration', 'proved_by_lists'],
);

/** A line a run, and one for a night without; `hidden` is a count under ten, or one that could tell another. */
export const nightTable = ({ nights }: PackFacts): string =>
  [columns, ...nights.flatMap(rowsOf)].map(csvRow).join('');

function rowsOf({ businessDate, runs }: ShownNight): string[][] {
  const filled = (cells: readonly string[]): string[] => columns.map((_, at) => cells[at] ?? '');
  if (runs.length === 0) return [filled([businessDate, '', 'missing'])];
  return runs.map((run) =>
    filled([
      ...[businessDate, run.run, run.outcome, run.at ?? '', run.entry?.toString() ?? ''],
      ...countsOf(run),
      ...[run.rules ?? '', run.configuration ?? '', run.proved.join(' ')],
    ]),
  );
}

function countsOf({ people }: ShownRun): string[] {
  if (people === null) return Array.from({ length: heldBackReasons.length + 3 }, () => '');
  const reasons = heldBackReasons.map((reason) => people.reasons[reason]);
  return [people.released, people.heldBack, ...reasons, people.late].map(cellOf);
}

const cellOf = (count: Shown): string => (count === null ? 'hidden' : String(count));
