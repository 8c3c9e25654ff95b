/** People of the test range, as many as a test needs. */
import { rosterCells } from './intake-folder.ts';
import type { RosterCells } from './intake-folder.ts';

const known: string[] = [];
let prefix = 999_000_000;

/** The `n`th valid number of the test range (999 000 0000 upwards), from 0; ascending. */
export function testNumber(n: number): string {
  while (known.length <= n) {
    const digits = String(++prefix);
    const sum = Array.from(digits).reduce((total, digit, place) => total + Number(digit) * (10 - place), 0);
    const check = (11 - (sum % 11)) % 11;
    if (check < 10) known.push(`${digits}${check}`);
  }
  return known[n] ?? '';
}

export const serviceUserId = (n: number): string => `SU-${String(n).padStart(6, '0')}`;

/** The `n`th resident: nothing speaks against asking about them. */
export const resident = (n: number, over: Partial<RosterCells> = {}): RosterCells =>
  rosterCells({ service_user_id: serviceUserId(n), nhs_number: testNumber(n), ...over });

/** Residents `from`, `from` + 1 and on. */
export const residents = (count: number, over: Partial<RosterCells> = {}, from = 0): RosterCells[] =>
  Array.from({ length: count }, (_, n) => resident(from + n, over));

/** Numbers `from`, `from` + 1 and on. */
export const testNumbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, n) => testNumber(from + n));
