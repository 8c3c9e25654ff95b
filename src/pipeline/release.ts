import { dropFormatVersion, rulesVersion } from '../domain/evidence.ts';
import type { AttestedList } from '../domain/evidence.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { DropPlan, LedgerReader, LedgerWriter, PublishedDrop, StoredRun } from '../ports.ts';
import { attest } from './attest.ts';
import { keyOfRun, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned, letPapersDie, reread, withhold } from './end.ts';
import { isAllHeard } from './heard.ts';
import { newestIntake } from './intake-decision.ts';
import { decodePieces, decodePlaces, listPaper, placesPaper } from './list-paper.ts';
import { decodePlan, encodePlan, planPaper, putPaper, takePaper } from './papers.ts';
import type { Release } from './release-plan.ts';
import { stopsNow } from './stops.ts';

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
  const { ledger, claim, keyring } = pipeline;
  await ledger.transact(claim, async (tx) => {
    const desk = { keyring, key: await keyOfRun(tx, run) };
    await putPaper(tx, desk, planPaper, encodePlan(plan));
  });
  // Within one transaction nobody can record a choice or set a stop: one of before is heard, one of later comes after the drop. Intakes
  // come by files, and are looked at once more.
  await ledger.transact(claim, async (tx) => {
    if (!(await isStillSo(pipeline, tx, run, release))) await withdrawDecision(pipeline, tx, run, []);
    else await markReleased(pipeline, tx, run, await pipeline.drop.publish(plan));
  });
}

/** Nobody has said anything since the decision that it did not hear, and no newer intake has come. Throws what `newestIntake` throws. */
async function isStillSo(
  pipeline: Pipeline,
  tx: LedgerReader,
  run: StoredRun,
  release: Release,
): Promise<boolean> {
  if ((await stopsNow(tx)).everything !== null || !(await isAllHeard(tx, release))) return false;
  const within = { ...pipeline, ledger: { ...pipeline.ledger, read: withinOf(tx) } };
  return (await newestIntake(within, run)).digest === release.newestIntake;
}

/** Reads within a transaction that is under way. */
const withinOf =
  (tx: LedgerReader): Pipeline['ledger']['read'] =>
  (work) =>
    work(tx);

async function dropPlan(
  { ledger, audit, chance, config }: Pipeline,
  run: StoredRun,
  release: Release,
): Promise<DropPlan> {
  const { checkpoint, superseded } = await ledger.read(async (tx) => ({
    checkpoint: await tx.checkpoint(),
    superseded: await lastReleased(tx, run),
  }));
  return {
    run,
    files: release.files,
    canaries: release.canaries,
    manifest: {
      format: dropFormatVersion,
      run: formatRunId(run),
      purpose: config.legal.purpose ?? '',
      recipientAgreement: config.legal.recipientRef ?? '',
      numberPolicy: config.numbers.name,
      rules: rulesVersion,
      configuration: run.configuration,
      layout: config.drop.layout,
      // The log outlives the drop: whoever has its digest of the manifest must not find the number of a file that holds only one.
      blinding: Buffer.from(chance.bytes(32)).toString('hex'),
      supersedes: superseded === null ? null : formatRunId(superseded),
      checkpoint: { origin: audit.origin, verifierKey: audit.verifierKey, note: checkpoint?.note ?? '' },
    },
  };
}

/** The newest earlier revision of a run's date whose drop was published, whether or not it stands still; null where none was. */
export async function lastReleased(
  tx: LedgerReader,
  { businessDate, revision }: RunId,
): Promise<StoredRun | null> {
  const earlier = (await tx.runs({ businessDate })).filter((each) => each.revision < revision);
  return earlier.find(({ state }) => state === 'released' || state === 'sealed') ?? null;
}

async function markReleased(
  pipeline: Pipeline,
  tx: LedgerWriter,
  run: StoredRun,
  drop: PublishedDrop,
): Promise<void> {
  const proof = await tell(pipeline, tx, run, {
    what: 'run-released',
    drop: `${run.businessDate}/r${run.revision}`,
    files: drop.files.map(({ name, rows }) => ({ name, rows })),
    manifest: drop.manifest,
  });
  // A crash that outlasted the papers has cost the lists; that the drop stands is told all the same.
  const key = await tx.key(run.keyId);
  if (key !== null) {
    const desk = { keyring: pipeline.keyring, key };
    for (const list of ['released', 'held-back-late'] as const) {
      const pieces = decodePieces(await takePaper(tx, desk, listPaper(list)));
      await tx.putPersonList(run, list, { pieces, indexed: true }, proof);
      const places = decodePlaces(await takePaper(tx, desk, placesPaper(list)));
      await tx.indexPersons(run.businessDate.slice(0, 4), places, proof);
    }
  }
  await tx.moveRun(run, 'decided', 'released', {}, proof);
  await attest(pipeline, tx, run, 'sent', await keptLists(pipeline, tx, run));
}

async function keptLists({ lists }: Pipeline, tx: LedgerWriter, run: StoredRun): Promise<AttestedList[]> {
  const attested: AttestedList[] = [];
  for (const list of ['released', 'held-back', 'held-back-late'] as const) {
    const bytes = await tx.personList(run, list);
    if (bytes === null) continue;
    const { root, providers } = lists.digestOf(bytes);
    attested.push({ list, root, providers });
  }
  return attested;
}

/** Back to where the decision is taken anew; nothing of the drop stands. */
async function withdrawDecision(
  pipeline: Pipeline,
  tx: LedgerWriter,
  run: StoredRun,
  unlinked: readonly string[],
): Promise<void> {
  const proof = await tell(pipeline, tx, run, { what: 'decision-withdrawn', unlinked });
  await tx.moveRun(run, 'decided', 'answered', {}, proof);
}

/**
 * Takes up a decided run after a crash. A published drop is the truth and is written down; anything less is unlinked and decided anew, for
 * somebody may have opted out meanwhile.
 */
export async function resumeDecided(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const { drop, ledger, claim } = pipeline;
  if (!isRehearsal(run) && (await drop.look(run)) === 'published') {
    const published = await takePublished(pipeline, run);
    await ledger.transact(claim, (tx) => markReleased(pipeline, tx, run, published));
    return;
  }
  const unlinked = isRehearsal(run) ? [] : await drop.unlink(run);
  await ledger.transact(claim, (tx) => withdrawDecision(pipeline, tx, run, unlinked));
}

/**
 * The drop that stands under the name of the run, which must be the one decided, byte for byte: another hand's, or that of a ledger since
 * lost, never becomes ours. Once the papers are gone there is only its own manifest to ask.
 */
async function takePublished({ drop, ledger, keyring }: Pipeline, run: StoredRun): Promise<PublishedDrop> {
  const plan = await ledger.read(async (tx) => {
    const key = await tx.key(run.keyId);
    return key === null ? null : decodePlan(run, await takePaper(tx, { keyring, key }, planPaper));
  });
  return plan === null ? drop.published(run) : drop.publish(plan);
}

/** released -> sealed: totals and a checkpoint over the whole run. Final. */
export async function sealRun(pipeline: Pipeline, run: StoredRun): Promise<void> {
  const { totals } = await reread(pipeline, run);
  await commitSigned(pipeline, async (tx) => {
    const step = totals === null ? [] : [{ what: 'run-sealed', totals } as const];
    for (const sealed of step) {
      const proof = await tell(pipeline, tx, run, sealed);
      await tx.moveRun(run, 'released', 'sealed', { endedAt: pipeline.clock.now() }, proof);
    }
    await letPapersDie(pipeline, tx, run);
  });
}
