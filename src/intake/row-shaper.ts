import { shown } from './cell.ts';
import { fault } from './fault.ts';
import type { Tell } from './fault.ts';
import type { Cells, Table, TableName, TableRow } from './tables.ts';

/**
 * Turns what a CSV parser has read into rows of a table, given in batches: the first row is the header, the others must be as wide,
 * and their cells are put into the order of the table's columns.
 */
export function rowShaper<Columns extends readonly string[]>(table: Table<Columns>, tell: Tell) {
  let line = 1;
  let arrange: Arrange | null = null;
  const { name, columns } = table;

  /** The rows of a batch; null once the header was refused. */
  function shape(batch: readonly string[][]): TableRow<Columns>[] | null {
    const rows: TableRow<Columns>[] = [];
    for (const raw of batch) {
      if (arrange === null) {
        arrange = arrangement(raw, name, columns, tell);
        if (arrange === null) return null;
      } else if (raw.length === columns.length) {
        rows.push({ line, cells: arrange(raw) as Cells<Columns> });
      } else {
        const found = raw.length === 1 && raw[0] === '' ? 'a blank line' : `${raw.length} cells`;
        tell(fault('intake-malformed', { file: name, line }, found, `${columns.length} cells`));
      }
      line += 1 + lineBreaks(raw);
    }
    return rows;
  }

  return {
    shape,
    /** The line on which the row after the last one begins. */
    nextLine: (): number => line,
    /** Tells if no header ever came. */
    end: (): void => {
      if (arrange === null) tell(fault('intake-header', { file: name }, 'an empty file', columns.join(', ')));
    },
  };
}

/** Puts the cells of a row into the order of the table's columns. */
type Arrange = (raw: string[]) => string[];

/** What the header asks for, or null after telling everything that is wrong with it. */
function arrangement(
  header: readonly string[],
  file: TableName,
  columns: readonly string[],
  tell: Tell,
): Arrange | null {
  const wrong = [
    ...header
      .filter((column) => !columns.includes(column))
      .map((column) => `${shown(column)}, which is unknown`),
    ...columns.filter((column) => !header.includes(column)).map((column) => `no column ${column}`),
    ...columns
      .filter((column) => header.indexOf(column) !== header.lastIndexOf(column))
      .map((column) => `${column} more than once`),
  ];
  for (const found of wrong.slice(0, 2 * columns.length)) {
    tell(fault('intake-header', { file, line: 1 }, found, `${columns.join(', ')}, each once`));
  }
  if (wrong.length > 0) return null;
  const order = columns.map((column) => header.indexOf(column));
  return order.every((at, index) => at === index) ? (raw) => raw : (raw) => order.map((at) => raw[at] ?? '');
}

function lineBreaks(cells: readonly string[]): number {
  let breaks = 0;
  for (const cell of cells) if (cell.includes('\n')) breaks += cell.split('\n').length - 1;
  return breaks;
}
