import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvCell, csvRow } from '../../src/domain/csv-cell.ts';

describe('a cell', () => {
  it.each([
    ['plain words', '"plain words"'],
    ['', '""'],
    ['2026-11-22/r1', '"2026-11-22/r1"'],
    ['say "no"', '"say ""no"""'],
    ['=1+1', `"'=1+1"`],
    ['+44', `"'+44"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\tx', `"'\tx"`],
    ['\r=1', `"'\r'=1"`],
    ['\n', `"'\n"`],
    ['\0=1', `"' '=1"`],
    ['  =1', `"  '=1"`],
    ['＝1', `"'＝1"`],
    ['＋1', `"'＋1"`],
    ['－1', `"'－1"`],
    ['＠x', `"'＠x"`],
    ['a,=1', `"a,'=1"`],
    ['a;"=1', `"a;""'=1"`],
    ['a|-1', `"a|'-1"`],
    ['a\n@x', `"a\n'@x"`],
  ])('%j is written %s', (text, written) => {
    expect(csvCell(text)).toBe(written);
  });

  it('is one cell to a reader, begins harmlessly, and loses nothing but NUL', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...Array.from('=+-@＝＋－＠\t\r\n\0,;|"\' aé')) });
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 4 }), (cells) => {
        const rows: string[][] = parse(csvRow(cells), { record_delimiter: '\r\n' });
        expect(rows).toHaveLength(1);
        const read = rows[0] ?? [];
        expect(read).toHaveLength(cells.length);
        for (const [at, cell] of read.entries()) {
          expect(cell).not.toMatch(/(^|[,;|\t\r\n])[\s]*[=+\-@＝＋－＠]/u);
          expect(cell).not.toMatch(/^[\t\r\n]/);
          expect(cell.replaceAll("'", '')).toBe((cells[at] ?? '').replaceAll("'", '').replaceAll('\0', ' '));
        }
      }),
      { numRuns: 500 },
    );
  });
});
