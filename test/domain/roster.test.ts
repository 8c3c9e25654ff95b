/** A whole roster: what rows say of each other, who is nobody, what stays until when, and choices that match no row. */
import { describe, expect, it } from '@jest/globals';

import { day } from '../../src/domain/calendar.ts';
import { longPast } from '../../src/domain/provider.ts';
import { ChoiceBook } from '../../src/domain/in-service-choice.ts';
import { Roster } from '../../src/domain/roster.ts';
import {
  choice,
  decideOn,
  numberCell,
  outcomes,
  provider,
  readAt,
  row,
  ONE,
  terms,
  THREE,
  TWO,
} from './roster-samples.ts';

const invalid = { kind: 'invalid' } as const;
const other = row({ serviceUserId: 'su-2', number: numberCell(TWO) });
const away = { providerId: 'home-2' };
const TOMORROW = '2026-11-23';

describe('a number two ids of one provider bear', () => {
  const sharing = row({ serviceUserId: 'su-2', locationId: '' });

  it('is shared, whatever else they lack, and on every row of it', () => {
    expect(outcomes({ rows: [row(), sharing, row({ ...away, serviceUserId: 'su-3' })] })).toEqual([
      'number-shared',
      'number-shared',
      'number-shared',
    ]);
  });

  it('is shared by two spellings of an id and of a provider, and by a missing id', () => {
    for (const one of [
      row({ serviceUserId: 'SU-1' }),
      row({ serviceUserId: 'su-2', providerId: 'HOME-1' }),
      row({ serviceUserId: '' }),
    ])
      expect(outcomes({ rows: [row(), one] })).toEqual(['number-shared', 'number-shared']);
  });

  it('is found among three, wherever the second bearer stands', () => {
    expect(outcomes({ rows: [row(), row(), sharing] })[0]).toBe('number-shared');
    expect(outcomes({ rows: [sharing, row(), row()] })[1]).toBe('number-shared');
  });

  it('is not shared across providers, with staff, or with somebody who has left', () => {
    for (const one of [
      { ...sharing, ...away },
      { ...sharing, personType: 'staff' as const },
      { ...sharing, residentTo: '2026-11-21' },
    ])
      expect(outcomes({ rows: [row(), one] })[0]).toBe('asked');
    expect(outcomes({ rows: [row(), row()] })).toEqual(['asked', 'asked']);
  });

  it('is shared where residence cannot be read, and with somebody who arrives by the date of release', () => {
    for (const dates of [{ residentFrom: null }, { residentTo: null }])
      expect(outcomes({ rows: [row(), { ...sharing, ...dates }] })[0]).toBe('number-shared');
    const arriving = { ...sharing, residentFrom: TOMORROW };
    expect(outcomes({ rows: [row(), arriving] })[0]).toBe('asked');
    expect(outcomes({ rows: [row(), arriving], releaseDate: TOMORROW })[0]).toBe('number-shared');
  });
});

describe('an id that bears two numbers', () => {
  it('contradicts itself on all its rows, in any spelling, at any provider', () => {
    const second = row({ ...away, number: numberCell(TWO) });
    expect(outcomes({ rows: [row(), second, row({ number: invalid })] })).toEqual([
      'number-conflict',
      'number-conflict',
      'number-conflict',
    ]);
    expect(outcomes({ rows: [row(), { ...second, serviceUserId: 'SU-1' }] })[0]).toBe('number-conflict');
    expect(outcomes({ rows: [row(), row(), row(), second] })[1]).toBe('number-conflict');
  });

  it('does not where the second is not valid, or stood there before', () => {
    expect(outcomes({ rows: [row(), row({ number: invalid })] })).toEqual(['asked', 'number-invalid']);
    expect(outcomes({ rows: [row(), row({ number: numberCell(TWO), residentTo: '2026-03-01' })] })).toEqual([
      'asked',
      'not-resident',
    ]);
  });

  it('comes after a shared number', () => {
    const rows = [row(), row({ serviceUserId: 'su-2' }), row({ number: numberCell(THREE) })];
    expect(outcomes({ rows })).toEqual(['number-shared', 'number-shared', 'number-conflict']);
  });
});

