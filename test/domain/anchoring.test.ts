/** How long the log may go on without an anchor. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { anchorStanding, stopsExport } from '../../src/domain/anchoring.ts';
import type { AnchorRecord } from '../../src/domain/anchoring.ts';
import { day, londonDate } from '../../src/domain/calendar.ts';

const since = Date.UTC(2026, 10, 1, 2, 30);
const midnight = Date.UTC(2026, 10, 5);
const never: AnchorRecord = { anchor: 'witness', since, last: null, outcome: 'taken' };
const took = (at: number): AnchorRecord => ({ ...never, last: { size: 40, at } });
const silent = (at: number): AnchorRecord => ({ ...took(at), outcome: 'unreachable' });

describe('the standing of an anchor', () => {
  it.each([
    ['never took anything, on the last millisecond', never, midnight - 1, 'in-time', 0],
    ['never took anything, a millisecond later', never, midnight, 'overdue', 0],
    ['took one just now', took(since + 10 * day), since + 10 * day, 'in-time', 3],
    ['took one an hour and a day ago', took(since), since + day + day / 24, 'in-time', 2],
    ['took one too long ago', took(since), midnight, 'overdue', 0],
    ['gave no receipt, in its days of grace', silent(since), since + day, 'silent', 2],
    ['gave no receipt, and took one too long ago', silent(since), midnight, 'overdue', 0],
    ['refused, however lately it took one', { ...took(since), outcome: 'refused' }, since, 'refused', 3],
    ['refused, long ago', { ...took(since), outcome: 'refused' }, since + 9 * day, 'refused', 0],
  ] as const)('%s', (_, record, now, state, daysLeft) => {
    const standing = anchorStanding(record, 3, now);
    expect(standing).toMatchObject({
      state,
      daysLeft,
      dueOn: londonDate((record.last?.at ?? since) + 3 * day),
    });
    expect(stopsExport(standing)).toBe(state === 'overdue' || state === 'refused');
  });

  it('counts dates of London, whatever its clocks do', () => {
    const summer = took(Date.UTC(2026, 9, 24, 23, 30));
    expect(anchorStanding(summer, 1, Date.UTC(2026, 9, 26, 23, 59))).toMatchObject({
      dueOn: '2026-10-26',
      state: 'in-time',
    });
    expect(anchorStanding(summer, 1, Date.UTC(2026, 9, 27, 0, 0)).state).toBe('overdue');
  });

  it('is overdue exactly when more dates have passed than its grace, and a day less to go each day', () => {
    const instant = fc.integer({ min: since, max: since + 100 * day });
    const grace = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(fc.option(instant), instant, grace, (at, now, graceDays) => {
        const record = at === null ? never : took(at);
        const { state, daysLeft, dueOn } = anchorStanding(record, graceDays, now);
        expect(state === 'overdue').toBe(londonDate(now) > dueOn);
        const dates = Math.floor(now / day) - Math.floor((at ?? since) / day);
        expect(daysLeft).toBe(Math.max(0, graceDays - dates));
      }),
    );
  });
});
