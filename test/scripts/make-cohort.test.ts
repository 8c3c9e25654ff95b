import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { chanceFrom } from '../../scripts/cohort/chance.ts';
import { checkDigit, isTestNumber, testNumbers } from '../../scripts/cohort/numbers.ts';
import { makeCohort } from '../../scripts/make-cohort.ts';
import type { CohortOptions, CohortSummary } from '../../scripts/make-cohort.ts';

const date = '2026-11-22';
const producedAt = '2026-11-22T01:45:00Z';
const names = ['service-users.csv', 'in-service-choices.csv', 'providers.csv'] as const;
type Rows = Record<string, string>[];

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cohort-'));
afterAll(() => {
  fs.rmSync(root, { recursive: true });
});

let folders = 0;
function made(options: Partial<CohortOptions> = {}): {
  out: string;
  national: string;
  summary: CohortSummary;
} {
  const place = path.join(root, String(++folders));
  const out = path.join(place, date);
  const nationalOptOuts = path.join(place, 'national-opt-outs.txt');
  const summary = makeCohort({ out, date, producedAt, nationalOptOuts, ...options });
  return { out, national: nationalOptOuts, summary };
}

const bytes = (folder: string, name: string): Buffer => fs.readFileSync(path.join(folder, name));
const rows = (folder: string, name: string): Rows => parse(bytes(folder, name), { columns: true });
const lines = (file: string): string[] => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
const digest = (folder: string): string[] =>
  names.map((name) => createHash('sha256').update(bytes(folder, name)).digest('hex'));
const sum = (counts: Partial<Record<string, number>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);

describe('a cohort of the usual size', () => {
  let out: string;
  let national: string;
  let summary: CohortSummary;
  let roster: Rows;
  let choices: Rows;
  let providers: Rows;
  beforeAll(() => {
    ({ out, national, summary } = made());
    [roster, choices, providers] = names.map((name) => rows(out, name)) as [Rows, Rows, Rows];
  });

  it('stands in three files under the headers of the intake, and a manifest', () => {
    expect(fs.readdirSync(out).sort()).toEqual([...names, 'manifest.json'].sort());
    expect(names.map((name) => bytes(out, name).toString('utf8').split('\n', 1)[0])).toEqual([
      'service_user_id,provider_id,location_id,nhs_number,person_type,informed_on,notice_version,in_service_choice,restricted,resident_from,resident_to',
      'choice_id,service_user_id,choice,channel,requested_at,recorded_at,recorded_by,decided_by',
      'provider_id,name,ods_code,participating_from,participating_to,agreement_ref,agreement_expires_on,notice_version,policy_review_due_on,data_protection_lead',
    ]);
  });

  it('has a manifest that tells the truth', () => {
    const files = [roster, choices, providers].map((list, index) => ({
      name: names[index],
      rows: list.length,
      sha256: digest(out)[index],
    }));
    const manifest: unknown = JSON.parse(bytes(out, 'manifest.json').toString('utf8'));
    expect(manifest).toEqual({ businessDate: date, producedAt, supplier: 'Demo Care Records', files });
  });

  it('adds up', () => {
    expect(summary).toMatchObject({ people: 30_000, homes: 700, providers: 120 });
    expect(sum(summary.kinds)).toBe(summary.people);
    expect(sum(summary.outcomes)).toBe(summary.rows);
    expect([roster.length, choices.length, providers.length]).toEqual([summary.rows, summary.choices, 120]);
    expect(new Set(roster.map((row) => row['location_id']).filter((id) => id?.startsWith('1-'))).size).toBe(
      700,
    );
    expect(summary.numbersCleared).toBeLessThan(summary.numbersAsked);
    expect(summary.outcomes.asked).toBeGreaterThanOrEqual(summary.numbersAsked);
  });

  it('takes sound numbers from the 999 range alone, but for those made to be out of range', () => {
    const digits = roster.map((row) => row['nhs_number']!.replaceAll(' ', ''));
    const sound = digits.filter((cell) => /^(?!(.)\1{9})\d{10}$/.test(cell)).filter(passes);
    const outside = sound.filter((cell) => !cell.startsWith('999'));
    expect(outside.length).toBe(summary.outcomes['number-out-of-range']);
    expect(outside.every((cell) => cell.startsWith('89'))).toBe(true);
  });

  it.each<[string, number, (row: Record<string, string>) => boolean]>([
    ['no number', 0.6, (row) => row['nhs_number'] === '' && row['person_type'] === 'service_user'],
    ['spaces in the number', 0.3, (row) => /^\d{3} \d{3} \d{4}$/.test(row['nhs_number']!)],
    ['staff', 3, (row) => row['person_type'] === 'staff'],
    ['left', 2, (row) => row['resident_to'] !== '' && row['resident_to']! < date],
    ['not yet arrived', 1, (row) => row['resident_from']! > date],
    ['informed today', 0.5, (row) => row['informed_on'] === date],
    ['restricted', 0.3, (row) => row['restricted'] === 'yes'],
    ['opted out in the column', 2.25, (row) => row['in_service_choice'] === 'opted_out'],
  ])('holds %s in about %p of a hundred rows', (_, percent, isSuch) => {
    const share = (100 * roster.filter(isSuch).length) / roster.length;
    expect(Math.abs(share - percent)).toBeLessThan(0.15 + percent / 15);
  });

  it('holds somebody of every kind', () => {
    expect(Object.keys(summary.kinds)).toHaveLength(31);
    expect(Object.keys(summary.outcomes)).toHaveLength(17);
  });

  it('knows the service user of every choice, except a few of long ago', () => {
    const ids = new Set(roster.map((row) => row['service_user_id']));
    const unmatched = choices.filter((choice) => !ids.has(choice['service_user_id']));
    expect(unmatched).toHaveLength(summary.unmatchedChoices);
    expect(unmatched.every((choice) => choice['requested_at']! < '2026-10-22')).toBe(true);
    expect(new Set(choices.map((choice) => choice['choice_id'])).size).toBe(choices.length);
  });

  it('has no choice that is younger than the intake or keyed before it was asked for', () => {
    for (const choice of choices) {
      const [requested, recorded] = [Date.parse(choice['requested_at']!), Date.parse(choice['recorded_at']!)];
      expect(requested).toBeLessThanOrEqual(recorded);
      expect(recorded).toBeLessThan(Date.parse(producedAt));
    }
  });

  it('gives a seeded share of the residents a national opt-out, once each', () => {
    const optOuts = lines(national);
    const residents = roster.filter((row) => row['person_type'] !== 'staff');
    const digits = residents.map((row) => row['nhs_number']!.replaceAll(' ', ''));
    const numbers = new Set(digits.filter(isTestNumber));
    expect(optOuts).toHaveLength(summary.nationalOptOuts);
    expect(new Set(optOuts).size).toBe(optOuts.length);
    expect(optOuts.every((number) => numbers.has(number))).toBe(true);
    expect(Math.abs(optOuts.length / numbers.size - 0.045)).toBeLessThan(0.005);
  });

  it('names providers in ways that a reader of CSV must understand', () => {
    expect(providers.some((provider) => provider['name']!.includes('"'))).toBe(true);
    expect(providers.some((provider) => provider['name']!.includes(','))).toBe(true);
    expect(new Set(providers.map((provider) => provider['provider_id'])).size).toBe(120);
    expect(providers.every((provider) => provider['agreement_expires_on']! !== date)).toBe(true);
  });
});

