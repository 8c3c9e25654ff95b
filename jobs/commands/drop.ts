import { Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { sayCollected } from '../../src/pipeline/arrival.ts';
import { operator } from '../words/operator.ts';
import { withOffice } from './office.ts';
import { dateOf } from './run.ts';

/** `export-gate drop collected`: the recipient has it, says whoever types it. */
export const collected = (options: {
  readonly date?: string;
  readonly revision?: string;
}): Promise<ExitCode> =>
  withOffice(async (office) => {
    const businessDate = dateOf(options.date);
    const desk = { ...office, claim: await office.ledger.claim('collected'), by: operator() };
    const isNew = await sayCollected(desk, { businessDate, revision: revisionOf(options.revision) });
    return isNew ? 'Written down.\n' : 'That was known already; nothing was changed.\n';
  });

function revisionOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new Failure('usage', {
    message: 'This is no revision of a run.',
    place: '--revision',
    found: JSON.stringify(text.slice(0, 24)),
    allowed: 'a whole number from 1, as in r2',
    hint: 'Nothing was written down. `export-gate status` shows the revisions.',
  });
}
