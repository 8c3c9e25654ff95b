import { hour } from '../domain/calendar.ts';
import type { Digest } from '../domain/digest.ts';
import { Failure } from '../domain/failure.ts';
import type { HoldReason, HoldStage } from '../domain/hold.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import type { RunId, RunState } from '../domain/run.ts';
import { isSamePerson } from '../domain/same-person.ts';
import type {
  Approvers,
  CarriedObjection,
  LedgerReader,
  LedgerWriter,
  StoredHold,
  StoredRun,
} from '../ports.ts';
import { noteSeen } from './backups.ts';
import { demandApproversInForce } from './configuration.ts';
import { runOf, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { answersExpireAt, commitSigned, withholdWithin } from './end.ts';

const pendingSetting = (run: RunId): string => `hold-reasons/${formatRunId(run)}`;

/** Remembers reasons for which the run must be looked at when it next stands at a hold. */
export async function noteHoldReasons(
  tx: LedgerWriter,
  run: RunId,
  reasons: readonly HoldReason[],
): Promise<void> {
  if (reasons.length === 0) return;
  const noted = new Set([...(await notedHoldReasons(tx, run)), ...reasons]);
  await tx.set(pendingSetting(run), JSON.stringify([...noted].sort()));
}

export async function notedHoldReasons(ledger: LedgerReader, run: RunId): Promise<readonly HoldReason[]> {
  return JSON.parse((await ledger.setting(pendingSetting(run))) ?? '[]') as HoldReason[];
}

/** Where a run is held, and where it goes on once approved. */
const heldAt: Readonly<Record<HoldStage, RunState>> = {
  'before-asking': 'gated',
  'before-release': 'answered',
};

export interface WhatIsHeld {
  readonly stage: HoldStage;
  readonly reasons: readonly HoldReason[];
  /** Over exactly what would leave at this stage. */
  readonly digest: Digest;
}

/** Whether somebody has approved exactly this: every reason, and the digest of what would leave. */
export async function isApproved(
  ledger: LedgerReader,
  run: RunId,
  { stage, reasons, digest }: WhatIsHeld,
): Promise<boolean> {
  return (await ledger.holds(run)).some(
    (hold) =>
      hold.decision === 'approved' &&
      hold.stage === stage &&
      hold.digest === digest &&
      reasons.every((reason) => hold.reasons.includes(reason)),
  );
}

/** Stops the run until a person has looked. */
export async function holdRun(pipeline: Pipeline, run: StoredRun, hold: WhatIsHeld): Promise<void> {
  const { clock, by } = pipeline;
  await commitSigned(pipeline, async (tx) => {
    const proof = await tell(pipeline, tx, run, { what: 'run-held', ...hold });
    const { businessDate, revision } = run;
    await tx.openHold(
      { run: { businessDate, revision }, ...hold, openedAt: clock.now(), openedBy: by },
      proof,
    );
    await tx.moveRun(run, run.state, 'held', { heldFrom: heldAt[hold.stage] }, proof);
  });
}

/** The text that an approver signs, byte for byte: what is approved, and the digest of exactly what leaves. */
export const approvalText = (hold: StoredHold): string =>
  ['export-gate approval', `hold ${hold.id}`, `run ${formatRunId(hold.run)}`, `stage ${hold.stage}`]
    .concat([`reasons ${hold.reasons.join(' ')}`, `digest ${hold.digest}`, ''])
    .join('\n');

/** What deciding on a hold needs. */
export type HoldDesk = Pick<Pipeline, 'ledger' | 'claim' | 'clock' | 'audit' | 'config' | 'by'>;

/**
 * Approves a hold by somebody of `APPROVERS_FILE` who did not open it; the run goes on where it stood when it is next advanced. Throws
 * `approval-refused`, `configuration-unapproved`, `run-not-found` for an unknown hold, `hold-decided` for one decided already.
 */
export async function approveHold(
  pipeline: HoldDesk,
  approvers: Approvers,
  id: number,
  words: { readonly signature: string; readonly reason: string },
): Promise<void> {
  const hold = await pipeline.ledger.read(async (tx) => {
    await demandApproversInForce(pipeline.config, tx);
    return findUndecided(tx, id);
  });
  const approver = await approvers.check(approvalText(hold), words.signature, pipeline.clock.now());
  if (isSamePerson(approver, hold.openedBy)) {
    throw new Failure('approval-refused', {
      message: 'Nobody approves a hold that they opened.',
      hint: 'Ask another person of APPROVERS_FILE.',
    });
  }
  if (await holdHasExpired(pipeline, hold.run)) {
    throw new Failure('approval-refused', {
      message: 'The hold was not decided in time: what it holds has grown too old.',
      hint: 'The run ends withheld when it is next advanced. Nothing leaves.',
    });
  }
  const who = `${approver.name} (${approver.role})`;
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    await findUndecided(tx, id);
    const run = await runOf(tx, hold.run);
    const { reason, signature } = words;
    const step = { what: 'hold-approved', hold: id, digest: hold.digest, reason, signature } as const;
    const proof = await tell({ ...pipeline, by: who }, tx, hold.run, step);
    await tx.decideHold(id, 'approved', who, proof);
    // What is let pass in a rehearsal must hold the run itself all the same.
    if (hold.reasons.includes('opt-out-unmatched') && !isRehearsal(hold.run)) await acceptStrangers(tx);
    if (hold.reasons.includes('ledger-restored') && !isRehearsal(hold.run)) await noteSeen(tx);
    await tx.moveRun(run, 'held', run.heldFrom ?? 'answered', { heldFrom: null }, proof);
  });
}

