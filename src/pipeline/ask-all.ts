import { asFailure, Failure, retryOf } from '../domain/failure.ts';
import { isBeforeAsking } from '../domain/hold.ts';
import type { LedgerReader, StoredRun } from '../ports.ts';
import { sendRequests } from './ask.ts';
import { deadlineOf, giveUp, pause } from './await-answers.ts';
import { keyOfRun, sha256, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { demandAnchored } from './demand-anchored.ts';
import { expiredApproval, withhold } from './end.ts';
import { shakeHands } from './handshake.ts';
import { holdRun, isApproved, notedHoldReasons } from './holds.ts';
import { withdrawObjected } from './late-objections.ts';
import { acceptOptOutsTold } from './opt-outs-told.ts';
import { blindingPaper, requestPaper, takePaper } from './papers.ts';
import { demandNotStopped } from './stops.ts';

/**
 * gated -> asked: hands every planned request to MESH, unless nobody may be asked about or somebody must look first. Throws `mesh-*` only
 * where MESH certainly has nothing of the run; `interrupted` where it may; `anchor-overdue` or `anchor-refused` before anybody is asked
 * about. Unless the run was gated just now, whoever has objected since is withdrawn first: a hold or a night without MESH may lie between.
 */
export async function askAll(pipeline: Pipeline, run: StoredRun, gatedJustNow: boolean): Promise<void> {
  try {
    await askOrHold(pipeline, run, gatedJustNow);
  } catch (thrown) {
    throw await asInterruption(pipeline, run, thrown);
  }
}

/** A failure of MESH says that nothing was ever sent; where part of the run is, or may be, with MESH, the run is interrupted instead. */
async function asInterruption(pipeline: Pipeline, run: StoredRun, thrown: unknown): Promise<unknown> {
  const { code, message, detail } = asFailure(thrown);
  if (!code.startsWith('mesh-') || (await deadlineOf(pipeline, run)) === null) return thrown;
  return new Failure('interrupted', {
    ...detail,
    message: `${message} Part of the run is with MESH already, or may be.`,
    hint: 'See to this, then run the same command again: it goes on from there.',
    cause: thrown,
  });
}

async function askOrHold(pipeline: Pipeline, run: StoredRun, gatedJustNow: boolean): Promise<void> {
  const { ledger } = pipeline;
  const expired = expiredApproval(pipeline, run);
  if (expired !== null) return withhold(pipeline, run, expired);
  if (!gatedJustNow) await withdrawObjected(pipeline, run);
  const requests = await ledger.read((tx) => tx.requests(run));
  if (requests.every(({ state }) => state === 'void')) return withhold(pipeline, run, 'nobody-to-ask');
  await ledger.read(demandNotStopped);
  await demandAnchored(pipeline);
  await shakeHands(pipeline, run);
  const hold = await ledger.read(async (tx) => {
    const reasons = (await notedHoldReasons(tx, run)).filter(isBeforeAsking);
    const found = {
      stage: 'before-asking',
      reasons,
      digest: await digestOfRequests(pipeline, tx, run),
    } as const;
    return reasons.length === 0 || (await isApproved(tx, run, found)) ? null : found;
  });
  if (hold !== null) return holdRun(pipeline, run, hold);
  await sendUntilDeadline(pipeline, run);
  await ledger.transact(pipeline.claim, async (tx) => {
    const proof = await tell(pipeline, tx, run, { what: 'run-asked' });
    await tx.moveRun(run, 'gated', 'asked', {}, proof);
    await acceptOptOutsTold(tx, run);
  });
}

/** Over exactly what would be asked, under the run's blinding; the same when a list waits under a new local id behind the others. */
async function digestOfRequests({ keyring }: Pipeline, tx: LedgerReader, run: StoredRun): Promise<string> {
  const desk = { keyring, key: await keyOfRun(tx, run) };
  const live = (await tx.requests(run)).filter(({ state }) => state !== 'void' && state !== 'split');
  const lists: Uint8Array[] = [];
  for (const { localId } of live) lists.push(await takePaper(tx, desk, requestPaper(localId)));
  return sha256(await takePaper(tx, desk, blindingPaper), ...lists.sort((a, b) => Buffer.compare(a, b)));
}

/** Goes on trying while part of the run is with MESH already; if MESH never took anything, the failure is the caller's. */
async function sendUntilDeadline(pipeline: Pipeline, run: StoredRun): Promise<void> {
  for (let readJustNow = true; ; readJustNow = false) {
    try {
      await sendRequests(pipeline, run, readJustNow);
      return;
    } catch (thrown) {
      const { code } = asFailure(thrown);
      const deadline = await deadlineOf(pipeline, run);
      if (deadline === null || retryOf(code) !== 'later' || !code.startsWith('mesh-')) throw thrown;
      if (pipeline.clock.now() > deadline) {
        await giveUp(pipeline, run, () => true);
        return;
      }
      pipeline.onProgress({ step: 'mesh-trouble', code });
      await pause(pipeline);
    }
  }
}
