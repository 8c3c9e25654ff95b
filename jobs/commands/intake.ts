import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { checkIntake } from '../../src/intake/intake-check.ts';
import { formatIntakeReport } from '../../src/intake/intake-report.ts';
import { systemClock } from '../../src/wiring.ts';

/** `export-gate intake check DIR`: every fault at once; exit 6 if a run would refuse the folder. */
export async function check(folder: string, { json }: { readonly json: boolean }): Promise<ExitCode> {
  const report = await checkIntake(folder, { now: systemClock.now(), policy: readConfig().numbers });
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : formatIntakeReport(report));
  return report.accepted ? exitCodes.done : exitCodes.intakeRefused;
}
