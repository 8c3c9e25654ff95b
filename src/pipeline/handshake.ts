import { day, minute } from '../domain/calendar.ts';
import { toleratedSkewMinutes } from '../domain/hold.ts';
import type { StoredRun } from '../ports.ts';
import type { Pipeline } from './context.ts';
import { noteHoldReasons } from './holds.ts';

const settingOf = ({ mailbox }: Pipeline): string => `mesh-handshake-at/${mailbox.mailboxId}`;

/**
 * Says to MESH once a day that we are here (MESH API v2 specification, handshake), and compares clocks: more than two hours apart, and MESH
 * would refuse us anyway. Not remembered while the clocks are apart: the next run, a rehearsal's successor too, must find out for itself.
 */
export async function shakeHands(pipeline: Pipeline, run: StoredRun): Promise<void> {
  if (!(await isDue(pipeline))) return;
  const skew = await pipeline.mailbox.handshake();
  const isApart = Math.abs(skew ?? 0) > toleratedSkewMinutes * minute;
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    if (isApart) await noteHoldReasons(tx, run, ['clock-skew']);
    else await tx.set(settingOf(pipeline), String(pipeline.clock.now()));
  });
}

/** The same for a run that was asked and waits longer than a day; its clock was looked at before. */
export async function staySeen(pipeline: Pipeline): Promise<void> {
  if (!(await isDue(pipeline))) return;
  await pipeline.mailbox.handshake();
  await pipeline.ledger.transact(pipeline.claim, (tx) =>
    tx.set(settingOf(pipeline), String(pipeline.clock.now())),
  );
}

async function isDue(pipeline: Pipeline): Promise<boolean> {
  const now = pipeline.clock.now();
  const last = Number((await pipeline.ledger.read((tx) => tx.setting(settingOf(pipeline)))) ?? -Infinity);
  return now - last >= day || now < last;
}
