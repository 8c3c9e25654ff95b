import { dropFormatVersion, rulesVersion } from '../domain/evidence.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import type { DropPlan, PublishedDrop, StoredRun } from '../ports.ts';
import { keyOfRun, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { letPapersDie, reread, signAndPublish, withhold } from './end.ts';
import { listPaper, takePaper } from './papers.ts';
import type { Release } from './release-plan.ts';

/**
 * decided -> released: the drop is published once, under a manifest that carries the checkpoint covering the decision; then the person
 * lists become evidence. A rehearsal does all of it but the link, and ends withheld.
 */
export async function releaseRun(pipeline: Pipeline, run: StoredRun, release: Release): Promise<void> {
  const plan = await dropPlan(pipeline, run, release);
  if (isRehearsal(run)) {
    await pipeline.drop.rehearse(plan);
    await withhold(pipeline, run, 'rehearsed');
    return;
  }
  await markReleased(pipeline, run, await pipeline.drop.publish(plan));
}

async function dropPlan(
  { ledger, audit, config }: Pipeline,
  run: StoredRun,
  release: Release,
): Promise<DropPlan> {
  const checkpoint = await ledger.read((tx) => tx.checkpoint());
  return {
    run,
    files: release.files,
    manifest: {
      format: dropFormatVersion,
      run: formatRunId(run),
      purpose: config.legal.purpose ?? '',
      recipientAgreement: config.legal.recipientRef ?? '',
      numberPolicy: config.numbers.name,
      rules: rulesVersion,
      configuration: run.configuration,
      layout: config.drop.layout,
      supersedes: run.revision > 1 ? formatRunId({ ...run, revision: run.revision - 1 }) : null,
      checkpoint: { origin: audit.origin, verifierKey: audit.verifierKey, note: checkpoint?.note ?? '' },
    },
  };
}

async function markReleased(pipeline: Pipeline, run: StoredRun, drop: PublishedDrop): Promise<void> {
  const { ledger, claim, keyring } = pipeline;
  await ledger.transact(claim, async (tx) => {
    const desk = { keyring, key: await keyOfRun(tx, run) };
    const proof = await tell(pipeline, tx, run, {
      what: 'run-released',
      drop: `${run.businessDate}/r${run.revision}`,
      files: drop.files,
      manifest: drop.manifest,
    });
    for (const list of ['released', 'held-back-late'] as const) {
      await tx.putPersonList(run, list, await takePaper(tx, desk, listPaper(list)), proof);
    }
    await tx.moveRun(run, 'decided', 'released', {}, proof);
  });
}

/**
 * Takes up a decided run after a crash. A published drop is the truth and is written down; anything less is unlinked and decided anew, for
 * somebody may have opted out meanwhile.
 */
export async function resumeDecided(pipeline: Pipeline, run: StoredRun): Promise<void> {
  if (!isRehearsal(run) && (await pipeline.drop.look(run)) === 'published') {
    await markReleased(pipeline, run, await pipeline.drop.published(run));
    return;
  }
  const unlinked = isRehearsal(run) ? [] : await pipeline.drop.unlink(run);
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    const proof = await tell(pipeline, tx, run, { what: 'decision-withdrawn', unlinked });
    await tx.moveRun(run, 'decided', 'answered', {}, proof);
  });
}

/** released -> sealed: totals and a checkpoint over the whole run. Final. */
export async function sealRun(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const { totals } = await reread(pipeline, run);
  await pipeline.ledger.transact(pipeline.claim, async (tx) => {
    const step = totals === null ? [] : [{ what: 'run-sealed', totals } as const];
    for (const sealed of step) {
      const proof = await tell(pipeline, tx, run, sealed);
      await tx.moveRun(run, 'released', 'sealed', { endedAt: pipeline.clock.now() }, proof);
    }
    await letPapersDie(pipeline, tx, run);
  });
  await signAndPublish(pipeline);
}
