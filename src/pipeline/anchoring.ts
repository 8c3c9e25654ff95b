import { anchorStanding } from '../domain/anchoring.ts';
import type { AnchorName, AnchorRecord, AnchorStanding } from '../domain/anchoring.ts';
import { formatInstant } from '../domain/calendar.ts';
import type { Instant } from '../domain/calendar.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { Anchor, AnchoredLog, LedgerReader, SignedCheckpoint, StoredAnchoring } from '../ports.ts';
import { sha256, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned, showCheckpoint } from './end.ts';

/** What anchoring needs of a pipeline; nothing of MESH. */
export type AnchorDesk = Pick<
  Pipeline,
  'ledger' | 'audit' | 'claim' | 'clock' | 'by' | 'config' | 'signal' | 'onProgress' | 'anchors'
>;

/** How an anchor took a checkpoint, or why it did not. */
export interface Anchored {
  readonly anchor: AnchorName;
  readonly size: number;
  readonly failure: Failure | null;
}

/** What an anchor may throw on its own account; a fault of its own is no better than silence. Anything else is ours, and stops us. */
const codesOfAnchors: ReadonlySet<FailureCode> = new Set([
  'anchor-unreachable',
  'anchor-refused',
  'unexpected',
]);

const sinceSetting = (anchor: AnchorName): string => `anchor-since/${anchor}`;
const refusedSetting = (anchor: AnchorName): string => `anchor-refused/${anchor}`;

/**
 * Shows the newest signed checkpoint, which is durable by then, to every anchor that has not taken it, or to those of `again` whether they
 * have or not. Receipt and entry are stored together; so is the entry of a failure, and one anchor's failure does not stop the others.
 */
export async function anchorAll(
  desk: AnchorDesk,
  again: ReadonlySet<AnchorName> = new Set(),
): Promise<readonly Anchored[]> {
  if (desk.anchors.length === 0) return [];
  await rememberSince(desk);
  const checkpoint = await newestCheckpoint(desk);
  const done: Anchored[] = [];
  for (const anchor of desk.anchors) {
    const anchored = await anchoredSize(desk, anchor);
    if (anchored === checkpoint.size && !again.has(anchor.name)) continue;
    done.push(await anchorOne(desk, anchor, { checkpoint, anchored }));
  }
  return done;
}

const anchoredSize = async ({ ledger }: AnchorDesk, { name, target }: Anchor): Promise<number> =>
  (await ledger.read((tx) => tx.lastAnchoring(name, target)))?.size ?? 0;

interface Showing {
  readonly checkpoint: SignedCheckpoint;
  readonly anchored: number;
}

/** `writes`: which outcomes are written down. Everything; or, for a look at an anchor that is in time, what is new: a receipt, a refusal. */
type Writes = 'everything' | 'news';

async function anchorOne(
  desk: AnchorDesk,
  anchor: Anchor,
  showing: Showing,
  writes: Writes = 'everything',
): Promise<Anchored> {
  const { name, target } = anchor;
  const { size } = showing.checkpoint;
  const taken = await attempt(desk, anchor, showing);
  if (taken instanceof Failure) {
    if (writes === 'everything' || taken.code === 'anchor-refused') await storeFailure(desk, name, taken.code);
    await alarm(desk, name, taken);
    return { anchor: name, size, failure: taken };
  }
  if (writes === 'everything' || showing.anchored !== size) {
    await store(desk, { anchor: name, target, size, at: desk.clock.now(), receipt: taken });
    desk.onProgress({ step: 'anchored', anchor: name, size });
  }
  return { anchor: name, size, failure: null };
}

/** The receipt, or why there is none. Throws what was not the anchor's doing. */
async function attempt(desk: AnchorDesk, anchor: Anchor, showing: Showing): Promise<Uint8Array | Failure> {
  try {
    return await anchor.take(logFor(desk, showing), desk.signal);
  } catch (thrown) {
    desk.signal.throwIfAborted();
    const failure = asFailure(thrown);
    if (codesOfAnchors.has(failure.code)) return failure;
    throw thrown;
  }
}

const storeFailure = (desk: AnchorDesk, anchor: AnchorName, code: FailureCode): Promise<void> =>
  desk.ledger.transact(desk.claim, async (tx) => {
    await tell(desk, tx, null, { what: 'anchor-unreachable', anchor, code });
    if (code === 'anchor-refused') await tx.set(refusedSetting(anchor), 'yes');
  });

async function alarm(desk: AnchorDesk, anchor: AnchorName, { code, message: why }: Failure): Promise<void> {
  const [standing] = await anchorStandings(desk, [anchor]);
  desk.onProgress({ step: 'anchor-failed', anchor, code, daysLeft: standing?.daysLeft ?? 0, why });
}

const store = (desk: AnchorDesk, anchoring: StoredAnchoring): Promise<void> =>
  desk.ledger.transact(desk.claim, async (tx) => {
    const { anchor, size, receipt } = anchoring;
    const step = { what: 'checkpoint-anchored', anchor, size, receipt: sha256(receipt) } as const;
    await tx.putAnchoring(anchoring, await tell(desk, tx, null, step));
    if ((await tx.setting(refusedSetting(anchor))) === 'yes') await tx.set(refusedSetting(anchor), 'no');
  });

