/** Choices over time: which is in force, what objects, what is carried, and the clocks that start with them. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { day } from '../../src/domain/calendar.ts';
import {
  carriedSince,
  channels,
  ChoiceBook,
  choiceKeptUntil,
  choices,
  deciders,
  hear,
  inForce,
  isHeardOf,
  isRecentObjection,
  lifts,
  nothingSaid,
  sevenDayClock,
} from '../../src/domain/in-service-choice.ts';
import type { InServiceChoice, Standing } from '../../src/domain/in-service-choice.ts';

const readAt = Date.parse('2026-11-22T02:30:00Z');
const may = Date.parse('2026-05-01T09:00:00Z');
const june = Date.parse('2026-06-01T09:00:00Z');
const ahead = readAt + 1;

const choice = (over: Partial<InServiceChoice>): InServiceChoice => {
  const requestedAt = over.requestedAt === undefined ? may : over.requestedAt;
  return {
    serviceUserId: 'su-1',
    choice: 'opt_out',
    channel: 'verbal',
    decidedBy: 'self',
    recordedAt: requestedAt,
    ...over,
    requestedAt,
  };
};
const out = (requestedAt: number | null, over: Partial<InServiceChoice> = {}): InServiceChoice =>
  choice({ requestedAt, ...over });
const back = (requestedAt: number | null, over: Partial<InServiceChoice> = {}): InServiceChoice =>
  choice({ choice: 'opt_in', requestedAt, ...over });
const heard = (...rows: InServiceChoice[]): Standing =>
  rows.reduce((standing, row) => hear(standing, row, readAt), nothingSaid);

const anyChoice: fc.Arbitrary<InServiceChoice> = fc.record({
  serviceUserId: fc.constant('su-1'),
  choice: fc.constantFrom(...choices, 'unknown' as const),
  channel: fc.constantFrom(...channels, 'unknown' as const),
  requestedAt: fc.constantFrom(null, may, june, readAt, ahead),
  recordedAt: fc.constantFrom(null, may, june, readAt, ahead),
  decidedBy: fc.constantFrom(...deciders, 'unknown' as const),
});

describe('the choice in force', () => {
  it('is none where nothing was said', () => {
    expect(inForce(nothingSaid)).toBe('none');
  });

  it('is the latest requested, not the latest recorded, in whatever order the rows stand', () => {
    expect(inForce(heard(out(may), back(june)))).toBe('opt_in');
    expect(inForce(heard(back(june), out(may)))).toBe('opt_in');
    expect(inForce(heard(back(may, { recordedAt: june }), out(june)))).toBe('opt_out');
    expect(inForce(heard(back(may, { recordedAt: readAt }), out(june, { recordedAt: june })))).toBe(
      'opt_out',
    );
  });

  it('ties go to opt-out', () => {
    expect(inForce(heard(out(may), back(may)))).toBe('opt_out');
    expect(inForce(heard(back(may), out(may)))).toBe('opt_out');
  });

  it('an opt-out dated in the future counts at once', () => {
    expect(inForce(heard(back(june), out(ahead)))).toBe('opt_out');
  });

  it('an opt-in dated in the future does not count yet; future means later than the reading', () => {
    expect(inForce(heard(out(may), back(ahead)))).toBe('opt_out');
    expect(inForce(heard(out(may), back(june, { recordedAt: ahead })))).toBe('opt_out');
    expect(inForce(heard(out(may), back(readAt)))).toBe('opt_in');
    expect(inForce(heard(back(ahead)))).toBe('none');
  });

  it('an opt-in counts only when decided by self, attorney or deputy (R85)', () => {
    const standing = Object.fromEntries(
      deciders.map((decidedBy) => [decidedBy, inForce(heard(out(may), back(june, { decidedBy })))]),
    );
    expect(standing).toEqual({
      self: 'opt_in',
      attorney: 'opt_in',
      deputy: 'opt_in',
      relative: 'opt_out',
      staff: 'opt_out',
    });
  });

  it('an opt-out counts whoever decided and however it was told (R10, R85)', () => {
    for (const decidedBy of [...deciders, 'unknown' as const])
      for (const channel of [...channels, 'unknown' as const])
        expect(inForce(heard(out(may, { decidedBy, channel })))).toBe('opt_out');
  });

  it('an opt-out without a readable time counts as asked for when it is read', () => {
    expect(inForce(heard(back(june), out(null)))).toBe('opt_out');
    expect(inForce(heard(back(readAt), out(null)))).toBe('opt_out');
  });

  it('an opt-in with anything unknown about it does not count', () => {
    for (const over of [
      { channel: 'unknown' },
      { decidedBy: 'unknown' },
      { requestedAt: null },
      { recordedAt: null },
    ] as const)
      expect(inForce(heard(out(may), back(june, over)))).toBe('opt_out');
  });

  it('is the same in whatever order a history is heard, and so is all else of a standing', () => {
    const key = fc.nat();
    fc.assert(
      fc.property(fc.array(fc.tuple(anyChoice, key), { maxLength: 6 }), (rows) => {
        const shuffled = rows.toSorted(([, a], [, b]) => a - b);
        expect(heard(...shuffled.map(([row]) => row))).toEqual(heard(...rows.map(([row]) => row)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is unknown', () => {
  it('any cell off its list or time that is none marks the history, an old opt-in’s too', () => {
    expect(heard(out(may), back(june)).hasUnknown).toBe(false);
    for (const over of [
      { choice: 'unknown' },
      { channel: 'unknown' },
      { decidedBy: 'unknown' },
      { requestedAt: null },
      { recordedAt: null },
    ] as const)
      expect(heard(back(may, over), back(june)).hasUnknown).toBe(true);
  });
});

describe('carrying an opt-out', () => {
  it('begins with its request, never later than the reading', () => {
    expect(carriedSince(heard(out(may)), readAt)).toBe(may);
    expect(carriedSince(heard(out(ahead)), readAt)).toBe(readAt);
    expect(carriedSince(heard(out(null)), readAt)).toBe(readAt);
  });

  it('does not begin where no opt-out is in force', () => {
    expect(carriedSince(nothingSaid, readAt)).toBeNull();
    expect(carriedSince(heard(out(may), back(june)), readAt)).toBeNull();
    expect(carriedSince(heard(back(june)), readAt)).toBeNull();
  });

  it('ends with an opt-in in force that was asked for later', () => {
    expect(lifts(heard(back(june)), may)).toBe(true);
    expect(lifts(heard(back(june)), june)).toBe(false);
    expect(lifts(heard(back(may)), june)).toBe(false);
    expect(lifts(heard(back(june), out(readAt)), may)).toBe(false);
    expect(lifts(nothingSaid, may)).toBe(false);
  });

  it('never ends with the history it began with', () => {
    fc.assert(
      fc.property(fc.array(anyChoice, { maxLength: 6 }), (rows) => {
        const since = carriedSince(heard(...rows), readAt);
        expect(since !== null && lifts(heard(...rows), since)).toBe(false);
      }),
    );
  });
});

describe('an opt-out that may belong to nobody on the roster', () => {
  const isRecent = (...rows: InServiceChoice[]): boolean => isRecentObjection(heard(...rows), readAt);

  it('is recent for 30 days, and ahead of the reading', () => {
    expect(isRecent(out(readAt - 30 * day))).toBe(true);
    expect(isRecent(out(readAt - 30 * day - 1))).toBe(false);
    expect(isRecent(out(ahead))).toBe(true);
  });

  it('is recent without a readable time', () => {
    expect(isRecent(out(null))).toBe(true);
  });

  it('counts though an opt-in has undone it, and where it only may be an opt-out', () => {
    expect(isRecent(out(readAt - 2 * day), back(readAt - day))).toBe(true);
    expect(isRecent(choice({ choice: 'unknown', requestedAt: readAt - day }))).toBe(true);
    expect(isRecent(back(readAt - day, { channel: 'unknown' }))).toBe(true);
  });

  it('is not an opt-in that is wholly understood', () => {
    expect(isRecent(back(readAt - day))).toBe(false);
    expect(isRecent()).toBe(false);
  });
});

describe('an opt-out under an id that was known before', () => {
  const knows = (knownSince: number | undefined, ...rows: InServiceChoice[]): boolean =>
    isHeardOf(heard(...rows), knownSince, readAt);

  it('is heard of if it was asked for by then, and may be somebody else’s if it is newer', () => {
    expect(knows(june, out(may))).toBe(true);
    expect(knows(june, out(june))).toBe(true);
    expect(knows(may, out(june))).toBe(false);
    expect(knows(may, choice({ choice: 'unknown', requestedAt: june }))).toBe(false);
  });

  it('is heard of if it is dated in the future, for that says nothing of when it was told', () => {
    expect(knows(may, out(ahead))).toBe(true);
    expect(knows(may, out(null))).toBe(false);
    expect(knows(readAt, back(may))).toBe(true);
  });

  it('is never heard of under an id that nobody ever bore', () => {
    for (const row of [out(may), out(ahead), out(null)]) expect(knows(undefined, row)).toBe(false);
  });
});

describe('the book of choices', () => {
  const bookOf = (...rows: InServiceChoice[]): ChoiceBook => {
    const book = new ChoiceBook(readAt);
    for (const row of rows) book.add(row);
    return book;
  };

  it('keeps a standing for each id, byte for byte', () => {
    const book = bookOf(out(may), back(june, { serviceUserId: 'SU-1' }));
    expect(inForce(book.of('su-1'))).toBe('opt_out');
    expect(inForce(book.of('SU-1'))).toBe('opt_in');
    expect(book.of('su-2')).toBe(nothingSaid);
    expect([...book.entries()].map(([id]) => id)).toEqual(['su-1', 'SU-1']);
  });

  it('tells objections under the folded id, an opt-out before an unknown value', () => {
    const unknown = { choice: 'unknown' } as const;
    const objections = (...rows: InServiceChoice[]): unknown[] => [
      ...bookOf(...rows)
        .objectionsByFoldedId()
        .values(),
    ];
    expect(objections(out(may), choice({ ...unknown, serviceUserId: 'SU-1' }))).toEqual([
      'opted-out-in-service',
    ]);
    expect(objections(choice({ ...unknown, serviceUserId: 'SU-1' }), out(may))).toEqual([
      'opted-out-in-service',
    ]);
    expect(objections(choice(unknown), back(june))).toEqual(['value-unknown']);
    expect(objections(back(june))).toEqual([]);
  });

  it('counts a row without an id, and lets it speak for nobody', () => {
    const book = bookOf(out(may, { serviceUserId: '' }), back(june));
    expect(book.rows).toBe(2);
    expect([...book.entries()]).toHaveLength(1);
    expect(book.objectionsByFoldedId().size).toBe(0);
    expect(inForce(book.nameless)).toBe('opt_out');
  });
});

describe('clocks', () => {
  it('an opt-out must take effect within seven days of the request (R16)', () => {
    const limit = may + 7 * day;
    expect(sevenDayClock(may, null, limit)).toBe('due');
    expect(sevenDayClock(may, null, limit + 1)).toBe('breached');
    expect(sevenDayClock(may, limit, limit + 30 * day)).toBe('met');
    expect(sevenDayClock(may, limit + 1, limit + 2)).toBe('breached');
  });

  it('a choice is kept seven years from the London date on which it was recorded (R14)', () => {
    expect(choiceKeptUntil(Date.parse('2026-11-22T10:00:00Z'))).toBe('2033-11-22');
    expect(choiceKeptUntil(Date.parse('2026-07-14T23:30:00Z'))).toBe('2033-07-15');
    expect(choiceKeptUntil(Date.parse('2024-02-29T12:00:00Z'))).toBe('2031-03-01');
  });
});
