import { day, formatInstant, londonDate } from '../domain/calendar.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { rulesVersion } from '../domain/evidence.ts';
import { asFailure, exitCodeOf, exitCodes, Failure } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerWriter, VerifiedIntake, WrappedKey } from '../ports.ts';
import { takeIntoForce } from './configuration.ts';
import type { Pipeline } from './context.ts';
import { tell } from './context.ts';
import { commitSigned } from './end.ts';
import { producedElsewhere } from './intake-decision.ts';
import { blindingPaper, putPaper } from './papers.ts';
import { firstOpenedAt } from './since-first-run.ts';

/** Why a date is run once more, and which of its drops the new one takes the place of; empty where none stands. */
export interface Rerun {
  readonly reason: string;
  readonly supersedes: string;
}

/**
 * Opens a run: its intake is verified against its manifest before anything else is believed, its key is made, its first entry written; of
 * a rerun a second one says who wanted it and why. Throws what `IntakeReader.verify` throws; the refusal is an entry too.
 */
export async function openRun(pipeline: Pipeline, id: RunId, rerun: Rerun | null = null): Promise<void> {
  const { businessDate } = id;
  demandReached(pipeline, businessDate);
  const intake = await verified(pipeline, id);
  const { ledger, keyring, clock, chance, claim, config } = pipeline;
  const key = keyring.create('run-papers', `${businessDate}#${id.revision}`);
  await ledger.transact(claim, async (tx) => {
    await takeIntoForce(pipeline, tx);
    const proof = await tell(pipeline, tx, id, {
      what: 'run-opened',
      intake: intake.digest,
      producedAt: formatInstant(intake.producedAt),
      supplier: intake.supplier,
      files: intake.files,
      configuration: config.digest,
      rules: rulesVersion,
      legalBasis: config.legal.basisRef ?? '',
      recipientAgreement: config.legal.recipientRef ?? '',
      purpose: config.legal.purpose ?? '',
    });
    if (rerun !== null) await tell(pipeline, tx, id, { what: 'run-is-rerun', ...rerun });
    await tx.addKey(key, clock.now() + config.keep.papersDays * day);
    await putPaper(tx, { keyring, key }, blindingPaper, chance.bytes(32));
    await tx.insertRun(
      {
        ...id,
        state: 'opened',
        heldFrom: null,
        openedAt: clock.now(),
        intake: intake.digest,
        configuration: config.digest,
        keyId: key.keyId,
        totals: null,
        released: null,
        reason: null,
        endedAt: null,
      },
      proof,
    );
  });
}

function demandReached({ clock }: Pipeline, businessDate: LocalDate): void {
  const today = londonDate(clock.now());
  if (businessDate <= today) return;
  throw new Failure('usage', {
    message: 'A business date that has not begun cannot be run.',
    found: businessDate,
    allowed: `${today} or earlier`,
    hint: 'Run it on its day.',
  });
}

async function verified(pipeline: Pipeline, id: RunId): Promise<VerifiedIntake> {
  const { intake, ledger, clock } = pipeline;
  const { businessDate } = id;
  const usedElsewhere = await ledger.read((tx) => producedElsewhere(tx, businessDate));
  const openedAt = await firstOpenedAt(pipeline, { ...id, openedAt: clock.now() });
  try {
    return await intake.verify({ businessDate, openedAt, now: clock.now(), usedElsewhere });
  } catch (thrown) {
    const run = { businessDate, revision: Math.max(1, id.revision) };
    await tellRefusal(pipeline, run, asFailure(thrown).code);
    throw thrown;
  }
}

const distrust: readonly FailureCode[] = ['self-test-failed', 'canary-survived', 'canary-lost'];

/** That an intake was refused, or the gate not trusted, is an entry, whenever it is found out; codes of other failures are not told. */
export async function tellRefusal(pipeline: Pipeline, run: RunId, code: FailureCode): Promise<void> {
  const isIntake = exitCodeOf(code) === exitCodes.intakeRefused;
  if (!isIntake && !distrust.includes(code)) return;
  await commitSigned(pipeline, async (tx) => {
    await tell(pipeline, tx, run, { what: isIntake ? 'intake-refused' : 'gate-distrusted', code });
  });
}

/** The key of this calendar year's pseudonyms; made with the year's first run. */
export async function yearKey(
  pipeline: Pipeline,
  tx: LedgerWriter,
  businessDate: LocalDate,
): Promise<WrappedKey> {
  const year = businessDate.slice(0, 4);
  const existing = await tx.keyOf('year-pseudonyms', year);
  if (existing !== null) return existing;
  const key = pipeline.keyring.create('year-pseudonyms', year);
  await tx.addKey(key, null);
  return key;
}
