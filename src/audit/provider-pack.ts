/**
 * The evidence of an auditor pack: what the log and the lists say of one provider in a period, with all that is needed to check it apart
 * from us. The same ledger and the same period give the same bytes, whenever they are asked: times come from entries, and the
 * checkpoint is the first that covers the end of the period's last run.
 */
import type { LocalDate } from '../domain/calendar.ts';
import type { AttestedList, Entry } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { checkpointName, newestCheckpointName, verifierKeysName } from '../domain/log-format.ts';
import { packFormat, showPeople } from '../domain/provider-pack.ts';
import type { PackFacts, ShownNight, ShownPeople, ShownRun } from '../domain/provider-pack.ts';
import { formatRunId, isFinal, isRehearsal } from '../domain/run.ts';
import type { KeySpan, LedgerReader, SignedCheckpoint, StoredRun } from '../ports.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { leafHash } from './merkle-tree.ts';
import { base64Lines, createTree } from './proofs.ts';
import type { Tree } from './proofs.ts';
import { isNamed, readProviderLists } from './provider-lists.ts';
import type { ProvedTotal } from './provider-lists.ts';
import { mayBeShown } from './shown-entries.ts';
import type { ShownEntry } from './shown-entries.ts';
import { formatKeys } from './signing-keys.ts';

export interface PackRequest {
  readonly provider: { readonly id: string; readonly name: string | null };
  /** First to last. */
  readonly dates: readonly LocalDate[];
  readonly origin: string;
  /** Every key the log has had, oldest first. */
  readonly keys: readonly KeySpan[];
}

export interface PackFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface GatheredPack {
  readonly facts: PackFacts;
  readonly files: readonly PackFile[];
}

/** Gathers the pack. Throws `usage` for a provider that no list of the period names, and for a period without a run that is over. */
export async function gatherPack(ledger: LedgerReader, request: PackRequest): Promise<GatheredPack> {
  const { provider, dates, origin } = request;
  const [from = '', to = ''] = [dates[0], dates.at(-1)];
  const runs = (await ledger.runs({})).filter(
    (run) => from <= run.businessDate && run.businessDate <= to && !isRehearsal(run),
  );
  const { checkpoint, tree, entries } = await readLog(ledger, runs, from, to);
  await demandKnown(ledger, runs, provider.id);
  const told = new Map(entries.map((shown) => [`${shown.entry.what} ${shown.entry.run}`, shown]));
  const files = logFiles(checkpoint, tree, entries, await ledger.checkpoints());
  const nights: ShownNight[] = [];
  for (const businessDate of dates) {
    const shown: ShownRun[] = [];
    for (const run of runs.filter((each) => each.businessDate === businessDate).reverse()) {
      const entry = told.get(`run-attested ${formatRunId(run)}`);
      const one = await showRun(ledger, run, entry, provider.id);
      shown.push(one.shown);
      files.push(...one.totals.map((total) => listFile(run, total)));
    }
    nights.push({ businessDate, runs: shown });
  }
  const log = { origin, size: checkpoint.size, root: Buffer.from(checkpoint.root).toString('hex') };
  const begun = request.keys.filter(({ from }) => from <= checkpoint.size);
  files.push({ name: `log/${verifierKeysName}`, bytes: Buffer.from(formatKeys(begun)) });
  return { facts: { format: packFormat, provider, from, to, log, nights }, files };
}

interface LogPart {
  readonly checkpoint: SignedCheckpoint & { readonly root: Uint8Array };
  readonly tree: Tree;
  readonly entries: readonly ShownEntry[];
}

/** The log up to the checkpoint of the pack: its tree, and the entries that may be shown. */
async function readLog(
  ledger: LedgerReader,
  runs: readonly StoredRun[],
  from: LocalDate,
  to: LocalDate,
): Promise<LogPart> {
  const over = new Set(runs.filter(({ state }) => isFinal(state)).map(formatRunId));
  const leaves: Uint8Array[] = [];
  const entries: ShownEntry[] = [];
  let last = -1;
  for await (const { position, line } of ledger.entries(0, Number.MAX_SAFE_INTEGER)) {
    const entry = JSON.parse(Buffer.from(line).toString()) as Entry;
    leaves.push(leafHash(line));
    if (endsRun(entry) && over.has(entry.run)) last = position;
    if (mayBeShown(entry, from, to)) entries.push({ position, line: Buffer.from(line), entry });
  }
  const signed = (await ledger.checkpoints()).find(({ size }) => size > last);
  if (last < 0 || signed === undefined) throw nothingOver(from, to);
  const tree = createTree(leaves.slice(0, signed.size));
  const { root } = parseCheckpoint(textOf(signed.note));
  if (!root.every((byte, at) => byte === tree.root(0, signed.size)[at])) throw notTheLog(signed.size);
  return {
    checkpoint: { ...signed, root },
    tree,
    entries: entries.filter(({ position }) => position < signed.size),
  };
}

