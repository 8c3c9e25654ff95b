/**
 * The outbound drop on a file system (design, section 6): `<date>/r<revision>/` with one file, or one a location, and `manifest.json`.
 *
 *   1  sweep what dead writers left            nothing under the date
 *   2  write, flush, read back, check, hash    every file, then the manifest, in staging
 *   3  make the folders, flush their parents   empty folders: no drop
 *   4  link each file, flush the folder        no manifest: no drop
 *   5  link the manifest, flush the folder     published
 *   6  remove staging
 *
 * `link` fails where a name is taken, as `rename` would not, so what once stands is never replaced. A crash at any point leaves a
 * state that publishing the same plan again brings to the same bytes.
 */
import type { Digest } from '../domain/digest.ts';
import { Failure } from '../domain/failure.ts';
import type { RunId } from '../domain/run.ts';
import type { Chance, DropPlan, OutboundDrop, PublishedDrop } from '../ports.ts';
import { createDisk } from './disk.ts';
import type { Disk, DropStep } from './disk.ts';
import { demandHeader, digestOf } from './numbers-file.ts';
import { takeInventory } from './inventory.ts';
import { demandNames, demandRevision, manifestName, runFolder } from './place.ts';
import { readPublished } from './published.ts';
import { rendered, stage, sweepStaging, withStaging } from './staging.ts';
import type { StagedDrop } from './staging.ts';
import { datesStanding, removeDate, standing, unlinkUnfinished } from './standing.ts';

export interface OutboundDropOptions {
  /** Must be there, ours, and writable by nobody else. */
  readonly outboundDir: string;
  /** First line of every file of numbers (`DROP_HEADER`); null for none. */
  readonly header: string | null;
  readonly chance: Chance;
  /** Is told of every step that changes the disk, before it is done; what it throws, the step throws. */
  readonly checkpoint?: (step: DropStep) => void;
}

/**
 * The drop under `outboundDir`. Folders are named in results as the manifest names the run, `2026-11-22/r1`. Besides the codes of the
 * port everything here throws `place-unsafe` when a folder is missing, a symbolic link, another account's, writable by others or on
 * another file system, and when a name may not stand in a drop; `configuration-invalid` for a header that is no plain word. R3, R27.
 *
 * For the one process that advances runs: what writes, removes or takes up what stands sweeps the staging of others first.
 */
export function createOutboundDrop(options: OutboundDropOptions): OutboundDrop {
  const { header, chance } = options;
  demandHeader(header);
  const disk = createDisk(options.outboundDir, options.checkpoint ?? (() => undefined));

  const staged = async <T>(plan: DropPlan, work: (drop: StagedDrop) => Promise<T>): Promise<T> => {
    runFolder(plan.run);
    demandNames(plan.files);
    await disk.demandRoot();
    await sweepStaging(disk);
    return await withStaging(
      disk,
      chance,
      async (place) => await work(await stage(disk, plan, header, place)),
    );
  };

  return {
    async publish(plan) {
      demandRevision(plan.run);
      const progress = { linking: false };
      try {
        return await staged(plan, async (drop) => {
          await makeFolders(disk, plan.run);
          const kept = await keepSame(disk, plan.run, drop);
          progress.linking = true;
          await linkAll(disk, plan.run, drop, kept);
          return published(plan.run, drop);
        });
      } catch (thrown) {
        throw progress.linking ? outcomeUnknown(thrown, plan.run) : thrown;
      }
    },

    async rehearse(plan) {
      return await staged(plan, async (drop) => {
        await keepSame(disk, plan.run, drop);
        return published(plan.run, drop);
      });
    },

    async look(run) {
      await disk.demandRoot();
      const found = await standing(disk, run);
      if (found.published) return 'published';
      return found.files.length > 0 ? 'unfinished' : 'nothing';
    },

    async isCollected(run) {
      await disk.demandRoot();
      const { published, hasMark } = await standing(disk, run);
      return published && hasMark;
    },

    async published(run) {
      await disk.demandRoot();
      await sweepStaging(disk);
      return await readPublished(disk, run);
    },

    async unlink(run) {
      await disk.demandRoot();
      await sweepStaging(disk);
      return await unlinkUnfinished(disk, run);
    },

    async remove(businessDate) {
      await disk.demandRoot();
      await sweepStaging(disk);
      return await removeDate(disk, businessDate);
    },

    digests(plan) {
      demandNames(plan.files);
      return Promise.resolve(published(plan.run, rendered(plan, header)));
    },

    inventory: () => takeInventory(disk),

    async dates() {
      await disk.demandRoot();
      return await datesStanding(disk);
    },
  };
}

