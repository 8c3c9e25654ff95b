import { minute } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { requestBody } from '../domain/national-check.ts';
import type { RequestState } from '../domain/run.ts';
import type { StoredRequest, StoredRun } from '../ports.ts';
import { keyOfRun, sha256, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { insertRequest } from './gate.ts';
import { plannedOnAllHeard } from './heard.ts';
import { withdrawObjected } from './late-objections.ts';
import { blindingPaper, canariesPaper, decodeNumbers, requestPaper, takePaper } from './papers.ts';
import { demandNotStopped } from './stops.ts';

/** A POST must follow its intent within this time, or a new intent is committed. */
const intentLasts = minute;
/** How often an unknown send is looked for: three polls by whoever made it, one by a successor (15 and 5 minutes at the live pace). */
const looksOfOwn = 3;
const looksOfSuccessor = 1;

/**
 * Sends every planned request of the run and settles every send whose outcome is unknown. Nothing is sent twice under one local id. Unless
 * choices and intake were read just now, and after every wait and every choice recorded or stop set meanwhile, they are read again first.
 */
export async function sendRequests(pipeline: Pipeline, run: StoredRun, readJustNow: boolean): Promise<void> {
  let isCurrent = readJustNow;
  for (;;) {
    pipeline.signal.throwIfAborted();
    const requests = await pipeline.ledger.read((tx) => tx.requests(run));
    const next =
      requests.find(({ state }) => state === 'intended') ?? requests.find(({ state }) => state === 'planned');
    if (next === undefined) return;
    if (next.state === 'intended') {
      await settleUnknown(pipeline, run, next);
      isCurrent = false;
    } else if (!isCurrent || !(await sendOne(pipeline, run, next))) {
      await withdrawObjected(pipeline, run);
      isCurrent = true;
      continue;
    }
    const sent = requests.filter(
      (request) => request === next || (request.state !== 'planned' && request.state !== 'void'),
    ).length;
    pipeline.onProgress({ step: 'sent', sent, of: requests.filter(({ state }) => state !== 'void').length });
  }
}

/** False, with nothing done, where somebody has said something that the list does not know of. */
async function sendOne(pipeline: Pipeline, run: StoredRun, request: StoredRequest): Promise<boolean> {
  const { ledger, keyring, clock, mailbox, config, claim } = pipeline;
  const { localId, subject } = request;
  const { list, canaries, blinding } = await ledger.read(async (tx) => {
    const desk = { keyring, key: await keyOfRun(tx, run) };
    return {
      list: decodeNumbers(await takePaper(tx, desk, requestPaper(localId))),
      canaries: decodeNumbers(await takePaper(tx, desk, canariesPaper)),
      blinding: await takePaper(tx, desk, blindingPaper),
    };
  });
  const body = requestBody(list, canaries);
  const intendedAt = clock.now();
  const began = clock.monotonic();
  const isIntended = await ledger.transact(claim, async (tx) => {
    await demandNotStopped(tx);
    if (!(await plannedOnAllHeard(tx, run))) return false;
    const commitment = sha256(blinding, Buffer.from(localId), body);
    const step = { what: 'request-intended', localId, sequence: request.sequence, commitment } as const;
    const proof = await tell(pipeline, tx, run, step);
    await tx.moveRequest(localId, 'planned', 'intended', { intendedAt, epoch: claim.epoch }, proof);
    return true;
  });
  if (!isIntended) return false;
  if (clock.monotonic() - began > intentLasts) {
    await replace(pipeline, run, request);
    return true;
  }
  const { mailboxId: to, workflowId } = config.check;
  const fileName = `${subject}.dat`;
  const sent = await mailbox
    .send({ to, workflowId, localId, subject, fileName, body })
    .catch(async (thrown: unknown) => {
      if (!(thrown instanceof Failure)) throw thrown;
      if (thrown.code === 'mesh-send-unknown') return null;
      // MESH certainly has not taken it: the local id is spent all the same, and the list waits under a new one.
      await replace(pipeline, run, request);
      throw thrown;
    });
  if (sent !== null) await markSent(pipeline, run, { ...request, intendedAt }, sent.messageId, false);
  return true;
}

/** Looks for a send of unknown outcome by its local id; what MESH has not taken after the last look is voided and asked anew. */
async function settleUnknown(pipeline: Pipeline, run: StoredRun, request: StoredRequest): Promise<void> {
  const { mailbox, clock, config, claim, signal } = pipeline;
  const looks = request.epoch === claim.epoch ? looksOfOwn : looksOfSuccessor;
  for (let look = 0; look <= looks; look++) {
    const found = await mailbox.findSent(request.localId);
    if (found !== null) {
      await markSent(pipeline, run, request, found.messageId, true);
      return;
    }
    if (look < looks) await clock.sleep((config.mesh?.pollSeconds ?? 300) * 1000, signal);
  }
  await replace(pipeline, run, request);
}

async function markSent(
  pipeline: Pipeline,
  run: StoredRun,
  request: StoredRequest,
  messageId: string,
  found: boolean,
): Promise<void> {
  const { localId } = request;
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    const proof = await tell(pipeline, tx, run, { what: 'request-sent', localId, messageId, found });
    // The age of an answer counts from the earliest moment at which MESH can have had the list.
    const sentAt = request.intendedAt ?? pipeline.clock.now();
    await tx.moveRequest(localId, 'intended', 'sent', { messageId, sentAt }, proof);
  });
}

/** Voids a request and plans its list anew under a new local id. Answers to a void request are filed, never used. */
async function replace(pipeline: Pipeline, run: StoredRun, request: StoredRequest): Promise<void> {
  const { ledger, claim, keyring } = pipeline;
  await ledger.transact(claim, async (tx) => {
    const desk = { keyring, key: await keyOfRun(tx, run) };
    const list = decodeNumbers(await takePaper(tx, desk, requestPaper(request.localId)));
    const successor = await insertRequest(pipeline, tx, { run, desk, list, level: request.level });
    const proof = await tell(pipeline, tx, run, {
      what: 'request-voided',
      localId: request.localId,
      successor,
    });
    await tx.moveRequest(request.localId, 'intended' satisfies RequestState, 'void', {}, proof);
  });
}