const endsRun = ({ what }: Entry): boolean =>
  what === 'run-sealed' || what === 'run-withheld' || what === 'run-failed';

const textOf = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1);

async function demandKnown(
  ledger: LedgerReader,
  runs: readonly StoredRun[],
  providerId: string,
): Promise<void> {
  for (const run of runs) {
    for (const list of ['released', 'held-back', 'held-back-late'] as const)
      if (await isNamed(ledger, run, list, providerId)) return;
  }
  throw new Failure('usage', {
    message: 'No list of this period names this provider.',
    found: JSON.stringify(providerId),
    allowed: 'a provider_id as the intake spells it, with people on a list of the period',
    hint: 'Nothing was exported. Check the id and the period; a provider without a roster in it has no evidence to show.',
  });
}

async function showRun(
  ledger: LedgerReader,
  run: StoredRun,
  told: ShownEntry | undefined,
  providerId: string,
): Promise<{ shown: ShownRun; totals: readonly ProvedTotal[] }> {
  const nothing = { rules: null, configuration: null, legalBasis: null, recipientAgreement: null } as const;
  const untold = { entry: null, at: null, ...nothing, purpose: null, people: null, proved: [] } as const;
  const name = formatRunId(run);
  if (told?.entry.what !== 'run-attested') {
    const outcome = isFinal(run.state) ? 'not-attested' : 'not-over';
    return { shown: { run: name, outcome, ...untold }, totals: [] };
  }
  const { at, outcome, lists, rules, configuration, legalBasis, recipientAgreement, purpose } = told.entry;
  const terms = { rules, configuration, legalBasis, recipientAgreement, purpose };
  const read = lists.length === 0 ? null : await readProviderLists(ledger, run, lists, providerId);
  const people = read === null ? null : showPeople(read.people);
  const totals = (read?.totals ?? []).filter(({ list }) => isShown(list.list, people));
  const proved = totals.map(({ list }) => list.list);
  const shown = { run: name, outcome, entry: told.position, at, ...terms, people, proved };
  return { shown, totals };
}

/** A leaf bears its total, so it stands in the pack only where that total is shown. */
const isShown = (list: AttestedList['list'], people: ShownPeople | null): boolean =>
  ({ released: people?.released, 'held-back': people?.heldBack, 'held-back-late': people?.late })[list] !==
  null;

function logFiles(
  { size, note }: SignedCheckpoint,
  tree: Tree,
  entries: readonly ShownEntry[],
  checkpoints: readonly SignedCheckpoint[],
): PackFile[] {
  const proofs = entries.map(({ position, line }) => ({
    name: `proofs/${String(position).padStart(12, '0')}.tlog-proof`,
    bytes: Buffer.from(
      `c2sp.org/tlog-proof@v1\nextra ${line.toString('base64')}\nindex ${position}\n${base64Lines(tree.inclusion(position))}\n${note}`,
    ),
  }));
  const first = entries[0]?.position ?? 0;
  const earlier = checkpoints.filter((each) => each.size > first && each.size < size);
  return [
    { name: 'entries.jsonl', bytes: Buffer.concat(entries.map(({ line }) => line)) },
    { name: `log/${newestCheckpointName}`, bytes: Buffer.from(note) },
    ...proofs,
    ...earlier.flatMap((each) => [
      { name: `log/${checkpointName(each.size)}`, bytes: Buffer.from(each.note) },
      {
        name: `log/consistency/${String(each.size).padStart(12, '0')}`,
        bytes: Buffer.from(`old ${each.size}\n${base64Lines(tree.consistency(each.size))}\n${note}`),
      },
    ]),
  ];
}

/** Fixed members in a fixed order: the text is the same for the same total. */
function listFile(run: StoredRun, { list, index, rows, leaf, proof }: ProvedTotal): PackFile {
  const told = {
    run: formatRunId(run),
    ...list,
    index,
    rows,
    leaf: leaf.toString('base64'),
    proof: proof.map((hash) => Buffer.from(hash).toString('base64')),
  };
  const name = `lists/${run.businessDate}-r${run.revision}-${list.list}.json`;
  return { name, bytes: Buffer.from(`${JSON.stringify(told, null, 2)}\n`) };
}

const nothingOver = (from: LocalDate, to: LocalDate): Failure =>
  new Failure('usage', {
    message: 'No run of this period is over and signed, so there is nothing to show.',
    found: `${from} to ${to}`,
    hint: 'Nothing was exported. See `export-gate status` for the nights there are.',
  });

const notTheLog = (size: number): Failure =>
  new Failure('audit-invalid', {
    message: 'The entries do not come to the root that was signed.',
    place: `checkpoint of ${size} entries`,
    hint: 'Nothing was exported. Run `export-gate audit verify`: it names the first bad entry.',
  });
