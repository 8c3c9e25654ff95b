import { createInterface } from 'node:readline/promises';
import { Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { formatRunId } from '../../src/domain/run.ts';
import { demandReason } from '../../src/domain/signed-request.ts';
import { previewRerun, rerun as runAgain } from '../../src/pipeline/rerun.ts';
import { describePreview, previewAsJson } from '../words/rerun.ts';
import { anchoredEvenIfItFails, dateOf, onPipeline } from './run.ts';

export interface RerunOptions {
  readonly date?: string;
  readonly reason: string;
  readonly preview: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** `export-gate rerun`: shows what would change, and once somebody has agreed makes a new revision of the date. */
export async function rerun(options: RerunOptions): Promise<ExitCode> {
  const businessDate = dateOf(options.date);
  const reason = demandReason(options.reason);
  if (options.yes && options.preview) throw both();
  return onPipeline(options, async (advancing) => {
    const { pipeline } = advancing;
    const preview = await previewRerun(pipeline, businessDate);
    if (options.preview) {
      process.stdout.write(options.json ? previewAsJson(preview) : describePreview(preview));
      return null;
    }
    process.stderr.write(describePreview(preview));
    if (!preview.isSame && !options.yes) await demandYes(formatRunId(preview.next));
    return anchoredEvenIfItFails(advancing, () => runAgain(pipeline, preview, reason));
  });
}

/** Asks whoever sits at the terminal. Throws `usage` where nobody does, or they do not say yes. */
async function demandYes(run: string): Promise<void> {
  if (process.stdin.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await terminal.question(`Make run ${run}? Type yes: `);
    terminal.close();
    if (answer.trim().toLowerCase() === 'yes') return;
  }
  throw new Failure('usage', {
    message: `Nobody has said that run ${run} shall be made.`,
    allowed: '--yes, or yes at the prompt',
    hint: 'Nobody was asked about and nothing was sent. --preview shows what would change and asks nothing.',
  });
}

const both = (): Failure =>
  new Failure('usage', {
    message: 'A preview makes nothing, so there is nothing to agree to.',
    allowed: '--preview or --yes',
    hint: 'Nothing was changed. Say one of them.',
  });
