/** The decision on one row and on one number, from every combination of what can be said. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  askedOutcome,
  askedOutcomes,
  firstObjection,
  gateOutcome,
  gateOutcomes,
  heldBackReasons,
  isObjection,
  missingGround,
  missingGrounds,
  objections,
  spokenObjection,
} from '../../src/domain/eligibility.ts';
import type { MissingGround, Terms } from '../../src/domain/eligibility.ts';
import { dropFormatVersion, rulesVersion } from '../../src/domain/evidence.ts';
import type { Provider } from '../../src/domain/provider.ts';
import type { ServiceUserRow } from '../../src/domain/service-user.ts';
import { provider, row, terms } from './roster-samples.ts';

interface Lack {
  readonly row?: Partial<ServiceUserRow>;
  readonly provider?: Partial<Provider>;
  readonly terms?: Partial<Terms>;
}
/** One way to lack each ground, in the order of the table. */
const lacks: Readonly<Record<MissingGround, Lack>> = {
  'provider-not-participating': { provider: { participatingFrom: '2026-11-23' } },
  'agreement-expired': { provider: { agreementExpiresOn: '2026-11-21' } },
  'id-missing': { row: { serviceUserId: '' } },
  'not-a-service-user': { row: { personType: 'staff' } },
  'not-resident': { row: { residentTo: '2026-11-21' } },
  'location-invalid': { row: { locationId: '1-12345' } },
  'number-missing': { row: { number: { kind: 'missing' } } },
  'number-invalid': { row: { number: { kind: 'invalid' } } },
  'number-out-of-range': { terms: { numbers: { name: 'live', extraRanges: [] } } },
  'not-informed': { row: { informedOn: '2026-11-22' } },
};
const ofNumber = ['number-missing', 'number-invalid'];

describe('the ground a row gives', () => {
  it('is enough where nothing is lacking', () => {
    expect(missingGround(row(), provider(), terms)).toBeNull();
  });

  it('lacks the first in the order of the table, whatever else it lacks', () => {
    fc.assert(
      fc.property(fc.subarray([...missingGrounds], { minLength: 1 }), (lacking) => {
        const first = lacking[0]!;
        fc.pre(ofNumber.some((ground) => !lacking.includes(ground as MissingGround)));
        const all = lacking.map((ground) => lacks[ground]);
        const lackingRow = row(Object.assign({}, ...all.map((lack) => lack.row)) as Partial<ServiceUserRow>);
        const lackingProvider = Object.assign({}, ...all.map((lack) => lack.provider)) as Partial<Provider>;
        const stricter = {
          ...terms,
          ...(Object.assign({}, ...all.map((lack) => lack.terms)) as Partial<Terms>),
        };
        expect(missingGround(lackingRow, provider(lackingProvider), stricter)).toBe(first);
      }),
      { numRuns: 1_000 },
    );
  });

  it('needs a provider that is listed', () => {
    expect(missingGround(row(), undefined, terms)).toBe('provider-not-participating');
  });

  it('needs leases and residence on the business date and on the date of release', () => {
    const later = { ...terms, releaseDate: '2026-11-23' };
    const of = (over: Partial<ServiceUserRow>, line: Partial<Provider> = {}): unknown =>
      missingGround(row(over), provider(line), later);
    expect(of({ residentTo: '2026-11-23' })).toBeNull();
    expect(of({ residentTo: '2026-11-22' })).toBe('not-resident');
    expect(of({ residentFrom: '2026-11-23' })).toBe('not-resident');
    expect(of({}, { participatingTo: '2026-11-22' })).toBe('provider-not-participating');
    expect(of({}, { participatingFrom: '2026-11-23' })).toBe('provider-not-participating');
    expect(of({}, { agreementExpiresOn: '2026-11-22' })).toBe('agreement-expired');
  });

  it('needs to be informed before the business date, not only before the release (R11)', () => {
    const later = { ...terms, releaseDate: '2026-11-23' };
    expect(missingGround(row({ informedOn: '2026-11-22' }), provider(), later)).toBe('not-informed');
    expect(missingGround(row({ informedOn: null }), provider(), terms)).toBe('not-informed');
  });

  it('needs the provider’s own notice, and an empty one informs nobody (R9)', () => {
    expect(missingGround(row({ noticeVersion: 'v2' }), provider(), terms)).toBe('not-informed');
    expect(missingGround(row({ noticeVersion: '' }), provider({ noticeVersion: '' }), terms)).toBe(
      'not-informed',
    );
  });
});

