import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import type { AnchorStanding } from '../../src/domain/anchoring.ts';
import { formatInstant } from '../../src/domain/calendar.ts';
import { exitCodeOf, exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { anchorStandings } from '../../src/pipeline/anchor-standings.ts';
import { anchorAll } from '../../src/pipeline/anchoring.ts';
import { interrupted, openAnchoring, systemClock } from '../../src/wiring.ts';
import { describeFailure } from '../words/failures.ts';
import { operator } from '../words/operator.ts';
import { progressOn } from '../words/progress.ts';
import { describeStanding, standingAsJson } from '../words/standings.ts';

/** `export-gate audit anchor`: shows every anchor the newest signed checkpoint, also one that has taken it before. */
export async function anchor({ json }: { readonly json: boolean }): Promise<ExitCode> {
  const config = readConfig();
  if (!hasAnchors(config)) throw nobody();
  const { exitCode, standings } = await showToAnchors(config, { again: true });
  process.stdout.write(
    json
      ? `${JSON.stringify({ anchors: standings.map(standingAsJson), at: formatInstant(systemClock.now()) }, null, 2)}\n`
      : `${standings.map(describeStanding).join('\n')}\n`,
  );
  return exitCode;
}

export const hasAnchors = ({ anchors: { folder, timestamp, witness } }: Config): boolean =>
  folder !== null || timestamp !== null || witness !== null;

/**
 * Shows the log to the anchors that have not taken it, or to all `again`; says on stderr what went wrong. The exit code is that of the worst:
 * a refusal counts more than silence. Throws `busy` while runs are advanced.
 */
export async function showToAnchors(
  config: Config,
  { again }: { readonly again: boolean },
): Promise<{ readonly exitCode: ExitCode; readonly standings: readonly AnchorStanding[] }> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stop.abort(interrupted());
    });
  const onProgress = progressOn(process.stderr);
  const desk = await openAnchoring(config, { by: operator(), signal: stop.signal, onProgress });
  try {
    const names = desk.anchors.map(({ name }) => name);
    const done = await anchorAll(desk, new Set(again ? names : []));
    const failures = done.flatMap(({ failure }) => failure ?? []);
    for (const failure of failures) process.stderr.write(describeFailure(failure));
    const codes = failures.map(({ code }) => code);
    const worst = codes.find((code) => code === 'anchor-refused') ?? codes[0];
    return {
      exitCode: worst === undefined ? exitCodes.done : exitCodeOf(worst),
      standings: await anchorStandings(desk, names),
    };
  } finally {
    await desk.close();
  }
}

const nobody = (): Failure =>
  new Failure('configuration-invalid', {
    message: 'No anchor is configured: the log rests on our own key alone.',
    place: 'ANCHOR_FOLDER, ANCHOR_TSA_URL, ANCHOR_WITNESS_URL',
    hint: 'Configure at least two for production; .env.example names the settings.',
  });
