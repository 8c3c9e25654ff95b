import { Failure } from '../domain/failure.ts';
import type { Approvers } from '../ports.ts';
import type { Pipeline } from './context.ts';
import { isSamePerson } from '../domain/same-person.ts';
import { signed } from './person-rights.ts';

/**
 * The second person of a restore, who signed exactly this text; under the test policy without approvers there is none, and the entry says
 * so by naming nobody. Throws `restore-refused` without a signature, `approval-refused` for one that is not theirs to give.
 */
export async function approvalOf(
  { config, clock, by }: Pick<Pipeline, 'config' | 'clock' | 'by'>,
  approvers: Approvers,
  text: string,
  signature: string | null,
): Promise<readonly string[]> {
  if (config.approversFile === null && config.numbers.name === 'test') return [];
  if (config.approversFile === null || signature === null) {
    throw new Failure('restore-refused', {
      message:
        'A restore needs a second person: somebody of APPROVERS_FILE who signs what is restored and what is lost.',
      place: config.approversFile === null ? 'APPROVERS_FILE' : '--signature',
      hint: 'Print the text with `export-gate restore DIR --reason "..." --text`, have it signed, and give the signature. Nothing was changed.',
    });
  }
  const approver = await approvers.check(text, signature, clock.now());
  if (!isSamePerson(approver, by)) return [signed(approver)];
  throw new Failure('approval-refused', {
    message: 'Nobody approves a restore that they make themselves.',
    hint: 'Ask another person of APPROVERS_FILE. Nothing was changed.',
  });
}
