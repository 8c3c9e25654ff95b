/** Bringing a restored ledger up to the world, before it takes its place. */
import type { LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { largestKnown } from '../domain/restoring.ts';
import type { RestoreTerms } from '../domain/restoring.ts';
import { formatRunId } from '../domain/run.ts';
import type { Ledger } from '../ports.ts';
import { noteRestore } from './backups.ts';
import { bringOver } from './brought-over.ts';
import type { BroughtOver, RestoreRoom } from './brought-over.ts';
import { tell } from './context.ts';
import { commitSigned } from './end.ts';
import { decideOn } from './intake-decision.ts';
import { unknownDrops } from './known-drops.ts';

/** How the world stands to the ledger that is restored. */
export interface Restoring {
  readonly terms: RestoreTerms;
  readonly approvedBy: readonly string[];
  /** Changes of the signing key since the backup, as the keys themselves signed them. */
  readonly keyChanges: readonly {
    readonly previous: string;
    readonly verifierKey: string;
    readonly note: string;
  }[];
  /** The ledger whose place it takes, where it can be read. */
  readonly standing: Pick<Ledger, 'read'> | null;
}

export interface Settled extends BroughtOver {
  /** Drops on the disk of which the restored ledger knows nothing: their dates are closed. */
  readonly drops: readonly string[];
  /** Intakes whose opt-outs are carried again. */
  readonly intakes: readonly LocalDate[];
  readonly unreadable: readonly LocalDate[];
}

/**
 * The first entry says what was restored and what is lost; each drop that the ledger does not know is named; what the ledger that stands
 * still knows of opt-outs and erasures is brought over; and the opt-outs of every intake still on the disk are carried again. What
 * nobody can know, a person must see to: the next run is held until a second one has, where there is one who may approve.
 */
export async function settleRestored(room: RestoreRoom, restoring: Restoring): Promise<Settled> {
  const { terms, approvedBy, standing, keyChanges } = restoring;
  const unknown = await unknownDrops(room);
  const drops = unknown.map(({ run }) => formatRunId(run));
  const { backup, size, lost, reason } = terms;
  const told = { size, anchoredSize: largestKnown(terms), lost, backup, reason, approvedBy };
  await commitSigned(room, async (tx) => {
    await tell(room, tx, null, { what: 'ledger-restored', ...told });
    for (const { note, ...change } of keyChanges)
      await tell(room, tx, null, { what: 'signing-key-changed', ...change, announced: note });
    for (const { run, manifest } of unknown)
      await tell(room, tx, null, { what: 'drop-recognised', drop: formatRunId(run), manifest });
    await noteRestore(room, tx, { size, lost, drops }, approvedBy.length > 0);
  });
  const brought = await bringOver(room, terms, standing);
  return { drops, ...brought, ...(await carryAgain(room)) };
}

/** Whatever is still on the disk says who had objected; an intake that is stale for a run still says so. */
async function carryAgain(room: RestoreRoom): Promise<Pick<Settled, 'intakes' | 'unreadable'>> {
  const { intake, ledger, claim, clock, config } = room;
  const intakes: LocalDate[] = [];
  const unreadable: LocalDate[] = [];
  for (const businessDate of [...(await intake.dates())].reverse()) {
    try {
      const terms = { businessDate, openedAt: 0, now: clock.now(), usedElsewhere: new Set<number>() };
      const verified = await intake.verify(terms);
      const releaseDate = businessDate;
      const decided = await decideOn(
        room,
        verified,
        { businessDate, releaseDate, numbers: config.numbers },
        null,
      );
      await ledger.transact(claim, (tx) => decided.carry(tx));
      intakes.push(businessDate);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      unreadable.push(businessDate);
    }
  }
  return { intakes, unreadable };
}
