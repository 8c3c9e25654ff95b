/** Shows the log, as it was signed last, to those who are to remember how far it had come. */
import type { AnchorName, AnchorOutcome } from '../domain/anchoring.ts';
import { asFailure, exitCodeOf, exitCodes, Failure } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { Anchor, AnchoredLog, KeySpan, SignedCheckpoint, StoredAnchoring } from '../ports.ts';
import { anchorStandings, keepOutcome, outcomeOf, rememberSince } from './anchor-standings.ts';
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
  const newest = await newestSigned(desk);
  const done: Anchored[] = [];
  for (const anchor of desk.anchors) {
    const showing = await showingTo(desk, anchor, newest);
    if (hasTaken(showing) && !again.has(anchor.name)) continue;
    done.push(await anchorOne(desk, anchor, showing));
  }
  return done;
}

/** A night that failed is anchored as well, unless that is why, or somebody is stopping us; nothing that comes of it hides the failure. */
export async function anchorAfterFailure(desk: AnchorDesk, code: FailureCode): Promise<void> {
  const isWhy = code === 'anchor-overdue' || exitCodeOf(code) === exitCodes.auditInvalid;
  if (!isWhy && !desk.signal.aborted) await Promise.allSettled([anchorAll(desk)]);
}

interface Signed {
  readonly checkpoint: SignedCheckpoint;
  readonly keys: readonly KeySpan[];
}

/** What is shown to one anchor, and what we know of it. */
export interface Showing extends Signed {
  /** Size of the tree that this very anchor took last; 0 if it never took one. */
  readonly anchored: number;
  readonly outcome: AnchorOutcome;
}

const hasTaken = ({ checkpoint, anchored, outcome }: Showing): boolean =>
  checkpoint.size === anchored && outcome === 'taken';

export const showingTo = (
  { ledger }: AnchorDesk,
  { name, target }: Anchor,
  signed: Signed,
): Promise<Showing> =>
  ledger.read(async (tx) => ({
    ...signed,
    anchored: (await tx.lastAnchoring(name, target))?.size ?? 0,
    outcome: await outcomeOf(tx, name),
  }));

/** `writes`: which outcomes are written down. Everything; or, for a look at an anchor that is in time, what is new: a receipt, a refusal. */
export async function anchorOne(
  desk: AnchorDesk,
  anchor: Anchor,
  showing: Showing,
  writes: 'everything' | 'news' = 'everything',
): Promise<Anchored> {
  const { name, target } = anchor;
  const { size } = showing.checkpoint;
  const taken = await attempt(desk, anchor, showing);
  if (taken instanceof Failure) {
    if (writes === 'everything' || taken.code === 'anchor-refused')
      await storeFailure(desk, name, taken.code);
    await alarm(desk, name, taken);
    return { anchor: name, size, failure: taken };
  }
  if (writes === 'everything' || !hasTaken(showing)) {
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
    const refused = code === 'anchor-refused' || (await outcomeOf(tx, anchor)) === 'refused';
    await keepOutcome(tx, anchor, refused ? 'refused' : 'unreachable');
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
    await keepOutcome(tx, anchor, 'taken');
  });

/** The log as one anchor is shown it. Each question is a transaction of its own: what is asked about never changes any more. */
function logFor({ ledger, audit }: AnchorDesk, { checkpoint, keys, anchored }: Showing): AnchoredLog {
  const upToIt = ({ size }: { readonly size: number }): boolean => size <= checkpoint.size;
  return {
    checkpoint,
    anchored,
    verifierKeys: keys.filter(({ from }) => from <= checkpoint.size),
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

/** Signs one only where there is none: whatever comes after the newest is covered by the next night's. */
export async function newestSigned(desk: AnchorDesk): Promise<Signed> {
  const { ledger, audit } = desk;
  const { checkpoint, keys } = await ledger.read(async (tx) => ({
    checkpoint: await tx.checkpoint(),
    keys: await audit.keys(tx),
  }));
  if (checkpoint !== null) {
    await showCheckpoint(desk);
    return { checkpoint, keys };
  }
  await commitSigned(desk, () => Promise.resolve());
  return newestSigned(desk);
}
