/** Nights that are owed, and ten years of them under clocks that go wrong. */
import { describe, expect, it } from '@jest/globals';

import { addDays, daysBetween, hour, londonDate, londonTime, minute } from '../../src/domain/calendar.ts';
import type { Instant } from '../../src/domain/calendar.ts';
import type { RunState } from '../../src/domain/run.ts';
import { dueNights, newestNight } from '../../src/domain/schedule.ts';
import type { KnownNight } from '../../src/domain/schedule.ts';
import { seeded } from '../support/seeded.ts';

const at = (text: string): Instant => Date.parse(text);
const done = (businessDate: string, state: RunState = 'sealed'): KnownNight => ({ businessDate, state });
const dates = (now: string, ...known: KnownNight[]): string[] =>
  dueNights(at(now), '02:30', known).map(
    ({ businessDate, isLate }) => businessDate + (isLate ? ' late' : ''),
  );

describe('a night', () => {
  it('is due from its hour on, London time, and until it has a run', () => {
    expect(dates('2026-11-22T02:29:59Z', done('2026-11-21'))).toEqual([]);
    expect(dates('2026-11-22T02:30:00Z', done('2026-11-21'))).toEqual(['2026-11-22']);
    expect(dates('2026-07-22T01:30:00Z', done('2026-07-21'))).toEqual(['2026-07-22']);
    expect(dates('2026-11-22T02:35:00Z', done('2026-11-22'))).toEqual([]);
  });

  it.each<RunState>(['withheld', 'failed', 'sealed'])('that ended %s is not due again', (state) => {
    expect(dates('2026-11-22T09:00:00Z', done('2026-11-22', state))).toEqual([]);
  });

  it.each<RunState>(['opened', 'gated', 'asked', 'answered', 'decided', 'released', 'held'])(
    'that stands %s is due until it ends, however old',
    (state) => {
      expect(dates('2026-11-22T01:00:00Z', done('2026-10-01', state), done('2026-11-21'))).toContain(
        '2026-10-01 late',
      );
    },
  );

  it('that was missed is caught up in order, and said to be late', () => {
    expect(dates('2026-11-22T10:00:00Z', done('2026-11-19'))).toEqual([
      ...['2026-11-20 late', '2026-11-21 late', '2026-11-22 late'],
    ]);
    expect(dates('2026-11-22T03:00:00Z', done('2026-11-20'), done('2026-11-19'))).toEqual([
      ...['2026-11-21 late', '2026-11-22'],
    ]);
    expect(dates('2026-11-22T03:31:00Z', done('2026-11-21'))).toEqual(['2026-11-22 late']);
  });

  it('is caught up for a week and no longer', () => {
    expect(dates('2026-11-22T10:00:00Z', done('2026-10-01')).map((date) => date.slice(0, 10))).toEqual(
      [-6, -5, -4, -3, -2, -1, 0].map((back) => addDays('2026-11-22', back)),
    );
  });

  it('is tonight’s alone where nothing was ever run', () => {
    expect(dates('2026-11-22T10:00:00Z')).toEqual(['2026-11-22 late']);
    expect(dates('2026-11-22T01:00:00Z')).toEqual(['2026-11-21 late']);
  });

  it('that is the newest is told by the clock of London', () => {
    expect(newestNight(at('2026-11-22T02:29:00Z'), '02:30')).toBe('2026-11-21');
    expect(newestNight(at('2026-07-22T01:30:00Z'), '02:30')).toBe('2026-07-22');
  });
});

interface Fault {
  readonly name: string;
  readonly clock: () => Clock;
}

/** What the machine's clock says at a true instant; null while it sleeps. */
type Clock = (true_: Instant, random: () => number) => Instant | null;

/** Faults come now and then and last from an hour to two days. */
const spells = (shift: (true_: Instant, began: Instant) => Instant | null) => (): Clock => {
  let [began, ends] = [0, 0];
  return (true_, random) => {
    if (true_ >= ends && random() < 0.01) [began, ends] = [true_, true_ + hour + random() * 47 * hour];
    return true_ < ends ? shift(true_, began) : true_;
  };
};

const faults: readonly Fault[] = [
  { name: 'set back', clock: spells((true_, began) => true_ - 3 * hour - (began % (30 * hour))) },
  { name: 'set forward', clock: spells((true_, began) => true_ + hour + (began % (60 * hour))) },
  { name: 'frozen', clock: spells((_, began) => began) },
  { name: 'asleep', clock: spells(() => null) },
];

describe('ten years', () => {
  const [from, to] = [at('2026-11-22T00:00:00Z'), at('2036-11-22T12:00:00Z')];
  const tick = 45 * minute;

  it.each(
    ['00:15', '02:30', '23:45'].flatMap((time) => faults.map((fault) => [time, fault.name, fault] as const)),
  )('at %s with a clock %s have exactly one run for every date (fault 25)', (nightlyAt, _, fault) => {
    const clock = fault.clock();
    const random = seeded(1);
    const runs = new Map<string, number>();
    // As the ledger gives them: the newest thirty.
    let known: KnownNight[] = [];
    let late = 0;
    for (let true_ = from; true_ < to; true_ += tick) {
      const now = clock(true_, random);
      if (now === null) continue;
      for (const { businessDate, isLate } of dueNights(now, nightlyAt, known)) {
        // No intake of a date is there before the date is.
        if (businessDate > londonDate(true_)) continue;
        runs.set(businessDate, (runs.get(businessDate) ?? 0) + 1);
        known = [done(businessDate), ...known].sort((a, b) => (a.businessDate < b.businessDate ? 1 : -1));
        known.length = Math.min(known.length, 30);
        if (isLate) late++;
      }
    }
    const [first = '', ...others] = [...runs.keys()].sort();
    const last = others.at(-1) ?? '';
    expect([...runs.values()].every((times) => times === 1)).toBe(true);
    expect(runs.size).toBe(daysBetween(first, last) + 1);
    expect(daysBetween(first, londonDate(to))).toBeGreaterThanOrEqual(3652);
    expect(daysBetween(last, londonDate(to))).toBeLessThanOrEqual(3);
    expect(late).toBeLessThan(runs.size / 2);
    expect(londonTime(to)).toBe('12:00');
  });
});
