import { readDate } from '../domain/calendar.ts';
import type { Provider } from '../domain/provider.ts';
import { checkId, readPeriodEnd, shown } from './cell.ts';
import { fault } from './fault.ts';
import type { Tell } from './fault.ts';
import { providersTable } from './tables.ts';
import type { ProviderCells } from './tables.ts';

/** A row of `providers.csv` as a provider; a date that cannot be read is null. Tells `intake-id-unsafe`. */
export function readProvider({ line, cells }: ProviderCells, tell: Tell): Provider {
  const [providerId, name, odsCode, from, to, agreementRef, agreementEnd, noticeVersion, reviewDue, lead] =
    cells;
  checkId(providerId, providersTable.name, line, 'provider_id', tell);
  return {
    providerId,
    name,
    odsCode,
    participatingFrom: readDate(from),
    participatingTo: readPeriodEnd(to),
    agreementRef,
    agreementExpiresOn: readDate(agreementEnd),
    noticeVersion,
    policyReviewDueOn: readDate(reviewDue),
    dataProtectionLead: lead,
  };
}

/** Adds a provider to those known. An empty id links nothing, so that nobody has it; tells `intake-provider-twice`. */
export function addProvider(
  known: Map<string, Provider>,
  provider: Provider,
  line: number,
  tell: Tell,
): void {
  const { providerId } = provider;
  if (providerId === '') return;
  const place = { file: providersTable.name, line, column: 'provider_id' };
  if (known.has(providerId)) tell(fault('intake-provider-twice', place, shown(providerId)));
  else known.set(providerId, provider);
}
