import { Failure } from '../domain/failure.ts';
import { formatRunId } from '../domain/run.ts';
import type { PersonProof } from '../ports.ts';
import type { Pipeline } from './context.ts';

/**
 * Proofs about a person and each list of one run: that they stand in it, or nowhere in it. The run is named as answers name it. Throws
 * `run-not-found`; `evidence-destroyed` for a run of a year that was erased.
 */
export async function provePersonOfRun(
  { ledger, keyring, lists }: Pick<Pipeline, 'ledger' | 'keyring' | 'lists'>,
  digits: string,
  runName: string,
): Promise<readonly PersonProof[]> {
  return ledger.read(async (tx) => {
    const kept = (await tx.personLists()).filter(({ run }) => formatRunId(run) === runName);
    const run = kept[0]?.run;
    if (run === undefined) throw noSuchRun(runName);
    const year = await tx.keyOf('year-pseudonyms', run.businessDate.slice(0, 4));
    if (year === null) throw erased(run.businessDate.slice(0, 4));
    const pseudonym = keyring.runPseudonyms(year, run)(digits);
    const proofs: PersonProof[] = [];
    for (const list of new Set(kept.map((one) => one.list)))
      proofs.push(await lists.prove(tx, { run, list, pseudonym, under: null }));
    return proofs;
  });
}

const noSuchRun = (runName: string): Failure =>
  new Failure('run-not-found', {
    message: `There are no person-level lists of a run ${JSON.stringify(runName)}.`,
    allowed: 'a run as the answer names it, such as 2026-11-22/r1',
    hint: 'Look the person up first; a run that ended before its gate has no lists.',
  });

const erased = (year: string): Failure =>
  new Failure('evidence-destroyed', {
    message: `The evidence of ${year} has been erased.`,
    hint: 'Nothing can be proved about anybody in that year any more, by anyone.',
  });
