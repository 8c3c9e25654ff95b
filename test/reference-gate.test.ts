/** The reference gate against examples worked out by hand, each named by the sentence of the policy it comes from. */
import { describe, expect, it } from '@jest/globals';
import { mayBeAsked, referenceGate, referenceRelease } from './support/reference-gate.ts';
import type { GateQuestion, RawIntake, ReferenceOutcome } from './support/reference-gate.ts';

const [ONE, TWO, THREE, FOUR] = ['9990000018', '9990000026', '9990000034', '9990000042'];
type Cells = Record<string, string>;

const row = (cells: Cells = {}): Cells => ({
  service_user_id: 'su-1',
  provider_id: 'home-1',
  location_id: '1-100000001',
  nhs_number: ONE,
  person_type: 'service_user',
  informed_on: '2026-11-01',
  notice_version: 'v1',
  in_service_choice: 'none',
  restricted: 'no',
  resident_from: '2026-01-01',
  resident_to: '',
  ...cells,
});
const other = (cells: Cells = {}): Cells => row({ service_user_id: 'su-2', nhs_number: TWO, ...cells });

const choice = (word: string, requestedAt: string, cells: Cells = {}): Cells => ({
  choice_id: `${word} ${requestedAt}`,
  service_user_id: 'su-1',
  choice: word,
  channel: 'verbal',
  requested_at: requestedAt,
  recorded_at: requestedAt,
  recorded_by: 'carer-1',
  decided_by: 'self',
  ...cells,
});
const [MAY, JUNE, NIGHT] = ['2026-05-01T09:00:00Z', '2026-06-01T09:00:00Z', '2026-11-22T02:30:00Z'];

const provider = (cells: Cells = {}): Cells => ({
  provider_id: 'home-1',
  name: 'First Home',
  ods_code: 'A1B2C',
  participating_from: '2026-01-01',
  participating_to: '',
  agreement_ref: 'DPA-1',
  agreement_expires_on: '2027-01-01',
  notice_version: 'v1',
  policy_review_due_on: '2027-01-01',
  data_protection_lead: 'lead-1',
  ...cells,
});

const intake = (serviceUsers: Cells[], choices: Cells[] = [], providers?: Cells[]): RawIntake => ({
  serviceUsers,
  choices,
  providers: providers ?? [provider(), provider({ provider_id: 'home-2' })],
});
const ask = (tonight: RawIntake, more: Partial<GateQuestion> = {}): GateQuestion => ({
  intake: tonight,
  businessDate: '2026-11-22',
  readAt: NIGHT,
  policy: 'test',
  ...more,
});
const gate = (...args: Parameters<typeof ask>): ReferenceOutcome[] => referenceGate(ask(...args));
const one = (cells: Cells): ReferenceOutcome => gate(intake([row(cells)]))[0]!;
const withChoices = (...choices: Cells[]): ReferenceOutcome => gate(intake([row()], choices))[0]!;
const withProvider = (...lines: Cells[]): ReferenceOutcome => gate(intake([row()], [], lines))[0]!;

