/** How long the log may go on without an anchor. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { anchorStanding } from '../../src/domain/anchoring.ts';
import type { AnchorRecord } from '../../src/domain/anchoring.ts';
import { day } from '../../src/domain/calendar.ts';

const since = Date.UTC(2026, 10, 1, 2, 30);
const never: AnchorRecord = { anchor: 'witness', since, last: null, refused: false };
const took = (at: number): AnchorRecord => ({ ...never, last: { size: 40, at } });

describe('the standing of an anchor', () => {
  it.each([
    ['never took anything, on the last millisecond', never, since + 3 * day, 'in-time', 0],
    ['never took anything, a millisecond later', never, since + 3 * day + 1, 'overdue', 0],
    ['took one just now', took(since + 10 * day), since + 10 * day, 'in-time', 3],
    ['took one an hour and a day ago', took(since), since + day + day / 24, 'in-time', 1],
    ['took one too long ago', took(since), since + 3 * day + 1, 'overdue', 0],
    ['refused, however lately it took one', { ...took(since), refused: true }, since, 'refused', 3],
  ] as const)('%s', (_, record, now, state, daysLeft) => {
    expect(anchorStanding(record, 3, now)).toMatchObject({ state, daysLeft });
  });

  it('without grace lasts no longer than the moment', () => {
    expect(anchorStanding(took(since), 0, since).state).toBe('in-time');
    expect(anchorStanding(took(since), 0, since + 1).state).toBe('overdue');
  });

  it('is overdue exactly when the days since it last took something are more than its grace', () => {
    const instant = fc.integer({ min: since, max: since + 100 * day });
    const grace = fc.integer({ min: 0, max: 90 });
    fc.assert(
      fc.property(fc.option(instant), instant, grace, (at, now, graceDays) => {
        const record = at === null ? never : took(at);
        const { state, daysLeft, dueBy } = anchorStanding(record, graceDays, now);
        expect(state === 'overdue').toBe(now - (at ?? since) > graceDays * day);
        expect(daysLeft > 0).toBe(dueBy - now >= day);
      }),
    );
  });
});
