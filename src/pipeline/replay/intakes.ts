/** Intake folders that a run was decided on, known by the digest of their manifest, which stands in the log. */
import type { Instant } from '../../domain/calendar.ts';
import { asFailure } from '../../domain/failure.ts';
import { formatRunId } from '../../domain/run.ts';
import type { IntakeReader, VerifiedIntake } from '../../ports.ts';
import { notReplayable } from './past-run.ts';
import type { PastRun } from './past-run.ts';

export interface FoundIntake {
  readonly reader: IntakeReader;
  readonly intake: VerifiedIntake;
}

/** Each wanted intake by its digest, every byte of it verified; `openedAt`: when the run's date was first opened. Throws `not-replayable` where one is not there, or not what it was. */
export async function findIntakes(
  readers: readonly IntakeReader[],
  { run, gated, atDecision }: PastRun,
  wanted: ReadonlySet<string>,
  openedAt: Instant,
): Promise<ReadonlyMap<string, FoundIntake>> {
  const found = new Map<string, FoundIntake>();
  const refused: string[] = [];
  const now = atDecision?.at ?? Number.MAX_SAFE_INTEGER;
  for (const reader of readers)
    for (const businessDate of await reader.dates()) {
      try {
        const terms = { businessDate, openedAt, now, usedElsewhere: new Set<number>() };
        const intake = await reader.verify(terms);
        if (wanted.has(intake.digest)) found.set(intake.digest, { reader, intake });
      } catch (thrown) {
        refused.push(`${businessDate} (${asFailure(thrown).code})`);
      }
    }
  const missing = [...wanted].filter((digest) => !found.has(digest));
  if (missing.length === 0) return found;
  const whose = missing.includes(gated.intake) ? 'its own intake' : 'the newest intake of that night';
  throw notReplayable(
    formatRunId(run),
    `intake disposed: ${whose}, ${missing.join(' and ')}, is in none of these folders${refused.length === 0 ? '' : `; ${refused.join(', ')} cannot be believed`}`,
    'Name the folders that hold it with --intake. Intakes are removed after INTAKE_KEEP_DAYS; a copy from the care record system will do if not a byte of it differs.',
  );
}
