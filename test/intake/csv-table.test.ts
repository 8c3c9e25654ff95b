import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { tableRows } from '../../src/intake/csv-table.ts';
import { refuse } from '../../src/intake/fault.ts';
import type { IntakeFault } from '../../src/intake/fault.ts';
import { choicesTable } from '../../src/intake/tables.ts';
import type { ChoiceCells } from '../../src/intake/tables.ts';
import { csvCell } from '../support/intake-folder.ts';

const { columns } = choicesTable;
const header = columns.join(',');
const plainRow = 'CH-1,SU-1,opt_out,verbal,2026-11-18T10:05:00Z,2026-11-18T10:20:00Z,carer,self';
const lineOf = (cells: readonly string[]): string => cells.map(csvCell).join(',');
const failing = (code: string, detail: object = {}): unknown =>
  expect.objectContaining({ code, detail: expect.objectContaining(detail) });

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.subarray(at, at + length));
}

async function read(source: string | Uint8Array, piece = 1 << 20, tell = refuse): Promise<ChoiceCells[]> {
  const rows: ChoiceCells[] = [];
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  for await (const batch of tableRows(inPieces(bytes, piece), choicesTable, tell)) rows.push(...batch);
  return rows;
}

async function faultsOf(
  source: string | Uint8Array,
): Promise<{ rows: ChoiceCells[]; faults: IntakeFault[] }> {
  const faults: IntakeFault[] = [];
  const rows = await read(source, 1 << 20, (of) => faults.push(of));
  return { rows, faults };
}

const anyCell = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', ''));
const awkwardCell = fc
  .array(fc.constantFrom('"', ',', '\n', '\r', '\r\n', ' ', 'é', '👩‍🦳', 'a', '\uFEFF', '\uFFFD', '""'), {
    maxLength: 6,
  })
  .map((pieces) => pieces.join(''));
const row = fc.array(fc.oneof(anyCell, awkwardCell), {
  minLength: columns.length,
  maxLength: columns.length,
});

