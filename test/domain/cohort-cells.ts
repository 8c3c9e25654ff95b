/** Random small intakes as the raw cells of their files. */
import fc from 'fast-check';

import type { GateQuestion } from '../support/reference-gate.ts';

export type RawRow = GateQuestion['intake']['choices'][number];

export const businessDate = '2026-11-22';
export const readAt = '2026-11-22T02:30:00Z';

/** The nth valid number of the test range; its check digit is worked out here from the rule, not by the code under test. */
function testNumber(n: number): string {
  const nine = Array.from(String(999_000_000 + n), Number);
  const check = 11 - (nine.reduce((sum, digit, place) => sum + digit * (10 - place), 0) % 11);
  return check === 10 ? testNumber(n + 500_000) : nine.join('') + String(check % 11);
}
const testNumbers = Array.from({ length: 1_000 }, (_, n) => testNumber(n));

/** A number as it may stand in its cell, the plain form first. */
const forms: readonly ((number: string) => string)[] = [
  (number) => number,
  (number) => number.replace(/^(...)(...)/, '$1 $2 '),
  (number) => number.slice(0, 9) + String((Number(number[9]) + 1) % 10),
  (number) => number.replaceAll(/./g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (number) => ` ${number}`,
  () => '',
  () => '4010232137',
  () => '9999999999',
];

/** The first people's ids are spelt in three ways, everybody else's in two. */
const spellings = [
  ['SU-1', 'su-1', 'Su-1'],
  ['straße', 'STRASSE', 'Straße'],
  ['ΟΔΟΣ', 'οδος', 'οδοσ'],
];
const idOf = (person: number, spelling: number): string => {
  const ids = spellings[person] ?? [`su-${person + 1}`, `SU-${person + 1}`];
  return ids[spelling % ids.length]!;
};

/** The good value `soundness` times to once one of the others. */
const mostly = (soundness: number, good: string, ...odd: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: soundness, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );

const unreadableDates = ['', '22/11/2026', '2026-02-29', '2026-11-2', ' 2026-11-22', '0001-01-01'];
const daysBefore = ['2026-11-21', '2026-11-20'];
const daysAfter = ['2026-11-23', '2026-11-24', '9999-12-31'];

/** 0 most of the time, else up to `most`. */
const seldom = (soundness: number, most: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: soundness, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(most) });

/** A row of somebody whose id, number and spelling mostly, not always, go together. */
export function rosterRow(people: number, soundness: number): fc.Arbitrary<RawRow> {
  return fc
    .record({
      person: fc.nat(people - 1),
      spelling: seldom(soundness, 2),
      form: seldom(soundness, forms.length - 1),
      shift: seldom(soundness * 2, 5),
      namelessness: fc.nat(soundness * 3),
      provider_id: fc.oneof(
        { weight: soundness, arbitrary: fc.constantFrom('home-1', 'home-2') },
        { weight: 1, arbitrary: fc.constantFrom('HOME-1', 'home-9', '') },
      ),
      location_id: mostly(soundness * 2, '1-100000001', '', '1-12345', '1-1234567890123', '1-10000000a'),
      person_type: mostly(soundness, 'service_user', 'staff', 'staff', 'Staff', ''),
      informed_on: mostly(soundness, '2026-11-21', businessDate, ...daysAfter, ...unreadableDates),
      notice_version: mostly(soundness * 2, 'v1', 'v2', ''),
      in_service_choice: mostly(soundness, 'none', 'opted_in', 'opted_in', 'opted_out', 'None', ''),
      restricted: mostly(soundness * 2, 'no', 'yes', 'No', ''),
      resident_from: mostly(soundness, '2026-01-01', businessDate, ...daysAfter, ...unreadableDates),
      resident_to: mostly(soundness, '', businessDate, ...daysBefore, ...daysAfter, ...unreadableDates),
    })
    .map(({ person, spelling, form, shift, namelessness, ...cells }) => ({
      service_user_id: namelessness === 0 ? '' : idOf(person, spelling),
      nhs_number: forms[form]!(testNumbers[(person + shift) % people]!),
      ...cells,
    }));
}

