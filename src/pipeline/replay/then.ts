/** What the gate could know at a past moment: the clock, runs, stops, carried opt-outs and recorded choices of then. */
import type { Instant } from '../../domain/calendar.ts';
import type { LedgerReader } from '../../ports.ts';
import type { DecisionDesk } from '../intake-decision.ts';

export interface Moment {
  readonly at: Instant;
  /** How many entries the log held: what was carried later did not speak yet. */
  readonly entries: number;
  /** Position of the entry that tells what was decided: stops of before were heard. */
  readonly told: number;
  /** How many choices had been recorded. */
  readonly choices: number;
}

/**
 * The same desk as of then. An opt-out carried since before comes with what has been added to it later, for the ledger keeps no history of
 * it: it may hold back more than it did, never less.
 */
export function asOf<Desk extends Pick<DecisionDesk, 'ledger' | 'clock'>>(desk: Desk, moment: Moment): Desk {
  const { ledger, clock } = desk;
  return {
    ...desk,
    clock: { ...clock, now: () => moment.at },
    ledger: { ...ledger, read: (work) => ledger.read((tx) => work(readerAsOf(tx, moment))) },
  };
}

const readerAsOf = (tx: LedgerReader, { at, entries, told, choices }: Moment): LedgerReader => ({
  ...tx,
  carried: (before = entries) => tx.carried(Math.min(before, entries)),
  stops: async () => (await tx.stops()).filter(({ position }) => position < told),
  runs: async (filter) => (await tx.runs(filter)).filter(({ openedAt }) => openedAt <= at),
  async *recordedChoices() {
    let nth = 0;
    for await (const paper of tx.recordedChoices()) {
      if (++nth > choices) return;
      yield paper;
    }
  },
});
