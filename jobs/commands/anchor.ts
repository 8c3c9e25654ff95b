import os from 'node:os';
import { readConfig } from '../../src/config.ts';
import { formatInstant } from '../../src/domain/calendar.ts';
import { exitCodeOf, exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { anchorAll, anchorStandings } from '../../src/pipeline/anchoring.ts';
import type { Anchored } from '../../src/pipeline/anchoring.ts';
import { interrupted, openAnchoring } from '../../src/wiring.ts';
import { describeFailure } from '../words/failures.ts';
import { progressOn } from '../words/progress.ts';
import { describeStanding, standingAsJson } from '../words/standings.ts';

/** `export-gate audit anchor`: shows every anchor the newest signed checkpoint, also one that has taken it before. */
export async function anchor({ json }: { readonly json: boolean }): Promise<ExitCode> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stop.abort(interrupted());
    });
  const by = `operator:${os.userInfo().username}`;
  const onProgress = progressOn(process.stderr);
  const desk = await openAnchoring(readConfig(), { by, signal: stop.signal, onProgress });
  try {
    const names = desk.anchors.map(({ name }) => name);
    if (names.length === 0) throw nobody();
    const done = await anchorAll(desk, new Set(names));
    const standings = await anchorStandings(desk, names);
    for (const { failure } of done) if (failure !== null) process.stderr.write(describeFailure(failure));
    process.stdout.write(
      json
        ? `${JSON.stringify({ anchors: standings.map(standingAsJson), at: formatInstant(desk.clock.now()) }, null, 2)}\n`
        : `${standings.map(describeStanding).join('\n')}\n`,
    );
    return exitCodeOfAnchoring(done);
  } finally {
    await desk.close();
  }
}

/** A refusal counts more than silence. */
function exitCodeOfAnchoring(done: readonly Anchored[]): ExitCode {
  const codes = done.flatMap(({ failure }) => (failure === null ? [] : [failure.code]));
  const [worst] = codes.includes('anchor-refused') ? (['anchor-refused'] as const) : codes;
  return worst === undefined ? exitCodes.done : exitCodeOf(worst);
}

const nobody = (): Failure =>
  new Failure('configuration-invalid', {
    message: 'No anchor is configured: the log rests on our own key alone.',
    place: 'ANCHOR_FOLDER, ANCHOR_TSA_URL, ANCHOR_WITNESS_URL',
    hint: 'Configure at least two for production; .env.example names the settings.',
  });
