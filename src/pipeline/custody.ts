/** The log's own life beside the runs: a daily sign of it, a weekly look at the whole, a change of its key. */
import { day, londonDate } from '../domain/calendar.ts';
import { formatRunId } from '../domain/run.ts';
import type { Pipeline } from './context.ts';
import { tell } from './context.ts';
import { commitSigned, showCheckpoint, signRest } from './end.ts';

/** What tending the log needs. */
export type LogDesk = Pick<Pipeline, 'ledger' | 'claim' | 'audit' | 'clock' | 'by'>;

const lastHeartbeat = 'heartbeat-on';
const lastRecomputed = 'log-recomputed-at';
const recomputedEvery = 7 * day;

/**
 * Signs the log as it stands, with one entry a London day that says we are here: a day without any entry is then a day on which nothing
 * ran. False where today's entry stood already.
 */
export async function beat(desk: LogDesk): Promise<boolean> {
  const { ledger, clock } = desk;
  await showCheckpoint(desk);
  const today = londonDate(clock.now());
  const fresh = (await ledger.read((tx) => tx.setting(lastHeartbeat))) !== today;
  if (!fresh) {
    await signRest(desk);
    return false;
  }
  await commitSigned(desk, async (tx) => {
    const [lastRun] = await tx.runs({ withoutRehearsals: true, limit: 1 });
    await tell(desk, tx, null, {
      what: 'heartbeat',
      lastRun: lastRun === undefined ? '' : formatRunId(lastRun),
    });
    await tx.set(lastHeartbeat, today);
  });
  return true;
}

/**
 * Once a week everything is computed anew from the stored bytes, not only what is new; that it was, and what came out, is an entry.
 * Throws `audit-invalid`.
 */
export async function recomputeWeekly(desk: LogDesk): Promise<void> {
  const { ledger, clock, audit } = desk;
  const last = Number((await ledger.read((tx) => tx.setting(lastRecomputed))) ?? -Infinity);
  const now = clock.now();
  if (last <= now && now < last + recomputedEvery) return;
  const { size, root } = await ledger.read((tx) => audit.verify(tx));
  await commitSigned(desk, async (tx) => {
    await tell(desk, tx, null, { what: 'log-recomputed', size, root });
    await tx.set(lastRecomputed, String(now));
  });
}

/**
 * Announces the next signing key under the present one, and signs the announcement with both. From then on only the next one signs. The
 * whole log is verified first: a change of key must not cover up what came before. Throws `audit-invalid`.
 */
export async function announceKey(desk: LogDesk, next: string): Promise<void> {
  const { ledger, audit } = desk;
  await ledger.read((tx) => audit.verify(tx));
  await commitSigned(desk, async (tx) => {
    const previous = (await audit.keys(tx)).at(-1)?.verifierKey ?? '';
    await tell(desk, tx, null, { what: 'signing-key-changed', previous, verifierKey: next });
  });
}