/** Opt-outs of service users whom no roster has shown have been looked at: they are carried on like any other, and hold no run again. */
async function acceptStrangers(tx: LedgerWriter): Promise<void> {
  const strangers: CarriedObjection[] = [];
  for await (const objection of tx.carried())
    if (!objection.known) strangers.push({ ...objection, known: true });
  await tx.carry(strangers);
}

/** Rejects a hold: the run ends withheld. Anybody may, for it only ever holds back. Throws `run-not-found`, `hold-decided`. */
export async function rejectHold(pipeline: HoldDesk, id: number, reason: string): Promise<void> {
  await commitSigned(pipeline, async (tx) => {
    const hold = await findUndecided(tx, id);
    const run = await runOf(tx, hold.run);
    const step = { what: 'hold-rejected', hold: id, digest: hold.digest, reason, signature: null } as const;
    const proof = await tell(pipeline, tx, hold.run, step);
    await tx.decideHold(id, 'rejected', pipeline.by, proof);
    await withholdWithin(pipeline, tx, run, 'hold-rejected');
  });
}

/** A hold that nobody decides ends with the answers' age limit, or as long after it was opened where nothing was asked yet. */
export async function holdHasExpired(
  { ledger, clock, config }: Pick<HoldDesk, 'ledger' | 'clock' | 'config'>,
  run: RunId,
): Promise<boolean> {
  return ledger.read(async (tx) => {
    const { openedAt } = await runOf(tx, run);
    const open = (await tx.holds(run)).find(({ decision }) => decision === 'open');
    const limit = await answersExpireAt(tx, run, config.check.maxAgeHours);
    return clock.now() > (limit ?? (open?.openedAt ?? openedAt) + config.check.maxAgeHours * hour);
  });
}

/** Ends a hold that nobody decided before the answers grew too old. */
export async function expireHold(pipeline: Pipeline, run: StoredRun): Promise<void> {
  await commitSigned(pipeline, async (tx) => {
    for (const hold of (await tx.holds(run)).filter(({ decision }) => decision === 'open')) {
      const proof = await tell(pipeline, tx, run, { what: 'hold-expired', hold: hold.id });
      await tx.decideHold(hold.id, 'expired', pipeline.by, proof);
    }
    await withholdWithin(pipeline, tx, run, 'hold-expired');
  });
}

/** The hold, which nobody has decided yet: what was decided once stays so. */
async function findUndecided(ledger: LedgerReader, id: number): Promise<StoredHold> {
  const hold = (await ledger.holds()).find((candidate) => candidate.id === id);
  if (hold === undefined) {
    throw new Failure('run-not-found', {
      message: `There is no hold ${id}.`,
      hint: 'See `export-gate hold list`.',
    });
  }
  if (hold.decision === 'open') return hold;
  throw new Failure('hold-decided', {
    message: `Hold ${id} is ${hold.decision} already, by ${hold.decidedBy ?? 'nobody'}; a decision stands.`,
    place: `hold ${id} of run ${formatRunId(hold.run)}`,
    allowed: 'a hold that is open',
    hint: 'Nothing was changed. `export-gate hold list` shows what is open, `export-gate status` what became of the run.',
  });
}
