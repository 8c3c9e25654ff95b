import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { isTestNumber } from '../../scripts/cohort/numbers.ts';
import { stampIntake } from '../../scripts/stamp-fixture.ts';

const fixture = path.join(import.meta.dirname, '../../fixtures/twenty-people');
const intake = path.join(fixture, '2026-11-22');
const names = ['service-users.csv', 'in-service-choices.csv', 'providers.csv'];
type Rows = Record<string, string>[];

interface Expected {
  outcomes: { line: number; service_user_id: string; outcome: string; released: boolean }[];
  released: string[];
}

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stamp-'));
afterAll(() => {
  fs.rmSync(root, { recursive: true });
});

const text = (folder: string, name: string): string => fs.readFileSync(path.join(folder, name), 'utf8');
const rows = (folder: string, name: string): Rows => parse(text(folder, name), { columns: true });
const manifest = (folder: string): unknown => JSON.parse(text(folder, 'manifest.json'));
const truth = (folder: string): unknown[] =>
  names.map((name) => ({
    name,
    rows: rows(folder, name).length,
    sha256: createHash('sha256').update(text(folder, name)).digest('hex'),
  }));

describe('the twenty people', () => {
  const roster = rows(intake, 'service-users.csv');
  const expected = JSON.parse(text(fixture, 'expected.json')) as Expected;
  const national = text(fixture, 'national-opt-outs.txt').trim().split('\n');
  const numberOn = (line: number): string => roster[line - 2]!['nhs_number']!.replaceAll(' ', '');

  it('have a manifest that tells the truth', () => {
    expect(manifest(intake)).toEqual({
      businessDate: '2026-11-22',
      producedAt: '2026-11-22T01:45:00Z',
      supplier: 'Demo Care Records',
      files: truth(intake),
    });
  });

  it('have one expectation for each line of the roster', () => {
    const ids = roster.map((row, index) => [index + 2, row['service_user_id']]);
    expect(expected.outcomes.map((row) => [row.line, row.service_user_id])).toEqual(ids);
  });

  it('leave if they are asked about and have no national opt-out, and only then', () => {
    for (const { line, outcome, released } of expected.outcomes) {
      expect([line, released]).toEqual([line, outcome === 'asked' && !national.includes(numberOn(line))]);
    }
    const leaving = expected.outcomes.filter((row) => row.released).map((row) => numberOn(row.line));
    expect(expected.released).toEqual([...new Set(leaving)].sort());
  });

  it('meet every reason there is', () => {
    expect(new Set(expected.outcomes.map((row) => row.outcome)).size).toBe(17);
  });

  it('bear numbers of the test range, one specimen aside', () => {
    const digits = roster.map((_, index) => numberOn(index + 2)).filter((cell) => cell.length === 10);
    expect(digits.filter((cell) => !cell.startsWith('999'))).toEqual(['4010232137']);
    expect([...expected.released, ...national].every(isTestNumber)).toBe(true);
  });

  it('stand in the README, line for line', () => {
    const readme = text(fixture, '../README.md');
    const told = [...readme.matchAll(/^\| (\d+) +\| (?:`([^`]*)`)? *\| .* \| `([a-z-]+)`(.*?) *\|$/gm)];
    expect(told.map(([, line, id, outcome, end]) => [line, id ?? '', outcome, end])).toEqual(
      expected.outcomes.map((row) => {
        const end = row.outcome !== 'asked' ? '' : row.released ? ' → released' : ' → not released';
        return [String(row.line), row.service_user_id, row.outcome, end];
      }),
    );
  });
});

describe('a stamped copy', () => {
  const businessDate = '2027-03-01';
  const producedAt = '2027-03-01T02:10:00Z';

  it('moves every date and time, and nothing else', () => {
    const to = path.join(root, 'moved', businessDate);
    stampIntake(intake, to, { businessDate, producedAt });
    for (const name of names) {
      const [before, after] = [text(intake, name), text(to, name)];
      const date = /\d{4}-\d{2}-\d{2}/g;
      expect(after.replaceAll(date, 'D')).toBe(before.replaceAll(date, 'D'));
      const days = [...before.matchAll(date)].map(([found]) => Date.parse(found) + 99 * 86_400_000);
      expect([...after.matchAll(date)].map(([found]) => Date.parse(found))).toEqual(days);
    }
    expect(rows(to, 'service-users.csv')[11]).toMatchObject({ informed_on: businessDate });
    expect(manifest(to)).toEqual({
      businessDate,
      producedAt,
      supplier: 'Demo Care Records',
      files: truth(to),
    });
  });

  it('for its own date is the same intake, even in place', () => {
    const to = path.join(root, 'same');
    const stamp = { businessDate: '2026-11-22', producedAt: '2026-11-22T01:45:00Z' };
    stampIntake(intake, to, stamp);
    stampIntake(to, to, stamp);
    for (const name of [...names, 'manifest.json']) expect(text(to, name)).toBe(text(intake, name));
  });

  it('keeps quotes, byte order mark and line ends, and leaves alone what only looks like a date', () => {
    const from = path.join(root, 'odd');
    fs.mkdirSync(from);
    const odd =
      '\uFEFFa,b\r\n"2026-11-22","x, 2026-11-22\r\n""y"""\r\n2026-02-30,v2026-11-22\r\n,2026-11-22T23:30:00.5+01:00';
    fs.writeFileSync(path.join(from, 'odd.csv'), odd);
    const files = [{ name: 'odd.csv', rows: 0, sha256: '' }];
    fs.writeFileSync(path.join(from, 'manifest.json'), JSON.stringify({ businessDate: '2026-11-22', files }));
    const to = path.join(root, 'odd-moved');
    stampIntake(from, to, { businessDate: '2026-12-01', producedAt });
    expect(text(to, 'odd.csv')).toBe(
      '\uFEFFa,b\r\n"2026-12-01","x, 2026-11-22\r\n""y"""\r\n2026-02-30,v2026-11-22\r\n,2026-12-01T23:30:00.5+01:00',
    );
    expect(manifest(to)).toMatchObject({ files: [{ name: 'odd.csv', rows: 3 }] });
  });

  it.each([
    ['a date', { businessDate: '2026-11-31', producedAt }],
    ['a time', { businessDate, producedAt: 'now' }],
  ])('is refused for what is not %s', (_, stamp) => {
    expect(() => {
      stampIntake(intake, path.join(root, 'never'), stamp);
    }).toThrow(RangeError);
  });
});