describe('grounds a row must give', () => {
  it('a row that gives every ground and meets no objection is asked (R2)', () => {
    expect(one({})).toBe('asked');
  });

  it('only organisations that joined take part: listed, from <= D, to empty or >= D (R1)', () => {
    const expected = 'provider-not-participating';
    expect(one({ provider_id: 'home-9' })).toBe(expected);
    expect(one({ provider_id: 'HOME-1' })).toBe(expected);
    expect(withProvider(provider({ participating_from: '2026-11-23' }))).toBe(expected);
    expect(withProvider(provider({ participating_from: '' }))).toBe(expected);
    expect(withProvider(provider({ participating_to: '2026-11-21' }))).toBe(expected);
    expect(withProvider(provider({ participating_to: '2026-11-22' }))).toBe('asked');
    expect(withProvider(provider({ participating_from: '2026-11-22' }))).toBe('asked');
  });

  it('an empty provider_id is no provider (an empty id links nothing)', () => {
    const nameless = intake([row({ provider_id: '' })], [], [provider({ provider_id: '' })]);
    expect(gate(nameless)).toEqual(['provider-not-participating']);
  });

  it('agreement_expires_on >= D; an empty one has expired', () => {
    expect(withProvider(provider({ agreement_expires_on: '2026-11-22' }))).toBe('asked');
    expect(withProvider(provider({ agreement_expires_on: '2026-11-21' }))).toBe('agreement-expired');
    expect(withProvider(provider({ agreement_expires_on: '' }))).toBe('agreement-expired');
  });

  it('a provider listed twice must allow on each line (unknown withholds)', () => {
    const ended = provider({ participating_to: '2026-02-01' });
    expect(withProvider(provider(), ended)).toBe('provider-not-participating');
  });

  it('service_user_id is not empty; a staff row is not a service user (R4)', () => {
    expect(one({ service_user_id: '' })).toBe('id-missing');
    expect(one({ person_type: 'staff' })).toBe('not-a-service-user');
  });

  it('resident_from <= D, and resident_to is empty or >= D', () => {
    expect(one({ resident_from: '2026-11-22', resident_to: '2026-11-22' })).toBe('asked');
    expect(one({ resident_from: '2026-11-23' })).toBe('not-resident');
    expect(one({ resident_to: '2026-11-21' })).toBe('not-resident');
    expect(one({ resident_from: '2026-02-29' })).toBe('not-resident');
    expect(one({ resident_to: '30/11/2026' })).toBe('not-resident');
  });

  it('location_id is "1-" and 6 to 12 digits', () => {
    expect(one({ location_id: '1-123456' })).toBe('asked');
    expect(one({ location_id: '1-123456789012' })).toBe('asked');
    expect(one({ location_id: '1-12345' })).toBe('location-invalid');
    expect(one({ location_id: '1-1234567890123' })).toBe('location-invalid');
    expect(one({ location_id: '' })).toBe('location-invalid');
  });

  it('ten ASCII digits, 3-3-4 with single spaces is read too', () => {
    expect([...mayBeAsked(ask(intake([row({ nhs_number: '999 000 0018' })])))]).toEqual([ONE]);
    expect(one({ nhs_number: '' })).toBe('number-missing');
    for (const odd of ['999-000-0018', '999  000 0018', ' 9990000018', '٩٩٩٠٠٠٠٠١٨', '999000001'])
      expect(one({ nhs_number: odd })).toBe('number-invalid');
  });

  it('Modulus 11: check 11 is written 0, check 10 is never issued, a wrong digit is invalid (R25)', () => {
    expect(one({ nhs_number: '9990000050' })).toBe('asked');
    expect(one({ nhs_number: '9990000019' })).toBe('number-invalid');
    expect(one({ nhs_number: '9990000000' })).toBe('number-invalid');
  });

  it('not one repeated digit, though it passes Modulus 11 (R25)', () => {
    expect(one({ nhs_number: '9999999999' })).toBe('number-invalid');
  });

  it('first three digits allowed by the policy: live 400-499 and 600-799 plus extra ranges; test 900-999', () => {
    const known = intake([row({ nhs_number: '4010232137' })]);
    expect(gate(known, { policy: 'live' })).toEqual(['asked']);
    expect(gate(known, { policy: 'test' })).toEqual(['number-out-of-range']);
    expect(gate(intake([row()]), { policy: 'live' })).toEqual(['number-out-of-range']);
    expect(gate(intake([row()]), { policy: 'live', extraRanges: [[999, 999]] })).toEqual(['asked']);
    expect(gate(known, { policy: 'test', extraRanges: [[400, 499]] })).toEqual(['number-out-of-range']);
  });

  it('informed before any processing: a date before D, the same day is not before (R11)', () => {
    expect(one({ informed_on: '2026-11-21' })).toBe('asked');
    expect(one({ informed_on: '2026-11-22' })).toBe('not-informed');
    expect(one({ informed_on: '' })).toBe('not-informed');
    expect(one({ informed_on: '2026-00-10' })).toBe('not-informed');
  });

  it('notice_version equals the provider’s, and an empty one informs nobody (R9)', () => {
    expect(one({ notice_version: 'v2' })).toBe('not-informed');
    expect(withProvider(provider({ notice_version: 'v2' }))).toBe('not-informed');
    expect(gate(intake([row({ notice_version: '' })], [], [provider({ notice_version: '' })]))).toEqual([
      'not-informed',
    ]);
  });

  it('the first missing ground is the reason', () => {
    expect(one({ service_user_id: '', location_id: '', nhs_number: '' })).toBe('id-missing');
    expect(one({ location_id: '', nhs_number: '' })).toBe('location-invalid');
    expect(one({ nhs_number: '4010232137', informed_on: '' })).toBe('number-out-of-range');
  });
});