/** Times around each other and around the reading: the same instant in other words, a moment apart, ahead, and no times at all. */
const times = [
  '2026-11-20T09:00:00Z',
  '2026-11-20T10:00:00.000+01:00',
  '2026-11-19T23:30:00-09:30',
  '2026-11-20T09:00:00-00:00',
  '2026-11-20T09:00:00.0001Z',
  '2026-11-20T09:00:00.001Z',
  '2026-11-20T08:59:59.9999999999Z',
  '2026-11-21T09:00:00Z',
  '2026-11-22T04:30:00+02:00',
  '2026-11-22T02:30:00.0000001Z',
  '2026-11-22T02:30:00.001Z',
  '2027-01-01T00:00:00+23:59',
];
const noTimes = [
  '',
  'yesterday',
  '2026-11-20',
  '2026-11-20T09:00:00',
  '2026-11-20T09:00:60Z',
  '2026-11-20t09:00:00z',
  '2026-11-20T24:00:00Z',
  '2026-02-29T09:00:00Z',
  '2026-11-20T09:00:00+24:00',
  '2026-11-20T09:00:00+01:60',
  '2026-11-20T09:00:00.Z',
  '0001-01-01T00:00:00Z',
];
const time = (soundness: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: soundness * 2, arbitrary: fc.constantFrom(...times) },
    { weight: 1, arbitrary: fc.constantFrom(...noTimes) },
  );

/** A choice of one of the same people. */
export function choiceRow(people: number, soundness: number): fc.Arbitrary<RawRow> {
  return fc
    .record({
      person: fc.nat(people - 1),
      spelling: seldom(soundness, 2),
      namelessness: fc.nat(soundness * 3),
      choice: fc.oneof(
        { weight: soundness, arbitrary: fc.constantFrom('opt_in', 'opt_in', 'opt_out') },
        { weight: 1, arbitrary: fc.constantFrom('Opt_in', 'withdrawn', '') },
      ),
      channel: mostly(soundness, 'verbal', 'written', 'written', 'digital', 'fax', ''),
      requested_at: time(soundness),
      recorded_at: time(soundness),
      decided_by: mostly(soundness, 'self', 'attorney', 'deputy', 'relative', 'staff', 'Self', ''),
    })
    .map(({ person, spelling, namelessness, ...cells }) => ({
      choice_id: 'CH-1',
      recorded_by: 'carer-1',
      service_user_id: namelessness === 0 ? '' : idOf(person, spelling),
      ...cells,
    }));
}

const providerRow = (providerId: string, soundness: number): fc.Arbitrary<RawRow> =>
  fc.record({
    provider_id: fc.constant(providerId),
    name: fc.constant('A Home'),
    ods_code: fc.constant('ZZ001'),
    participating_from: mostly(soundness, '2026-01-01', businessDate, ...daysAfter, ...unreadableDates),
    participating_to: mostly(soundness, '', businessDate, ...daysBefore, ...daysAfter, ...unreadableDates),
    agreement_ref: fc.constant('DPA-1'),
    agreement_expires_on: mostly(soundness, '2027-01-01', businessDate, ...daysBefore, ...unreadableDates),
    notice_version: mostly(soundness, 'v1', 'v2', ''),
    policy_review_due_on: fc.constant(''),
    data_protection_lead: fc.constant('lead-1'),
  });

const providerRows = (soundness: number): fc.Arbitrary<RawRow[]> =>
  fc
    .tuple(
      providerRow('home-1', soundness),
      providerRow('home-2', soundness),
      fc.option(providerRow('HOME-1', soundness), { freq: 2 }),
      fc.option(providerRow('', soundness), { freq: 2 }),
    )
    .map((rows) => rows.filter((row) => row !== null));

const policies = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ policy: 'test' as const }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Pick<GateQuestion, 'policy' | 'extraRanges'>>(
      { policy: 'live' },
      { policy: 'live', extraRanges: [[999, 999]] },
      { policy: 'test', extraRanges: [[400, 499]] },
    ),
  },
);

export interface CohortSize {
  readonly rows: readonly [least: number, most: number];
  readonly choices: number;
  readonly people: number;
}

/** Everything the gate is asked for one night. `soundness`: how many good cells come to one odd one. */
export function cohort({ rows, choices, people }: CohortSize, soundness: number): fc.Arbitrary<GateQuestion> {
  return fc
    .record({
      serviceUsers: fc.array(rosterRow(people, soundness), {
        minLength: rows[0],
        maxLength: rows[1],
        size: 'max',
      }),
      choices: fc.array(choiceRow(people, soundness), { maxLength: choices, size: 'max' }),
      providers: providerRows(soundness),
      terms: policies,
    })
    .map(({ terms, ...intake }) => ({ intake, businessDate, readAt, ...terms }));
}

/** One to fourteen rows of six people, from odd throughout to nearly sound. */
export const smallCohort: fc.Arbitrary<GateQuestion> = fc.oneof(
  ...[8, 25, 80].map((soundness) => cohort({ rows: [1, 14], choices: 6, people: 6 }, soundness)),
);
