/** CSV (RFC 4180, strict UTF-8) to rows of a table. Nothing is relaxed: what stands in the wrong column hides an opt-out. */
import { CsvError, parse } from 'csv-parse';

import { fault } from './fault.ts';
import type { Tell } from './fault.ts';
import { rowShaper } from './row-shaper.ts';
import type { Table, TableRow } from './tables.ts';

const longestRow = 16 * 1024;
/** A chunk of this length without a line end is no table, and would be kept in memory whole. */
const longestLine = 64 * 1024;

const grammar = {
  bom: true,
  record_delimiter: ['\r\n', '\n'],
  max_record_size: longestRow,
  // The width of each row is checked in the shaper, which knows its line; csv-parse would stop for good.
  relax_column_count: true,
};

/**
 * Yields the rows of a table in batches, one for each chunk. Tells `intake-malformed` (not UTF-8, NUL, bad quotes, a row too long or
 * of another width, a blank line) and `intake-header` (a column missing, unknown or repeated; any order will do). Should `tell`
 * come back, rows of another width are left out and reading goes on; after any other fault it ends.
 */
export async function* tableRows<Columns extends readonly string[]>(
  chunks: AsyncIterable<Uint8Array>,
  table: Table<Columns>,
  tell: Tell,
): AsyncGenerator<readonly TableRow<Columns>[]> {
  const shaper = rowShaper(table, tell);
  const text = strictText();
  const csv = csvRows();
  const malformed = (found: string, linesBefore = 0): void => {
    tell(fault('intake-malformed', { file: table.name, line: shaper.nextLine() + linesBefore }, found));
  };
  for await (const chunk of chunks) {
    const odd = text.oddity(chunk);
    if (odd !== null) {
      malformed(odd, linesBeforeOddity(chunk));
      return;
    }
    const broken = await csv.write(chunk);
    const rows = shaper.shape(csv.take());
    if (rows === null) return;
    yield rows;
    if (broken !== null) {
      malformed(broken);
      return;
    }
  }
  const broken = text.ending() ?? (await csv.end());
  const rows = shaper.shape(csv.take());
  if (rows === null) return;
  yield rows;
  if (broken === null) shaper.end();
  else malformed(broken);
}

/** csv-parse, driven one chunk at a time: `write` and `end` give what broke it, `take` the rows it has made since. */
function csvRows() {
  const parser = parse(grammar);
  let rows: string[][] = [];
  let broken: string | null = null;
  parser.on('data', (cells: string[]) => {
    rows.push(cells);
  });
  parser.on('error', (error) => {
    broken = breakage(error);
  });
  return {
    write: (chunk: Uint8Array): Promise<string | null> =>
      new Promise((resolve) => {
        parser.write(chunk, (error) => {
          resolve(error ? breakage(error) : null);
        });
      }),
    end: (): Promise<string | null> =>
      new Promise((resolve) => {
        parser.once('close', () => {
          resolve(broken);
        });
        parser.end();
      }),
    take: (): string[][] => {
      const taken = rows;
      rows = [];
      return taken;
    },
  };
}

const breakages: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quote inside a quoted cell that is not doubled',
  INVALID_OPENING_QUOTE: 'a quote inside a cell that is not quoted',
  CSV_MAX_RECORD_SIZE: `a row of more than ${longestRow} characters`,
};

/** The parser's own words repeat cells, so only its code is used. */
function breakage(error: Error): string {
  const code = error instanceof CsvError ? error.code : error.name;
  return breakages[code] ?? `something that CSV does not know (${code})`;
}

/** Strict UTF-8 over chunks that may cut a character; says what is odd about a chunk, or about the end. */
function strictText() {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decodes = (chunk?: Uint8Array): boolean => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
      return true;
    } catch {
      return false;
    }
  };
  return {
    oddity: (chunk: Uint8Array): string | null => {
      if (!decodes(chunk)) return 'bytes that are not UTF-8';
      if (chunk.includes(0)) return 'a NUL character';
      return chunk.length >= longestLine && !chunk.includes(0x0a)
        ? `a line of over ${longestLine} bytes`
        : null;
    },
    ending: (): string | null => (decodes() ? null : 'a character that is cut in half'),
  };
}

/** How many line ends a chunk has before its first byte that is not UTF-8 or is NUL. */
function linesBeforeOddity(chunk: Uint8Array): number {
  const text = Buffer.from(chunk).toString('utf8');
  return text.slice(0, Math.max(0, text.search(/[\0\uFFFD]/))).split('\n').length - 1;
}