describe('the choice in force', () => {
  it('the latest requested_at wins, in whatever order the rows stand and whatever the offset (R15)', () => {
    const out = choice('opt_out', '2026-06-01T10:00:00+02:00');
    const back = choice('opt_in', '2026-06-01T08:30:00Z');
    expect(withChoices(out, back)).toBe('asked');
    expect(withChoices(back, out)).toBe('asked');
    expect(withChoices(choice('opt_out', JUNE), choice('opt_in', MAY))).toBe('opted-out-in-service');
  });

  it('ties go to opt-out', () => {
    const again = choice('opt_in', '2026-05-01T10:00:00+01:00');
    expect(withChoices(choice('opt_out', MAY), again)).toBe('opted-out-in-service');
    expect(withChoices(again, choice('opt_out', MAY))).toBe('opted-out-in-service');
  });

  it('an opt-out dated in the future counts at once', () => {
    expect(withChoices(choice('opt_out', '2027-01-01T00:00:00Z'))).toBe('opted-out-in-service');
  });

  it('an opt-in dated in the future does not count yet; future means later than the reading', () => {
    const out = choice('opt_out', MAY);
    expect(withChoices(out, choice('opt_in', '2026-11-22T02:30:00.001Z'))).toBe('opted-out-in-service');
    expect(withChoices(out, choice('opt_in', NIGHT))).toBe('asked');
  });

  it('an opt-in recorded after the reading does not count yet', () => {
    const late = choice('opt_in', JUNE, { recorded_at: '2026-11-22T02:30:01Z' });
    expect(withChoices(choice('opt_out', MAY), late)).toBe('opted-out-in-service');
  });

  it('an opt-in decided by a relative or by staff does not count (R85)', () => {
    for (const by of ['relative', 'staff'])
      expect(withChoices(choice('opt_out', MAY), choice('opt_in', JUNE, { decided_by: by }))).toBe(
        'opted-out-in-service',
      );
    for (const by of ['self', 'attorney', 'deputy'])
      expect(withChoices(choice('opt_out', MAY), choice('opt_in', JUNE, { decided_by: by }))).toBe('asked');
  });

  it('an opt-out counts whoever decided, through every channel (R10, R85)', () => {
    for (const by of ['self', 'attorney', 'deputy', 'relative', 'staff'])
      expect(withChoices(choice('opt_out', MAY, { decided_by: by }))).toBe('opted-out-in-service');
    for (const channel of ['verbal', 'written', 'digital'])
      expect(withChoices(choice('opt_out', MAY, { channel }))).toBe('opted-out-in-service');
  });

  it('the roster column says opted_out, whatever the choices say (out wins)', () => {
    const q = intake([row({ in_service_choice: 'opted_out' })], [choice('opt_in', JUNE)]);
    expect(gate(q)).toEqual(['opted-out-in-service']);
    expect(one({ in_service_choice: 'opted_in' })).toBe('asked');
  });

  it('ids are compared as one for objections when equal after case-folding, opt-ins byte for byte', () => {
    const capital = { service_user_id: 'SU-1' };
    expect(withChoices(choice('opt_out', MAY, capital))).toBe('opted-out-in-service');
    const ins = [choice('opt_in', JUNE), choice('opt_in', JUNE, capital)];
    expect(withChoices(choice('opt_out', MAY), ins[1]!)).toBe('opted-out-in-service');
    expect(withChoices(choice('opt_out', MAY, capital), ins[0]!)).toBe('opted-out-in-service');
    expect(withChoices(choice('opt_out', MAY, capital), ...ins)).toBe('asked');
  });

  it('case-folding is full, not only ASCII', () => {
    for (const [written, chosen] of [
      ['straße', 'STRASSE'],
      ['ẞ', 'ß'],
      ['É', 'é'],
      ['ΟΔΟΣ', 'οδος'],
    ]) {
      const out = choice('opt_out', MAY, { service_user_id: chosen! });
      expect(gate(intake([row({ service_user_id: written! })], [out]))).toEqual(['opted-out-in-service']);
    }
  });

  it('an empty id links nothing', () => {
    const nobody = { service_user_id: '' };
    expect(gate(intake([row(nobody), other()], [choice('opt_out', MAY, nobody)]))).toEqual([
      'id-missing',
      'asked',
    ]);
    expect(gate(intake([row({ ...nobody, restricted: 'yes' }), other(nobody)]))).toEqual([
      'restricted',
      'id-missing',
    ]);
  });
});

