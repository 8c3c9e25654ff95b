/** Configurations of the ledger beside the entries by which they came into force. */
import { contentDigest, digestOfGuarded, digestOfSettings } from '../../config-settings.ts';
import { contentOf } from '../../domain/configuration.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { StoredConfiguration } from '../../ports.ts';
import type { LogAccount } from './log-account.ts';
import type { Ledgered } from './ledgered.ts';
import { atEntry, finding, shown } from './told.ts';
import type { Told } from './told.ts';

export function* configurationFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const stored = new Map(ledger.configurations.map((one) => [one.position, one]));
  let previous: string | null = null;
  for (const entry of log.configurations) {
    const one = stored.get(entry.position);
    stored.delete(entry.position);
    if (one === undefined) {
      const found = 'no such configuration in the ledger';
      yield finding('configuration-missing', atEntry(entry), found, entry.digest);
    } else if (!isAsTold(one, entry)) {
      const found = 'other settings or approvers than those of its digests';
      yield finding('configuration-differs', atEntry(entry), found, entry.digest);
    }
    if (entry.previous !== previous)
      yield finding(
        'configuration-differs',
        `${atEntry(entry)}, previous`,
        shown(entry.previous),
        shown(previous),
      );
    previous = entry.digest;
  }
  for (const { position, digest } of stored.values())
    yield finding(
      'configuration-without-entry',
      `configuration of entry ${position}`,
      digest,
      'nothing of it',
    );
  for (const [name, { opened, configuration }] of log.runs) {
    if (opened.configuration !== configuration) {
      const place = `run ${name}, ${atEntry(opened)}`;
      yield finding('configuration-differs', place, opened.configuration, shown(configuration));
    }
  }
}

/** Who may approve the next change is read from here: it must be what came into force then, to the letter. */
function isAsTold(one: StoredConfiguration, entry: Told<'configuration-in-force'>): boolean {
  const { digest, guarded, settings, approvers } = one;
  const file = settings['APPROVERS_FILE'] ?? '';
  return (
    digest === entry.digest &&
    guarded === entry.guarded &&
    digestOfSettings(settings) === digest &&
    digestOfGuarded(settings) === guarded &&
    (file !== '' || approvers === null) &&
    contentDigest(file === '' ? null : file, approvers) === settings[contentOf('APPROVERS_FILE')]
  );
}
