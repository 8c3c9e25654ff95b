/** Relations of the in-service gate, over cohorts as odd as intake files may be. */
import { isDeepStrictEqual } from 'node:util';

import fc from 'fast-check';

import { readNumberCell } from '../../src/domain/nhs-number.ts';
import type { GateQuestion } from '../support/reference-gate.ts';
import { choiceRow, rosterRow, smallCohort } from '../domain/cohort-cells.ts';
import type { RawRow } from '../domain/cohort-cells.ts';
import { asked, decide, outcomesOf } from '../domain/cohort-decision.ts';
import { relation } from './relation.ts';
import type { Relation } from './relation.ts';

type Tables = Partial<GateQuestion['intake']>;

const changed = (q: GateQuestion, tables: Tables): GateQuestion => ({
  ...q,
  intake: { ...q.intake, ...tables },
});
/** A place in a list of any length. */
const place = fc.nat(1_000);
const at = <T>(list: readonly T[], where: number): T => list[where % list.length]!;

/** The numbers asked about after a change and not before it. */
function added(before: GateQuestion, after: GateQuestion): number[] {
  const old = new Set(asked(before));
  return asked(after).filter((number) => !old.has(number));
}

const addsNobody = (before: GateQuestion, after: GateQuestion): boolean => added(before, after).length === 0;
const outcomes = (q: GateQuestion): ReturnType<typeof outcomesOf> => outcomesOf(decide(q));

function inOrderOf(keys: readonly number[]): <T>(list: readonly T[]) => T[] {
  return (list) =>
    list
      .map((value, index) => ({ value, key: keys[index] ?? 0 }))
      .sort((a, b) => a.key - b.key)
      .map(({ value }) => value);
}

const day = 86_400_000;
const nextDay = (text: string): string => new Date(Date.parse(text) + day).toISOString().slice(0, 10);
/** Every date that is one, a day later; what is none stays what it is. In November no clock is changed between the two. */
const dayLater = (text: string): string =>
  text.replace(/^(2[0-9]{3}-[0-9]{2}-[0-9]{2})(?=$|T)/, (date) => {
    const isDay = !Number.isNaN(Date.parse(date)) && new Date(date).toISOString().startsWith(date);
    return isDay ? nextDay(date) : date;
  });
const everyCell = (rows: readonly RawRow[], change: (text: string) => string): RawRow[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, text]) => [column, change(text)])));

const renamed = (rows: readonly RawRow[], column: string, names: ReadonlyMap<string, string>): RawRow[] =>
  rows.map((row) => ({ ...row, [column]: names.get(row[column] ?? '') ?? row[column] ?? '' }));

// One that nobody bears yet: two spellings that bear one number contradict each other, and their becoming one ends that.
const freshCase = (id: string): string =>
  id === '' ? '' : id.slice(0, 1).toLowerCase() + id.slice(1).toUpperCase();

const order = fc.array(fc.nat(), { minLength: 14, maxLength: 14 });
const optIn = {
  choice: 'opt_in',
  channel: 'digital',
  requested_at: '2026-11-21T08:00:00Z',
  recorded_at: '2026-11-21T08:00:00Z',
};

