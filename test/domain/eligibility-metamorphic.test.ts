/** What must hold between a cohort and the same cohort changed a little, whatever the policy says of either. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readNumberCell } from '../../src/domain/nhs-number.ts';
import type { GateQuestion } from '../support/reference-gate.ts';
import { choiceRow, rosterRow, smallCohort } from './cohort-cells.ts';
import { asked, decide, outcomesOf } from './cohort-decision.ts';

type Tables = Partial<GateQuestion['intake']>;

const runs = { numRuns: 2_000 };
const changed = (q: GateQuestion, tables: Tables): GateQuestion => ({
  ...q,
  intake: { ...q.intake, ...tables },
});
/** A place in a list of any length. */
const place = fc.nat(1_000);

/** The numbers asked about after a change and not before it. */
function added(before: GateQuestion, after: GateQuestion): number[] {
  const old = new Set(asked(before));
  return asked(after).filter((number) => !old.has(number));
}

describe('the order of rows', () => {
  it('changes no outcome', () => {
    const order = fc.array(fc.nat(), { minLength: 14, maxLength: 14 });
    fc.assert(
      fc.property(smallCohort, order, (q, keys) => {
        const by = <T>(list: readonly T[]): T[] =>
          list
            .map((value, index) => ({ value, key: keys[index] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ value }) => value);
        const { serviceUsers, choices, providers } = q.intake;
        const other = changed(q, {
          serviceUsers: by(serviceUsers),
          choices: by(choices),
          providers: by(providers),
        });
        expect(outcomesOf(decide(other))).toEqual(by(outcomesOf(decide(q))));
      }),
      runs,
    );
  });
});

describe('a choice more or less', () => {
  it('an opt-out, whatever else it says, never adds an asked number', () => {
    fc.assert(
      fc.property(smallCohort, choiceRow(6, 8), place, (q, row, at) => {
        const choices = q.intake.choices.toSpliced(at % (q.intake.choices.length + 1), 0, {
          ...row,
          choice: 'opt_out',
        });
        return added(q, changed(q, { choices })).length === 0;
      }),
      runs,
    );
  });

  it('a choice with a value or a time that is unknown never adds an asked number', () => {
    const unknown = fc.constantFrom('choice', 'channel', 'requested_at', 'recorded_at', 'decided_by');
    fc.assert(
      fc.property(smallCohort, choiceRow(6, 8), unknown, (q, row, column) => {
        const choices = [...q.intake.choices, { ...row, [column]: 'unheard of' }];
        return added(q, changed(q, { choices })).length === 0;
      }),
      runs,
    );
  });

  it('taking away a whole and known opt-in never adds an asked number', () => {
    fc.assert(
      fc.property(smallCohort, choiceRow(6, 80), place, (q, row, at) => {
        const optIn = {
          ...row,
          choice: 'opt_in',
          channel: 'digital',
          requested_at: '2026-11-21T08:00:00Z',
          recorded_at: '2026-11-21T08:00:00Z',
        };
        const decidedBy = ['self', 'attorney', 'deputy', 'relative', 'staff'][at % 5]!;
        const withIt = [...q.intake.choices, { ...optIn, decided_by: decidedBy }];
        return added(changed(q, { choices: withIt }), q).length === 0;
      }),
      runs,
    );
  });
});

describe('a row more or less', () => {
  it('a row never adds an asked number but its own', () => {
    fc.assert(
      fc.property(smallCohort, rosterRow(6, 25), (q, row) => {
        const cell = readNumberCell(row['nhs_number']!);
        const own = cell.kind === 'valid' ? cell.number : null;
        const more = changed(q, { serviceUsers: [...q.intake.serviceUsers, row] });
        return added(q, more).filter((number) => number !== own).length === 0;
      }),
      runs,
    );
  });

  it('a row twice changes no outcome', () => {
    fc.assert(
      fc.property(smallCohort, place, (q, at) => {
        const { serviceUsers } = q.intake;
        const twice = serviceUsers[at % serviceUsers.length]!;
        const outcomes = outcomesOf(decide(q));
        const more = outcomesOf(decide(changed(q, { serviceUsers: [...serviceUsers, twice] })));
        expect(more).toEqual([...outcomes, outcomes[at % serviceUsers.length]]);
      }),
      runs,
    );
  });
});

describe('the spelling of an id', () => {
  // One that nobody bears yet: two spellings that bear one number contradict each other, and their becoming one ends that.
  const freshCase = (id: string): string =>
    id === '' ? '' : id.slice(0, 1).toLowerCase() + id.slice(1).toUpperCase();

  it('in another case never adds an asked number, on a row or on a choice', () => {
    fc.assert(
      fc.property(smallCohort, fc.constantFrom('serviceUsers', 'choices'), place, (q, table, at) => {
        const rows = q.intake[table];
        fc.pre(rows.length > 0);
        const row = rows[at % rows.length]!;
        const other = { ...row, service_user_id: freshCase(row['service_user_id']!) };
        return added(q, changed(q, { [table]: rows.with(at % rows.length, other) })).length === 0;
      }),
      runs,
    );
  });
});

describe('the outcomes', () => {
  it('add up to the rows, and the counts to the outcomes', () => {
    fc.assert(
      fc.property(smallCohort, (q) => {
        const decision = decide(q);
        const counts = Object.values(decision.counts());
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(q.intake.serviceUsers.length);
        const askedRows = [...decision.askedRows()];
        expect(askedRows).toHaveLength(decision.counts().asked);
        expect(new Set(askedRows.map(({ number }) => number))).toEqual(new Set(decision.askedNumbers()));
      }),
      { numRuns: 500 },
    );
  });

  it('hold back no number that another row of it is asked about', () => {
    fc.assert(
      fc.property(smallCohort, (q) => {
        const decision = decide(q);
        const held = [...decision.heldBackRows()].map(({ number }) => number);
        const asking = new Set(decision.askedNumbers());
        expect(held.filter((number) => asking.has(number))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
