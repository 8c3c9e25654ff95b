/** Drops that stand on the disk and of which the ledger knows nothing: it is an older one that was restored, or somebody put them there. */
import type { LocalDate } from '../domain/calendar.ts';
import type { Digest } from '../domain/digest.ts';
import { Failure } from '../domain/failure.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId, RunState } from '../domain/run.ts';
import type { Pipeline } from './context.ts';

export interface UnknownDrop {
  readonly run: RunId;
  /** Null where it cannot be read. */
  readonly manifest: Digest | null;
}

type DropDesk = Pick<Pipeline, 'drop' | 'ledger'>;

/** A run in these states knows of its drop, or will find it when it is taken up. */
const knowsItsDrop: readonly RunState[] = ['decided', 'released', 'sealed'];

/** Every unknown drop of every date. */
export async function unknownDrops(desk: DropDesk): Promise<readonly UnknownDrop[]> {
  const found: UnknownDrop[] = [];
  for (const businessDate of await desk.drop.dates()) {
    for (const run of await unknownDropsOf(desk, businessDate)) {
      const manifest = await desk.drop.published(run).then(
        (published) => published.manifest,
        () => null,
      );
      found.push({ run, manifest });
    }
  }
  return found;
}

/** Published drops of a date whose run the ledger does not know, or not as far as the decision. */
export async function unknownDropsOf(
  { drop, ledger }: DropDesk,
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
export async function demandKnownDrops(desk: DropDesk, businessDate: LocalDate): Promise<void> {
  const [unknown] = await unknownDropsOf(desk, businessDate);
  if (unknown === undefined) return;
  throw new Failure('audit-unreconciled', {
    message:
      'A drop of this date stands that the ledger knows nothing of: its numbers have been sent already.',
    place: formatRunId(unknown),
    hint: 'Nothing was asked or sent. After a restore this is as it must be: this date is done. Otherwise find out who put it there.',
  });
}
