import { askedOutcomes, gateOutcomes } from '../../src/domain/eligibility.ts';
import type { RunTotals } from '../../src/domain/evidence.ts';
import { askedWords, gateWords } from './reasons.ts';

const line = (count: number, words: string, indent = 2): string =>
  `${' '.repeat(indent)}${count.toLocaleString('en-GB').padStart(9)}  ${words}`;

/** The counts of a run as a funnel: rows of the roster, who was held back and why, who was asked about, what became of them. */
export function funnel(totals: RunTotals): string {
  const rows = Object.values(totals.rows).reduce((sum, count) => sum + count, 0);
  const heldBack = gateOutcomes.filter((outcome) => outcome !== 'asked' && totals.rows[outcome] > 0);
  const settled = askedOutcomes.filter((outcome) => totals.outcomes[outcome] > 0);
  return [
    line(rows, 'rows on the roster'),
    line(rows - totals.rows.asked, 'held back by the in-service gate:'),
    ...heldBack.map((outcome) => line(totals.rows[outcome], gateWords[outcome], 6)),
    line(
      totals.rows.asked,
      `rows passed the gate: ${totals.asked.toLocaleString('en-GB')} different NHS numbers, of which`,
    ),
    ...settled.map((outcome) => line(totals.outcomes[outcome], askedWords[outcome], 6)),
  ].join('\n');
}
