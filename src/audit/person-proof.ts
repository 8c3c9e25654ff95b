/**
 * That a pseudonym stands in a list of a run, or does not: one JSON file that a stranger can check with SHA-256, Ed25519 and the layout of
 * evidence-encoding.ts. Hashes are lower-case hex, bytes base64.
 *
 *   claim      `stands`            `providers` holds every provider under whom it stands, each with the one block that holds it
 *              `stands-not-under`  `providers` holds one provider, with the rows on both sides of where it would stand: blocks side by
 *                                  side, from the first block or a smaller row to the last block or a greater one
 *              `stands-nowhere`    `whole` is the list itself, to be read from end to end
 *   logged     root and counts of the list, as the log entry `entry` says them under `heldBackList` (held-back), `releasedList`
 *              (released) or `heldBackLateList` (held-back-late)
 *   providers  leaf, its index and path to `logged.root` in a tree of `logged.providers` leaves; of each block its bytes, index and path
 *              to the root that the provider's leaf bears, in a tree of as many leaves as that says
 *   entry      the line of the log (its leaf is the whole line with its LF), its position, and its path to the root of `checkpoint`
 *   erasures   entries `person-erased`, oldest first, that lead from the leaf hash in a tombstone to what is left of its block
 *
 * To check: the checkpoint's signature; paths of all entries; that the entry speaks of this run and says `logged`; paths of leaves and
 * blocks; and the claim. That rows stand in ascending order is true of the list as a whole, and only reading the whole shows it: a claim
 * of absence under one provider rests on somebody having done so. That a pseudonym is a person's is shown by the holder of the year's key.
 */
import { Failure } from '../domain/failure.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, PersonListName, PersonProof, ProvenLine, ProvenProvider } from '../ports.ts';
import { decodeEvidenceList, encodeEvidenceList, providerLeaf, rowBytes } from './evidence-encoding.ts';
import type { EvidenceList, EvidenceProvider } from './evidence-encoding.ts';
import { firstNotBefore, rowsOf, treeHash } from './evidence-erasure.ts';
import { findInList } from './evidence-list.ts';
import { inclusionProof, leafHash } from './merkle-tree.ts';
import { readToldLists } from './told-lists.ts';

export const personProofFormat = 'export-gate/person-proof-1';

export interface PersonClaim {
  readonly run: RunId;
  readonly list: PersonListName;
  readonly pseudonym: Uint8Array;
  /** Asks about this provider only. */
  readonly under: string | null;
}

/** The proof of whatever is true of the claim. Throws `evidence-destroyed` where there is no such list, `audit-invalid` where it is not as logged. */
export async function provePerson(ledger: LedgerReader, claim: PersonClaim): Promise<PersonProof> {
  const { run, list: name, pseudonym } = claim;
  const stored = await ledger.personList(run, name);
  const toldLists = await readToldLists(ledger);
  const told = toldLists.list(run, name);
  if (stored === null || told === null) throw notThere(run, name);
  const list = decodeEvidenceList(Buffer.from(stored));
  const log = await readLog(ledger);
  const said = {
    format: personProofFormat,
    run: formatRunId(run),
    list: name,
    pseudonym: hex(pseudonym),
    logged: told.logged,
    entry: log.prove(told.position),
    erasures: toldLists.erasures(run, name).map(({ position }) => log.prove(position)),
    checkpoint: log.checkpoint,
  } as const;
  const places = findInList(list, pseudonym).filter(
    ({ providerId }) => providerId === (claim.under ?? providerId),
  );
  if (places.length > 0) {
    const providers = places.map(({ providerId, block }) => provenProvider(list, providerId, [block]));
    return { ...said, claim: 'stands', providers, whole: null };
  }
  if (claim.under === null)
    return { ...said, claim: 'stands-nowhere', providers: [], whole: base64(encodeEvidenceList(list)) };
  const provider = list.providers.find(({ providerId }) => providerId === claim.under);
  if (provider === undefined) throw notThere(run, name);
  const providers = [provenProvider(list, claim.under, blocksAround(provider, pseudonym))];
  return { ...said, claim: 'stands-not-under', providers, whole: null };
}

function provenProvider(list: EvidenceList, providerId: string, blocks: readonly number[]): ProvenProvider {
  const index = list.providers.findIndex((provider) => provider.providerId === providerId);
  const leaves = list.providers.map(providerLeaf);
  const own = list.providers[index]?.blocks ?? [];
  const hashes = own.map(treeHash);
  return {
    index,
    leaf: base64(leaves[index] ?? Buffer.of()),
    path: inclusionProof(leaves.map(leafHash), index).map(hex),
    blocks: blocks.map((block) => ({
      index: block,
      leaf: base64(own[block]?.bytes ?? Buffer.of()),
      path: inclusionProof(hashes, block).map(hex),
    })),
  };
}

/** Blocks side by side that hold a smaller row, or begin the provider, and hold a greater one, or end it. */
function blocksAround(provider: EvidenceProvider, pseudonym: Uint8Array): number[] {
  const sides = provider.blocks.map((block) => {
    const rows = rowsOf(block);
    const before = firstNotBefore(rows, pseudonym);
    return { smaller: before > 0, greater: before * rowBytes < rows.length };
  });
  const last = sides.findIndex(({ greater }) => greater);
  const to = last < 0 ? sides.length - 1 : last;
  const from = Math.max(
    0,
    sides.slice(0, to + 1).findLastIndex(({ smaller }) => smaller),
  );
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

interface LogProver {
  readonly checkpoint: string;
  prove(position: number): ProvenLine;
}

/** The log up to its newest checkpoint. */
async function readLog(ledger: LedgerReader): Promise<LogProver> {
  const checkpoint = await ledger.checkpoint();
  const leaves: Uint8Array[] = [];
  const lines: Uint8Array[] = [];
  for await (const { line, leaf } of ledger.entries(0, checkpoint?.size ?? 0)) {
    leaves.push(leaf);
    lines.push(line);
  }
  return {
    checkpoint: checkpoint?.note ?? '',
    prove: (position) => ({
      position,
      line: text(lines[position] ?? Buffer.of()),
      path: inclusionProof(leaves, position).map(hex),
    }),
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const notThere = (run: RunId, list: PersonListName): Failure =>
  new Failure('evidence-destroyed', {
    message: `There is no list of those ${list} of run ${formatRunId(run)} to prove anything against.`,
    place: `run ${formatRunId(run)}`,
    hint: 'A run that released nobody has no list of those released; of a provider without a row only the whole list speaks.',
  });
