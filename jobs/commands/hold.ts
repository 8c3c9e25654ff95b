import { formatInstant } from '../../src/domain/calendar.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { formatRunId } from '../../src/domain/run.ts';
import { demandReason } from '../../src/domain/signed-request.ts';
import { approvalText, approveHold, rejectHold } from '../../src/pipeline/holds.ts';
import type { HoldDesk } from '../../src/pipeline/holds.ts';
import type { StoredHold } from '../../src/ports.ts';
import type { Office } from '../../src/wiring.ts';
import { signatureIn } from '../input/signature.ts';
import { operator } from '../words/operator.ts';
import { holdWords } from '../words/reasons.ts';
import { withOffice } from './office.ts';

const desk = async (office: Office): Promise<HoldDesk> => ({
  ...office,
  by: operator(),
  claim: await office.ledger.claim('holds'),
});

async function holdOf({ ledger }: Office, id: string): Promise<StoredHold> {
  const hold = await ledger.read(async (tx) => (await tx.holds()).find((each) => String(each.id) === id));
  if (hold !== undefined) return hold;
  throw new Failure('run-not-found', {
    message: `There is no hold ${JSON.stringify(id)}.`,
    hint: 'See `export-gate hold list`.',
  });
}

const summary = ({ id, run, stage, reasons, decision, decidedBy }: StoredHold): string =>
  `${String(id).padStart(4)}  ${formatRunId(run)}  ${stage}  ${decision}${decidedBy === null ? '' : ` by ${decidedBy}`}  ${reasons.join(', ')}`;

/** `export-gate hold list` */
export const list = ({ json }: { readonly json: boolean }): Promise<ExitCode> =>
  withOffice(async ({ ledger }) => {
    const holds = await ledger.read((tx) => tx.holds());
    return json
      ? `${JSON.stringify(holds, null, 2)}\n`
      : `${holds.map(summary).join('\n') || 'There are no holds.'}\n`;
  });

/** `export-gate hold show ID`: why, and the text whose signature approves it. */
export const show = (id: string, { text }: { readonly text: boolean }): Promise<ExitCode> =>
  withOffice(async (office) => {
    const hold = await holdOf(office, id);
    if (text) return approvalText(hold);
    const lines = [
      summary(hold),
      `opened ${formatInstant(hold.openedAt)} by ${hold.openedBy}`,
      ...hold.reasons.map((reason) => `  - ${holdWords[reason]}`),
      '',
      'To approve, sign the text that follows with a key listed in APPROVERS_FILE:',
      `  export-gate hold show ${id} --text > approval.txt`,
      '  openssl pkeyutl -sign -rawin -inkey approver.pem -in approval.txt | base64 -w0 > approval.sig',
      `  export-gate hold approve ${id} --signature approval.sig --reason "..."`,
      '',
      approvalText(hold),
    ];
    return lines.join('\n');
  });

/** `export-gate hold approve ID`: the run goes on with the next `export-gate run`. */
export const approve = (
  id: string,
  words: { readonly signature: string; readonly reason: string },
): Promise<ExitCode> =>
  withOffice(async (office) => {
    const hold = await holdOf(office, id);
    const signature = signatureIn(words.signature);
    await approveHold(await desk(office), office.approvers, hold.id, {
      signature,
      reason: demandReason(words.reason),
    });
    return `Hold ${id} is approved. \`export-gate run --date ${hold.run.businessDate}\` goes on.\n`;
  });

/** `export-gate hold reject ID`: the run ends withheld. */
export const reject = (id: string, { reason }: { readonly reason: string }): Promise<ExitCode> =>
  withOffice(async (office) => {
    const hold = await holdOf(office, id);
    await rejectHold(await desk(office), hold.id, demandReason(reason));
    return `Hold ${id} is rejected. Run ${formatRunId(hold.run)} ends withheld: nothing left.\n`;
  });
