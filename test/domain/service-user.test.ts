/** A roster row: closed lists, residence, location ids, and which ids are one. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  endOfTime,
  foldId,
  isLocationId,
  isResident,
  isUnsafeId,
  mayBeResident,
  onList,
  personTypes,
  yesOrNo,
} from '../../src/domain/service-user.ts';
import { row } from './roster-samples.ts';

describe('closed lists', () => {
  it('a value is on its list letter by letter, or unknown', () => {
    expect(onList(personTypes, 'staff')).toBe('staff');
    for (const cell of ['', 'Staff', 'staff ', 'STAFF', 'manager'])
      expect(onList(personTypes, cell)).toBe('unknown');
    expect(onList(yesOrNo, 'unknown')).toBe('unknown');
    expect(onList(yesOrNo, 'toString')).toBe('unknown');
  });
});

describe('residence', () => {
  const [YESTERDAY, TODAY, TOMORROW] = ['2026-11-21', '2026-11-22', '2026-11-23'] as const;

  it('holds from the first day to the last, both included', () => {
    const oneDay = row({ residentFrom: TODAY, residentTo: TODAY });
    expect([YESTERDAY, TODAY, TOMORROW].map((date) => isResident(oneDay, date))).toEqual([
      false,
      true,
      false,
    ]);
    expect(isResident(row({ residentTo: endOfTime }), '2999-01-01')).toBe(true);
  });

  it('is not reached where a date cannot be read, but may be there', () => {
    for (const unreadable of [row({ residentFrom: null }), row({ residentTo: null })]) {
      expect(isResident(unreadable, TODAY)).toBe(false);
      expect(mayBeResident(unreadable, TODAY)).toBe(true);
    }
    expect(mayBeResident(row(), TODAY)).toBe(true);
    expect(mayBeResident(row({ residentFrom: TOMORROW }), TODAY)).toBe(false);
    expect(mayBeResident(row({ residentTo: YESTERDAY }), TODAY)).toBe(false);
  });
});

describe('a location id', () => {
  it('is 1- and six to twelve digits', () => {
    for (const id of ['1-123456', '1-1099000101', '1-123456789012']) expect(isLocationId(id)).toBe(true);
    for (const id of [
      '',
      '1-',
      '1-12345',
      '1-1234567890123',
      '2-123456',
      '1-12345a',
      '1-123456\n',
      '1-１２３４５６',
      ' 1-123456',
    ])
      expect(isLocationId(id)).toBe(false);
  });
});

describe('an id that looks like another', () => {
  it('has outer white space, a control character or an invisible one', () => {
    for (const id of [
      ' su-1',
      'su-1 ',
      '\u00a0su-1',
      'su-1\n',
      'su\u0000-1',
      'su\u200b-1',
      '\u202esu-1',
      '\ufeffsu-1',
    ])
      expect(isUnsafeId(id)).toBe(true);
  });

  it('is not one with inner spaces, letters of any script, or nothing at all', () => {
    for (const id of ['', 'su-1', 'su 1', 'straße', 'ΟΔΟΣ', '~!']) expect(isUnsafeId(id)).toBe(false);
  });
});

describe('ids that count as one', () => {
  it.each([
    ['SU-1', 'su-1'],
    ['straße', 'STRASSE'],
    ['ẞ', 'ss'],
    ['É', 'é'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδος', 'οδοσ'],
    ['K', 'k'],
    ['Å', 'å'],
    ['ǅ', 'ǆ'],
    ['Ꭰ', 'ꭰ'],
    ['ﬁ', 'FI'],
  ])('%s and %s', (a, b) => {
    expect(foldId(a)).toBe(foldId(b));
  });

  it.each([
    ['su-1', 'su-01'],
    ['su-1', 'su 1'],
    ['é', 'e'],
    ['ı', 'ı̇'],
  ])('%s and %s are two', (a, b) => {
    expect(foldId(a)).not.toBe(foldId(b));
  });

  // No script that has cases lies beyond the second plane of Unicode.
  it('every character and what it is in the other case, and folding again changes nothing', () => {
    const apart: string[] = [];
    for (let code = 0; code <= 0x1ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const letter = String.fromCodePoint(code);
      const folded = foldId(letter);
      const others = [letter.toLowerCase(), letter.toUpperCase(), folded];
      if (others.some((other) => foldId(other) !== folded)) apart.push(code.toString(16));
    }
    expect(apart).toEqual([]);
  });

  it('and so of whole ids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (id) => {
        const folded = foldId(id);
        expect([foldId(folded), foldId(id.toLowerCase()), foldId(id.toUpperCase())]).toEqual([
          folded,
          folded,
          folded,
        ]);
      }),
    );
  });
});
