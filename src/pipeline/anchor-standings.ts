/** What the ledger remembers of the anchors, and what follows from it. */
import { anchorOutcomes, anchorStanding } from '../domain/anchoring.ts';
import type { AnchorName, AnchorOutcome, AnchorRecord, AnchorStanding } from '../domain/anchoring.ts';
import type { Instant } from '../domain/calendar.ts';
import type { LedgerReader, LedgerWriter } from '../ports.ts';
import type { Pipeline } from './context.ts';

const sinceSetting = (anchor: AnchorName): string => `anchor-since/${anchor}`;
const outcomeSetting = (anchor: AnchorName): string => `anchor-outcome/${anchor}`;

/** How these anchors stand. */
export const anchorStandings = (
  { ledger, clock, config }: Pick<Pipeline, 'ledger' | 'clock' | 'config'>,
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
    outcome: await outcomeOf(tx, anchor),
  };
}

/** What came of it when this anchor was last shown the log, as far as it was written down. */
export async function outcomeOf(tx: LedgerReader, anchor: AnchorName): Promise<AnchorOutcome> {
  const kept = await tx.setting(outcomeSetting(anchor));
  return anchorOutcomes.find((known) => known === kept) ?? 'taken';
}

export async function keepOutcome(
  tx: LedgerWriter,
  anchor: AnchorName,
  outcome: AnchorOutcome,
): Promise<void> {
  if ((await outcomeOf(tx, anchor)) !== outcome) await tx.set(outcomeSetting(anchor), outcome);
}

/** Days of grace count from here for an anchor that never takes anything. */
export const rememberSince = ({
  ledger,
  claim,
  clock,
  anchors,
}: Pick<Pipeline, 'ledger' | 'claim' | 'clock' | 'anchors'>): Promise<void> =>
  ledger.transact(claim, async (tx) => {
    for (const { name } of anchors)
      if ((await tx.setting(sinceSetting(name))) === null)
        await tx.set(sinceSetting(name), String(clock.now()));
  });
