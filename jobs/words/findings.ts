import type { Finding, FindingCode } from '../../src/domain/reconciliation.ts';

/** What a finding means, in plain English. Total: a new code without words does not compile. */
export const findingWords: Readonly<Record<FindingCode, string>> = {
  'log-out-of-order':
    'An entry about the log itself cannot stand where it does: it speaks of what had not happened, or begins the log anew.',
  'run-without-entry': 'The ledger holds a run that the log never opened.',
  'run-missing': 'The log opened a run that the ledger does not hold.',
  'run-differs': 'A run stands in the ledger otherwise than its entries say.',
  'run-out-of-order': 'An entry of a run cannot follow the one before: something was left out or put in.',
  'totals-unbalanced': 'The counts of a run do not add up.',
  'totals-differ': 'Two entries of a run tell different counts.',
  'request-without-entry': 'The ledger holds a request that no entry tells of.',
  'request-missing': 'The log tells of a request that the ledger does not hold.',
  'request-differs': 'A request stands in the ledger otherwise than its entries say.',
  'request-out-of-order':
    'An entry of a request cannot follow the one before: an outcome without an intent, or two outcomes.',
  'requests-uncounted': 'There are more or fewer requests than the entries account for.',
  'intent-without-outcome':
    'A request was about to be sent, the run is over, and nothing says what became of it.',
  'message-without-entry': 'The ledger holds a message that no entry tells of.',
  'message-missing': 'The log tells of a message that the ledger does not hold.',
  'message-differs': 'A message stands in the ledger otherwise than its entries say.',
  'message-out-of-order':
    'An entry of a message cannot follow the one before: kept, acknowledged and understood come once each.',
  'hold-without-entry': 'The ledger holds a hold that no entry tells of.',
  'hold-missing': 'The log tells of a hold that the ledger does not hold.',
  'hold-differs': 'A hold, or who decided it, stands in the ledger otherwise than its entries say.',
  'attestation-missing':
    'A run has ended, and the entry by which providers can prove their lists is not there.',
  'attestation-differs': 'What providers are shown of a run is not what its other entries say.',
  'list-without-entry': 'The ledger holds a list of people that no entry names.',
  'list-missing': 'A list of people that an entry names is not in the ledger.',
  'list-altered': 'A list of people is not the one that its entry names.',
  'index-alive': 'People of a year that was erased can still be found in the index.',
  'index-short':
    'Fewer people can be found in the index than stand in one list: a look-up would miss somebody.',
  'key-alive': 'A key that was told as destroyed is still there: what it protected can be read.',
  'key-missing': 'A key is gone and no entry says that it was destroyed.',
  'key-without-step': 'The ledger holds a key of a run that nobody opened.',
  'choices-differ': 'There are more or fewer recorded choices than the log tells of.',
  'carried-forgotten':
    'Fewer opt-outs of earlier nights are remembered than objected on a night before: somebody who opted out may be sent.',
  'legal-hold-differs':
    'The ledger keeps another legal hold than the log tells of: something may be erased that must be kept.',
  'stop-differs':
    'The ledger keeps another stop than the log tells of: somebody’s numbers may leave that were stopped.',
  'receipt-without-entry': 'The ledger holds a receipt of an anchor that no entry tells of.',
  'receipt-missing': 'A receipt of an anchor that an entry tells of is not in the ledger, or is another.',
  'intake-forgotten':
    'An intake that was decided on is not remembered: it could be used again under another date.',
  'configuration-without-entry': 'The ledger holds settings that never came into force by an entry.',
  'configuration-missing': 'Settings that came into force by an entry are not in the ledger.',
  'configuration-differs':
    'Settings are not those of their entry, or entries of settings do not follow each other.',
  'drop-without-entry': 'A drop stands that the log never released.',
  'drop-missing': 'A drop that was released is not there, and no entry says that it was removed.',
  'drop-not-removed': 'A drop stands that was told as removed.',
  'drop-unfinished': 'Files of a drop stand without its manifest, and no run is publishing them.',
  'drop-stranger': 'Something lies where only drops belong. What lies there leaves.',
  'staging-left': 'Files of a writer that died are left; they hold numbers.',
  'manifest-altered': 'A manifest is not the one that was published.',
  'drop-file-altered': 'A file of a drop is not the one that was released.',
  'drop-file-missing': 'A file of a drop that was released is not there.',
  'checkpoint-unknown':
    'A manifest carries a checkpoint that the log does not remember: the log may have been written anew.',
  'checkpoint-invalid': 'A manifest carries something that this log never signed.',
  'checkpoint-early':
    'A manifest carries a checkpoint from before the decision: the drop may have come first.',
};

const keepAsItIs =
  'Stop exporting, keep ledger and folder as they are, and compare them with a backup and with the checkpoints others hold.';

/** What to do next, where it is something else than keeping all as it is. */
const hints: Partial<Readonly<Record<FindingCode, string>>> = {
  'drop-without-entry':
    'Take it out of the recipient’s reach and find out who put it there. If numbers left, that is a breach: tell the controllers.',
  'drop-stranger': 'Take it out of the recipient’s reach and find out who put it there.',
  'drop-unfinished':
    'Without a manifest it is no drop. Find out who removed the manifest, or which run died here; remove it by hand.',
  'drop-missing':
    'Ask whether the recipient moved it. If EXPORT_GATE_OUTBOUND_DIR was changed, it stands in the former folder: --outbound DIR looks there.',
  'drop-not-removed': 'It has outlived its days. Find out who put it back, and remove it.',
  'staging-left': 'The next run sweeps it.',
  'index-alive': 'Run the erasure of that year again; ask who put the index back, from a backup perhaps.',
  'index-short':
    'Answer nobody from the index until it is known who wrote to the ledger: `audit prove` shows what the lists say.',
  'legal-hold-differs': 'Erase nothing. Set the hold again, and find out who wrote to the ledger.',
  'stop-differs':
    'Stop the export anew (export-gate stop --reason "..."), and find out who wrote to the ledger.',
  'key-alive': 'Somebody put it back, from a backup perhaps. Find out who, and what was read with it.',
  'carried-forgotten':
    'An opt-out is lost. Stop exporting until ledger and backups have been compared and every opt-out stands on the care record.',
  'choices-differ':
    'An opt-out may be lost. Stop exporting until every recorded choice has been traced on the care record.',
  'manifest-altered':
    'Ask the recipient which manifest they read, and stop exporting until it is known who changed this one.',
  'drop-file-altered':
    'Ask the recipient which file they read. If numbers were added, that is a breach: tell the controllers.',
};

/** The findings for a person: what, where, what stood there, what the log says, what to do. */
export function describeFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ code, place, found, told }) =>
      [
        `  ${code}: ${findingWords[code]}`,
        `    where:        ${place}`,
        `    found:        ${found}`,
        `    the log says: ${told}`,
        `    what to do:   ${hintOf(code)}`,
      ].join('\n'),
    )
    .join('\n');
}

export const hintOf = (code: FindingCode): string => hints[code] ?? keepAsItIs;