describe('the other objections', () => {
  it('restricted is yes (R45)', () => {
    expect(one({ restricted: 'yes' })).toBe('restricted');
  });

  it('any closed-list cell of a roster row holding something not on its list is an objection (R12)', () => {
    for (const column of ['person_type', 'in_service_choice', 'restricted'])
      for (const value of ['', 'maybe', 'NO', 'Staff'])
        expect(one({ [column]: value })).toBe('value-unknown');
  });

  it('any closed-list cell of a choice row not on its list is an objection, even of an old opt-in', () => {
    for (const column of ['choice', 'channel', 'decided_by'])
      expect(withChoices(choice('opt_in', MAY, { [column]: 'other' }))).toBe('value-unknown');
    expect(withChoices(choice('withdrawn', MAY), choice('opt_in', JUNE))).toBe('value-unknown');
  });

  it('a choice row’s time is not one: offset, real calendar date, seconds 00-59', () => {
    for (const time of [
      '2026-05-01T09:00:00',
      '2026-02-29T09:00:00Z',
      '2026-05-01T09:00:60Z',
      '2026-05-01',
      '',
    ])
      for (const column of ['requested_at', 'recorded_at'])
        expect(withChoices(choice('opt_in', MAY, { [column]: time }))).toBe('value-unknown');
    expect(withChoices(choice('opt_in', '2024-02-29T23:59:59.5-01:30'))).toBe('asked');
  });

  it('an opt-out without a readable time is in force, whatever was chosen before it was read', () => {
    const unclear = choice('opt_out', 'last week');
    expect(withChoices(unclear, choice('opt_in', JUNE))).toBe('opted-out-in-service');
  });

  it('an unreadable opt-in never counts as "no opt-out"', () => {
    const unclear = choice('opt_in', JUNE, { channel: 'fax' });
    expect(withChoices(choice('opt_out', MAY), unclear)).toBe('opted-out-in-service');
  });

  it('number-shared: two ids of one provider, both service users resident on D, bear this number (R25)', () => {
    const shared = other({ nhs_number: '999 000 0018' });
    expect(gate(intake([row(), shared]))).toEqual(['number-shared', 'number-shared']);
    expect(gate(intake([row(), { ...shared, resident_to: '2026-11-21' }]))).toEqual([
      'asked',
      'not-resident',
    ]);
    expect(gate(intake([row(), { ...shared, person_type: 'staff' }]))).toEqual([
      'asked',
      'not-a-service-user',
    ]);
    expect(gate(intake([row(), row({ service_user_id: 'SU-1' })]))).toEqual([
      'number-shared',
      'number-shared',
    ]);
  });

  it('number-shared counts a row whatever else it lacks, and an unreadable residence date as resident', () => {
    const lacking = other({ nhs_number: ONE, location_id: '', informed_on: '' });
    expect(gate(intake([row(), lacking]))).toEqual(['number-shared', 'number-shared']);
    expect(gate(intake([row(), { ...lacking, resident_from: '' }]))[0]).toBe('number-shared');
    expect(gate(intake([row(), { ...lacking, resident_to: 'soon' }]))[0]).toBe('number-shared');
  });

  it('number-shared takes provider ids as one when equal after case-folding', () => {
    const capital = other({ nhs_number: ONE, provider_id: 'HOME-1' });
    expect(gate(intake([row(), capital]))).toEqual(['number-shared', 'number-shared']);
  });

  it('across providers it is one person living in two places', () => {
    expect(gate(intake([row(), other({ nhs_number: ONE, provider_id: 'home-2' })]))).toEqual([
      'asked',
      'asked',
    ]);
  });

  it('number-shared is about the person: it stands on every row of that number, elsewhere too', () => {
    const away = row({ service_user_id: 'su-3', provider_id: 'home-2' });
    const outcomes = gate(intake([row(), other({ nhs_number: ONE }), away]));
    expect(outcomes).toEqual(['number-shared', 'number-shared', 'number-shared']);
  });

  it('number-conflict: one service_user_id bears two valid numbers on rows resident on D', () => {
    const second = row({ nhs_number: TWO, provider_id: 'home-2' });
    expect(gate(intake([row(), second]))).toEqual(['number-conflict', 'number-conflict']);
    expect(gate(intake([row(), { ...second, service_user_id: 'SU-1' }]))[0]).toBe('number-conflict');
    expect(gate(intake([row(), { ...second, nhs_number: '9990000019' }]))[0]).toBe('asked');
    expect(gate(intake([row(), { ...second, resident_to: '2026-11-21' }]))).toEqual([
      'asked',
      'not-resident',
    ]);
    expect(gate(intake([row(), { ...second, nhs_number: '4010232137' }]))[0]).toBe('number-conflict');
  });

  it('several objections: the first in this order; an objection comes before any missing ground', () => {
    expect(one({ in_service_choice: 'opted_out', restricted: 'yes' })).toBe('opted-out-in-service');
    expect(one({ in_service_choice: 'x', restricted: 'yes' })).toBe('restricted');
    const unknown = row({ person_type: '' });
    expect(gate(intake([unknown, row({ nhs_number: TWO })]))[0]).toBe('value-unknown');
    const both = [row(), other({ nhs_number: ONE }), row({ nhs_number: THREE })];
    expect(gate(intake(both))).toEqual(['number-shared', 'number-shared', 'number-conflict']);
    expect(one({ restricted: 'yes', provider_id: 'home-9' })).toBe('restricted');
  });
});

