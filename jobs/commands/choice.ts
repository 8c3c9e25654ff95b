import { formatInstant } from '../../src/domain/calendar.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { recordChoice, recordedChoices } from '../../src/pipeline/recorded-choices.ts';
import { systemClock } from '../../src/wiring.ts';
import { operator } from '../words/operator.ts';
import { withOffice } from './office.ts';

interface RecordOptions {
  readonly serviceUser: string;
  readonly choice: string;
  readonly channel: string;
  readonly decidedBy: string;
  readonly requestedAt?: string;
}

/** `export-gate choice record`: in force from the next decision on, a release under way included. */
export const record = (options: RecordOptions): Promise<ExitCode> =>
  withOffice(async (office) => {
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
    return 'Recorded. It is in force from the next decision on. Have it entered on the care record too.\n';
  });

/** `export-gate choice show`: what was recorded here about one service user. */
export const show = ({ serviceUser }: { readonly serviceUser: string }): Promise<ExitCode> =>
  withOffice(async (office) => {
    const lines: string[] = [];
    for await (const row of recordedChoices(office)) {
      if (row.serviceUserId !== serviceUser) continue;
      const at = row.requestedAt === null ? '' : formatInstant(row.requestedAt);
      lines.push(`${at}  ${row.choice}  ${row.channel}  decided by ${row.decidedBy}`);
    }
    return `${lines.join('\n') || 'Nothing was recorded here; look at the care record.'}\n`;
  });
