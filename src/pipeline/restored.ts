import type { LostTree } from '../domain/custody.ts';
import type { LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { largestKnown } from '../domain/restoring.ts';
import type { RestoreTerms } from '../domain/restoring.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId, RunState } from '../domain/run.ts';
import type { Ledger, LedgerReader, OutboundDrop } from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';
import { awaitingChoices } from './holds.ts';
import { decideOn } from './intake-decision.ts';

/** What is known of the last restore; null if there never was one. */
export interface RestoreKnown {
  readonly at: string;
  readonly size: number;
  readonly lost: readonly LostTree[];
  readonly drops: readonly string[];
}

const restoreSetting = 'last-restore';

export async function lastRestore(ledger: LedgerReader): Promise<RestoreKnown | null> {
  const stored = await ledger.setting(restoreSetting);
  return stored === null ? null : (JSON.parse(stored) as RestoreKnown);
}

export const awaitsChoices = (ledger: Ledger): Promise<boolean> =>
  ledger.read(async (tx) => (await tx.setting(awaitingChoices)) === 'yes');

/** What bringing a restored ledger up to the world needs. */
export type RestoreRoom = Pick<
  Pipeline,
  'ledger' | 'claim' | 'audit' | 'clock' | 'by' | 'drop' | 'intake' | 'keyring' | 'config'
>;

export interface Settled {
  /** Drops on the disk of which the restored ledger knows nothing: their dates are closed. */
  readonly drops: readonly string[];
  /** Intakes whose opt-outs are carried again. */
  readonly intakes: readonly LocalDate[];
  readonly unreadable: readonly LocalDate[];
}

/**
 * Brings a restored ledger up to the world before it takes its place: the first entry says what was restored and what is lost, each drop
 * that it does not know is named, and the opt-outs of every intake still on the disk are carried again, for the ones seen since the backup
 * are forgotten. Choices recorded since the backup cannot be known: the next run is held until a second person has seen to them, where
 * there is one who may approve.
 */
export async function settleRestored(
  room: RestoreRoom,
  terms: RestoreTerms,
  approvedBy: readonly string[],
): Promise<Settled> {
  const unknown = await unknownDrops(room);
  const drops = unknown.map(({ run }) => formatRunId(run));
  const { backup, size, lost, reason } = terms;
  await commitSigned(room, async (tx) => {
    const anchoredSize = largestKnown(terms);
    await tell(room, tx, null, {
      what: 'ledger-restored',
      size,
      anchoredSize,
      lost,
      backup,
      reason,
      approvedBy,
    });
    for (const { run, manifest } of unknown)
      await tell(room, tx, null, { what: 'drop-recognised', drop: formatRunId(run), manifest });
    const known: RestoreKnown = { at: new Date(room.clock.now()).toISOString(), size, lost, drops };
    await tx.set(restoreSetting, JSON.stringify(known));
    await tx.set(awaitingChoices, approvedBy.length > 0 ? 'yes' : 'no');
  });
  return { drops, ...(await carryAgain(room)) };
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
      const decided = await decideOn(room, verified, { businessDate, releaseDate, numbers: config.numbers });
      await ledger.transact(claim, (tx) => decided.carry(tx));
      intakes.push(businessDate);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      unreadable.push(businessDate);
    }
  }
  return { intakes, unreadable };
}

interface UnknownDrop {
  readonly run: RunId;
  readonly manifest: string | null;
}

/** A run in these states knows of its drop, or will find it when it is taken up. */
const knowsItsDrop: readonly RunState[] = ['decided', 'released', 'sealed'];

async function unknownDrops({ drop, ledger }: RestoreRoom): Promise<readonly UnknownDrop[]> {
  const found: UnknownDrop[] = [];
  for (const businessDate of await drop.dates()) {
    for (const run of await unknownDropsOf(drop, ledger, businessDate)) {
      const manifest = await drop.published(run).then(
        (published) => published.manifest,
        () => null,
      );
      found.push({ run, manifest });
    }
  }
  return found;
}

/** Published drops of a date whose run the ledger does not know, or not as far as the decision. */
async function unknownDropsOf(
  drop: OutboundDrop,
  ledger: Ledger,
  businessDate: LocalDate,
): Promise<readonly RunId[]> {
  const runs = await ledger.read((tx) => tx.runs({ businessDate }));
  const highest = Math.max(0, ...runs.map(({ revision }) => revision));
  const unknown: RunId[] = [];
  for (let revision = 1; ; revision++) {
    const run = { businessDate, revision };
    const standing = await drop.look(run);
    if (standing === 'nothing' && revision > highest) return unknown;
    const known = runs.find((each) => each.revision === revision);
    if (standing !== 'published' || (known !== undefined && knowsItsDrop.includes(known.state))) continue;
    unknown.push(run);
  }
}

/**
 * A date for which something was sent that the ledger does not know is closed: to ask and send again could send somebody twice, or
 * somebody else. Throws `audit-unreconciled` naming the drop.
 */
export async function demandKnownDrops(
  { drop, ledger }: Pick<Pipeline, 'drop' | 'ledger'>,
  businessDate: LocalDate,
): Promise<void> {
  const [unknown] = await unknownDropsOf(drop, ledger, businessDate);
  if (unknown === undefined) return;
  throw new Failure('audit-unreconciled', {
    message:
      'A drop of this date stands that the ledger knows nothing of: its numbers have been sent already.',
    place: formatRunId(unknown),
    hint: 'Nothing was asked or sent. After a restore this is as it must be: this date is done. Otherwise find out who put it there.',
  });
}
