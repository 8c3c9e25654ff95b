import { day, londonDate } from '../domain/calendar.ts';
import { asFailure } from '../domain/failure.ts';
import type { LedgerWriter, RawMessage, StoredRequest, WrappedKey } from '../ports.ts';
import { requestOf } from './binding.ts';
import { sha256, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { blindingPaper, encodeMessage, messagePaper, putPaper } from './papers.ts';
import { understandMessage } from './understand.ts';

/** Ids fetched in one look at the inbox. */
const oneLook = 500;

/**
 * Empties the inbox of our workflow: each message is kept raw, committed, acknowledged, and only then read. What was kept or acknowledged
 * before a crash is taken up again first. Returns how many new messages came.
 */
export async function collectMail(pipeline: Pipeline): Promise<number> {
  await settleKeptMail(pipeline);
  // What stays in the inbox although it was looked at must neither hide what waits behind it nor be looked at for ever.
  const seen = new Set(pipeline.unfetchable);
  let collected = 0;
  for (;;) {
    const ids = await pipeline.mailbox.waiting(pipeline.config.check.workflowId, oneLook + seen.size);
    const fresh = ids.filter((id) => !seen.has(id));
    for (const messageId of fresh) {
      pipeline.signal.throwIfAborted();
      if (await keep(pipeline, messageId)) collected++;
      seen.add(messageId);
    }
    await settleKeptMail(pipeline);
    if (fresh.length < oneLook) return collected;
  }
}

async function keep(pipeline: Pipeline, messageId: string): Promise<boolean> {
  const { ledger, mailbox, claim, clock } = pipeline;
  const known = await ledger.read((tx) => tx.message(messageId));
  if (known !== null) {
    // Kept on an earlier look; MESH still shows it, so the acknowledgement was lost.
    await mailbox.acknowledge(messageId);
    return false;
  }
  const raw = await download(pipeline, messageId);
  if (raw === null) return false;
  const bytes = encodeMessage(raw);
  await ledger.transact(claim, async (tx) => {
    const request = await requestOf(tx, raw);
    // What a stranger writes there may be anything, a number too.
    const localId = request?.localId ?? '';
    const key = await keyFor(pipeline, tx, request);
    await putPaper(tx, { keyring: pipeline.keyring, key }, messagePaper(messageId), bytes);
    const blinding = await tx.paper(key.keyId, blindingPaper);
    const proof = await tell(pipeline, tx, request?.run ?? null, {
      what: 'message-kept',
      messageId,
      localId,
      // Where there is a run, under its blinding, so that whoever has the papers can check it.
      commitment: sha256(
        blinding === null
          ? pipeline.chance.bytes(32)
          : pipeline.keyring.open(key, blindingPaper, blinding.sealed),
        bytes,
      ),
    });
    await tx.insertMessage(
      {
        messageId,
        localId,
        keyId: key.keyId,
        receivedAt: clock.now(),
        acknowledged: false,
        understood: null,
      },
      proof,
    );
  });
  return true;
}

/**
 * Null where MESH no longer has the message, and where it cannot be fetched whole: that one stays in the inbox, unacknowledged, is not
 * fetched again by this process, and does not keep the others from being read.
 */
async function download(
  { mailbox, unfetchable, onProgress }: Pipeline,
  messageId: string,
): Promise<RawMessage | null> {
  try {
    return await mailbox.download(messageId);
  } catch (thrown) {
    const { code } = asFailure(thrown);
    if (code === 'mesh-gone' || code === 'mesh-not-found') return null;
    if (code !== 'mesh-malformed' && code !== 'mesh-too-large' && code !== 'mesh-rejected') throw thrown;
    unfetchable.add(messageId);
    onProgress({ step: 'mesh-trouble', code });
    return null;
  }
}

/** Mail of an open run lies under the run's key; what belongs to none lies under a key of the day, with the same life. */
async function keyFor(
  pipeline: Pipeline,
  tx: LedgerWriter,
  request: StoredRequest | null,
): Promise<WrappedKey> {
  const run = request === null ? null : await tx.run(request.run);
  const own = run === null ? null : await tx.key(run.keyId);
  if (own !== null) return own;
  const { keyring, clock, config } = pipeline;
  const today = londonDate(clock.now());
  const existing = await tx.keyOf('day-papers', today);
  if (existing !== null) return existing;
  const key = keyring.create('day-papers', today);
  await tx.addKey(key, clock.now() + config.keep.papersDays * day);
  return key;
}

/** Acknowledges what is kept and reads what is acknowledged, oldest first. */
async function settleKeptMail(pipeline: Pipeline): Promise<void> {
  const { ledger, mailbox, claim } = pipeline;
  for (const message of await ledger.read((tx) => tx.unsettledMessages())) {
    pipeline.signal.throwIfAborted();
    const { messageId } = message;
    if (!message.acknowledged) {
      await acknowledge(mailbox, messageId);
      await ledger.transact(claim, async (tx) => {
        const proof = await tell(pipeline, tx, null, { what: 'message-acknowledged', messageId });
        await tx.settleMessage(messageId, { acknowledged: true }, proof);
      });
    }
    if (message.understood === null) await understandMessage(pipeline, message);
  }
}

/** Where MESH has lost sight of a message we hold, there is nothing left to acknowledge. */
async function acknowledge(mailbox: Pipeline['mailbox'], messageId: string): Promise<void> {
  try {
    await mailbox.acknowledge(messageId);
  } catch (thrown) {
    const { code } = asFailure(thrown);
    if (code !== 'mesh-gone' && code !== 'mesh-not-found') throw thrown;
  }
}
