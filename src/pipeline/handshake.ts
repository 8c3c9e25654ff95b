import { day, minute } from '../domain/calendar.ts';
import { toleratedSkewMinutes } from '../domain/hold.ts';
import type { StoredRun } from '../ports.ts';
import type { Pipeline } from './context.ts';
import { notedHoldReasons, noteHoldReasons } from './holds.ts';

const settingOf = ({ mailbox }: Pipeline): string => `mesh-handshake-at/${mailbox.mailboxId}`;

/**
 * Says to MESH once a day that we are here (MESH API v2 specification, handshake), and compares clocks: more than two hours apart, and MESH
 * would refuse us anyway. Not remembered while the clocks are apart: the next run, a rehearsal's successor too, must find out for itself.
 */
export const shakeHands = (pipeline: Pipeline, run: StoredRun): Promise<void> =>
  greet(pipeline, run, 'clock-skew');

/** The same for a run that was asked and waits longer than a day: ages of answers are then told by a clock that cannot be believed. */
export const staySeen = (pipeline: Pipeline, run: StoredRun): Promise<void> =>
  greet(pipeline, run, 'clock-moved');

async function greet(
  pipeline: Pipeline,
  run: StoredRun,
  ifApart: 'clock-skew' | 'clock-moved',
): Promise<void> {
  if (!(await isDue(pipeline))) return;
  const skew = await pipeline.mailbox.handshake();
  const isApart = Math.abs(skew ?? 0) > toleratedSkewMinutes * minute;
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    const isKnown = (await notedHoldReasons(tx, run)).includes('clock-skew');
    if (isApart && !isKnown) await noteHoldReasons(tx, run, [ifApart]);
    if (!isApart) await tx.set(settingOf(pipeline), String(pipeline.clock.now()));
  });
}

async function isDue(pipeline: Pipeline): Promise<boolean> {
  const now = pipeline.clock.now();
  const last = Number((await pipeline.ledger.read((tx) => tx.setting(settingOf(pipeline)))) ?? -Infinity);
  return now - last >= day || now < last;
}
