/** Growing columns and texts kept once. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Column, Texts } from '../../src/domain/column.ts';

describe('a column', () => {
  it('gives back what was put in, however far it grows', () => {
    const column = new Column();
    for (let n = 0; n < 5_000; n++) expect(column.push(n * 3 - 7)).toBe(n);
    expect(column.length).toBe(5_000);
    for (let n = 0; n < 5_000; n++) expect(column.at(n)).toBe(n * 3 - 7);
  });

  it('changes a cell', () => {
    const column = new Column();
    column.push(1);
    column.set(0, -2_147_483_648);
    expect(column.at(0)).toBe(-2_147_483_648);
  });

  it('has no cell before its first and none after its last', () => {
    const column = new Column();
    column.push(1);
    for (const index of [-1, 1, 1_024, 0.5]) expect(() => column.at(index)).toThrow(RangeError);
    expect(() => {
      column.set(1, 0);
    }).toThrow(RangeError);
  });

  it('is four bytes a cell and no more', () => {
    const column = new Column();
    for (const value of [1, -1, 70_000]) column.push(value);
    const bytes = column.bytes();
    expect(bytes).toHaveLength(12);
    const view = new DataView(bytes.slice().buffer);
    const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
    expect([0, 4, 8].map((at) => view.getInt32(at, littleEndian))).toEqual([1, -1, 70_000]);
  });
});

describe('texts', () => {
  it('are kept once each, in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (list) => {
        const texts = new Texts();
        const numbers = list.map((text) => texts.numberOf(text));
        expect(numbers.map((number) => texts.at(number))).toEqual(list);
        expect(texts.all).toEqual([...new Set(list)]);
      }),
    );
  });

  it('a number that was never given has none', () => {
    expect(() => new Texts().at(0)).toThrow(RangeError);
  });
});
