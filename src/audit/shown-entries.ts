/** Which entries of the log an auditor pack of one provider may show whole; of all others it shows hashes only. */
import type { LocalDate } from '../domain/calendar.ts';
import type { Entry } from '../domain/evidence.ts';

/** One entry that is shown, with the exact bytes it was hashed as. */
export interface ShownEntry {
  readonly position: number;
  readonly line: Buffer;
  readonly entry: Entry;
}

/** The log's own life concerns everybody who relies on it. */
const ofEverybody: readonly Entry['what'][] = ['log-opened', 'signing-key-changed', 'ledger-restored'];

/**
 * An allow list, for an entry is one line that cannot be cut: kinds that bear no total over several providers, name none of them, and tell
 * nothing of what the national check answered. Whatever is not named here stays hidden, so that a new kind is hidden until somebody
 * has thought about it.
 */
export function mayBeShown(entry: Entry, from: LocalDate, to: LocalDate): boolean {
  const date = nightOf(entry);
  return date === null ? ofEverybody.includes(entry.what) : from <= date && date <= to;
}

/** The night that an entry which may be shown is about; null for all others. */
function nightOf(entry: Entry): LocalDate | null {
  if (entry.what === 'run-attested' || entry.what === 'intake-refused')
    return entry.run.slice(0, 'YYYY-MM-DD'.length);
  if (entry.what === 'intake-removed' || entry.what === 'drop-removed') return entry.businessDate;
  return null;
}
