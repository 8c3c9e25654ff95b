import { Failure } from '../domain/failure.ts';
import type { Approvers, ApproversIn, Ledger, StoredConfiguration } from '../ports.ts';
import { configurationInForce, firstWithAnybody, needsTwoPeople } from './configuration.ts';
import type { Pipeline } from './context.ts';
import { isSamePerson } from '../domain/same-person.ts';
import { signed } from './person-rights.ts';

export interface RestoreApprovers {
  /** What is in force in the ledger that stands, where it can be read, and then in the backup. */
  readonly inForce: readonly (StoredConfiguration | null)[];
  readonly approversIn: ApproversIn;
  /** Those of the settings at hand: they count where nothing in force names anybody who may approve today. */
  readonly atHand: Approvers;
}

/**
 * The second person of a restore, who signed exactly this text: nobody gets round it by other settings or a list of their own. Under the
 * test policy without approvers, here and in either ledger, there is none, and the entry says so by naming nobody. Throws `restore-refused` without a signature, `approval-refused` for one that is not theirs to give.
 */
export async function approvalOf(
  { config, clock, by }: Pick<Pipeline, 'config' | 'clock' | 'by'>,
  { inForce, approversIn, atHand }: RestoreApprovers,
  text: string,
  signature: string | null,
): Promise<readonly string[]> {
  if (![null, ...inForce].some((one) => needsTwoPeople(config, one))) return [];
  const lists = inForce.map((one) => one?.approvers);
  const known = await firstWithAnybody(lists, approversIn, clock.now());
  const isNobody = known === null && config.approversFile === null;
  if (isNobody || signature === null) {
    throw new Failure('restore-refused', {
      message:
        'A restore needs a second person: somebody of APPROVERS_FILE who signs what is restored and what is lost.',
      place: isNobody ? 'APPROVERS_FILE' : '--signature',
      hint: 'Print the text with `export-gate restore DIR --reason "..." --text`, have it signed, and give the signature. Nothing was changed.',
    });
  }
  const approver = await (known ?? atHand).check(text, signature, clock.now());
  if (!isSamePerson(approver, by)) return [signed(approver)];
  throw new Failure('approval-refused', {
    message: 'Nobody approves a restore that they make themselves.',
    hint: 'Ask another person of APPROVERS_FILE. Nothing was changed.',
  });
}

/** What is in force in the ledger of each folder. */
export async function settingsInForce(
  folders: readonly string[],
  open: (folder: string) => Promise<Pick<Ledger, 'read' | 'close'>>,
): Promise<(StoredConfiguration | null)[]> {
  const found: (StoredConfiguration | null)[] = [];
  for (const folder of folders) {
    const ledger = await open(folder);
    try {
      found.push(await ledger.read(configurationInForce));
    } finally {
      await ledger.close();
    }
  }
  return found;
}
