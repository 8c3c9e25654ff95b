import { readConfig } from '../../src/config.ts';
import { exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { demandReason, requestText } from '../../src/domain/signed-request.ts';
import type { SignedRequest } from '../../src/domain/signed-request.ts';
import { compactIfDue } from '../../src/pipeline/housekeeping.ts';
import { erasePerson, eraseYear, liftLegalHold, setLegalHold } from '../../src/pipeline/person-erasure.ts';
import { demandSecondPerson, signed } from '../../src/pipeline/person-rights.ts';
import { claimed, openArchive } from '../../src/wiring.ts';
import type { Archive } from '../../src/wiring.ts';
import { askNumber } from '../input/nhs-number.ts';
import { signatureIn } from '../input/signature.ts';
import { operator } from '../words/operator.ts';
import { progressOn } from '../words/progress.ts';

export interface ErasureOptions {
  readonly reason: string;
  readonly text?: boolean;
  readonly signature?: string;
}

/** `export-gate evidence erase-year YEAR`: destroys the key of a year's pseudonyms, and with it what ties them to people. */
export function year(which: string, options: ErasureOptions): Promise<ExitCode> {
  if (!/^[12]\d{3}$/.test(which)) throw notAYear(which);
  const request = { what: 'erase-year', reason: demandReason(options.reason), year: which } as const;
  return withSecondPerson(request, options, async (archive) => {
    await eraseYear(archive, which, request.reason);
    return `The evidence of ${which} is erased: its lists can be tied to nobody any more. Backups made before hold the key still.\n`;
  });
}

/** `export-gate evidence erase-person`: takes one person out of every list of every year. */
export function person(options: ErasureOptions): Promise<ExitCode> {
  const request = { what: 'erase-person', reason: demandReason(options.reason) } as const;
  return withSecondPerson(request, options, async (archive) => {
    const number = await askNumber();
    const blocks = await erasePerson(await claimed(archive), number, request.reason);
    return [
      `Taken out of ${blocks.toLocaleString('en-GB')} blocks. The log does not say who it was; a look-up finds nothing any more.`,
      'Working papers of the last nights die within PAPERS_KEEP_DAYS; backups made before hold the blocks still.',
      'This is no opt-out: whoever stands on the next roster is sent as before. Record one with `choice record`.\n',
    ].join('\n');
  });
}

/** `export-gate evidence legal-hold`: nothing is erased until it is lifted. */
export function legalHold(move: string, options: ErasureOptions): Promise<ExitCode> {
  const reason = demandReason(options.reason);
  if (move === 'lift')
    return withSecondPerson({ what: 'lift-legal-hold', reason }, options, async (archive) => {
      await liftLegalHold(archive, reason);
      return 'The legal hold is lifted.\n';
    });
  if (move !== 'set') throw notAMove(move);
  return withArchive(async (archive) => {
    await setLegalHold(archive, reason);
    return 'A legal hold stands: nothing is erased until it is lifted.\n';
  });
}

/** Prints the text to sign, or does the work once somebody else has signed it, and overwrites what was destroyed. */
const withSecondPerson = (
  request: SignedRequest,
  { text, signature }: ErasureOptions,
  work: (archive: Archive) => Promise<string>,
): Promise<ExitCode> =>
  withArchive(async (archive) => {
    if (text === true) return requestText(request, archive.audit.origin, archive.clock.now());
    const given = signature === undefined ? null : signatureIn(signature);
    const approver = await demandSecondPerson(archive, archive.approvers, request, given);
    const words = await work({ ...archive, by: `${archive.by}, ${signed(approver)}` });
    await compactIfDue({ ...(await claimed(archive)), onProgress: progressOn(process.stderr) });
    return words;
  });

async function withArchive(work: (archive: Archive) => Promise<string>): Promise<ExitCode> {
  const archive = await openArchive(readConfig(), operator());
  try {
    process.stdout.write(await work(archive));
    return exitCodes.done;
  } finally {
    await archive.close();
  }
}

const notAYear = (found: string): Failure =>
  new Failure('usage', {
    message: 'This is not a calendar year.',
    found: JSON.stringify(found.slice(0, 12)),
    allowed: 'a year such as 2019',
    hint: 'Nothing was erased.',
  });

const notAMove = (found: string): Failure =>
  new Failure('usage', {
    message: 'A legal hold is set or lifted.',
    found: JSON.stringify(found.slice(0, 12)),
    allowed: 'set, lift',
    hint: 'Nothing was changed.',
  });
