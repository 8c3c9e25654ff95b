import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minute } from '../../src/domain/calendar.ts';
import { evidenceKeptUntil } from '../../src/domain/retention.ts';
import {
  demandReason,
  isPersonRole,
  namesNumber,
  requestText,
  validTexts,
} from '../../src/domain/signed-request.ts';

const lookUp = { what: 'look-up', reason: 'case 7' } as const;
const origin = 'example.org/log';
const at = Date.UTC(2026, 10, 22, 10, 7);

describe('the text that is signed', () => {
  it('says what, why and for how long, and no more', () => {
    expect(requestText(lookUp, origin, at)).toBe(
      'export-gate look-up\nlog example.org/log\nreason case 7\nfrom 2026-11-22T10:00:00.000Z\nuntil 2026-11-22T10:30:00.000Z\n',
    );
    expect(requestText({ what: 'erase-year', reason: 'over', year: '2017' }, origin, at)).toContain(
      '\nyear 2017\n',
    );
  });

  it('holds for as long as it says, at least a quarter of an hour, and no longer', () => {
    fc.assert(
      fc.property(fc.nat(60 * minute), fc.nat(60 * minute), (printed, later) => {
        const text = requestText(lookUp, origin, at + printed);
        const [, until = ''] = /until (.*)\n/.exec(text) ?? [];
        const now = at + printed + later;
        expect(validTexts(lookUp, origin, now).includes(text)).toBe(now < Date.parse(until));
        expect(Date.parse(until) - (at + printed)).toBeGreaterThan(15 * minute);
      }),
    );
  });
});

describe('a reason', () => {
  it.each(['case 7', 'é'.repeat(500), 'phone 0303 123 1113', '2026-11-22/r1', '1234567890'])(
    'may be %j',
    (reason) => {
      expect(demandReason(` ${reason} `)).toBe(reason);
    },
  );

  it.each([
    '',
    '\t',
    'x'.repeat(501),
    'a\nb',
    'a\u2028b',
    'a\u0000b',
    '9990000018',
    'no. 999 000 0018!',
    '999-000-0018',
    'id19990000018',
  ])('may not be %j', (reason) => {
    expect(() => demandReason(reason)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('never holds a number, however it is spaced', () => {
    const spacing = fc.array(fc.constantFrom('', ' ', '-', '.', '\u00a0'), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(spacing, fc.string(), (spaces, around) => {
        const written = Array.from('9990000018', (digit, place) => digit + (spaces[place] ?? '')).join('');
        expect(namesNumber(`${around} ${written}`)).toBe(true);
      }),
    );
  });
});

it.each([
  ['Data Protection Lead', true],
  ['data-protection-lead', true],
  ['Caldicott  Guardian', true],
  ['CALDICOTT_GUARDIAN', true],
  ['Deputy Caldicott Guardian', false],
  ['Manager', false],
  ['', false],
])('the role %j answers people about their data: %s', (role, answers) => {
  expect(isPersonRole(role)).toBe(answers);
});

it('evidence of a year is kept by the longest rule, from the last day of the year', () => {
  expect(evidenceKeptUntil('2019')).toBe('2027-12-31');
});