describe('a CSV table', () => {
  it('gives back any cells, wherever its bytes are cut, with BOM and CRLF, in any order of columns', async () => {
    const layout = fc.record({
      order: fc.shuffledSubarray([...columns.keys()], { minLength: columns.length }),
      end: fc.constantFrom('\n', '\r\n'),
      last: fc.boolean(),
      bom: fc.boolean(),
      piece: fc.integer({ min: 1, max: 200 }),
    });
    const property = fc.asyncProperty(
      fc.array(row, { maxLength: 5 }),
      layout,
      async (rows, { order, ...how }) => {
        const arranged = [[...columns], ...rows].map((cells) => lineOf(order.map((at) => cells[at] ?? '')));
        const text = (how.bom ? '\uFEFF' : '') + arranged.join(how.end) + (how.last ? how.end : '');
        const given = await read(text, how.piece);
        expect(given.map(({ cells }) => cells)).toEqual(rows);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it('knows on which line each row begins', async () => {
    const rows = await read(`${header}\n${plainRow}\n"C\nH\n",2,3,4,5,6,7,8\n${plainRow}\n`);
    expect(rows.map(({ line }) => line)).toEqual([2, 3, 6]);
    const crlf = await read(`${header}\r\n"C\r\nH",2,3,4,5,6,7,8\r\n${plainRow}`);
    expect(crlf.map(({ line }) => line)).toEqual([2, 4]);
  });

  it.each([
    ['a quote never closed', `${header}\n"CH-1,SU-1\n${plainRow}\n`, 2],
    ['a quote in a bare cell', `${header}\n${plainRow}\nCH"1,SU-1,a,b,c,d,e,f\n`, 3],
    ['a quote not doubled', `${header}\n${plainRow}\n"CH"1",SU-1,a,b,c,d,e,f\n`, 3],
    ['a cell too few', `${header}\n${plainRow}\nCH-1,SU-1,a,b,c,d,e\n`, 3],
    ['a cell too many', `${header}\n${plainRow},\n`, 2],
    ['a blank line', `${header}\n\n${plainRow}\n`, 2],
    ['a blank line at the end', `${header}\n${plainRow}\n\n`, 3],
    ['a line of spaces', `${header}\n${plainRow}\n  \n`, 3],
    ['a NUL', `${header}\n${plainRow}\n${plainRow.replace('CH', 'C\0')}\n`, 3],
    ['a row too long', `${header}\n${'x'.repeat(17_000)},2,3,4,5,6,7,8\n`, 2],
    ['too many cells', `${header}\n${','.repeat(20_000)}`, 2],
    ['Latin-1', Buffer.from(`${header}\n${plainRow}\nCH-2,Zo\u00e9,a,b,c,d,e,f\n`, 'latin1'), 3],
    ['half a character at the end', Buffer.from(`${header}\n${plainRow}é`).subarray(0, -1), 2],
    ['UTF-16', Buffer.from(`\uFEFF${header}\n${plainRow}\n`, 'utf16le'), 1],
    ['zeros after a crash', Buffer.alloc(300), 1],
  ])('refuses what is not well-formed: %s', async (_, source, line) => {
    const place = `in-service-choices.csv, line ${line}`;
    await expect(read(source)).rejects.toEqual(failing('intake-malformed', { place }));
    await expect(read(source, 5)).rejects.toEqual(failing('intake-malformed'));
  });

  it('does not read a line without end into memory', async () => {
    let given = 0;
    async function* commas(): AsyncGenerator<Uint8Array> {
      for (; given < 1000; given++) yield await Promise.resolve(Buffer.alloc(1 << 18, ','));
    }
    const rows = tableRows(commas(), choicesTable, refuse);
    await expect(rows.next()).rejects.toEqual(failing('intake-malformed'));
    expect(given).toBeLessThan(3);
  });

  it.each([
    ['missing', columns.slice(1).join(','), 'no column choice_id'],
    ['unknown', `${header},nhs_number`, '"nhs_number", which is unknown'],
    ['repeated', `${header},choice`, 'choice more than once'],
    ['in another case', header.replace('choice_id', 'Choice_ID'), '"Choice_ID", which is unknown'],
    ['with a space', header.replace(',choice,', ', choice,'), '" choice", which is unknown'],
    ['after two BOMs', `\uFEFF\uFEFF${header}`, '"\\u{feff}choice_id", which is unknown'],
    ['a row of data', plainRow, '"CH-1", which is unknown'],
  ])('refuses a header with a column %s', async (_, first, found) => {
    await expect(read(`${first}\n${plainRow}\n`)).rejects.toEqual(failing('intake-header', { found }));
  });

  it('refuses an empty file, and one of a BOM alone', async () => {
    await expect(read('')).rejects.toEqual(failing('intake-header'));
    await expect(read('\uFEFF')).rejects.toEqual(failing('intake-header'));
    await expect(read('\n')).rejects.toEqual(failing('intake-header'));
  });

  it('reads on after a row of another width if it may, and stops after a quote', async () => {
    const { rows, faults } = await faultsOf(
      `${header}\n1,2\n${plainRow}\n\n${plainRow}\n"a"b,\n${plainRow}\n`,
    );
    expect(rows.map(({ line }) => line)).toEqual([3, 5]);
    expect(faults.map(({ line, found }) => [line, found])).toEqual([
      [2, '2 cells'],
      [4, 'a blank line'],
      [6, 'a quote inside a quoted cell that is not doubled'],
    ]);
  });

  it('repeats no cell of a broken file in its words', async () => {
    for (const source of [
      `${header}\n9990000018"\n`,
      `${header}\n"9990000018"9990000018\n`,
      `${header}\n9990000018\n`,
    ]) {
      const { faults } = await faultsOf(source);
      expect(faults).toHaveLength(1);
      expect(JSON.stringify(faults)).not.toMatch(/\d{7}/);
    }
  });
});