describe('how far an objection reaches', () => {
  it('from the last row to the first, along ids and numbers', () => {
    const rows = [
      row(),
      row({ serviceUserId: 'su-3', ...away }),
      row({ serviceUserId: 'SU-3', number: numberCell(THREE), residentTo: '2026-03-01' }),
      row({ serviceUserId: 'su-4', number: numberCell(THREE), providerId: 'home-9', restricted: 'yes' }),
      other,
    ];
    expect(outcomes({ rows })).toEqual([
      'objection-elsewhere',
      'objection-elsewhere',
      'not-resident',
      'restricted',
      'asked',
    ]);
  });

  it('never through an empty id or a number that is not valid', () => {
    const nobody = row({ serviceUserId: '', number: invalid, restricted: 'yes' });
    expect(outcomes({ rows: [nobody, row({ serviceUserId: '', number: invalid }), row()] })).toEqual([
      'restricted',
      'id-missing',
      'asked',
    ]);
  });

  it('a choice objects under its id in any spelling, and a choice without an id nowhere', () => {
    expect(outcomes({ rows: [row(), other], choices: [choice({ serviceUserId: 'SU-1' })] })).toEqual([
      'opted-out-in-service',
      'asked',
    ]);
    expect(
      outcomes({ rows: [row({ serviceUserId: '' })], choices: [choice({ serviceUserId: '' })] }),
    ).toEqual(['id-missing']);
  });

  it('what is carried from an earlier night is an opt-out, and reaches as far', () => {
    const former = row({ providerId: 'home-2', residentTo: '2026-03-01' });
    expect(outcomes({ rows: [row(), former, other], carried: [former] })).toEqual([
      'objection-elsewhere',
      'opted-out-in-service',
      'asked',
    ]);
  });
});

describe('how long a row stands', () => {
  const until = (...args: Parameters<typeof row>): unknown =>
    [...decideOn({ rows: [row(...args)] }).askedRows()][0]?.until;

  it('until its residence or a lease of its provider ends', () => {
    expect(until()).toBe('2027-01-01');
    expect(until({ residentTo: '2026-12-24' })).toBe('2026-12-24');
    const ending = decideOn({ rows: [row()], providers: [provider({ participatingTo: '2026-11-30' })] });
    expect([...ending.askedRows()][0]?.until).toBe('2026-11-30');
  });

  it('a row whose end cannot be read, or whose provider is unknown, does not stand at all', () => {
    const rows = [row({ residentTo: null }), row({ providerId: 'home-9' })];
    expect(outcomes({ rows })).toEqual(['not-resident', 'provider-not-participating']);
    expect(longPast < '1900-01-01').toBe(true);
  });
});

describe('choices that match no row', () => {
  it('are told by their age: recent ones by name, one without an id, and the older by number', () => {
    const { unmatched } = decideOn({
      rows: [row()],
      choices: [
        choice(),
        choice({ serviceUserId: 'su-8' }),
        choice({ serviceUserId: 'su-9', requestedAt: readAt - 31 * day }),
        choice({ serviceUserId: '' }),
      ],
    });
    expect(unmatched).toEqual({ recentIds: ['su-8'], recentNameless: true, older: 1 });
  });

  it('are not those of a row in another spelling, nor opt-ins among the recent', () => {
    const { unmatched } = decideOn({
      rows: [row()],
      choices: [choice({ serviceUserId: 'SU-1' }), choice({ serviceUserId: 'su-8', choice: 'opt_in' })],
    });
    expect(unmatched).toEqual({ recentIds: [], recentNameless: false, older: 1 });
  });
});

describe('an empty roster', () => {
  it('has no outcome', () => {
    expect(outcomes({ rows: [] })).toEqual([]);
    expect([...decideOn({ rows: [] }).askedNumbers()]).toEqual([]);
  });
});

it('gives the valid numbers of a service user in any spelling, wherever the rows stand and whatever they lack', () => {
  const roster = new Roster(terms, new Map(), new ChoiceBook(readAt));
  for (const each of [
    row({ serviceUserId: 'SU-1', residentTo: '2026-01-01' }),
    row({ serviceUserId: 'su-1', number: numberCell(TWO) }),
    row({ serviceUserId: 'su-1', number: invalid }),
    row({ serviceUserId: 'su-3', number: invalid }),
    row({ serviceUserId: 'su-4', number: numberCell(THREE) }),
    row({ serviceUserId: '', number: numberCell(THREE) }),
  ])
    roster.add(each, false);
  expect([...roster.numbersOf(['SU-1', 'SU-3', 'SU-5', ''])]).toEqual([
    ['SU-1', new Set([ONE, TWO])],
    ['SU-3', new Set()],
  ]);
});
