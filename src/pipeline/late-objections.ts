import { holds } from '../domain/number-list.ts';
import type { LedgerWriter, StoredRequest, StoredRun } from '../ports.ts';
import { keyOfRun, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { expiredApproval } from './end.ts';
import { insertRequest } from './gate.ts';
import { noteHeard } from './heard.ts';
import { noteHoldReasons } from './holds.ts';
import { decideAgain } from './intake-decision.ts';
import { noteObjectedLate } from './objected-late.ts';
import { decodeNumbers, requestPaper, takePaper } from './papers.ts';

/**
 * Before what was planned a while ago is sent: choices and newest intake are read again, and a planned list on which somebody stands who may
 * no longer be asked about gives way to one without them (R13). Those withdrawn end as late objections when the run decides. Once an approval
 * has expired nobody may be asked about any more.
 */
export async function withdrawObjected(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const { ledger, claim, keyring } = pipeline;
  const planned = (await ledger.read((tx) => tx.requests(run))).filter(({ state }) => state === 'planned');
  if (planned.length === 0) return;
  if (expiredApproval(pipeline, run) !== null) {
    await ledger.transact(claim, async (tx) => {
      for (const request of planned) await voidPlanned(pipeline, tx, request, '');
    });
    return;
  }
  const { newest, allowed, objecting } = await decideAgain(pipeline, run);
  await ledger.transact(claim, async (tx) => {
    await noteHeard(tx, run, newest);
    if (newest.unmatchedRecent > 0) await noteHoldReasons(tx, run, ['opt-out-unmatched']);
    const desk = { keyring, key: await keyOfRun(tx, run) };
    for (const request of planned) {
      const list = decodeNumbers(await takePaper(tx, desk, requestPaper(request.localId)));
      const still = list.filter((number) => holds(allowed, number));
      if (still.length === list.length) continue;
      await noteObjectedLate(
        keyring,
        tx,
        run,
        list.filter((number) => holds(objecting, number)),
      );
      const { level } = request;
      const successor =
        still.length === 0 ? '' : await insertRequest(pipeline, tx, { run, desk, list: still, level });
      await voidPlanned(pipeline, tx, request, successor);
    }
  });
}

async function voidPlanned(
  pipeline: Pipeline,
  tx: LedgerWriter,
  { run, localId }: StoredRequest,
  successor: string,
): Promise<void> {
  const proof = await tell(pipeline, tx, run, { what: 'request-voided', localId, successor });
  await tx.moveRequest(localId, 'planned', 'void', {}, proof);
}