export const gateRelations: readonly Relation[] = [
  relation('the order of rows changes no outcome', fc.tuple(smallCohort, order), ([q, keys]) => {
    const by = inOrderOf(keys);
    const { serviceUsers, choices, providers } = q.intake;
    const other = {
      serviceUsers: by(serviceUsers),
      choices: by(choices),
      providers: by(providers),
    };
    return isDeepStrictEqual(outcomes(changed(q, other)), by(outcomes(q)));
  }),
  relation(
    'an opt-out more, whatever else it says, adds nobody',
    fc.tuple(smallCohort, choiceRow(6, 8), place),
    ([q, row, where]) => {
      const optOut = { ...row, choice: 'opt_out' };
      const choices = q.intake.choices.toSpliced(where % (q.intake.choices.length + 1), 0, optOut);
      return addsNobody(q, changed(q, { choices }));
    },
  ),
  relation('an opt-out in the column of a row adds nobody', fc.tuple(smallCohort, place), ([q, where]) => {
    const { serviceUsers } = q.intake;
    const row = { ...at(serviceUsers, where), in_service_choice: 'opted_out' };
    return addsNobody(q, changed(q, { serviceUsers: serviceUsers.with(where % serviceUsers.length, row) }));
  }),
  relation(
    'a choice with an unknown value or time adds nobody',
    fc.tuple(
      smallCohort,
      choiceRow(6, 8),
      fc.constantFrom('choice', 'channel', 'requested_at', 'recorded_at', 'decided_by'),
    ),
    ([q, row, column]) =>
      addsNobody(q, changed(q, { choices: [...q.intake.choices, { ...row, [column]: 'unheard of' }] })),
  ),
  relation(
    'a whole and known opt-in taken away adds nobody',
    fc.tuple(
      smallCohort,
      choiceRow(6, 80),
      fc.constantFrom('self', 'attorney', 'deputy', 'relative', 'staff'),
    ),
    ([q, row, decidedBy]) => {
      const withIt = [...q.intake.choices, { ...row, ...optIn, decided_by: decidedBy }];
      return addsNobody(changed(q, { choices: withIt }), q);
    },
  ),
  relation(
    'a row more adds nobody but its own number',
    fc.tuple(smallCohort, rosterRow(6, 25)),
    ([q, row]) => {
      const cell = readNumberCell(row['nhs_number']!);
      const own = cell.kind === 'valid' ? cell.number : null;
      const more = changed(q, { serviceUsers: [...q.intake.serviceUsers, row] });
      return added(q, more).every((number) => number === own);
    },
  ),
  relation('a row twice changes no outcome', fc.tuple(smallCohort, place), ([q, where]) => {
    const { serviceUsers } = q.intake;
    const before = outcomes(q);
    const after = outcomes(changed(q, { serviceUsers: [...serviceUsers, at(serviceUsers, where)] }));
    return isDeepStrictEqual(after, [...before, at(before, where)]);
  }),
  relation(
    'an id in another case adds nobody',
    fc.tuple(smallCohort, fc.constantFrom('serviceUsers' as const, 'choices' as const), place),
    ([q, table, where]) => {
      const rows = q.intake[table];
      if (rows.length === 0) return true;
      const row = at(rows, where);
      const other = { ...row, service_user_id: freshCase(row['service_user_id']!) };
      return addsNobody(q, changed(q, { [table]: rows.with(where % rows.length, other) }));
    },
  ),
  relation('everything a day later changes no outcome', smallCohort, (q) => {
    const { serviceUsers, choices, providers } = q.intake;
    const later: GateQuestion = {
      ...q,
      intake: {
        serviceUsers: everyCell(serviceUsers, dayLater),
        choices: everyCell(choices, dayLater),
        providers: everyCell(providers, dayLater),
      },
      businessDate: dayLater(q.businessDate),
      readAt: dayLater(q.readAt),
    };
    return isDeepStrictEqual(outcomes(later), outcomes(q));
  }),
  relation('providers under other names change no outcome', smallCohort, (q) => {
    const names = new Map([
      ['home-1', 'Lodge 17'],
      ['HOME-1', 'lodge 17'],
      ['home-2', 'the elms'],
      ['home-9', 'home-1'],
    ]);
    const other = changed(q, {
      serviceUsers: renamed(q.intake.serviceUsers, 'provider_id', names),
      providers: renamed(q.intake.providers, 'provider_id', names),
    });
    return isDeepStrictEqual(outcomes(other), outcomes(q));
  }),
  relation('a provider less adds nobody', fc.tuple(smallCohort, place), ([q, where]) => {
    const { providers } = q.intake;
    const gone = at(providers, where)['provider_id'];
    return addsNobody(q, changed(q, { providers: providers.filter((row) => row['provider_id'] !== gone) }));
  }),
  relation(
    'the outcomes add up to the rows, and nobody is both asked about and held back',
    smallCohort,
    (q) => {
      const decision = decide(q);
      const counts = Object.values(decision.counts()).reduce((sum, count) => sum + count, 0);
      const rows = [...decision.askedRows()];
      const asking = new Set(decision.askedNumbers());
      return (
        counts === q.intake.serviceUsers.length &&
        rows.length === decision.counts().asked &&
        isDeepStrictEqual(new Set(rows.map(({ number }) => number)), asking) &&
        [...decision.heldBackRows()].every(({ number }) => !asking.has(number))
      );
    },
  ),
];
