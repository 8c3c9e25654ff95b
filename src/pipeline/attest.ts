import { rulesVersion } from '../domain/evidence.ts';
import type { AttestedList } from '../domain/evidence.ts';
import type { EntryProof, LedgerWriter, StoredRun } from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';

/** Writes the one entry of a run that an auditor pack may show whole: how it ended, and the lists that a provider can prove against. */
export async function attest(
  pipeline: Pick<Pipeline, 'clock' | 'config' | 'audit' | 'by'>,
  tx: LedgerWriter,
  run: StoredRun,
  outcome: 'sent' | 'nothing-sent',
  lists: readonly AttestedList[] = [],
): Promise<EntryProof> {
  // Those it began with: a run may be ended under others.
  const begun = (await tx.configurations()).find(({ digest }) => digest === run.configuration);
  const settings = begun?.settings ?? pipeline.config.settings;
  return tell(pipeline, tx, run, {
    what: 'run-attested',
    outcome,
    lists,
    rules: rulesVersion,
    configuration: run.configuration,
    legalBasis: settings['LEGAL_BASIS_REF'] ?? '',
    recipientAgreement: settings['RECIPIENT_AGREEMENT_REF'] ?? '',
    purpose: settings['PURPOSE'] ?? '',
  });
}
