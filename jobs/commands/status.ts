import { addDays, formatInstant, londonDate, londonTime } from '../../src/domain/calendar.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { formatRunId, isRehearsal } from '../../src/domain/run.ts';
import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { lastBackup, lastRestore } from '../../src/pipeline/backups.ts';
import { openOffice, systemClock } from '../../src/wiring.ts';
import { stateWords } from '../words/reasons.ts';
import { describeCustody } from '../words/restored.ts';

const shownNights = 14;

/** `export-gate status`: the last nights, newest first, and whether last night is done. */
export async function status({ json }: { readonly json: boolean }): Promise<ExitCode> {
  const config = readConfig();
  const office = await openOffice(config);
  try {
    const expected = lastNight(config);
    const { own, runs, holds, checkpoint, backup, restored } = await office.ledger.read(async (tx) => ({
      own: await tx.runs({ businessDate: expected }),
      runs: await tx.runs({ limit: shownNights }),
      holds: (await tx.holds()).filter(({ decision }) => decision === 'open'),
      checkpoint: await tx.checkpoint(),
      backup: await lastBackup(tx),
      restored: await lastRestore(tx),
    }));
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
      openHolds: holds.map(({ id, run, reasons }) => ({ id, run: formatRunId(run), reasons })),
      logSize: checkpoint?.size ?? 0,
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
        `  audit log: ${result.logSize} entries signed`,
        ...describeCustody(backup, restored),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    }
    return done ? exitCodes.done : exitCodes.withheld;
  } finally {
    await office.close();
  }
}

/** The newest business date whose hour has come. */
function lastNight({ nightlyAt }: Config): string {
  const now = systemClock.now();
  const today = londonDate(now);
  return londonTime(now) >= nightlyAt ? today : addDays(today, -1);
}