describe('how far an objection reaches', () => {
  it('every row with the same id and every row with the same valid number', () => {
    const optedOut = row({ in_service_choice: 'opted_out', resident_to: '2026-03-01' });
    const sameId = row({ nhs_number: '', service_user_id: 'su-1' });
    const sameNumber = other({ nhs_number: ONE });
    expect(gate(intake([optedOut, sameId, sameNumber, other({ service_user_id: 'su-4' })]))).toEqual([
      'opted-out-in-service',
      'number-missing',
      'objection-elsewhere',
      'asked',
    ]);
  });

  it('from rows that give no ground too: a home that does not take part, a staff row, a former home', () => {
    for (const lack of [{ provider_id: 'home-9' }, { person_type: 'staff' }, { resident_to: '2026-03-01' }])
      expect(gate(intake([other({ nhs_number: ONE, restricted: 'yes', ...lack }), row()]))).toEqual([
        'restricted',
        'objection-elsewhere',
      ]);
  });

  it('and from there on, until nothing changes', () => {
    const chain = [
      row({ service_user_id: 'su-4', nhs_number: FOUR }),
      row({ service_user_id: 'su-3', nhs_number: FOUR, provider_id: 'home-2' }),
      row({ service_user_id: 'su-3', nhs_number: THREE, resident_to: '2026-03-01' }),
      row({ service_user_id: 'SU-2', nhs_number: THREE, provider_id: 'home-9' }),
      row({
        service_user_id: 'su-2',
        nhs_number: TWO,
        in_service_choice: 'opted_out',
        resident_to: '2026-03-01',
      }),
    ];
    expect(gate(intake(chain))).toEqual([
      'objection-elsewhere',
      'objection-elsewhere',
      'not-resident',
      'provider-not-participating',
      'opted-out-in-service',
    ]);
  });

  it('rows link by a valid number of any range, never by one that is not valid', () => {
    const known = { nhs_number: '4010232137' };
    const out = other({ ...known, restricted: 'yes', provider_id: 'home-2' });
    const gone = row({ ...known, resident_to: '2026-03-01' });
    expect(gate(intake([out, gone, row()]))).toEqual(['restricted', 'not-resident', 'objection-elsewhere']);
    const mistyped = { nhs_number: '9999999999' };
    expect(gate(intake([other({ ...mistyped, restricted: 'yes' }), row(mistyped)]))[1]).toBe(
      'number-invalid',
    );
  });

  it('a choice is the service user’s own objection on every row with that id', () => {
    const rows = [row(), row({ provider_id: 'home-9' }), other({ nhs_number: ONE, provider_id: 'home-2' })];
    const outcomes = gate(intake(rows, [choice('opt_out', MAY)]));
    expect(outcomes).toEqual(['opted-out-in-service', 'opted-out-in-service', 'objection-elsewhere']);
  });

  it('a staff row, or a home left last month, does not stop the present home’s row (R4)', () => {
    const rows = [row({ person_type: 'staff' }), row({ resident_to: '2026-10-20' }), row()];
    expect(gate(intake(rows))).toEqual(['not-a-service-user', 'not-resident', 'asked']);
  });

  it('every row has exactly one outcome, and an empty roster has none (R2)', () => {
    expect(gate(intake([]))).toEqual([]);
    expect(gate(intake([row(), other(), row({ nhs_number: 'x', service_user_id: 'su-9' })]))).toHaveLength(3);
  });
});

