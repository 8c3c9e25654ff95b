import { hour } from '../domain/calendar.ts';
import type { Instant } from '../domain/calendar.ts';
import { asFailure, exitCodeOf, exitCodes } from '../domain/failure.ts';
import type { CheckConfig } from '../config.ts';
import { isOpenRequest } from '../domain/run.ts';
import type { StoredRequest, StoredRun } from '../ports.ts';
import { sendRequests } from './ask.ts';
import { collectMail } from './collect.ts';
import { ComeBack } from './come-back.ts';
import { tell } from './context.ts';
import { staySeen } from './handshake.ts';
import type { Pipeline } from './context.ts';

/**
 * asked -> answered: looks into the inbox at the configured pace until every request is settled or its deadline has passed. Trouble with MESH
 * is waited out; the deadline decides.
 */
export async function awaitAnswers(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const began = pipeline.clock.monotonic();
  for (;;) {
    await look(pipeline, run);
    await giveUp(pipeline, run, (request) => isOverdue(pipeline, request));
    const requests = (await pipeline.ledger.read((tx) => tx.requests(run))).filter(
      ({ state }) => state !== 'void',
    );
    const open = requests.filter(({ state }) => isOpenRequest(state)).length;
    if (open === 0) break;
    pipeline.onProgress({
      step: 'waiting',
      open,
      of: requests.length,
      waitedMs: pipeline.clock.monotonic() - began,
    });
    await pause(pipeline);
  }
  const leftInInbox = await countWhatIsLeft(pipeline);
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    const proof = await tell(pipeline, tx, run, { what: 'run-answered', leftInInbox });
    await tx.moveRun(run, 'asked', 'answered', {}, proof);
  });
}

/** Ours is taken out; what other workflows have there is counted and left to whom it belongs. Null where MESH does not say. */
async function countWhatIsLeft({ mailbox, onProgress }: Pipeline): Promise<number | null> {
  try {
    const messages = await mailbox.waitingInAll();
    if (messages > 0) onProgress({ step: 'left-in-inbox', messages });
    return messages;
  } catch (thrown) {
    const { code } = asFailure(thrown);
    if (!code.startsWith('mesh-')) throw thrown;
    return null;
  }
}

/** Empties the inbox until a look brings nothing new, so that a second answer lying beside the first is seen; then sends what was split. */
export async function look(pipeline: Pipeline, run: StoredRun): Promise<void> {
  try {
    await staySeen(pipeline, run);
    while ((await collectMail(pipeline)) > 0) pipeline.signal.throwIfAborted();
    await sendRequests(pipeline, run, false);
  } catch (thrown) {
    const { code } = asFailure(thrown);
    // Answers are taken in whatever is stopped; what was split waits.
    if (code === 'export-stopped') return;
    // An intake that cannot be read just now sends nobody's number; it must be readable again for the release, and is refused there.
    if (!code.startsWith('mesh-') && exitCodeOf(code) !== exitCodes.intakeRefused) throw thrown;
    pipeline.onProgress({ step: 'mesh-trouble', code });
  }
}

const isOverdue = ({ clock, config }: Pipeline, { sentAt }: StoredRequest): boolean =>
  sentAt !== null && clock.now() > sentAt + config.check.deadlineHours * hour;

/** When the first request that MESH has, or may have, was sent; null if it certainly has none. */
async function firstSentAt({ ledger }: Pipeline, run: StoredRun): Promise<Instant | null> {
  const requests = await ledger.read((tx) => tx.requests(run));
  const sent = requests
    .map(({ state, sentAt, intendedAt }) => (state === 'intended' ? intendedAt : sentAt))
    .filter((at) => at !== null);
  return sent.length === 0 ? null : Math.min(...sent);
}

/** When the first request that MESH has, or may have, is overdue; null if it certainly has none. */
export async function deadlineOf(pipeline: Pipeline, run: StoredRun): Promise<Instant | null> {
  const first = await firstSentAt(pipeline, run);
  return first === null ? null : first + pipeline.config.check.deadlineHours * hour;
}

/**
 * When nothing is waited for any more, however late it was sent: halfway between the first deadline and the age limit of the answers to
 * what was sent first. Parts of a list refused late must not cost those who were answered in time their release.
 */
const lastCall = (first: Instant, { deadlineHours, maxAgeHours }: CheckConfig): Instant =>
  first + ((deadlineHours + maxAgeHours) / 2) * hour;

/** Settles open requests as unanswered: those of a kind, and with them all that could not be sent by the run's deadline. */
export async function giveUp(
  pipeline: Pipeline,
  run: StoredRun,
  isDue: (request: StoredRequest) => boolean,
): Promise<void> {
  const { ledger, claim, clock, config } = pipeline;
  const first = await firstSentAt(pipeline, run);
  const now = clock.now();
  const isOver = first !== null && now > first + config.check.deadlineHours * hour;
  const isLastCall = first !== null && now > lastCall(first, config.check);
  const late = (request: StoredRequest): boolean =>
    isDue(request) || isLastCall || (request.sentAt === null && isOver);
  const open = (await ledger.read((tx) => tx.requests(run))).filter(({ state }) => isOpenRequest(state));
  for (const request of open.filter(late)) {
    await ledger.transact(claim, async (tx) => {
      const proof = await tell(pipeline, tx, run, { what: 'request-unanswered', localId: request.localId });
      await tx.moveRequest(request.localId, request.state, 'unanswered', {}, proof);
    });
  }
}

/** Waits one poll, or leaves to come back after it. */
export async function pause({ clock, config, signal, leavesToWait = false }: Pipeline): Promise<void> {
  const poll = (config.mesh?.pollSeconds ?? 300) * 1000;
  if (leavesToWait) throw new ComeBack(clock.now() + poll);
  await clock.sleep(poll, signal);
}