/** The log as one anchor is shown it. Each question is a transaction of its own: what is asked about never changes any more. */
function logFor({ ledger, audit }: AnchorDesk, { checkpoint, anchored }: Showing): AnchoredLog {
  const upToIt = ({ size }: { readonly size: number }): boolean => size <= checkpoint.size;
  return {
    checkpoint,
    anchored,
    verifierKeys: [{ from: 1, verifierKey: audit.verifierKey }],
    prove: (from) => ledger.read((tx) => audit.prove(tx, from, checkpoint.size)),
    lines: (from, to) =>
      ledger.read(async (tx) =>
        (await all(tx.entries(from, Math.min(to, checkpoint.size)))).map(({ line }) => line),
      ),
    checkpoints: async () => (await ledger.read((tx) => tx.checkpoints())).filter(upToIt),
    receipts: async () => (await ledger.read((tx) => all(tx.anchorings(anchored)))).filter(upToIt),
    readCheckpoint: (note) => ledger.read((tx) => audit.readCheckpoint(tx, note)),
  };
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

/** Days of grace count from here for an anchor that never takes anything. */
const rememberSince = ({ ledger, claim, clock, anchors }: AnchorDesk): Promise<void> =>
  ledger.transact(claim, async (tx) => {
    for (const { name } of anchors)
      if ((await tx.setting(sinceSetting(name))) === null)
        await tx.set(sinceSetting(name), String(clock.now()));
  });

/** Signs one only where there is none: whatever comes after the newest is covered by the next night's. */
async function newestCheckpoint(desk: AnchorDesk): Promise<SignedCheckpoint> {
  const newest = await desk.ledger.read((tx) => tx.checkpoint());
  if (newest !== null) {
    await showCheckpoint(desk);
    return newest;
  }
  await commitSigned(desk, () => Promise.resolve());
  return newestCheckpoint(desk);
}

/** How these anchors stand. */
export const anchorStandings = (
  { ledger, clock, config }: Pick<AnchorDesk, 'ledger' | 'clock' | 'config'>,
  names: readonly AnchorName[],
): Promise<readonly AnchorStanding[]> =>
  ledger.read(async (tx) => {
    const standings: AnchorStanding[] = [];
    for (const name of names) {
      const record = await recordOf(tx, name, clock.now());
      standings.push(anchorStanding(record, config.anchors.graceDays, clock.now()));
    }
    return standings;
  });

async function recordOf(tx: LedgerReader, anchor: AnchorName, now: Instant): Promise<AnchorRecord> {
  const last = await tx.lastAnchoring(anchor);
  return {
    anchor,
    since: Number((await tx.setting(sinceSetting(anchor))) ?? now),
    last: last === null ? null : { size: last.size, at: last.at },
    refused: (await tx.setting(refusedSetting(anchor))) === 'yes',
  };
}

/**
 * Nobody is asked about and nothing leaves while an anchor is overdue or has refused: it is tried once more, then this throws
 * `anchor-refused` or `anchor-overdue` and the run waits where it stands. Those that remember are asked in any case: an older ledger put
 * back in the place of ours must be found out before anybody is asked about, not after.
 */
export async function demandAnchored(desk: AnchorDesk): Promise<void> {
  if (desk.anchors.length === 0) return;
  await rememberSince(desk);
  const checkpoint = await newestCheckpoint(desk);
  const pressing = new Set((await pressingAnchors(desk)).map(({ anchor }) => anchor));
  const failures = new Map<AnchorName, Failure | null>();
  for (const anchor of desk.anchors) {
    const isPressing = pressing.has(anchor.name);
    if (!isPressing && !anchor.remembers) continue;
    const showing = { checkpoint, anchored: await anchoredSize(desk, anchor) };
    const { failure } = await anchorOne(desk, anchor, showing, isPressing ? 'everything' : 'news');
    failures.set(anchor.name, failure);
  }
  const left = await pressingAnchors(desk);
  const worst = left.find(({ state }) => state === 'refused') ?? left[0];
  if (worst !== undefined) throw stopped(worst, failures.get(worst.anchor) ?? null);
}

const pressingAnchors = async (desk: AnchorDesk): Promise<readonly AnchorStanding[]> =>
  (
    await anchorStandings(
      desk,
      desk.anchors.map(({ name }) => name),
    )
  ).filter(({ state }) => state !== 'in-time');

const stoppedWords = {
  'anchor-refused':
    'An anchor holds more than this log, or something else. Nobody is asked about and nothing leaves until a person knows which of the two was changed.',
  'anchor-overdue':
    'An anchor has taken nothing for longer than it may: since then the log rests on our own key alone. Nobody is asked about and nothing leaves.',
} as const;

function stopped({ anchor, state, last, since }: AnchorStanding, why: Failure | null): Failure {
  const code = state === 'refused' ? 'anchor-refused' : 'anchor-overdue';
  const taken =
    last === null
      ? `nothing taken since ${formatInstant(since)}`
      : `${last.size} entries, taken ${formatInstant(last.at)}`;
  const { detail } = why ?? {};
  return new Failure(code, {
    message: [stoppedWords[code], why?.message ?? ''].join(' ').trim(),
    place: detail?.place ?? `anchor ${anchor}`,
    found: [`anchor ${anchor}: ${taken}`, detail?.found ?? ''].filter((words) => words !== '').join('; '),
    hint: state === 'refused' && detail?.hint !== undefined ? detail.hint : waitingHint,
    cause: why,
  });
}

const waitingHint =
  'The run waits where it stands. See to the anchor, then run the same command again: it goes on once the anchor has taken the log.';
