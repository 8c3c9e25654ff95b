import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { openOffice } from '../../src/wiring.ts';

/** `export-gate audit verify`: recomputes the tree from the stored bytes and checks the signed checkpoint. */
export async function verify({ json }: { readonly json: boolean }): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    const { size, root } = await office.ledger.read(async (tx) => {
      await office.audit.demandShown(tx);
      return office.audit.verify(tx);
    });
    process.stdout.write(
      json
        ? `${JSON.stringify({ size, root })}\n`
        : `The log holds ${size} entries, none altered. Root ${root}\n`,
    );
    return exitCodes.done;
  } finally {
    await office.close();
  }
}
