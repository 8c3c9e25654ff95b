/** An outbound drop in memory, held by the same contract as the one on the file system. */
import { createHash } from 'node:crypto';

import { demandNoCanary } from '../../src/domain/canary.ts';
import type { FileDigest } from '../../src/domain/evidence.ts';
import { Failure } from '../../src/domain/failure.ts';
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import { formatRunId } from '../../src/domain/run.ts';
import type { RunId } from '../../src/domain/run.ts';
import { byName, manifestText } from '../../src/drop/manifest.ts';
import { demandNames, demandRevision, isNumbersFile, manifestName, runFolder } from '../../src/drop/place.ts';
import type { DropPlan, OutboundDrop, PublishedDrop, StandingManifest } from '../../src/ports.ts';

/** Where the next publish stops: before any file stands, before the manifest does, or when all stands but is not known to last. */
export type DropInterruption = 'before-files' | 'before-manifest' | 'before-last-flush';

export interface FakeDrop extends OutboundDrop {
  /** What a recipient reads who keeps to "no manifest, no drop": text by file name, or null. */
  recipient(run: RunId): ReadonlyMap<string, string> | null;
  /** The next publish stops there, once, with this instead of `drop-write-failed`. */
  interrupt(at: DropInterruption, thrown?: Error): void;
  /** The recipient leaves a mark. */
  collect(run: RunId): void;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export function createFakeDrop(header: string | null = 'nhs_number'): FakeDrop {
  const folders = new Map<string, Map<string, string>>();
  const marks = new Set<string>();
  let pending: { readonly at: DropInterruption; readonly thrown: Error } | null = null;

  const stopIf = (at: DropInterruption): void => {
    if (pending?.at !== at) return;
    const { thrown } = pending;
    pending = null;
    throw thrown;
  };

  const render = (plan: DropPlan): { drop: PublishedDrop; texts: Map<string, string> } => {
    const folder = runFolder(plan.run);
    demandNames(plan.files);
    const texts = new Map<string, string>();
    const files = byName(plan.files).map(({ name, numbers }) => {
      demandNoCanary(numbers, plan.canaries, name);
      const lines = [...(header === null ? [] : [header]), ...Array.from(numbers, formatNhsNumber)];
      const text = lines.map((line) => `${line}\n`).join('');
      if (numbers.some((number, row) => row > 0 && number <= (numbers[row - 1] ?? 0))) {
        throw new Failure('drop-recheck-failed', { message: 'Not ascending.' });
      }
      texts.set(name, text);
      return { name, rows: numbers.length, sha256: digest(text) };
    });
    const manifest = manifestText(plan, files);
    texts.set(manifestName, manifest);
    const stands = folders.get(folder) ?? new Map<string, string>();
    for (const [name, text] of stands) {
      if (texts.get(name) !== text) throw new Failure('drop-exists-different', { message: 'Differs.' });
    }
    return { drop: { folder, files, manifest: digest(manifest) }, texts };
  };

  const filesOf = (run: RunId): string[] =>
    [...(folders.get(formatRunId(run))?.keys() ?? [])].filter(isNumbersFile).sort();
  const isPublished = (run: RunId): boolean => folders.get(formatRunId(run))?.has(manifestName) ?? false;

  const drop: OutboundDrop = {
    publish: (plan) =>
      soon(() => {
        demandRevision(plan.run);
        const { drop: published, texts } = render(plan);
        stopIf('before-files');
        const folder = folders.get(published.folder) ?? new Map<string, string>();
        folders.set(published.folder, folder);
        for (const { name } of published.files) folder.set(name, texts.get(name) ?? '');
        stopIf('before-manifest');
        folder.set(manifestName, texts.get(manifestName) ?? '');
        stopIf('before-last-flush');
        return published;
      }),
    rehearse: (plan) => soon(() => render(plan).drop),
    look: (run) =>
      soon(() => (isPublished(run) ? 'published' : filesOf(run).length > 0 ? 'unfinished' : 'nothing')),
    isCollected: (run) => soon(() => isPublished(run) && marks.has(formatRunId(run))),
    published: (run) =>
      soon(() => {
        const text = folders.get(formatRunId(run))?.get(manifestName);
        if (text === undefined) throw new Failure('drop-recheck-failed', { message: 'Not published.' });
        const { files } = JSON.parse(text) as { files: (FileDigest & { locationId?: string })[] };
        const digests = files.map(({ name, rows, sha256 }) => ({ name, rows, sha256 }));
        return { folder: formatRunId(run), files: digests, manifest: digest(text) };
      }),
    unlink: (run) =>
      soon(() => {
        if (isPublished(run)) throw new Failure('drop-exists-different', { message: 'Published.' });
        const names = filesOf(run);
        folders.get(formatRunId(run))?.clear();
        return names;
      }),
    remove: (businessDate) =>
      soon(() => {
        const removed = [...folders.keys()].filter((folder) => folder.startsWith(`${businessDate}/`)).sort();
        for (const folder of removed) folders.delete(folder);
        return removed;
      }),
    digests: (plan) => soon(() => render(plan).drop),
    inventory: () =>
      soon(() => {
        const drops = [...folders].filter(([, files]) => files.size > 0).sort(([a], [b]) => (a < b ? -1 : 1));
        return {
          drops: drops.map(([folder, texts]) => ({
            run: { businessDate: folder.slice(0, 10), revision: Number(folder.slice(12)) },
            files: [...texts]
              .filter(([name]) => isNumbersFile(name))
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, text]) => ({ name, sha256: digest(text) })),
            manifest: manifestIn(texts.get(manifestName)),
          })),
          staging: [],
          strangers: [],
        };
      }),
    dates: () =>
      soon(() => [...new Set([...folders.keys()].map((folder) => folder.slice(0, 10)))].sort().reverse()),
  };

  return {
    ...drop,
    recipient: (run) => (isPublished(run) ? new Map(folders.get(formatRunId(run))) : null),
    collect: (run) => void marks.add(formatRunId(run)),
    interrupt: (at, thrown = new Failure('drop-write-failed', { message: 'Interrupted.' })) => {
      pending = { at, thrown };
    },
  };
}

function manifestIn(text: string | undefined): StandingManifest | null {
  if (text === undefined) return null;
  const { checkpoint, files } = JSON.parse(text) as {
    checkpoint?: { note?: string };
    files: readonly FileDigest[];
  };
  const told = files.map(({ name, rows, sha256 }) => ({ name, rows, sha256 }));
  return { sha256: digest(text), note: checkpoint?.note ?? null, files: told };
}

/** Does it in a later turn, as a real disk would; what it throws rejects. */
const soon = <T>(work: () => T): Promise<T> => Promise.resolve().then(work);