describe('objections once seen are carried', () => {
  const night = (readAt: string, ...args: Parameters<typeof intake>): RawIntake => ({
    ...intake(...args),
    readAt,
  });
  const [FIRST, SECOND, THIRD] = ['2026-11-19T02:30:00Z', '2026-11-20T02:30:00Z', '2026-11-21T02:30:00Z'];
  const out = { in_service_choice: 'opted_out' };

  it('an opt-out whose row disappears stays in force, under its id and under its number', () => {
    const earlier = [night(THIRD, [row()], [choice('opt_out', MAY)])];
    expect(gate(intake([row()]), { earlier })).toEqual(['opted-out-in-service']);
    expect(gate(intake([row({ nhs_number: TWO })]), { earlier })).toEqual(['opted-out-in-service']);
    expect(gate(intake([other({ nhs_number: ONE })]), { earlier })).toEqual(['opted-out-in-service']);
    expect(gate(intake([other()]), { earlier })).toEqual(['asked']);
  });

  it('a column that flips back stays in force, even to opted_in', () => {
    const earlier = [night(FIRST, [row(out)]), night(SECOND, [row()])];
    expect(gate(intake([row({ in_service_choice: 'opted_in' })]), { earlier })).toEqual([
      'opted-out-in-service',
    ]);
  });

  it('until an opt-in in force of the same service user, later than the choice that is carried (R17)', () => {
    const earlier = [night(THIRD, [row()], [choice('opt_out', JUNE)])];
    expect(gate(intake([row()], [choice('opt_in', MAY)]), { earlier })).toEqual(['opted-out-in-service']);
    expect(gate(intake([row()], [choice('opt_in', JUNE)]), { earlier })).toEqual(['opted-out-in-service']);
    const back = choice('opt_in', '2026-06-02T09:00:00Z');
    expect(gate(intake([row()], [back]), { earlier })).toEqual(['asked']);
    const relative = { ...back, decided_by: 'relative' };
    expect(gate(intake([row()], [relative]), { earlier })).toEqual(['opted-out-in-service']);
    const capital = { ...back, service_user_id: 'SU-1' };
    expect(gate(intake([row()], [capital]), { earlier })).toEqual(['opted-out-in-service']);
  });

  it('a carried column counts from the first intake of the unbroken spell that showed it', () => {
    const back = choice('opt_in', '2026-11-20T12:00:00Z');
    const unbroken = [night(FIRST, [row(out)]), night(SECOND, [row(out)]), night(THIRD, [row(out)])];
    expect(gate(intake([row()], [back]), { earlier: unbroken })).toEqual(['asked']);
    const broken = [night(FIRST, [row(out)]), night(SECOND, [row()]), night(THIRD, [row(out)])];
    expect(gate(intake([row()], [back]), { earlier: broken })).toEqual(['opted-out-in-service']);
    const early = choice('opt_in', '2026-11-19T02:00:00Z');
    expect(gate(intake([row()], [early]), { earlier: unbroken })).toEqual(['opted-out-in-service']);
  });

  it('a spell belongs to one id with one number: a changed number begins a new one', () => {
    const back = choice('opt_in', '2026-11-20T12:00:00Z');
    const earlier = [night(FIRST, [row({ ...out, nhs_number: TWO })]), night(THIRD, [row(out)])];
    expect(gate(intake([row()], [back]), { earlier })).toEqual(['opted-out-in-service']);
    const unchanged = [night(FIRST, [row(out)]), night(THIRD, [row(out)])];
    expect(gate(intake([row()], [back]), { earlier: unchanged })).toEqual(['asked']);
  });

  it('a number that is not valid carries nothing', () => {
    const earlier = [night(THIRD, [row({ ...out, nhs_number: 'unknown' })])];
    expect(gate(intake([other({ nhs_number: 'unknown' })]), { earlier })).toEqual(['number-invalid']);
  });

  it('an earlier night that does not say when it was read is refused', () => {
    expect(() => gate(intake([row()]), { earlier: [intake([row()])] })).toThrow();
  });

  it('a choice already undone on the earlier night is not carried', () => {
    const earlier = [night(THIRD, [row()], [choice('opt_out', MAY), choice('opt_in', JUNE)])];
    expect(gate(intake([row()]), { earlier })).toEqual(['asked']);
  });

  it('restricted, unknown values, shared and conflicting numbers are of the night only', () => {
    const odd = [
      row({ restricted: 'yes', person_type: '' }),
      other({ nhs_number: ONE }),
      row({ nhs_number: TWO }),
    ];
    expect(gate(intake([row(), other()]), { earlier: [night(THIRD, odd)] })).toEqual(['asked', 'asked']);
  });
});

