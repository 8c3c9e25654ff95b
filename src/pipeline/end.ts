import { day, hour, londonDate } from '../domain/calendar.ts';
import type { Instant } from '../domain/calendar.ts';
import { isAboutAnchors } from '../domain/evidence.ts';
import type { Entry } from '../domain/evidence.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, LedgerWriter, StoredEntry, StoredRun } from '../ports.ts';
import { attest } from './attest.ts';
import type { Pipeline } from './context.ts';
import { runOf, tell } from './context.ts';

/** Why a run ends with nothing having left. */
export type WithheldReason =
  | 'legal-basis-expired'
  | 'recipient-agreement-expired'
  | 'nobody-to-ask'
  | 'nothing-answered'
  | 'nobody-to-release'
  | 'answers-too-old'
  | 'hold-rejected'
  | 'hold-expired'
  | 'ended-by-operator'
  | 'rehearsed';

/** What ending a run needs. */
type EndDesk = Pick<Pipeline, 'clock' | 'config' | 'audit' | 'by'>;

/** Ends a run with nothing having left. Final. */
export async function withhold(pipeline: Pipeline, run: StoredRun, reason: WithheldReason): Promise<void> {
  await commitSigned(pipeline, (tx) => withholdWithin(pipeline, tx, run, reason));
}

/** The same within a signed transaction that does more. */
export async function withholdWithin(
  pipeline: EndDesk,
  tx: LedgerWriter,
  run: StoredRun,
  reason: WithheldReason,
  words?: string,
): Promise<void> {
  await voidIntended(pipeline, tx, run);
  const step = { what: 'run-withheld', reason } as const;
  const proof = await tell(pipeline, tx, run, words === undefined ? step : { ...step, words });
  await tx.moveRun(run, run.state, 'withheld', { reason, endedAt: pipeline.clock.now() }, proof);
  await attest(pipeline, tx, run, 'nothing-sent');
  await letPapersDie(pipeline, tx, run);
}

/** Ends a run that could not be done. Nothing left. Final. */
export async function fail(pipeline: Pipeline, run: StoredRun, code: FailureCode): Promise<void> {
  await commitSigned(pipeline, async (tx) => {
    await voidIntended(pipeline, tx, run);
    const proof = await tell(pipeline, tx, run, { what: 'run-failed', code });
    await tx.moveRun(run, run.state, 'failed', { reason: code, endedAt: pipeline.clock.now() }, proof);
    await attest(pipeline, tx, run, 'nothing-sent');
    await letPapersDie(pipeline, tx, run);
  });
}

/** Every intent has its outcome when its run ends: what MESH may have taken is void, and an answer to it is filed, never used. */
async function voidIntended(pipeline: EndDesk, tx: LedgerWriter, run: StoredRun): Promise<void> {
  for (const { localId, state } of await tx.requests(run)) {
    if (state !== 'intended') continue;
    const proof = await tell(pipeline, tx, run, { what: 'request-voided', localId, successor: '' });
    await tx.moveRequest(localId, 'intended', 'void', {}, proof);
  }
}

/** Papers live until the run's end or its answers' age limit, whichever is later, and never beyond their keep days; some died before. */
export async function letPapersDie(
  { clock, config }: EndDesk,
  tx: LedgerWriter,
  run: StoredRun,
): Promise<void> {
  if ((await tx.key(run.keyId)) === null) return;
  const limit = (await answersExpireAt(tx, run, config.check.maxAgeHours)) ?? clock.now();
  const latest = run.openedAt + config.keep.papersDays * day;
  await tx.setKeyDeath(run.keyId, Math.min(Math.max(limit, clock.now()), latest));
}

/** When the first of a run's requests, and with it its answer, grows too old to be used; null if none was sent. */
export async function answersExpireAt(
  tx: LedgerReader,
  run: RunId,
  maxAgeHours: number,
): Promise<Instant | null> {
  const sent = (await tx.requests(run)).flatMap(({ sentAt }) => (sentAt === null ? [] : [sentAt]));
  return sent.length === 0 ? null : Math.min(...sent) + maxAgeHours * hour;
}

type Signing = Pick<Pipeline, 'ledger' | 'claim' | 'audit'>;

/** Commits a step together with the signature over it, so that no crash leaves the one without the other; then shows the checkpoint. */
export async function commitSigned(
  { ledger, claim, audit }: Signing,
  work: (tx: LedgerWriter) => Promise<void>,
): Promise<void> {
  await ledger.transact(claim, async (tx) => {
    await work(tx);
    await audit.sign(tx);
  });
  await showCheckpoint({ ledger, audit });
}

/**
 * Shows the newest checkpoint outside the ledger: after each signature, and once more when runs are taken up, for a crash may have come
 * between the two. Nobody signs meanwhile, so that a process that was held up never shows an older one than another has shown. Throws
 * `audit-invalid` where something was shown that this ledger never signed: nothing may be decided on it.
 */
export async function showCheckpoint({ ledger, audit }: Pick<Signing, 'ledger' | 'audit'>): Promise<void> {
  await ledger.readAlone((tx) => audit.publishCheckpoint(tx));
}

/**
 * Signs what was told since the newest checkpoint, if anything was: no night ends without one that covers it. That anchors took that
 * checkpoint, or did not, is no reason by itself: the signature would have to be anchored again, and so on without end.
 */
export async function signRest(signing: Signing): Promise<void> {
  const isUnsigned = await signing.ledger.read(async (tx) => {
    const signed = (await tx.checkpoint())?.size ?? 0;
    const { size } = await tx.frontier();
    for await (const entry of tx.entries(signed, size)) if (!tellsOfAnchors(entry)) return true;
    return false;
  });
  if (isUnsigned) await commitSigned(signing, () => Promise.resolve());
}

/** What cannot be read is for the signing to find out. */
function tellsOfAnchors({ line }: StoredEntry): boolean {
  try {
    return isAboutAnchors(JSON.parse(Buffer.from(line).toString()) as Entry);
  } catch {
    return false;
  }
}

/** Under expired approvals nothing is asked and nothing leaves; checked when a run begins and again before it decides (R29, R52). */
export function expiredApproval({ config, clock }: Pipeline, run: StoredRun): WithheldReason | null {
  const today = londonDate(clock.now());
  const last = today > run.businessDate ? today : run.businessDate;
  const { basisExpiresOn, recipientExpiresOn } = config.legal;
  if (basisExpiresOn !== null && basisExpiresOn < last) return 'legal-basis-expired';
  if (recipientExpiresOn !== null && recipientExpiresOn < last) return 'recipient-agreement-expired';
  return null;
}

/** Reads a run again outside a transaction. */
export const reread = (pipeline: Pipeline, run: StoredRun): Promise<StoredRun> =>
  pipeline.ledger.read((tx) => runOf(tx, run));
