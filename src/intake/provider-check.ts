import type { LocalDate } from '../domain/calendar.ts';
import type { Provider } from '../domain/provider.ts';
import type { SayOfCell } from './cell.ts';
import type { Spellings } from './spellings.ts';
import type { providersTable } from './tables.ts';

export interface ProviderTerms {
  readonly date: LocalDate;
  /** The ids of all providers so far. */
  readonly providerIds: Spellings;
}

/** What is worth telling of a provider's row: dates that cannot be read, nobody named (R20), a review overdue (R21). */
export function checkProvider(
  provider: Provider,
  { date, providerIds }: ProviderTerms,
  say: SayOfCell<typeof providersTable.columns>,
): void {
  if (provider.providerId === '') say('id-missing', 'provider_id');
  if (providerIds.differs(provider.providerId)) say('id-case-differs', 'provider_id');
  if (provider.participatingFrom === null) say('date-unreadable', 'participating_from');
  if (provider.participatingTo === null) say('date-unreadable', 'participating_to');
  if (provider.agreementExpiresOn === null) say('date-unreadable', 'agreement_expires_on');
  if (provider.policyReviewDueOn === null || provider.policyReviewDueOn < date)
    say('policy-review-overdue', 'policy_review_due_on');
  if (provider.dataProtectionLead.trim() === '') say('data-protection-lead-missing', 'data_protection_lead');
}