describe('what may leave', () => {
  const answered = new Set([ONE, TWO, THREE]);
  const tonight = ask(intake([row(), other()]));
  const later = (next: RawIntake): GateQuestion =>
    ask(next, { businessDate: '2026-11-23', readAt: '2026-11-23T08:00:00Z' });

  it('a number leaves only if it was asked and stands in the answer (R7, R18)', () => {
    expect([...referenceRelease(tonight, answered)]).toEqual([ONE, TWO]);
    expect([...referenceRelease(tonight, new Set([TWO]))]).toEqual([TWO]);
    expect([...referenceRelease(tonight, new Set())]).toEqual([]);
  });

  it('the national answer never overrides an in-service opt-out (R18)', () => {
    const objecting = ask(intake([row(), other()], [choice('opt_out', MAY)]));
    expect([...referenceRelease(objecting, answered)]).toEqual([TWO]);
  });

  it('only if the run’s own intake and the newest one allow it', () => {
    const next = intake([row(), other()], [choice('opt_out', '2026-11-22T20:00:00Z')]);
    expect([...referenceRelease(tonight, answered, later(next))]).toEqual([TWO]);
    const added = intake([row(), other(), row({ service_user_id: 'su-3', nhs_number: THREE })]);
    expect([...referenceRelease(tonight, answered, later(added))]).toEqual([ONE, TWO]);
    expect([...referenceRelease(tonight, answered, later(intake([other()])))]).toEqual([TWO]);
  });

  it('objections seen by the run or before it are carried into the newest intake', () => {
    const stray = intake([other()], [choice('opt_out', MAY)]);
    const linked = later(intake([other(), other({ service_user_id: 'su-1', provider_id: 'home-2' })]));
    expect([...referenceRelease(ask(intake([other()])), answered, linked)]).toEqual([TWO]);
    expect([...referenceRelease(ask(stray), answered, linked)]).toEqual([]);
    const after = ask(intake([other()]), { earlier: [{ ...stray, readAt: '2026-11-21T02:30:00Z' }] });
    expect([...referenceRelease(after, answered, linked)]).toEqual([]);
  });

  it('an opt-in after the run’s own reading adds nobody to it ("going forward" only, R17)', () => {
    const before = ask(intake([row(), other()], [choice('opt_out', MAY)]));
    const next = intake([row(), other()], [choice('opt_out', MAY), choice('opt_in', '2026-11-22T20:00:00Z')]);
    expect([...referenceRelease(before, answered, later(next))]).toEqual([TWO]);
  });

  it('leases and residence must hold on D and on the date of release', () => {
    const leaving = intake([row({ resident_to: '2026-11-22' }), other()]);
    expect([...referenceRelease(ask(leaving), answered)]).toEqual([ONE, TWO]);
    expect([...referenceRelease(ask(leaving), answered, later(leaving))]).toEqual([TWO]);
    const ending = intake([row()], [], [provider({ agreement_expires_on: '2026-11-22' })]);
    expect([...referenceRelease(ask(ending), answered, later(ending))]).toEqual([]);
  });
});
