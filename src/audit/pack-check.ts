/** Checks an auditor pack against the log's verifier key alone: no ledger, no network, nothing of the code that made it but the tree. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AttestedList, Entry } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { newestCheckpointName, verifierKeysName } from '../domain/log-format.ts';
import { nightTable } from '../domain/night-table.ts';
import type { PackFacts, Shown, ShownRun } from '../domain/provider-pack.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { hashBytes, leafHash, verifyConsistency, verifyInclusion } from './merkle-tree.ts';
import { openSealedFolder } from './sealed-folder.ts';
import { parseVerifierKey } from './signed-note.ts';
import { parseKeys } from './signing-keys.ts';

export interface PackChecked {
  readonly provider: string;
  readonly from: string;
  readonly to: string;
  readonly digest: string;
  /** Size of the tree under whose checkpoint everything stands. */
  readonly size: number;
  readonly entries: number;
  readonly earlierCheckpoints: number;
  readonly totals: number;
}

interface Pack {
  readonly read: (name: string) => Promise<Buffer>;
  readonly names: readonly string[];
  readonly facts: PackFacts;
  readonly checkpoint: Checkpoint;
  readonly note: Buffer;
}

/**
 * Everything that can be known of a pack: seal, checkpoints, every entry, every total, and that the page's facts say no more than they
 * prove. `verifierKeys`: every key the log has had, from somewhere else than the pack. Throws `audit-invalid` naming the file that does not hold.
 */
export async function checkPack(folder: string, verifierKeys: readonly string[]): Promise<PackChecked> {
  const { digest, files } = await openSealedFolder(folder, 'pack', verifierKeys);
  const read = (name: string): Promise<Buffer> => readFile(path.join(folder, name));
  const facts = JSON.parse((await read('pack.json')).toString()) as PackFacts;
  const verifiers = verifierKeys.map(parseVerifierKey);
  const note = await read(`log/${newestCheckpointName}`);
  const checkpoint = openCheckpoint(note, facts.log.origin, verifiers);
  const named = parseKeys((await read(`log/${verifierKeysName}`)).toString());
  demand(
    named.every(({ verifierKey }) => verifierKeys.includes(verifierKey)),
    `log/${verifierKeysName}`,
  );
  const names = files.map(({ name }) => name);
  const pack = { read, names, facts, checkpoint, note };
  const root = Buffer.from(checkpoint.root).toString('hex');
  demand(facts.log.size === checkpoint.size && facts.log.root === root, 'pack.json');

  const entries = await checkEntries(pack);
  const earlier = names.filter((name) => name.startsWith('log/checkpoints/'));
  for (const name of earlier) {
    const old = openCheckpoint(await read(name), facts.log.origin, verifiers);
    await checkConsistency(pack, old, name.replace('/checkpoints/', '/consistency/'));
  }
  const totals = await checkTotals(pack, entries);
  for (const run of facts.nights.flatMap(({ runs }) => runs)) checkRun(run, entries, totals);
  demand((await read('nights.csv')).toString() === nightTable(facts), 'nights.csv');
  return {
    ...{ provider: facts.provider.id, from: facts.from, to: facts.to, digest, size: checkpoint.size },
    ...{ entries: entries.size, earlierCheckpoints: earlier.length, totals: totals.size },
  };
}

/** The entries by position, each proved to stand under the checkpoint. */
async function checkEntries({ read, names, checkpoint, note }: Pack): Promise<Map<number, Entry>> {
  const entries = new Map<number, Entry>();
  const lines: Buffer[] = [];
  for (const name of names.filter((each) => each.endsWith('.tlog-proof'))) {
    const text = (await read(name)).toString();
    const [head = '', extra = '', index = '', ...rest] = text.slice(0, text.indexOf('\n\n')).split('\n');
    const line = Buffer.from(extra.replace(/^extra /, ''), 'base64');
    const position = Number(index.replace(/^index /, ''));
    const holds = verifyInclusion({
      ...{ leafHash: leafHash(line), index: position, size: checkpoint.size, root: checkpoint.root },
      proof: hashes(rest),
    });
    demand(head === 'c2sp.org/tlog-proof@v1' && holds && text.endsWith(`\n\n${note.toString()}`), name);
    entries.set(position, JSON.parse(line.toString()) as Entry);
    lines.push(line);
  }
  demand((await read('entries.jsonl')).equals(Buffer.concat(lines)), 'entries.jsonl');
  return entries;
}

