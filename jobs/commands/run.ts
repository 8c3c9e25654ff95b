import path from 'node:path';
import type { AnchorStanding } from '../../src/domain/anchoring.ts';
import { londonDate, readDate } from '../../src/domain/calendar.ts';
import { asFailure, exitCodeOf, exitCodes, Failure, failureCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { exitCodeOfRun, formatRunId } from '../../src/domain/run.ts';
import { demandReason } from '../../src/domain/signed-request.ts';
import { readSendingConfig } from '../../src/config.ts';
import type { SendingConfig } from '../../src/config.ts';
import type { Advanced } from '../../src/pipeline/advance.ts';
import { anchorStandings } from '../../src/pipeline/anchor-standings.ts';
import { anchorAfterFailure } from '../../src/pipeline/anchoring.ts';
import { endWithheld } from '../../src/pipeline/end-withheld.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { failMissed, intakeTriedEvery } from '../../src/pipeline/look-after.ts';
import type { StoredHold, StoredRun } from '../../src/ports.ts';
import { advanceRun, interrupted, openPipeline, systemClock } from '../../src/wiring.ts';
import type { Advancing } from '../../src/wiring.ts';
import { describeEnd } from '../words/ends.ts';
import { describeFailure } from '../words/failures.ts';
import { operator } from '../words/operator.ts';
import { progressOn } from '../words/progress.ts';
import { standingAsJson } from '../words/standings.ts';

export interface RunOptions {
  readonly date?: string;
  readonly rehearse: boolean;
  readonly waitForIntake: boolean;
  readonly endWithheld: boolean;
  readonly reason?: string;
  readonly json: boolean;
}

/** `export-gate run`: brings one business date as far as it will go. */
export async function run(options: RunOptions): Promise<ExitCode> {
  const businessDate = dateOf(options.date);
  const words = wordsOf(options);
  return onPipeline(options, (advancing) =>
    words === null
      ? anchoredEvenIfItFails(advancing, () => advance(advancing, businessDate, options))
      : endWithheld(advancing.pipeline, { businessDate, rehearse: options.rehearse, words }),
  );
}

/** Works on the pipeline until somebody stops it, keeps house, and tells how the run ended; null where nothing was to be done. */
export async function onPipeline(
  { json: asJson }: { readonly json: boolean },
  work: (advancing: Advancing, config: SendingConfig) => Promise<Advanced | null>,
): Promise<ExitCode> {
  const config = readSendingConfig();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stop.abort(interrupted());
    });
  const by = operator();
  const onProgress = progressOn(process.stderr);
  const advancing = await openPipeline(config, { by, signal: stop.signal, onProgress });
  try {
    const advanced = await work(advancing, config);
    if (advanced === null) return exitCodes.done;
    await keepHouse(advancing.pipeline);
    const holds = await advancing.ledger.read((tx) => tx.holds(advanced.run));
    const standings = await standingsOf(advancing);
    const exitCode = exitCodeWithAnchors(advanced.run, standings);
    process.stdout.write(
      asJson
        ? json(config, advanced, { holds, exitCode, anchors: standings.map(standingAsJson) })
        : describeEnd(config, advanced, holds),
    );
    return exitCode;
  } finally {
    await advancing.close();
  }
}

/** What stopped a night is told whatever comes of anchoring it. */
export async function anchoredEvenIfItFails(
  { pipeline }: Advancing,
  work: () => Promise<Advanced>,
): Promise<Advanced> {
  try {
    return await work();
  } catch (thrown) {
    await anchorAfterFailure(pipeline, asFailure(thrown).code);
    throw thrown;
  }
}

const standingsOf = ({ pipeline }: Advancing): Promise<readonly AnchorStanding[]> =>
  anchorStandings(
    pipeline,
    pipeline.anchors.map(({ name }) => name),
  );

/** However the run ended: an anchor that holds more than our log, or something else, is an alarm of the first order. */
const exitCodeWithAnchors = (ended: StoredRun, standings: readonly AnchorStanding[]): ExitCode =>
  standings.some(({ state }) => state === 'refused') ? exitCodes.auditInvalid : exitCodeOfEnd(ended);

/** Why the run is to be ended; null where it is to be advanced. */
function wordsOf({ endWithheld: ends, reason }: RunOptions): string | null {
  if (ends && reason !== undefined) return demandReason(reason);
  if (!ends && reason === undefined) return null;
  throw new Failure('usage', {
    message: ends ? 'Nobody ends a run without saying why.' : 'A reason is for ending a run.',
    allowed: '--end-withheld --reason "..."',
    hint: 'Nothing was changed. Say both, or neither.',
  });
}

export function dateOf(given: string | undefined): string {
  const date = given === undefined ? londonDate(systemClock.now()) : readDate(given);
  if (date !== null) return date;
  throw new Failure('usage', {
    message: 'The business date is not a date.',
    allowed: 'YYYY-MM-DD',
    hint: 'Say it again as a real date.',
  });
}

/** Advances once; or, told to wait, again and again while the intake is absent or refused, until the night is over and ends failed. */
async function advance(
  { pipeline }: Advancing,
  businessDate: string,
  options: RunOptions,
): Promise<Advanced> {
  for (;;) {
    try {
      return await advanceRun(pipeline, businessDate, options.rehearse);
    } catch (thrown) {
      const refused = thrown instanceof Failure && exitCodeOf(thrown.code) === exitCodes.intakeRefused;
      if (!refused || !options.waitForIntake || options.rehearse) throw thrown;
      const failed = await failMissed(pipeline, businessDate, thrown.code);
      if (failed !== null) return { run: failed, changed: true, comeBack: null };
      process.stderr.write(describeFailure(thrown));
      await pipeline.clock.sleep(intakeTriedEvery, pipeline.signal);
    }
  }
}

/** A rehearsal that came through is a success; a failed run tells its own code. */
export function exitCodeOfEnd({ state, reason }: StoredRun): ExitCode {
  if (reason === 'rehearsed') return exitCodes.done;
  const code = failureCodes.find((known) => known === reason);
  return state === 'failed' && code !== undefined ? exitCodeOf(code) : exitCodeOfRun(state);
}

function json(
  config: SendingConfig,
  { run: ended, changed }: Advanced,
  {
    holds,
    exitCode,
    anchors,
  }: {
    readonly holds: readonly StoredHold[];
    readonly exitCode: ExitCode;
    readonly anchors: readonly object[];
  },
): string {
  const { state, reason, totals, released } = ended;
  const drop =
    state === 'sealed' ? path.join(config.outboundDir, ended.businessDate, `r${ended.revision}`) : null;
  const open = holds
    .filter(({ decision }) => decision === 'open')
    .map(({ id, stage, reasons }) => ({ id, stage, reasons }));
  const result = {
    run: formatRunId(ended),
    state,
    reason,
    changed,
    totals,
    released,
    drop,
    holds: open,
    anchors,
    exitCode,
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}
