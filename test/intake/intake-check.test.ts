import fs from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { shown } from '../../src/intake/cell.ts';
import { faultCodes } from '../../src/intake/fault.ts';
import type { FaultCode } from '../../src/intake/fault.ts';
import { checkIntake } from '../../src/intake/intake-check.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { formatIntakeReport } from '../../src/intake/intake-report.ts';
import type { IntakeReport } from '../../src/intake/intake-report.ts';
import { all } from '../support/contracts/intake-contract.ts';
import {
  businessDate,
  choiceCells,
  intakeOfEachTest,
  providerCells,
  rosterCells,
} from '../support/intake-folder.ts';
import type { IntakeCells, Spoiling } from '../support/intake-folder.ts';

const now = Date.parse('2026-11-22T02:30:00Z');
const policy = { name: 'test', extraRanges: [] } as const;
const seen = new Set<string>();

async function check(folder: string): Promise<IntakeReport> {
  const report = await checkIntake(folder, { now, policy });
  for (const code of Object.keys(report.counts)) seen.add(code);
  return report;
}

/** `12 nhs_number number-invalid` */
const told = ({ faults }: IntakeReport): string[] =>
  faults.map(({ line, column, code }) => [line, column, code].filter((part) => part !== null).join(' '));

describe('intake check', () => {
  const intakes = intakeOfEachTest();
  const { put } = intakes;

  const toldOf = async (cells: IntakeCells, spoiling?: Spoiling): Promise<string[]> =>
    told(await check(put(cells, spoiling)));

  it('has nothing to say of a folder as it should be', async () => {
    const folder = put();
    const report = await check(folder);
    expect(report).toEqual({
      folder,
      businessDate,
      producedAt: '2026-11-22T01:45:00.000Z',
      supplier: 'Test Care Records',
      accepted: true,
      holdsRun: false,
      rows: { 'service-users.csv': 1, 'in-service-choices.csv': 1, 'providers.csv': 1 },
      severities: { refuses: 0, 'holds-back': 0, note: 0 },
      counts: {},
      notListed: {},
      faults: [],
    });
    expect(formatIntakeReport(report)).toBe(
      [
        "Tonight's run would take this folder.",
        '',
        'Business date 2026-11-22; service-users.csv 1 row; in-service-choices.csv 1 row; providers.csv 1 row; 0 refuse, 0 hold back, 0 notes.',
        '',
      ].join('\n'),
    );
  });

  it('tells of the twenty people what is odd about them', async () => {
    const report = await check(path.join(__dirname, '../../fixtures/twenty-people/2026-11-22'));
    expect(report.accepted).toBe(true);
    expect(report.holdsRun).toBe(false);
    expect(told(report)).toEqual([
      '11 in_service_choice value-unknown',
      '20 location_id location-invalid',
      '21 nhs_number number-missing',
      '22 nhs_number number-invalid',
      '23 nhs_number number-invalid',
      '24 nhs_number number-out-of-range',
      '34 service_user_id id-missing',
      '8 decided_by opt-in-not-counted',
    ]);
    expect(JSON.stringify(report)).not.toMatch(/\d{10}/);
  });

  it('tells each cell of the roster that holds somebody back', async () => {
    const roster = [
      rosterCells({ person_type: 'resident', in_service_choice: '', restricted: 'N' }),
      rosterCells({ informed_on: '19/01/2026', resident_from: '', resident_to: 'never' }),
      rosterCells({
        person_type: 'staff',
        informed_on: '',
        resident_from: '',
        nhs_number: '',
        location_id: '',
      }),
      rosterCells({ informed_on: '' }),
      rosterCells({ nhs_number: '', location_id: '1-12345' }),
      rosterCells({ nhs_number: '9990000019' }),
      rosterCells({ nhs_number: '4010232137' }),
      rosterCells({ provider_id: 'PR-02' }),
      rosterCells({ provider_id: '', service_user_id: '' }),
      rosterCells({ provider_id: 'pr-01', service_user_id: 'su-000001' }),
    ];
    expect(await toldOf({ roster })).toEqual([
      '2 person_type value-unknown',
      '2 in_service_choice value-unknown',
      '2 restricted value-unknown',
      '3 informed_on date-unreadable',
      '3 resident_from date-unreadable',
      '3 resident_to date-unreadable',
      '6 location_id location-invalid',
      '6 nhs_number number-missing',
      '7 nhs_number number-invalid',
      '8 nhs_number number-out-of-range',
      '9 provider_id provider-unknown',
      '10 provider_id provider-unknown',
      '10 service_user_id id-missing',
      '11 provider_id provider-unknown',
      '11 provider_id id-case-differs',
      '11 service_user_id id-case-differs',
    ]);
  });

  it('tells each cell of a choice that objects or does not count', async () => {
    const choices = [
      choiceCells({ choice: 'out', channel: 'fax', decided_by: 'daughter' }),
      choiceCells({ choice_id: 'CH-2', requested_at: '2026-11-18', recorded_at: '' }),
      choiceCells({
        choice_id: 'CH-3',
        requested_at: '2026-11-01T09:00:00Z',
        recorded_at: '2026-11-08T09:00:00Z',
      }),
      choiceCells({
        choice_id: 'CH-4',
        requested_at: '2026-11-01T09:00:00Z',
        recorded_at: '2026-11-08T09:00:01Z',
      }),
      choiceCells({ choice_id: 'CH-5', choice: 'opt_in', decided_by: 'relative' }),
      choiceCells({ choice_id: 'CH-6', choice: 'opt_in', decided_by: 'staff' }),
      choiceCells({ choice_id: 'CH-7', choice: 'opt_in', decided_by: 'deputy' }),
      choiceCells({ choice_id: 'CH-8', service_user_id: 'su-000001' }),
      choiceCells({ choice_id: 'CH-8', service_user_id: 'su-000001' }),
      choiceCells({ choice_id: 'CH-8' }),
      choiceCells({ choice_id: '' }),
    ];
    expect(await toldOf({ choices })).toEqual([
      '2 choice value-unknown',
      '2 channel value-unknown',
      '2 decided_by value-unknown',
      '3 requested_at time-unreadable',
      '3 recorded_at time-unreadable',
      '5 recorded_at opt-out-recorded-late',
      '6 decided_by opt-in-not-counted',
      '7 decided_by opt-in-not-counted',
      '9 service_user_id id-case-differs',
      '11 choice_id choice-repeated',
      '12 choice_id choice-id-missing',
    ]);
  });

  it('tells of choices of nobody, and that a recent opt-out among them holds the run', async () => {
    const old = { requested_at: '2026-10-01T09:00:00Z', recorded_at: '2026-10-01T09:00:00Z' };
    const choices = [
      choiceCells({ choice_id: 'CH-1', service_user_id: 'SU-9', ...old }),
      choiceCells({ choice_id: 'CH-2', service_user_id: 'SU-8', choice: 'opt_in' }),
      choiceCells({ choice_id: 'CH-3', service_user_id: '', ...old }),
    ];
    const report = await check(put({ choices }));
    expect(told(report)).toEqual([
      '2 service_user_id choice-unmatched',
      '3 service_user_id choice-unmatched',
      '4 service_user_id id-missing',
    ]);
    expect(report).toMatchObject({ accepted: true, holdsRun: false });

    for (const service_user_id of ['SU-0OOO01', '']) {
      const held = await check(put({ choices: [choiceCells({ service_user_id })] }));
      expect(held).toMatchObject({ accepted: true, holdsRun: true, counts: { 'opt-out-unmatched': 1 } });
      expect(formatIntakeReport(held)).toMatch(/^Tonight's run would take this folder, and then hold/);
    }
    for (const [chosen, listed] of [
      ['su-1', 'SU-1'],
      ['SU-1', 'su-1'],
    ] as const) {
      const choice = choiceCells({ service_user_id: chosen });
      const row = rosterCells({ service_user_id: listed });
      const report = await check(put({ choices: [choice], roster: [row] }));
      expect(report.counts).toEqual({ 'id-case-differs': 1 });
    }
  });

  it('tells what a provider lacks', async () => {
    const providers = [
      providerCells(),
      providerCells({
        provider_id: 'PR-02',
        participating_from: '',
        participating_to: '?',
        agreement_expires_on: '',
      }),
      providerCells({ provider_id: 'PR-03', policy_review_due_on: '2026-11-21', data_protection_lead: ' ' }),
      providerCells({ provider_id: 'PR-04', policy_review_due_on: '' }),
      providerCells({ provider_id: 'PR-05', policy_review_due_on: businessDate }),
      providerCells({ provider_id: 'pr-01' }),
      providerCells({ provider_id: '' }),
    ];
    expect(await toldOf({ providers })).toEqual([
      '3 participating_from date-unreadable',
      '3 participating_to date-unreadable',
      '3 agreement_expires_on date-unreadable',
      '4 policy_review_due_on policy-review-overdue',
      '4 data_protection_lead data-protection-lead-missing',
      '5 policy_review_due_on policy-review-overdue',
      '7 provider_id id-case-differs',
      '8 provider_id id-missing',
    ]);
  });

  it('goes on after what refuses the folder, and says so first', async () => {
    const folder = put(
      {
        producedAt: '2026-11-20T01:45:00Z',
        providers: [providerCells(), providerCells()],
        choices: [choiceCells({ service_user_id: 'SU-000001 ' })],
        roster: [rosterCells({ provider_id: 'PR-77' }), rosterCells({ restricted: 'maybe' })],
      },
      {
        tables: (texts) => {
          texts['service-users.csv'] = String(texts['service-users.csv']).replace(
            'SU-000001,',
            '"SU",000001,',
          );
        },
        manifest: (manifest) => (manifest.businessDate = '2026-11-21'),
      },
    );
    fs.appendFileSync(path.join(folder, 'providers.csv'), 'x');
    const report = await check(folder);
    expect(report).toMatchObject({ accepted: false, severities: { refuses: 7 } });
    expect(report.faults.map(({ file, line, code }) => [file, line, code])).toEqual([
      ['manifest.json', null, 'manifest-of-another-date'],
      ['manifest.json', null, 'manifest-stale'],
      ['service-users.csv', 2, 'intake-malformed'],
      ['service-users.csv', 3, 'value-unknown'],
      ['in-service-choices.csv', 2, 'intake-id-unsafe'],
      ['providers.csv', null, 'intake-file-altered'],
      ['providers.csv', 3, 'intake-provider-twice'],
      ['providers.csv', 4, 'intake-malformed'],
    ]);
    const text = formatIntakeReport(report);
    expect(text).toMatch(/^Tonight's run would refuse this folder: 7 faults against it\./);
  });

  it('agrees with the reader on which folders are taken', async () => {
    const replaced = (name: 'providers.csv' | 'service-users.csv', from: string, to: string): Spoiling => ({
      tables: (texts) => {
        texts[name] = String(texts[name]).replace(from, to);
      },
    });
    const spoilings: readonly Spoiling[] = [
      {},
      { manifest: (manifest) => (manifest.producedAt = '2026-11-22T09:00:00Z') },
      { manifest: (manifest) => (manifest['more'] = 1) },
      { manifest: ({ files }) => Object.assign((files as object[])[0]!, { rows: 2 }) },
      { manifest: (manifest) => (manifest.files = [manifest.files, manifest.files].flat()) },
      replaced('providers.csv', 'provider_id', 'id'),
      replaced('providers.csv', 'PR-01', 'PR\u200b01'),
      replaced('service-users.csv', 'yes', '"'),
      replaced('service-users.csv', 'SU-', '\nSU-'),
      replaced('service-users.csv', 'none', '"none'),
    ];
    for (const spoiling of spoilings) {
      const report = await check(put({}, spoiling));
      const reader = createIntakeReader({ intakeDir: intakes.dir });
      const read = async (): Promise<void> => {
        const intake = await reader.verify({ businessDate, openedAt: now, now, usedElsewhere: new Set() });
        await reader.providers(intake);
        await all(reader.choices(intake));
        await all(reader.roster(intake));
      };
      const code = await read().then(
        () => null,
        (thrown: unknown) => (thrown as { code: FaultCode }).code,
      );
      expect(report.accepted).toBe(code === null);
      if (code !== null) expect(report.counts[code]).toBeGreaterThan(0);
    }
  });

  it('says which file is not there, and holds nothing against those that lean on it', async () => {
    for (const name of ['providers.csv', 'in-service-choices.csv', 'service-users.csv', 'manifest.json']) {
      const folder = put();
      fs.rmSync(path.join(folder, name));
      expect((await check(folder)).faults.map(({ file, code }) => [file, code])).toEqual([
        [name, name === 'manifest.json' ? 'manifest-missing' : 'intake-file-missing'],
      ]);
    }
    expect(told(await check(path.join(intakes.dir, 'none')))).toEqual(['intake-missing']);
  });

  it('sees that a manifest is a copy of one beside it, or lies under another date', async () => {
    put({}, {}, '2026-11-21');
    const folder = put();
    expect(told(await check(folder))).toEqual(['producedAt manifest-of-another-date']);
    fs.rmSync(path.join(intakes.dir, '2026-11-21'), { recursive: true });
    expect(told(await check(folder))).toEqual([]);
    const renamed = path.join(intakes.dir, '2026-11-23');
    fs.renameSync(folder, renamed);
    expect(told(await check(renamed))).toEqual(['businessDate manifest-of-another-date']);
    fs.renameSync(renamed, path.join(intakes.dir, 'to-look-at'));
    expect(told(await check(path.join(intakes.dir, 'to-look-at')))).toEqual([]);
  });

  it('takes a link under the name of a date for no folder, as a run does, and follows one of another name', async () => {
    const folder = put();
    const [dated, newest] = ['2026-11-23', 'newest'].map((name) => path.join(intakes.dir, name));
    fs.symlinkSync(folder, dated!);
    fs.symlinkSync(folder, newest!);
    expect(told(await check(dated!))).toEqual(['intake-missing']);
    expect(await check(newest!)).toMatchObject({ accepted: true, businessDate });
    expect(await check(path.join(folder, '.'))).toMatchObject({ accepted: true, businessDate });
  });

  it('doubts tables without rows', async () => {
    expect(await toldOf({ choices: [], providers: [], roster: [] })).toEqual([
      'file-empty',
      'file-empty',
      'file-empty',
    ]);
  });

  it('lists a thousand faults and the first of each code, and counts the rest', async () => {
    const roster = Array.from({ length: 1500 }, () => rosterCells({ nhs_number: '' }));
    roster.push(rosterCells({ restricted: '?' }), rosterCells({ restricted: '?' }));
    const report = await check(put({ roster }));
    expect(report.faults).toHaveLength(1001);
    expect(report.counts).toEqual({ 'value-unknown': 2, 'number-missing': 1500 });
    expect(report.notListed).toEqual({ 'value-unknown': 1, 'number-missing': 500 });
    expect(formatIntakeReport(report)).toContain(
      'Not listed: 1 more of value-unknown, 500 more of number-missing.',
    );
  });

  it('tells a number in no column, in words or as JSON', async () => {
    const number = '9990000018';
    const spread = <Cells extends object>(cells: Cells): Cells =>
      Object.fromEntries(Object.keys(cells).map((column) => [column, number])) as Cells;
    for (const written of [number, `${number}\u00a0`, '999 000 0018', '999-000-0018']) {
      const folder = put({
        roster: [
          rosterCells({
            nhs_number: written,
            location_id: written,
            informed_on: written,
            restricted: written,
          }),
        ],
        choices: [choiceCells({ choice: written, requested_at: written, service_user_id: written })],
        providers: [spread(providerCells())],
      });
      const report = await check(folder);
      expect(report.faults.length).toBeGreaterThan(5);
      for (const text of [JSON.stringify(report.faults), formatIntakeReport(report)])
        expect(text).not.toMatch(/999.?000.?0018/);
    }
  });
});

it('tells every fault there is, in the tests above', () => {
  expect(faultCodes.filter((code) => !seen.has(code))).toEqual([]);
});

describe('a cell as it is shown', () => {
  it.each([
    ['N/A', '"N/A"'],
    ['a"b\n', String.raw`"a\"b\n"`],
    ['SU\u202e1\u007f\u200b', String.raw`"SU\u{202e}1\u{7f}\u{200b}"`],
    ['2026-11-22', '"2026-11-22"'],
    ['123456', '"123456"'],
    ['x1234567x', '"x#######x"'],
    ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
  ])('is quoted, cut and masked (%#)', (cell, expected) => {
    expect(shown(cell)).toBe(expected);
  });

  it('is one short line without control characters and without seven digits in a row, whatever stood there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (cell) => {
        const line = shown(cell);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\p{Nd}{7}/u);
        expect(line.length).toBeLessThan(43 * 10);
      }),
    );
  });
});
