/** How a world reaches its far side: by way of msw, under one clock, and watched. */
import { http } from 'msw';
import { setupServer } from 'msw/node';
import { Failure } from '../../src/domain/failure.ts';
import type { Clock, Ledger, Mailbox } from '../../src/ports.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';

/** Does something once, while the run waits for the `waits`th time (the first unless told): by then every request is with MESH. */
export type Meanwhile = (act: () => unknown, waits?: number) => void;

/** Everything under the URLs of worlds that stand; nothing else answers. */
export const network = setupServer();

/** Waiting costs nothing here: the far side's clock, which is everybody's, jumps to where the wait would end. */
export function worldClock(simulator: Simulator): { clock: Clock; meanwhile: Meanwhile } {
  let planned: { act: () => unknown; waits: number }[] = [];
  const clock: Clock = {
    now: simulator.clock.now,
    monotonic: simulator.clock.now,
    async sleep(milliseconds, signal) {
      if (signal.aborted) throw new Failure('interrupted', { message: 'interrupted' });
      for (const plan of planned) if (--plan.waits === 0) await plan.act();
      planned = planned.filter(({ waits }) => waits > 0);
      simulator.clock.advance(milliseconds);
    },
  };
  return { clock, meanwhile: (act, waits = 1) => void planned.push({ act, waits }) };
}

/** Without a socket nobody frames an answer; each gets the length a server would give it, unless a fault has set one. */
export function serve(simulator: Simulator, meshUrl: string): void {
  network.use(
    http.all(`${meshUrl}/*`, async ({ request }) => {
      const response = await simulator.handle(request);
      if (response.type === 'error' || response.headers.has('content-length')) return response;
      const body = await response.arrayBuffer();
      const headers = new Headers(response.headers);
      headers.set('content-length', String(body.byteLength));
      return new Response(body, { status: response.status, headers });
    }),
  );
}

/** The mailbox, watched: notes whatever is acknowledged before the ledger holds the message and its paper. */
export const onlyKeptIsAcknowledged = (mailbox: Mailbox, ledger: Ledger, unkept: string[]): Mailbox => ({
  ...mailbox,
  async acknowledge(messageId) {
    const isKept = await ledger.read(async (tx) => {
      const message = await tx.message(messageId);
      if (message === null) return false;
      const hasDied = (await tx.key(message.keyId)) === null;
      return hasDied || (await tx.paper(message.keyId, `message:${messageId}`)) !== null;
    });
    if (!isKept) unkept.push(messageId);
    await mailbox.acknowledge(messageId);
  },
});
