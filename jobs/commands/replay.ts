import { readConfig } from '../../src/config.ts';
import { exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { replayRun } from '../../src/pipeline/replay/replay.ts';
import type { Replay } from '../../src/pipeline/replay/replay.ts';
import { intakesUnder, openArchive } from '../../src/wiring.ts';
import { operator } from '../words/operator.ts';

const shownInText = 20;

/** `export-gate audit replay RUN --intake DIR...`: the local decisions of a past run, derived anew and held against what it left. */
export async function replay(
  run: string,
  { intake, json }: { readonly intake: readonly string[]; readonly json: boolean },
): Promise<ExitCode> {
  const archive = await openArchive(readConfig(), operator());
  try {
    const replayed = await replayRun(archive, run, intakesUnder(intake));
    process.stdout.write(json ? `${JSON.stringify(replayed, null, 2)}\n` : asText(replayed));
    if (replayed.differences.length === 0) return exitCodes.done;
    throw new Failure('audit-unreconciled', {
      message: `Something else comes out now in ${replayed.differences.length === 1 ? 'one place' : `${replayed.differences.length} places`}.`,
      place: `run ${run}`,
      hint: 'Each is named on standard output. Find out whether the run or this version is wrong; nobody can be sent anew by it.',
    });
  } finally {
    await archive.close();
  }
}

function asText({ run, intakes, rows, byPerson, differences }: Replay): string {
  const lines = [
    `Run ${run}, decided again: ${rows} rows; intake ${intakes.join(', ')}.`,
    byPerson
      ? 'Its lists of people were compared. Whom the national check did not return is not known: those released are among those who might have been.'
      : 'Counts only: the key of that year is destroyed, and nobody can tie its lists to people.',
    ...(differences.length === 0 ? ['The same comes out.'] : []),
    ...differences
      .slice(0, shownInText)
      .map(({ about, place, then, now }) => `  ${about}, ${place}: then ${then}, now ${now}`),
    ...(differences.length > shownInText
      ? [`  and ${differences.length - shownInText} more; --json shows all.`]
      : []),
    ...(differences.length > 0
      ? [
          'An opt-out carried since before that night comes with what was added to it later: it may hold back more now than it did then.',
        ]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}
