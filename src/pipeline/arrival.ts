/** Did it arrive? A recipient marks a drop collected, or somebody says so; what nobody has collected in time is told. */
import { hour } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, StoredRun } from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';

const setting = (run: RunId): string => `collected/${formatRunId(run)}`;

const isNoted = async (tx: LedgerReader, run: RunId): Promise<boolean> =>
  (await tx.setting(setting(run))) !== null;

const nightsLookedAt = 60;

/** The newest published revision of each date, newest date first: an older one is nobody's to collect. */
async function standing(tx: LedgerReader): Promise<readonly StoredRun[]> {
  const newest = new Map<LocalDate, StoredRun>();
  for (const run of await tx.runs({ withoutRehearsals: true, limit: nightsLookedAt }))
    if (run.state === 'sealed' && !newest.has(run.businessDate)) newest.set(run.businessDate, run);
  return [...newest.values()];
}

type ArrivalDesk = Pick<Pipeline, 'ledger' | 'claim' | 'audit' | 'clock' | 'by'>;

/** Writes down which drops bear the mark of their recipient. */
export async function noteCollected(desk: ArrivalDesk & Pick<Pipeline, 'drop'>): Promise<void> {
  const waiting = await desk.ledger.read(async (tx) => {
    const runs: StoredRun[] = [];
    for (const run of await standing(tx)) if (!(await isNoted(tx, run))) runs.push(run);
    return runs;
  });
  for (const run of waiting) if (await desk.drop.isCollected(run)) await note(desk, run, 'mark');
}

/**
 * Somebody says that the recipient has the drop of a date: its newest revision unless told. False where that was known. Throws
 * `run-not-found` where no such drop was published.
 */
export async function sayCollected(
  desk: ArrivalDesk,
  wanted: { readonly businessDate: LocalDate; readonly revision: number | null },
): Promise<boolean> {
  const { businessDate, revision } = wanted;
  const run = await desk.ledger.read(async (tx) =>
    (await tx.runs({ businessDate })).find(
      (each) =>
        each.state === 'sealed' && !isRehearsal(each) && (revision === null || each.revision === revision),
    ),
  );
  if (run !== undefined) return note(desk, run, 'word');
  throw new Failure('run-not-found', {
    message: 'No such drop was published.',
    place: revision === null ? businessDate : formatRunId({ businessDate, revision }),
    hint: 'Nothing was written down. `export-gate status` shows what was released.',
  });
}

async function note(desk: ArrivalDesk, run: RunId, how: 'mark' | 'word'): Promise<boolean> {
  if (await desk.ledger.read((tx) => isNoted(tx, run))) return false;
  await commitSigned(desk, async (tx) => {
    await tell(desk, tx, run, { what: 'drop-collected', how });
    await tx.set(setting(run), how);
  });
  return true;
}

export interface Uncollected {
  readonly run: RunId;
  readonly since: Instant;
}

/** Drops that should have been collected by now, oldest first, where the configuration says within how many hours. */
export async function uncollected(
  desk: Pick<Pipeline, 'ledger' | 'clock' | 'config' | 'drop'>,
): Promise<readonly Uncollected[]> {
  const { ledger, clock, config, drop } = desk;
  const within = config.collectedWithinHours;
  if (within === null) return [];
  const due = await ledger.read(async (tx) => {
    const runs: Uncollected[] = [];
    for (const { businessDate, revision, endedAt } of await standing(tx)) {
      const run = { businessDate, revision };
      if (endedAt === null || endedAt + within * hour > clock.now() || (await isNoted(tx, run))) continue;
      runs.push({ run, since: endedAt });
    }
    return runs.reverse();
  });
  const found: Uncollected[] = [];
  // What was removed after its keep days can no longer be collected; what bears a mark will be written down.
  for (const each of due)
    if ((await drop.look(each.run)) === 'published' && !(await drop.isCollected(each.run))) found.push(each);
  return found;
}
