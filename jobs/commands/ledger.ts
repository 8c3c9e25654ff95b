import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { prepareLedger } from '../../src/wiring.ts';

/** `export-gate ledger prepare`: tables, guards and rights of a ledger in PostgreSQL; may be repeated. */
export async function prepare(): Promise<ExitCode> {
  const { role } = await prepareLedger(readConfig());
  process.stdout.write(
    `The ledger stands; ${role} may add to it and alter nothing that is written for good.\n`,
  );
  return exitCodes.done;
}
