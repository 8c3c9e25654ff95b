/** Single cells: what an unsafe id tells, how the end of a period is written, how a cell is shown. */
import { readDate } from '../domain/calendar.ts';
import { masked } from '../domain/nhs-number.ts';
import { endOfTime, isUnsafeId } from '../domain/service-user.ts';
import type { PeriodEnd } from '../domain/service-user.ts';
import { fault } from './fault.ts';
import type { FaultCode, Place, Tell } from './fault.ts';
import type { Table, TableRow } from './tables.ts';

/** A date, `open` where the cell is empty, null where it cannot be read. */
export const readPeriodEnd = (cell: string): PeriodEnd => (cell === '' ? endOfTime : readDate(cell));

/** Tells `intake-id-unsafe`, which refuses the file. */
export function checkId(id: string, file: Place['file'], line: number, column: string, tell: Tell): void {
  if (isUnsafeId(id)) tell(fault('intake-id-unsafe', { file, line, column }, shown(id)));
}

const longestShown = 40;
const longRun = /\p{Nd}{7,}|\p{Nd}{3}[\s.-]\p{Nd}{3}[\s.-]\p{Nd}{4}/gu;
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (text: string): string =>
  text.replaceAll(invisible, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);

/**
 * A cell for people's eyes: quoted as in JSON, cut at 40 characters, invisible characters written out. Runs of seven digits or more
 * and 3-3-4 groups are masked, for an NHS number may stand in the wrong column.
 */
export function shown(cell: string): string {
  const safe = cell.replaceAll(longRun, (digits) => digits.replaceAll(/\p{Nd}/gu, '#'));
  return escaped(JSON.stringify(safe.length > longestShown ? `${safe.slice(0, longestShown)}…` : safe));
}

/** A cell of the column `nhs_number`: its shape only. */
export const shownNumber = (cell: string): string => escaped(masked(cell));

/** Tells a fault of one cell of a row. */
export type SayOfCell<Columns extends readonly string[]> = (
  code: FaultCode,
  column: Columns[number],
  allowed?: string,
) => void;

/** Tells faults of the cells of one row, each with what stands there, masked where it must be. */
export function cellTeller<Columns extends readonly string[]>(
  { name, columns }: Table<Columns>,
  { line, cells }: TableRow<Columns>,
  tell: Tell,
): SayOfCell<Columns> {
  return (code, column, allowed) => {
    const cell = cells[columns.indexOf(column)] ?? '';
    tell(
      fault(
        code,
        { file: name, line, column },
        column === 'nhs_number' ? shownNumber(cell) : shown(cell),
        allowed,
      ),
    );
  };
}
