/** A worker of a history: the real pipeline over the stores that outlive it, counting its steps, until something goes wrong at one of them. */
import type { Pipeline } from '../../src/pipeline/context.ts';
import type { Ledger, Mailbox, OutboundDrop } from '../../src/ports.ts';
import type { FakeDrop } from '../support/fake-drop.ts';
import type { FarSide } from './far-side.ts';
import type { Happening, Trouble } from './history.ts';

/** The end of a worker: it does nothing any more, and nothing it calls does. */
export class Crash extends Error {}

/** What others do while a worker stands before a step. */
export interface People {
  takeOver(): Promise<void>;
  act(what: Happening): Promise<void>;
}

export const nobody: People = { takeOver: () => Promise.resolve(), act: () => Promise.resolve() };

/** What a worker is given to work with. */
export interface Shop {
  readonly ledger: Ledger;
  readonly farSide: FarSide;
  readonly drop: FakeDrop;
  readonly rest: Omit<
    Pipeline,
    'ledger' | 'mailbox' | 'drop' | 'claim' | 'clock' | 'onProgress' | 'unfetchable'
  >;
  /** Is told when a drop may have become visible. */
  readonly onPublished: (run: Parameters<OutboundDrop['look']>[0]) => void;
  /** Takes ids of messages acknowledged before the ledger held them. */
  readonly unkept: string[];
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** A night takes about a hundred. */
const mostSteps = 2_000;

const meshCodes = [
  'mesh-unreachable',
  'mesh-unavailable',
  'mesh-tls',
  'mesh-forbidden',
  'mesh-rejected',
].concat(['mesh-malformed', 'mesh-too-large', 'mesh-send-unknown']) as readonly Parameters<
  FarSide['mailbox']['failNext']
>[1][];

/** Starts a worker, which takes the right to advance runs; these things go wrong for it. */
export async function startWorker(
  shop: Shop,
  troubles: readonly Trouble[],
  people: People,
): Promise<Pipeline> {
  const { farSide, drop } = shop;
  let alive = true;
  let steps = 0;
  let writing = 0;
  const demandAlive = (): void => {
    if (!alive) throw new Crash('a dead worker');
  };
  const crash = (): never => {
    alive = false;
    throw new Crash('a worker died');
  };
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    demandAlive();
    const number = (steps += 1);
    if (number > mostSteps) throw new Error('a worker goes round in circles');
    const due = troubles.filter((trouble) => 'step' in trouble && trouble.step === number);
    const dies = (when: 'before' | 'after'): boolean =>
      due.some((trouble) => trouble.kind === 'crash' && trouble.when === when);
    if (dies('before')) crash();
    // Whoever stands within a transaction holds the ledger: nobody takes over or records anything before it lets go.
    if (writing === 0)
      for (const trouble of due) {
        if (trouble.kind === 'takeover') await people.takeOver();
        if (trouble.kind === 'just-before') await people.act(trouble.what);
      }
    const done = await work();
    if (dies('after')) crash();
    return done;
  };
  for (const trouble of troubles) {
    if (trouble.kind === 'mailbox')
      farSide.mailbox.failNext(
        trouble.operation,
        meshCodes[trouble.code] ?? 'mesh-unreachable',
        trouble.when,
      );
    if (trouble.kind === 'drop') drop.interrupt(trouble.at);
  }
  const ledger: Ledger = {
    ...shop.ledger,
    read: async (work) => {
      demandAlive();
      return shop.ledger.read(work);
    },
    transact: (claim, work) =>
      step(async () => {
        writing += 1;
        try {
          return await shop.ledger.transact(claim, async (tx) => {
            const done = await work(tx);
            demandAlive();
            return done;
          });
        } finally {
          writing -= 1;
        }
      }),
  };
  return {
    ...shop.rest,
    ledger,
    mailbox: watched(shop, step),
    claim: await shop.ledger.claim('advancing'),
    unfetchable: new Set(),
    onProgress: demandAlive,
    clock: {
      now: shop.now,
      monotonic: shop.now,
      async sleep(milliseconds) {
        demandAlive();
        await shop.wait(milliseconds);
      },
    },
    drop: {
      ...drop,
      publish: (plan) =>
        step(() =>
          drop.publish(plan).finally(() => {
            shop.onPublished(plan.run);
          }),
        ),
    },
  };
}

/** The mailbox, each call of it a step. */
function watched(
  { farSide, ledger, unkept }: Shop,
  step: <T>(work: () => Promise<T>) => Promise<T>,
): Mailbox {
  const { mailbox } = farSide;
  const isKept = (messageId: string): Promise<boolean> =>
    ledger.read(async (tx) => {
      const message = await tx.message(messageId);
      if (message === null) return false;
      const hasDied = (await tx.key(message.keyId)) === null;
      return hasDied || (await tx.paper(message.keyId, `message:${messageId}`)) !== null;
    });
  return {
    ...mailbox,
    handshake: () => step(() => mailbox.handshake()),
    send: (message) => step(() => mailbox.send(message)),
    findSent: (localId) => step(() => mailbox.findSent(localId)),
    waiting: (workflowId, limit) => step(() => mailbox.waiting(workflowId, limit)),
    download: (messageId) => step(() => mailbox.download(messageId)),
    acknowledge: (messageId) =>
      step(async () => {
        if (!(await isKept(messageId))) unkept.push(messageId);
        await mailbox.acknowledge(messageId);
      }),
  };
}