/** Parents are flushed even if the folder was there: whoever made it may have died before its own flush. */
async function makeFolders(disk: Disk, run: RunId): Promise<void> {
  await disk.makeFolder(run.businessDate);
  await disk.flushFolder('.');
  await disk.makeFolder(runFolder(run));
  await disk.flushFolder(run.businessDate);
}

/**
 * Names what stands already and may stay, flushed. Throws `drop-exists-different` if a byte of it differs or if it is no part of this
 * drop: before the first link, so that a drop that cannot be finished is not begun.
 */
async function keepSame(disk: Disk, run: RunId, drop: StagedDrop): Promise<ReadonlySet<string>> {
  const found = await standing(disk, run);
  const digests = digestsOf(drop);
  const names = [...found.files, ...(found.published ? [manifestName] : []), ...found.strangers];
  for (const name of names) await keepFile(disk, `${runFolder(run)}/${name}`, digests.get(name));
  return new Set(names);
}

async function keepFile(disk: Disk, place: string, sha256: Digest | undefined): Promise<void> {
  if (sha256 === undefined || (await digestOf(disk.read(place))) !== sha256) throw standsDifferent(place);
  await disk.flushFile(place);
}

async function linkAll(disk: Disk, run: RunId, drop: StagedDrop, kept: ReadonlySet<string>): Promise<void> {
  const folder = runFolder(run);
  const linkOnce = async (name: string, sha256: Digest): Promise<void> => {
    if (kept.has(name)) return;
    const place = `${folder}/${name}`;
    if (!(await disk.link(`${drop.place}/${name}`, place))) await keepFile(disk, place, sha256);
  };
  for (const { name, sha256 } of drop.files) await linkOnce(name, sha256);
  await disk.flushFolder(folder);
  await linkOnce(drop.manifest.name, drop.manifest.sha256);
  await disk.flushFolder(folder);
}

const digestsOf = ({ files, manifest }: StagedDrop): ReadonlyMap<string, Digest> =>
  new Map([...files, manifest].map(({ name, sha256 }) => [name, sha256]));

const published = (run: RunId, { files, manifest }: Omit<StagedDrop, 'place'>): PublishedDrop => ({
  folder: runFolder(run),
  files,
  manifest: manifest.sha256,
});

const standsDifferent = (place: string): Failure =>
  new Failure('drop-exists-different', {
    message: 'Something stands here already that is not what would be published now. It was left as it is.',
    place,
    allowed: 'nothing, or the same bytes',
    hint: 'Find out who published it. To send a different list, open a new revision (rerun).',
  });

/** A trouble of the disk after the first link: the files may be visible, and may or may not outlive a power cut. */
function outcomeUnknown(thrown: unknown, run: RunId): unknown {
  if (!(thrown instanceof Failure) || thrown.code !== 'drop-write-failed') return thrown;
  return new Failure('drop-write-failed', {
    ...thrown.detail,
    message: `${thrown.detail.message} It is not known whether the drop ${runFolder(run)} stands: the next start looks.`,
    found: 'outcome unknown',
    hint: 'Nothing is assumed. Look at the disk first, then run again: what stands is completed, withdrawn, or taken as published.',
  });
}
