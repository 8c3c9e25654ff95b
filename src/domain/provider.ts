import { earliest } from './calendar.ts';
import type { LocalDate } from './calendar.ts';
import { covers } from './service-user.ts';
import type { PeriodEnd } from './service-user.ts';

/** A care provider, the controller: participation, agreement and notice are leases that end (R1, R52, R67). */
export interface Provider {
  readonly providerId: string;
  readonly name: string;
  readonly odsCode: string;
  readonly participatingFrom: LocalDate | null;
  readonly participatingTo: PeriodEnd;
  readonly agreementRef: string;
  readonly agreementExpiresOn: LocalDate | null;
  readonly noticeVersion: string;
  readonly policyReviewDueOn: LocalDate | null;
  readonly dataProtectionLead: string;
}

export const participates = (provider: Provider, date: LocalDate): boolean =>
  covers(provider.participatingFrom, provider.participatingTo, date);

export const hasAgreement = (provider: Provider, date: LocalDate): boolean =>
  provider.agreementExpiresOn !== null && provider.agreementExpiresOn >= date;

/** The last day on which the provider's leases allow anything. */
export const leasesEnd = (provider: Provider): LocalDate =>
  earliest([provider.participatingTo ?? longPast, provider.agreementExpiresOn ?? longPast]);

/** Stands for an end that cannot be read: nothing reaches it. */
export const longPast: LocalDate = '0001-01-01';
