import { addMonths } from './calendar.ts';
import type { LocalDate } from './calendar.ts';

/** Rules that say how long evidence of a calendar year is kept, in years from its end; the longest wins (R70). */
export const evidenceRules = [
  { rule: 'opt-out records (R14)', years: 7 },
  { rule: 'client data (R71)', years: 8 },
] as const;

/**
 * The last date on which the evidence of a calendar year must still be kept. The policies give no starting event, so it is the latest they
 * could mean: the year's last day.
 */
export const evidenceKeptUntil = (year: string): LocalDate =>
  addMonths(`${year}-12-31`, 12 * Math.max(...evidenceRules.map(({ years }) => years)));
