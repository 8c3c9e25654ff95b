/** Participation and agreement as leases that end. */
import { describe, expect, it } from '@jest/globals';

import { hasAgreement, leasesEnd, longPast, participates } from '../../src/domain/provider.ts';
import { endOfTime } from '../../src/domain/service-user.ts';
import { provider } from './roster-samples.ts';

const [YESTERDAY, TODAY, TOMORROW] = ['2026-11-21', '2026-11-22', '2026-11-23'];

describe('participation', () => {
  it('holds from its first day to its last, both included (R1)', () => {
    const oneDay = provider({ participatingFrom: TODAY, participatingTo: TODAY });
    expect([YESTERDAY, TODAY, TOMORROW].map((date) => participates(oneDay, date))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('has no end where none is written, and is not reached where a date cannot be read', () => {
    expect(participates(provider(), '2999-01-01')).toBe(true);
    expect(participates(provider({ participatingFrom: null }), TODAY)).toBe(false);
    expect(participates(provider({ participatingTo: null }), TODAY)).toBe(false);
  });
});

describe('the agreement', () => {
  it('holds to its last day, and not without one (R52, R67)', () => {
    expect(hasAgreement(provider({ agreementExpiresOn: TODAY }), TODAY)).toBe(true);
    expect(hasAgreement(provider({ agreementExpiresOn: YESTERDAY }), TODAY)).toBe(false);
    expect(hasAgreement(provider({ agreementExpiresOn: null }), TODAY)).toBe(false);
  });
});

describe('the end of the leases', () => {
  it('is the earlier of the two', () => {
    expect(leasesEnd(provider({ participatingTo: TODAY }))).toBe(TODAY);
    expect(leasesEnd(provider({ participatingTo: endOfTime }))).toBe('2027-01-01');
  });

  it('lies long past where an end cannot be read', () => {
    expect(leasesEnd(provider({ participatingTo: null }))).toBe(longPast);
    expect(leasesEnd(provider({ agreementExpiresOn: null }))).toBe(longPast);
  });
});
