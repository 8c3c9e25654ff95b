/** Dates and instants: what is read, London's clocks, calendar months. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  addDays,
  addMonths,
  day,
  daysBetween,
  earliest,
  formatInstant,
  hour,
  londonDate,
  londonTime,
  minute,
  readDate,
  readInstant,
  second,
} from '../../src/domain/calendar.ts';

const at = (time: string): number => Date.parse(time);
const anyDate = fc
  .integer({ min: at('1900-01-01T00:00:00Z') / day, max: at('2199-12-31T00:00:00Z') / day })
  .map((days) => new Date(days * day).toISOString().slice(0, 10));

describe('units', () => {
  it('are milliseconds', () => {
    expect([second, minute, hour, day]).toEqual([1_000, 60_000, 3_600_000, 86_400_000]);
  });
});

describe('reading a date', () => {
  it.each(['2026-11-22', '2024-02-29', '2000-02-29', '2026-12-31', '0100-01-01', '9999-12-31'])(
    '%s is one',
    (cell) => {
      expect(readDate(cell)).toBe(cell);
    },
  );

  it.each([
    '',
    '2026-02-29',
    '1900-02-29',
    '2026-02-30',
    '2026-04-31',
    '2026-01-32',
    '2026-13-01',
    '2026-00-10',
    '2026-11-00',
    '2026-11-2',
    '26-11-22',
    '22/11/2026',
    '20261122',
    ' 2026-11-22',
    '2026-11-22\n',
    '2026-11-22T00:00:00Z',
    '+002026-11-22',
    '-2026-11-22',
    '２０２６-11-22',
  ])('%j is none', (cell) => {
    expect(readDate(cell)).toBeNull();
  });

  it('a year before 100 is a placeholder and none', () => {
    for (const cell of ['0000-01-01', '0001-01-01', '0099-12-31']) expect(readDate(cell)).toBeNull();
  });

  it('reads exactly the days of the calendar', () => {
    const two = (number: number): string => String(number).padStart(2, '0');
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 9999 }), fc.nat(13), fc.nat(32), (year, month, dayOfMonth) => {
        const cell = `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`;
        const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
        const lengths = [0, 31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0];
        const exists = dayOfMonth >= 1 && dayOfMonth <= lengths[month]!;
        expect(readDate(cell)).toBe(exists ? cell : null);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('reading an instant', () => {
  it('takes any offset, and the same instant in other words is the same', () => {
    const instant = at('2026-11-22T02:30:00Z');
    for (const cell of [
      '2026-11-22T02:30:00Z',
      '2026-11-22T02:30:00.000Z',
      '2026-11-22T03:30:00+01:00',
      '2026-11-21T23:00:00-03:30',
      '2026-11-22T02:30:00-00:00',
      '2026-11-23T02:29:00+23:59',
    ])
      expect(readInstant(cell)).toBe(instant);
  });

  it('rounds up to the millisecond, so that no opt-in counts a moment early', () => {
    const instant = at('2026-11-22T02:30:00Z');
    expect(readInstant('2026-11-22T02:30:00.5Z')).toBe(instant + 500);
    expect(readInstant('2026-11-22T02:30:00.057Z')).toBe(instant + 57);
    expect(readInstant('2026-11-22T02:30:00.0570000000000Z')).toBe(instant + 57);
    expect(readInstant('2026-11-22T02:30:00.0000000000001Z')).toBe(instant + 1);
    expect(readInstant('2026-11-22T02:30:00.9999Z')).toBe(instant + 1_000);
  });

  it.each([
    '',
    'yesterday',
    '2026-11-22',
    '2026-11-22T02:30:00',
    '2026-11-22T02:30Z',
    '2026-11-22 02:30:00Z',
    '2026-11-22t02:30:00z',
    '2026-11-22T02:30:60Z',
    '2026-11-22T02:60:00Z',
    '2026-11-22T24:00:00Z',
    '2026-02-29T02:30:00Z',
    '0001-01-01T00:00:00Z',
    '2026-11-22T02:30:00.Z',
    '2026-11-22T02:30:00,5Z',
    '2026-11-22T02:30:00+24:00',
    '2026-11-22T02:30:00+01:60',
    '2026-11-22T02:30:00+0100',
    '2026-11-22T02:30:00+01',
    ' 2026-11-22T02:30:00Z',
    '2026-11-22T02:30:00Z\n',
  ])('%j is none', (cell) => {
    expect(readInstant(cell)).toBeNull();
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: at('2199-12-31T23:59:59.999Z') }), (instant) => {
        expect(readInstant(formatInstant(instant))).toBe(instant);
      }),
    );
  });
});

describe('London', () => {
  it('half past eleven at night in summer, written in UTC, is the next day', () => {
    expect(londonDate(at('2026-07-14T23:30:00Z'))).toBe('2026-07-15');
    expect(londonTime(at('2026-07-14T23:30:00Z'))).toBe('00:30');
    expect(londonDate(at('2026-07-14T22:59:59.999Z'))).toBe('2026-07-14');
  });

  it('and in winter it is the same day', () => {
    expect(londonDate(at('2026-11-22T23:30:00Z'))).toBe('2026-11-22');
    expect(londonTime(at('2026-11-22T00:00:00Z'))).toBe('00:00');
  });

  it('clocks go forward on the last Sunday of March: one o’clock is two', () => {
    expect(londonTime(at('2026-03-29T00:59:59Z'))).toBe('00:59');
    expect(londonTime(at('2026-03-29T01:00:00Z'))).toBe('02:00');
  });

  it('clocks go back on the last Sunday of October: one o’clock comes twice', () => {
    expect(londonTime(at('2026-10-25T00:00:00Z'))).toBe('01:00');
    expect(londonTime(at('2026-10-25T00:59:59Z'))).toBe('01:59');
    expect(londonTime(at('2026-10-25T01:00:00Z'))).toBe('01:00');
    expect(londonDate(at('2026-10-24T23:00:00Z'))).toBe('2026-10-25');
    expect(londonDate(at('2026-10-25T23:00:00Z'))).toBe('2026-10-25');
  });

  it('is one hour ahead between those Sundays and not otherwise', () => {
    const lastSunday = (year: number, month: number): number => {
      const last = new Date(Date.UTC(year, month + 1, 0, 1));
      return last.getTime() - last.getUTCDay() * day;
    };
    fc.assert(
      fc.property(
        fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2037-12-31T00:00:00Z') }),
        (instant) => {
          const year = new Date(instant).getUTCFullYear();
          const isSummer = instant >= lastSunday(year, 2) && instant < lastSunday(year, 9);
          const local = new Date(instant + (isSummer ? hour : 0)).toISOString();
          expect(`${londonDate(instant)}T${londonTime(instant)}`).toBe(local.slice(0, 16));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('counting days', () => {
  it('over the end of a month, of February and of a year, and across both clock changes', () => {
    expect(addDays('2026-11-30', 1)).toBe('2026-12-01');
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
    expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
    expect(addDays('2026-10-24', 2)).toBe('2026-10-26');
    expect(daysBetween('2026-10-24', '2026-10-26')).toBe(2);
    expect(daysBetween('2026-11-22', '2026-11-21')).toBe(-1);
  });

  it('there and back again', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: -40_000, max: 40_000 }), (date, days) => {
        expect(daysBetween(date, addDays(date, days))).toBe(days);
        expect(addDays(addDays(date, days), -days)).toBe(date);
      }),
    );
  });

  it('dates compare as text', () => {
    expect(earliest(['2026-11-22', '2025-12-31', '2026-01-01'])).toBe('2025-12-31');
    fc.assert(
      fc.property(anyDate, anyDate, (a, b) => {
        expect(a < b).toBe(daysBetween(a, b) > 0);
      }),
    );
  });
});

describe('calendar months', () => {
  it.each([
    ['2024-02-29', 84, '2031-03-01'],
    ['2024-02-29', 48, '2028-02-29'],
    ['2026-11-22', 84, '2033-11-22'],
    ['2026-01-31', 1, '2026-03-01'],
    ['2026-08-31', 1, '2026-10-01'],
    ['2026-12-15', 1, '2027-01-15'],
    ['2026-12-31', 2, '2027-03-01'],
    ['2026-03-31', -1, '2026-03-01'],
    ['2026-01-15', -1, '2025-12-15'],
    ['2026-11-22', 0, '2026-11-22'],
  ])('%s and %i months is %s', (date, months, expected) => {
    expect(addMonths(date, months)).toBe(expected);
  });

  it('never ends before the same day of the month, nor a day later than the month’s end', () => {
    fc.assert(
      fc.property(anyDate, fc.nat(240), (date, months) => {
        const end = addMonths(date, months);
        const [year, month, dayOfMonth] = date.split('-').map(Number) as [number, number, number];
        const wanted = new Date(Date.UTC(year, month - 1 + months, dayOfMonth)).toISOString().slice(0, 10);
        const isKept = wanted.slice(8) === date.slice(8);
        expect(end).toBe(isKept ? wanted : `${wanted.slice(0, 8)}01`);
      }),
    );
  });
});