describe('the same and not the same', () => {
  const small = { people: 2_000, homes: 40, providers: 12 };

  it('gives the same bytes for the same options', () => {
    const [one, other] = [made(small), made(small)];
    expect(digest(other.out)).toEqual(digest(one.out));
    expect(bytes(other.out, 'manifest.json')).toEqual(bytes(one.out, 'manifest.json'));
    expect(lines(other.national)).toEqual(lines(one.national));
    expect(other.summary).toEqual(one.summary);
  });

  it('gives other people for another seed', () => {
    expect(digest(made({ ...small, seed: 2 }).out)[0]).not.toBe(digest(made(small).out)[0]);
  });

  it('writes the same intake whoever has a national opt-out, and whenever the day has begun', () => {
    const other = made({ ...small, nationalShare: 0.5, producedAt: '2026-11-22T03:00:00+00:00' });
    expect(digest(other.out)).toEqual(digest(made(small).out));
  });

  it('has no more providers than homes where only the homes are told', () => {
    expect(made({ people: 50, homes: 5 }).summary).toMatchObject({ people: 50, homes: 5, providers: 5 });
  });

  it('copes with one person, one home, one provider', () => {
    const { summary } = made({ people: 1, homes: 1, providers: 1 });
    expect(summary).toMatchObject({ people: 1, homes: 1, providers: 1 });
  });
});

describe('what makes no sense', () => {
  it.each<[string, Partial<CohortOptions>]>([
    ['no people', { people: 0 }],
    ['fewer homes than providers', { homes: 3, providers: 4 }],
    ['a share above one', { nationalShare: 1.1 }],
    ['a date that does not exist', { date: '2026-02-30' }],
    ['a time without an offset', { producedAt: '2026-11-22T01:45:00' }],
    ['national opt-outs inside the intake', { out: root, nationalOptOuts: path.join(root, 'x.txt') }],
  ])('is refused: %s', (_, options) => {
    expect(() => made(options)).toThrow(RangeError);
  });
});

describe('numbers', () => {
  it.each([
    [943476591, 9],
    [987654321, 0],
    [401023213, 7],
    [911123111, 4],
    [999000005, 0],
    [999000014, 10],
    [123456789, 10],
  ])('%i has the check digit %i', (prefix, digit) => {
    expect(checkDigit(prefix)).toBe(digit);
  });

  it.each(['', '9999999999', '9990000019', '99900O0018', '999000001', '4010232137', '9990000018 1'])(
    '"%s" is no test number',
    (cell) => {
      expect(isTestNumber(cell)).toBe(false);
    },
  );

  it('uses up the 999 range before it goes on, and never gives a number twice', () => {
    const numbers = testNumbers(chanceFrom(7));
    const seen = new Uint8Array(1_000_000);
    for (let taken = 0; taken < 909_090; taken++) {
      const number = numbers.next().value;
      if (!number.startsWith('999') || !isTestNumber(number)) throw new Error(`${number} at ${taken}`);
      seen[Number(number.slice(3, 9))]!++;
    }
    expect(Math.max(...new Set(seen))).toBe(1);
    const further = Array.from({ length: 10_000 }, () => numbers.next().value);
    expect(further.every((number) => /^9(?!99)/.test(number) && isTestNumber(number))).toBe(true);
    expect(new Set(further).size).toBe(further.length);
  });
});

it('makes 100,000 people in less than three seconds of work', () => {
  const before = process.cpuUsage();
  expect(made({ people: 100_000 }).summary.people).toBe(100_000);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(3);
});

/** Modulus 11 once more, in another way than the cohort's own: weighted digits, check digit included with weight 1, make 0. */
function passes(digits: string): boolean {
  const weighted = Array.from(digits).reduce(
    (total, digit, index) => total + Number(digit) * (10 - index),
    0,
  );
  return weighted % 11 === 0;
}