async function checkConsistency({ read, checkpoint }: Pack, old: Checkpoint, name: string): Promise<void> {
  const text = (await read(name)).toString();
  const [size = '', ...proof] = text.slice(0, text.indexOf('\n\n')).split('\n');
  const claim = { oldSize: old.size, oldRoot: old.root, newSize: checkpoint.size, newRoot: checkpoint.root };
  demand(size === `old ${old.size}` && verifyConsistency({ ...claim, proof: hashes(proof) }), name);
}

interface ListProof extends AttestedList {
  readonly run: string;
  readonly index: number;
  readonly rows: number;
  readonly leaf: string;
  readonly proof: readonly string[];
}

/** The provider's totals by run and list, each proved to stand under the root that the run's entry attests. */
async function checkTotals(
  { read, names, facts }: Pack,
  entries: ReadonlyMap<number, Entry>,
): Promise<Map<string, number>> {
  const attested = new Map<string, readonly AttestedList[]>();
  for (const entry of entries.values())
    if (entry.what === 'run-attested') attested.set(entry.run, entry.lists);
  const totals = new Map<string, number>();
  for (const name of names.filter((each) => each.startsWith('lists/'))) {
    const told = JSON.parse((await read(name)).toString()) as ListProof;
    const list = attested.get(told.run)?.find((each) => each.list === told.list);
    const leaf = Buffer.from(told.leaf, 'base64');
    const holds =
      list?.root === told.root &&
      list.providers === told.providers &&
      verifyInclusion({
        ...{ leafHash: leafHash(leaf), index: told.index, size: list.providers },
        ...{ root: Buffer.from(list.root, 'hex'), proof: hashes(told.proof) },
      });
    const { providerId, rows } = readLeaf(leaf);
    demand(holds && providerId === facts.provider.id && rows === told.rows, name);
    totals.set(`${told.run} ${told.list}`, rows);
  }
  return totals;
}

/** What the facts say of a run is what its entry says, and every total shown is one that was proved. */
function checkRun(
  run: ShownRun,
  entries: ReadonlyMap<number, Entry>,
  totals: ReadonlyMap<string, number>,
): void {
  const place = `pack.json, run ${run.run}`;
  if (run.entry === null) {
    demand(run.people === null && run.outcome !== 'sent' && run.outcome !== 'nothing-sent', place);
    return;
  }
  const entry = entries.get(run.entry);
  const same =
    entry?.what === 'run-attested' &&
    (['run', 'at', 'outcome', 'rules', 'configuration', 'legalBasis'] as const).every(
      (member) => entry[member] === run[member],
    ) &&
    entry.recipientAgreement === run.recipientAgreement &&
    entry.purpose === run.purpose;
  demand(same, place);
  const shown: readonly [AttestedList['list'], Shown | undefined][] = [
    ['released', run.people?.released],
    ['held-back', run.people?.heldBack],
    ['held-back-late', run.people?.late],
  ];
  for (const [list, count] of shown) {
    // Nobody on a list is our word: to prove it would show who stands beside.
    const proved = totals.get(`${run.run} ${list}`);
    demand(proved === undefined ? (count ?? 0) === 0 : count === proved, place);
    demand(run.proved.includes(list) === (proved !== undefined), place);
  }
}

function readLeaf(leaf: Buffer): { readonly providerId: string; readonly rows: number } {
  const length = leaf.subarray(4, 6).length === 2 ? leaf.readUInt16BE(4) : 0;
  const whole = leaf.length === 6 + length + 8 + 2 * hashBytes && leaf.toString('latin1', 0, 4) === 'EGP1';
  if (!whole) return { providerId: '', rows: -1 };
  return { providerId: leaf.toString('utf8', 6, 6 + length), rows: leaf.readUInt32BE(6 + length + 4) };
}

const hashes = (lines: readonly string[]): Buffer[] =>
  lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));

function demand(holds: boolean, place: string): void {
  if (holds) return;
  throw new Failure('audit-invalid', {
    message: 'A part of this pack does not prove what the pack says.',
    place,
    hint: 'Believe nothing in it. Ask for it again, and keep this copy.',
  });
}
