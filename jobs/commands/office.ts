import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { openOffice } from '../../src/wiring.ts';
import type { Office } from '../../src/wiring.ts';

/** Works on the ledger of this configuration, prints what the work gives back, and is done. */
export async function withOffice(work: (office: Office) => Promise<string>): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    process.stdout.write(await work(office));
    return exitCodes.done;
  } finally {
    await office.close();
  }
}
