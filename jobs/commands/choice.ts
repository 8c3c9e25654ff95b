import { readConfig } from '../../src/config.ts';
import { formatInstant } from '../../src/domain/calendar.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { recordChoice, recordedChoices } from '../../src/pipeline/recorded-choices.ts';
import { openOffice, systemClock } from '../../src/wiring.ts';
import { operator } from '../words/operator.ts';

interface RecordOptions {
  readonly serviceUser: string;
  readonly choice: string;
  readonly channel: string;
  readonly decidedBy: string;
  readonly requestedAt?: string;
}

/** `export-gate choice record`: in force from the next decision on, a release under way included. */
export async function record(options: RecordOptions): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    const now = formatInstant(systemClock.now());
    const claim = await office.ledger.claim('choices');
    await recordChoice(
      { ...office, claim, by: operator() },
      {
        serviceUserId: options.serviceUser,
        choice: options.choice,
        channel: options.channel,
        decidedBy: options.decidedBy,
        requestedAt: options.requestedAt ?? now,
        recordedAt: now,
      },
    );
    process.stdout.write(
      'Recorded. It is in force from the next decision on. Have it entered on the care record too.\n',
    );
    return exitCodes.done;
  } finally {
    await office.close();
  }
}

/** `export-gate choice show`: what was recorded here about one service user. */
export async function show({ serviceUser }: { readonly serviceUser: string }): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    const lines: string[] = [];
    for await (const row of recordedChoices(office)) {
      if (row.serviceUserId !== serviceUser) continue;
      const at = row.requestedAt === null ? '' : formatInstant(row.requestedAt);
      lines.push(`${at}  ${row.choice}  ${row.channel}  decided by ${row.decidedBy}`);
    }
    process.stdout.write(`${lines.join('\n') || 'Nothing was recorded here; look at the care record.'}\n`);
    return exitCodes.done;
  } finally {
    await office.close();
  }
}
