/** A run that has asked about a few people and waits: each message is read as if it were the first that came. */
import { collectMail } from '../../src/pipeline/collect.ts';
import { advanceRun } from '../../src/pipeline/advance.ts';
import { answerPaper, decodeNumbers, takePaper } from '../../src/pipeline/papers.ts';
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import { checkMailbox } from '../simulation/far-side.ts';
import { drawHistory } from '../simulation/history.ts';
import type { History } from '../simulation/history.ts';
import { createSimulatedWorld } from '../simulation/world.ts';
import { understood } from '../simulation/play.ts';
import { Crash } from '../simulation/worker.ts';
import type { Delivery } from '../support/fake-mailbox.ts';
import type { RawIntake } from '../support/reference-gate.ts';

/** What became of a message. */
export interface Outcome {
  /** What it was understood as, or the reason for which it holds the run; `left` where it was not fetched. */
  readonly code: string;
  /** The numbers that it cleared; null where it settled nothing. */
  readonly cleared: readonly string[] | null;
}

export interface Desk {
  /** Numbers that the waiting request asks about, ascending. */
  readonly asked: readonly string[];
  readonly localId: string;
  /** An answer of the check to the request, as it should come. */
  answer(body: Uint8Array, over?: Partial<Delivery>): Delivery;
  take(delivery: Delivery): Promise<Outcome>;
}

const people = 12;

function intakeOf(): RawIntake {
  const [night] = drawHistory(3).nights;
  const home = night!.intake.providers[0]!;
  const row = {
    provider_id: home['provider_id']!,
    location_id: '1-100000001',
    person_type: 'service_user',
    informed_on: '2026-11-01',
    notice_version: 'v2',
    in_service_choice: 'none',
    restricted: 'no',
    resident_from: '2025-01-01',
    resident_to: '',
  };
  const sound = {
    ...home,
    participating_from: '2026-01-05',
    participating_to: '',
    agreement_expires_on: '2027-03-31',
    notice_version: 'v2',
  };
  const numbers = ['9990000018', '9990000026', '9990000034', '9990000042', '9990000050', '9990000069'].concat(
    ['9990000077', '9990000085', '9990000093', '9990000107', '9990000115', '9990000123'],
  );
  return {
    serviceUsers: numbers.slice(0, people).map((number, n) => ({
      ...row,
      service_user_id: `su-${n + 1}`,
      nhs_number: number,
    })),
    choices: [],
    providers: [sound],
  };
}

export async function openDesk(): Promise<Desk> {
  const [night] = drawHistory(3).nights;
  const history: History = {
    ...drawHistory(3),
    maxNumbers: 100_000,
    nights: [{ ...night!, intake: intakeOf(), national: [], troubles: [], answers: ['silent'] }],
  };
  const businessDate = night!.businessDate;
  const world = createSimulatedWorld(history);
  world.pass(Date.parse(`${businessDate}T02:30:00Z`));
  world.intake.put(businessDate, understood(intakeOf(), world.now() - 5 * 60_000));
  world.farSide.answerWith(['silent']);
  world.onWait = () => Promise.reject(new Crash('the worker is let go while it waits'));
  await advanceRun(await world.start(), businessDate, false).catch((thrown: unknown) => {
    if (!(thrown instanceof Crash)) throw thrown;
  });
  world.onWait = () => Promise.resolve();
  const [request] = world.farSide.requests;
  if (request === undefined) throw new Error('nobody was asked about');
  const { localId } = request;
  const putBack = world.store.remember();

  return {
    asked: request.numbers,
    localId,
    answer: (body, over = {}) => ({
      from: checkMailbox,
      workflowId: world.config.check.workflowId,
      localId,
      subject: '',
      body,
      headers: {},
      ...over,
    }),
    async take(delivery) {
      const pipeline = await world.start();
      const messageId = world.farSide.mailbox.deliver(delivery);
      await collectMail(pipeline);
      const outcome = await world.store.ledger.read(async (tx): Promise<Outcome> => {
        const message = await tx.message(messageId);
        const settled = await tx.request(localId);
        if (message === null) return { code: 'left', cleared: null };
        const code = message.understood ?? 'not understood';
        if (settled?.state !== 'answered') return { code, cleared: null };
        const key = await tx.key(message.keyId);
        if (key === null) throw new Error('the key of the run has died');
        const list = await takePaper(tx, { keyring: pipeline.keyring, key }, answerPaper(localId));
        return { code, cleared: [...decodeNumbers(list)].map(formatNhsNumber) };
      });
      if (outcome.code === 'left') await world.farSide.mailbox.acknowledge(messageId);
      putBack();
      return outcome;
    },
  };
}
