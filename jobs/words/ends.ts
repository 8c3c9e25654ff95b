import path from 'node:path';
import type { Config } from '../../src/config.ts';
import { formatRunId } from '../../src/domain/run.ts';
import type { Advanced } from '../../src/pipeline/advance.ts';
import type { WithheldReason } from '../../src/pipeline/end.ts';
import type { StoredHold, StoredRun } from '../../src/ports.ts';
import { funnel } from './funnel.ts';
import { holdWords, stateWords, withheldWords } from './reasons.ts';

/** What a run came to, as a person reads it: what happened, what it means for people, what to do next. */
export function describeEnd(
  config: Config,
  { run, changed }: Advanced,
  holds: readonly StoredHold[],
): string {
  const totals = run.totals === null ? [] : ['', funnel(run.totals)];
  const again = changed ? [] : ['This run had ended before; nothing was done and nothing was changed.'];
  return `${[`Run ${formatRunId(run)}: ${stateWords[run.state]}.`, ...again, ...totals, '', ...next(config, run, holds)].join('\n')}\n`;
}

function next(config: Config, run: StoredRun, holds: readonly StoredHold[]): string[] {
  switch (run.state) {
    case 'sealed': {
      const folder = path.join(config.outboundDir, run.businessDate, `r${run.revision}`);
      return [
        `The drop lies in   ${folder}`,
        '                   manifest.json names its files, counts and digests; without it nothing counts as published.',
        `The signed log:    ${path.join(config.dataDir, 'checkpoint')}`,
        'Look at next:      export-gate status, export-gate audit verify',
      ];
    }
    case 'held':
      return holds
        .filter(({ decision }) => decision === 'open')
        .flatMap(({ id, stage, reasons }) => [
          `Nothing has left. Hold ${id} stands ${stage === 'before-asking' ? 'before anybody is asked about' : 'before anybody is released'}:`,
          ...reasons.map((reason) => `  - ${holdWords[reason]}`),
          `What to do: export-gate hold show ${id}, then hold approve (a person of APPROVERS_FILE) or hold reject.`,
        ]);
    case 'withheld':
      return [`Nothing left. ${withheldWords[run.reason as WithheldReason]}`];
    case 'failed':
      return [`Nothing left. The run could not be done: ${run.reason ?? 'unknown'}.`];
    case 'opened':
    case 'gated':
    case 'asked':
    case 'answered':
    case 'decided':
    case 'released':
      return ['The run is not over. Run the same command again: it goes on from there.'];
  }
}
