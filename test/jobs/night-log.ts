/** What the ledger of a night says, read as an operator's program would; not bound to a test. */
import { readConfig } from '../../src/config.ts';
import { openOffice } from '../../src/wiring.ts';
import type { Ended } from '../support/processes.ts';
import type { Night } from './night.ts';

export type Entry = Readonly<Record<string, unknown>> & { readonly what: string };

/** The entries of the log, the whole of it verified, and how many of them the newest signed checkpoint covers. */
export async function readLog(night: Night): Promise<{ entries: Entry[]; signed: number; note: string }> {
  const office = await openOffice(readConfig(night.settings));
  try {
    return await office.ledger.read(async (tx) => {
      await office.audit.verify(tx);
      const entries: Entry[] = [];
      for await (const { line } of tx.entries(0, Infinity))
        entries.push(JSON.parse(Buffer.from(line).toString()) as Entry);
      const checkpoint = await tx.checkpoint();
      return { entries, signed: checkpoint?.size ?? 0, note: checkpoint?.note ?? '' };
    });
  } finally {
    await office.close();
  }
}

/** The state of tonight's run as `status` tells it; `unknown` where the ledger's server is away. */
export async function stateOf(night: Night): Promise<string> {
  const { stdout, stderr }: Ended = await night.gate('status', '--json');
  if (stdout !== '') return (JSON.parse(stdout) as { lastNight: { state: string } }).lastNight.state;
  if (stderr.includes('ledger-failed')) return 'unknown';
  throw new Error(stderr);
}
