/** The part of one provider in the person lists of a run: its totals, and the proof that they stand under the root in the log. */
import type { RunId } from '../domain/run.ts';
import { formatRunId } from '../domain/run.ts';
import { heldBackReasons } from '../domain/eligibility.ts';
import type { AttestedList } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { nobodyHeldBack } from '../domain/provider-pack.ts';
import type { CountedPeople } from '../domain/provider-pack.ts';
import type { LedgerReader } from '../ports.ts';
import { decodeEvidenceList, providerLeaf, rowAt } from './evidence-encoding.ts';
import type { EvidenceList, EvidenceProvider } from './evidence-encoding.ts';
import { leafHash } from './merkle-tree.ts';
import { createTree } from './proofs.ts';

/** The provider's leaf in one list; its people stand behind the root within it, unnamed. */
export interface ProvedTotal {
  readonly list: AttestedList;
  readonly index: number;
  readonly rows: number;
  readonly leaf: Buffer;
  readonly proof: readonly Uint8Array[];
}

export interface ProviderLists {
  readonly people: CountedPeople;
  readonly totals: readonly ProvedTotal[];
}

/** What the lists of a run say of a provider. Throws `audit-invalid` if a stored list is not the one whose root was attested. */
export async function readProviderLists(
  ledger: LedgerReader,
  run: RunId,
  attested: readonly AttestedList[],
  providerId: string,
): Promise<ProviderLists> {
  const people = { released: 0, heldBack: nobodyHeldBack(), late: 0 };
  const totals: ProvedTotal[] = [];
  for (const list of attested) {
    const stored = decodeEvidenceList(Buffer.from((await ledger.personList(run, list.list)) ?? []));
    const leaves = leavesOf(stored, run, list);
    const index = stored.providers.findIndex((provider) => provider.providerId === providerId);
    const provider = stored.providers[index];
    if (provider === undefined) continue;
    if (list.list === 'released') people.released = provider.rows;
    else if (list.list === 'held-back-late') people.late = provider.rows;
    else for (const reason of reasonsOf(provider)) people.heldBack[reason]++;
    const proof = createTree(leaves.map(leafHash)).inclusion(index);
    totals.push({ list, index, rows: provider.rows, leaf: providerLeaf(provider), proof });
  }
  return { people, totals };
}

/** Whether any list of a run names the provider. */
export async function isNamed(
  ledger: LedgerReader,
  run: RunId,
  list: AttestedList['list'],
  providerId: string,
): Promise<boolean> {
  const bytes = await ledger.personList(run, list);
  if (bytes === null) return false;
  return decodeEvidenceList(Buffer.from(bytes)).providers.some((each) => each.providerId === providerId);
}

function leavesOf(stored: EvidenceList, run: RunId, { list, root, providers }: AttestedList): Buffer[] {
  const leaves = stored.providers.map(providerLeaf);
  const found = Buffer.from(createTree(leaves.map(leafHash)).root(0, leaves.length)).toString('hex');
  if (found === root && leaves.length === providers) return leaves;
  throw new Failure('audit-invalid', {
    message: 'A stored list of people is not the one whose root stands in the log.',
    place: `list ${list} of run ${formatRunId(run)}`,
    hint: 'Nothing was exported. Compare the ledger with its backups: `export-gate audit verify` says what else is not right.',
  });
}

function* reasonsOf(provider: EvidenceProvider): Generator<(typeof heldBackReasons)[number]> {
  for (let row = 0; row < provider.rows; row++) {
    const reason = heldBackReasons[rowAt(provider, row).readUInt8()];
    if (reason !== undefined) yield reason;
  }
}
