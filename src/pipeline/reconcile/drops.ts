/** Drops as they stand beside the entries of their release. */
import { addDays, londonDate } from '../../domain/calendar.ts';
import type { Instant } from '../../domain/calendar.ts';
import type { Digest } from '../../domain/digest.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import { formatRunId } from '../../domain/run.ts';
import type { DropInventory, StandingDrop } from '../../ports.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import type { Ledgered, PendingDrop } from './ledgered.ts';
import { atEntry, finding } from './told.ts';

export interface DropTerms {
  readonly now: Instant;
  /** For how long a drop must stand; afterwards it may have been taken away by other hands. */
  readonly keepDays: number;
  /** Sizes of those notes in manifests that are checkpoints of this log. */
  readonly sizes: ReadonlyMap<string, number>;
}

export function* dropFindings(
  log: LogAccount,
  ledger: Ledgered,
  standing: DropInventory,
  terms: DropTerms,
): Generator<Finding> {
  const pending = new Map(ledger.runs.map(({ name, pending }) => [name, pending]));
  const seen = new Set<string>();
  for (const drop of standing.drops) {
    const name = formatRunId(drop.run);
    seen.add(name);
    const account = log.runs.get(name);
    if (account !== undefined && account.released !== null)
      yield* toldDrop(log, ledger, { drop, account, terms });
    else if (log.recognisedDrops.has(name))
      yield* recognisedDrop(drop, log.recognisedDrops.get(name)?.manifest);
    else yield* untoldDrop(drop, pending.get(name) ?? 'none', account?.state === 'decided');
  }
  for (const [name, account] of log.runs) {
    if (account.released === null || seen.has(name) || isGone(log, account, terms)) continue;
    yield finding('drop-missing', name, 'no such drop', atEntry(account.released));
  }
  for (const place of standing.strangers)
    yield finding('drop-stranger', place, 'something that is no part of a drop', 'nothing of it');
  // A run that is decided may be publishing at this moment.
  if ([...log.runs.values()].some(({ state }) => state === 'decided')) return;
  for (const place of standing.staging)
    yield finding('staging-left', place, 'files of a writer that died', 'no run is about to publish');
}

/** Whether a drop need not stand any more: removed with an entry, or past its days. */
function isGone(log: LogAccount, { opened, released }: RunAccount, { now, keepDays }: DropTerms): boolean {
  const date = opened.run.slice(0, 10);
  const position = released?.position ?? Infinity;
  return (
    log.removedDrops.some((entry) => entry.businessDate === date && entry.position > position) ||
    addDays(date, keepDays) < londonDate(now)
  );
}

interface Told {
  readonly drop: StandingDrop;
  readonly account: RunAccount;
  readonly terms: DropTerms;
}

function* toldDrop(log: LogAccount, ledger: Ledgered, { drop, account, terms }: Told): Generator<Finding> {
  const { released } = account;
  if (released === null) return;
  const folder = formatRunId(drop.run);
  const removed = log.removedDrops.find(
    ({ businessDate, position }) => businessDate === drop.run.businessDate && position > released.position,
  );
  if (removed !== undefined)
    yield finding('drop-not-removed', folder, 'a drop stands there', atEntry(removed));
  if (drop.manifest === null) {
    yield finding('drop-unfinished', folder, 'files without a manifest', atEntry(released));
  } else if (drop.manifest.sha256 !== released.manifest) {
    const [found, told] = [`SHA-256 ${drop.manifest.sha256}`, `SHA-256 ${released.manifest}`];
    yield finding('manifest-altered', `${folder}/manifest.json`, found, told);
  } else yield* checkpointFindings(drop, account, ledger, terms);
  // Digests of files stand in the manifest, whose own digest stands in the log.
  const { sha256, files } = drop.manifest ?? { sha256: null, files: [] };
  yield* fileFindings(folder, drop, sha256 === released.manifest ? files : released.files);
}

function* fileFindings(
  folder: string,
  { files }: StandingDrop,
  published: readonly { readonly name: string; readonly sha256?: Digest }[],
): Generator<Finding> {
  const told = new Map(published.map(({ name, sha256 }) => [name, sha256 ?? null]));
  for (const { name, sha256 } of files) {
    const digest = told.get(name);
    told.delete(name);
    if (digest === undefined)
      yield finding('drop-stranger', `${folder}/${name}`, `SHA-256 ${sha256}`, 'no such file');
    else if (digest !== null && digest !== sha256)
      yield finding('drop-file-altered', `${folder}/${name}`, `SHA-256 ${sha256}`, `SHA-256 ${digest}`);
  }
  for (const [name, sha256] of told)
    yield finding(
      'drop-file-missing',
      `${folder}/${name}`,
      'no such file',
      sha256 === null ? 'a file' : `SHA-256 ${sha256}`,
    );
}

/** The checkpoint in a manifest is what its recipient holds against us: it is ours, is one we stored, and covers the decision. */
function* checkpointFindings(
  { run, manifest }: StandingDrop,
  { decided }: RunAccount,
  ledger: Ledgered,
  { sizes }: DropTerms,
): Generator<Finding> {
  const place = `${formatRunId(run)}/manifest.json, checkpoint`;
  const note = manifest?.note ?? '';
  const told = decided === null ? 'no decision' : atEntry(decided);
  const size = sizes.get(note);
  if (size === undefined) {
    yield finding('checkpoint-invalid', place, 'no checkpoint that this log signed', told);
    return;
  }
  if (!ledger.checkpoints.some((stored) => stored.note === note))
    yield finding(
      'checkpoint-unknown',
      place,
      `a checkpoint over ${size} entries`,
      'not one of those stored',
    );
  if (decided !== null && size <= decided.position)
    yield finding('checkpoint-early', place, `a checkpoint over ${size} entries`, told);
}

/** Released by a ledger that is lost; what was found of it at the restore still stands. */
function* recognisedDrop(drop: StandingDrop, manifest: Digest | null = null): Generator<Finding> {
  const folder = formatRunId(drop.run);
  const found = drop.manifest?.sha256 ?? null;
  if (manifest !== null && found !== manifest)
    yield finding(
      'manifest-altered',
      `${folder}/manifest.json`,
      `SHA-256 ${found ?? 'none'}`,
      `SHA-256 ${manifest}`,
    );
  if (found !== null) yield* fileFindings(folder, drop, drop.manifest?.files ?? []);
}

/** What stands without an entry: what a decided run is publishing, or left when its process died, and nothing else. */
function* untoldDrop(drop: StandingDrop, pending: PendingDrop, isDecided: boolean): Generator<Finding> {
  const folder = formatRunId(drop.run);
  const told = isDecided ? 'a decision that this does not follow from' : 'no release';
  if (isDecided && pending === 'unknown') return;
  if (isDecided && typeof pending === 'object') {
    const isPart = drop.files.every((file) =>
      pending.files.some(({ name, sha256 }) => name === file.name && sha256 === file.sha256),
    );
    const isWhole = drop.manifest === null || drop.manifest.sha256 === pending.manifest;
    if (isPart && isWhole) return;
  }
  if (drop.manifest === null) yield finding('drop-unfinished', folder, 'files without a manifest', told);
  else yield finding('drop-without-entry', folder, 'a published drop', told);
}