describe('what a row says against being asked about', () => {
  it('nothing, where nothing is said', () => {
    expect(spokenObjection(row(), null, false)).toBeNull();
    expect(spokenObjection(row({ choiceColumn: 'opted_in' }), null, false)).toBeNull();
  });

  it('opted out in its column, by choice or on an earlier night, before all else', () => {
    const loud = row({ restricted: 'yes', personType: 'unknown' });
    expect(spokenObjection({ ...loud, choiceColumn: 'opted_out' }, null, false)).toBe('opted-out-in-service');
    expect(spokenObjection(loud, 'opted-out-in-service', false)).toBe('opted-out-in-service');
    expect(spokenObjection(loud, null, true)).toBe('opted-out-in-service');
  });

  it('restricted, before what is unknown', () => {
    expect(spokenObjection(row({ restricted: 'yes', personType: 'unknown' }), null, false)).toBe(
      'restricted',
    );
    expect(spokenObjection(row({ restricted: 'yes' }), 'value-unknown', false)).toBe('restricted');
  });

  it('what is unknown in any of its three lists, or in its choices (R12)', () => {
    for (const column of ['choiceColumn', 'restricted', 'personType'])
      expect(spokenObjection(row({ [column]: 'unknown' }), null, false)).toBe('value-unknown');
    expect(spokenObjection(row(), 'value-unknown', false)).toBe('value-unknown');
  });
});

describe('of several objections', () => {
  it('the first in the order of the table counts, whichever is named first', () => {
    const withNone = [...objections, null];
    for (const a of withNone)
      for (const b of withNone) {
        const first = objections.find((objection) => objection === a || objection === b) ?? null;
        expect(firstObjection(a, b)).toBe(first);
      }
  });
});

describe('the outcome of a row', () => {
  it('is its own objection, else its missing ground, else an objection elsewhere, else its provider’s stop, else asked', () => {
    expect(gateOutcome('restricted', 'id-missing', true)).toBe('restricted');
    expect(gateOutcome(null, 'id-missing', true)).toBe('id-missing');
    expect(gateOutcome(null, null, true)).toBe('objection-elsewhere');
    expect(gateOutcome(null, null, false)).toBe('asked');
    expect(gateOutcome('restricted', 'id-missing', true, true)).toBe('restricted');
    expect(gateOutcome(null, 'id-missing', true, true)).toBe('id-missing');
    expect(gateOutcome(null, null, true, true)).toBe('objection-elsewhere');
    expect(gateOutcome(null, null, false, true)).toBe('provider-stopped');
  });

  it('is one of nineteen; every reason to hold back but a late objection is among them', () => {
    expect(new Set(gateOutcomes).size).toBe(19);
    expect(new Set(heldBackReasons)).toEqual(
      new Set([...gateOutcomes.filter((outcome) => outcome !== 'asked'), 'objected-late']),
    );
  });

  it('keeps its code in the lists for good: new reasons stand at the end', () => {
    expect(heldBackReasons).toEqual([
      ...['opted-out-in-service', 'restricted', 'value-unknown', 'number-shared', 'number-conflict'],
      ...['provider-not-participating', 'agreement-expired', 'id-missing', 'not-a-service-user'],
      ...['not-resident', 'location-invalid', 'number-missing', 'number-invalid', 'number-out-of-range'],
      ...['not-informed', 'objection-elsewhere', 'objected-late', 'objected-before', 'provider-stopped'],
    ]);
    expect(heldBackReasons.filter((reason) => !isObjection(reason))).toEqual([
      ...missingGrounds,
      'provider-stopped',
    ]);
    expect([rulesVersion, dropFormatVersion]).toEqual(['rules-1', 'drop-1']);
  });
});

describe('the outcome of an asked number', () => {
  const checks = ['returned', 'not-returned', 'refused', 'unanswered'] as const;

  it('follows the check while nothing speaks against it', () => {
    expect(checks.map((check) => askedOutcome({ stillAllowed: true, check }))).toEqual([
      'released',
      'not-cleared',
      'refused-by-check',
      'not-answered',
    ]);
  });

  it('is a late objection whatever the check said: it comes before the answer is looked at (R18)', () => {
    for (const check of checks) expect(askedOutcome({ stillAllowed: false, check })).toBe('objected-late');
  });

  it('is one of five', () => {
    const all = [true, false].flatMap((stillAllowed) =>
      checks.map((check) => askedOutcome({ stillAllowed, check })),
    );
    expect(new Set(all)).toEqual(new Set(askedOutcomes));
  });
});
