import { anchorNames } from '../../src/domain/anchoring.ts';
import type { AnchorStanding } from '../../src/domain/anchoring.ts';
import { formatInstant } from '../../src/domain/calendar.ts';
import { lapsings, lapsingSoon } from '../../src/domain/health.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { formatRunId, isRehearsal } from '../../src/domain/run.ts';
import { newestNight } from '../../src/domain/schedule.ts';
import { readConfig } from '../../src/config.ts';
import { anchorStandings } from '../../src/pipeline/anchor-standings.ts';
import { uncollected } from '../../src/pipeline/arrival.ts';
import { lastBackup, lastRestore } from '../../src/pipeline/backups.ts';
import { stopsNow } from '../../src/pipeline/stops.ts';
import { openOffice, systemClock } from '../../src/wiring.ts';
import { healthNow, metricsText } from '../../src/wiring-health.ts';
import { describeStop } from '../words/stops.ts';
import { stateWords } from '../words/reasons.ts';
import { describeCustody } from '../words/restored.ts';
import { describeStanding, standingAsJson } from '../words/standings.ts';

const shownNights = 14;

/** `export-gate status`: the last nights, newest first, whether last night is done, and what is stopped. */
export async function status({
  json,
  metrics,
}: {
  readonly json: boolean;
  readonly metrics: boolean;
}): Promise<ExitCode> {
  const config = readConfig();
  const office = await openOffice(config);
  try {
    if (metrics) {
      process.stdout.write(await metricsText(await healthNow(office)));
      return exitCodes.done;
    }
    const expected = newestNight(systemClock.now(), config.nightlyAt);
    const { own, runs, holds, checkpoint, backup, restored, stops } = await office.ledger.read(
      async (tx) => ({
        own: await tx.runs({ businessDate: expected }),
        runs: await tx.runs({ limit: shownNights }),
        holds: (await tx.holds()).filter(({ decision }) => decision === 'open'),
        checkpoint: await tx.checkpoint(),
        backup: await lastBackup(tx),
        restored: await lastRestore(tx),
        stops: await stopsNow(tx),
      }),
    );
    const waiting = await uncollected(office);
    const { daysToExpiry } = await healthNow(office);
    const lapsing = lapsings.flatMap((what) => {
      const days = daysToExpiry[what];
      return days === null || days > lapsingSoon ? [] : [{ what, days }];
    });
    const stopped = [stops.everything, ...stops.providers.values()].filter((stop) => stop !== null);
    const configured = anchorNames.filter((name) => config.anchors[name] !== null);
    const standings = await anchorStandings(office, configured);
    const last = own.find((run) => !isRehearsal(run));
    const done = last?.state === 'sealed';
    const nights = runs.map((run) => ({
      run: formatRunId(run),
      state: run.state,
      reason: run.reason,
      released: run.state === 'sealed' ? run.released : null,
      openedAt: formatInstant(run.openedAt),
      endedAt: run.endedAt === null ? null : formatInstant(run.endedAt),
    }));
    const result = {
      lastNight: { businessDate: expected, state: last?.state ?? 'missing' },
      nights,
      lapsing,
      uncollected: waiting.map(({ run, since }) => ({ run: formatRunId(run), since: formatInstant(since) })),
      openHolds: holds.map(({ id, run, reasons }) => ({ id, run: formatRunId(run), reasons })),
      stops: stopped.map(({ provider, at, by, reason }) => ({ provider, at: formatInstant(at), by, reason })),
      logSize: checkpoint?.size ?? 0,
      anchors: standings.map(standingAsJson),
      backup,
      restored,
    };
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else {
      const lines = [
        `Last night, ${expected}: ${last === undefined ? 'MISSING. Run `export-gate run --date ' + expected + '`.' : stateWords[last.state]}`,
        ...nights.map(({ run, state, reason, released }) =>
          [
            `  ${run.padEnd(24)}`,
            state.padEnd(9),
            released === null ? (reason ?? '') : `${released} released`,
          ].join(' '),
        ),
        ...result.openHolds.map(
          ({ id, run, reasons }) =>
            `  hold ${id} of ${run}: ${reasons.join(', ')} (export-gate hold show ${id})`,
        ),
        ...result.uncollected.map(
          ({ run, since }) =>
            `  ${run} was released at ${since} and nobody has collected it (export-gate drop collected)`,
        ),
        ...lapsing.map(({ what, days }) => `  ${what} ${days < 0 ? 'has ended' : `ends in ${days} days`}`),
        ...stopped.map(describeStop),
        `  audit log: ${result.logSize} entries signed`,
        ...standings.map(describeStanding),
        ...describeCustody(backup, restored),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    }
    return exitCodeOf(done && stops.everything === null && waiting.length === 0, standings);
  } finally {
    await office.close();
  }
}

/** The worst first: another log, nothing left or nothing can leave, an anchor that did not take the log. */
function exitCodeOf(done: boolean, standings: readonly AnchorStanding[]): ExitCode {
  const stands = (state: AnchorStanding['state']): boolean => standings.some((each) => each.state === state);
  if (stands('refused')) return exitCodes.auditInvalid;
  if (!done || stands('overdue')) return exitCodes.withheld;
  return stands('silent') ? exitCodes.partnerUnavailable : exitCodes.done;
}
