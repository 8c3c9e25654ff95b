import { day, minute } from '../domain/calendar.ts';
import { asFailure, retryOf } from '../domain/failure.ts';
import { toleratedSkewMinutes } from '../domain/hold.ts';
import type { HoldReason } from '../domain/hold.ts';
import type { LedgerReader, StoredRun } from '../ports.ts';
import { sendRequests } from './ask.ts';
import { deadlineOf, giveUp, pause } from './await-answers.ts';
import { keyOfRun, sha256, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { withhold } from './end.ts';
import { holdRun, isApproved, noteHoldReasons, notedHoldReasons } from './holds.ts';
import { blindingPaper, requestPaper, takePaper } from './papers.ts';

const handshakeSetting = 'mesh-handshake-at';

/** gated -> asked: hands every planned request to MESH, unless nobody may be asked about or somebody must look first. */
export async function askAll(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const { ledger } = pipeline;
  const requests = await ledger.read((tx) => tx.requests(run));
  if (requests.length === 0) return withhold(pipeline, run, 'nobody-to-ask');
  await shakeHands(pipeline, run);
  const hold = await ledger.read(async (tx) => {
    const reasons = beforeAsking(await notedHoldReasons(tx, run));
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
  });
}

/** What must be looked at before anybody is asked about. */
const beforeAsking = (noted: readonly HoldReason[]): readonly HoldReason[] =>
  noted.filter(
    (reason) => reason === 'opt-out-unmatched' || reason === 'roster-jump' || reason === 'clock-skew',
  );

/** Over exactly what would be asked, under the run's blinding. */
async function digestOfRequests({ keyring }: Pipeline, tx: LedgerReader, run: StoredRun): Promise<string> {
  const desk = { keyring, key: await keyOfRun(tx, run) };
  const parts = [await takePaper(tx, desk, blindingPaper)];
  const live = (await tx.requests(run)).filter(({ state }) => state !== 'void' && state !== 'split');
  for (const { localId } of live) parts.push(await takePaper(tx, desk, requestPaper(localId)));
  return sha256(...parts);
}

/** Says to MESH once a day that we are here, and compares clocks: more than two hours apart, and MESH would refuse us anyway. */
async function shakeHands(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const { ledger, mailbox, clock, claim } = pipeline;
  const name = `${handshakeSetting}/${mailbox.mailboxId}`;
  const last = Number((await ledger.read((tx) => tx.setting(name))) ?? -Infinity);
  if (clock.now() - last < day && clock.now() >= last) return;
  const skew = await mailbox.handshake();
  await ledger.transact(claim, async (tx) => {
    await tx.set(name, String(clock.now()));
    if (Math.abs(skew ?? 0) > toleratedSkewMinutes * minute) await noteHoldReasons(tx, run, ['clock-skew']);
  });
}

/** Goes on trying while part of the run is with MESH already; if MESH never took anything, the failure is the caller's. */
async function sendUntilDeadline(pipeline: Pipeline, run: StoredRun): Promise<void> {
  for (;;) {
    try {
      await sendRequests(pipeline, run);
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
