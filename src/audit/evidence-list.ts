/** Person-level evidence of a run (design, section 7): building, verifying and searching the list; its bytes are in evidence-encoding.ts. */
import { Failure } from '../domain/failure.ts';
import {
  blindingBytes,
  blockHeader,
  blocksFor,
  providerLeaf,
  pseudonymBytes,
  rowBytes,
  rowsPerBlock,
  sumOf,
} from './evidence-encoding.ts';
import type { EvidenceBlock, EvidenceList, EvidenceProvider } from './evidence-encoding.ts';
import { isWellFormed, placesOf, pseudonymAt, rowOf, rowsOf, treeHash } from './evidence-erasure.ts';
import { erasureFault } from './told-erasures.ts';
import type { ErasureFault, ToldErasure } from './told-erasures.ts';
import { leafHash, rootOfLeaves } from './merkle-tree.ts';

export interface EvidenceRow {
  readonly providerId: string;
  /** 16 bytes. */
  readonly pseudonym: Uint8Array;
  /** Reason code, 0 to 255; 0 or absent in the list of those released. */
  readonly code?: number;
}

type PseudonymRow = Omit<EvidenceRow, 'providerId'>;

const longestId = 0xffff;

/**
 * The list over these rows, which may come in any order. `blinding` gives 32 fresh random bytes: one call for each block and then one
 * for their provider, in list order. Throws `unexpected` for a row or blinding that does not fit, and for a person named twice by one
 * provider: which reason counts is for the caller to say.
 */
export function buildEvidenceList(rows: Iterable<EvidenceRow>, blinding: () => Uint8Array): EvidenceList {
  const groups = new Map<string, EvidenceRow[]>();
  for (const row of rows) {
    const group = groups.get(row.providerId);
    if (group === undefined) groups.set(row.providerId, [row]);
    else group.push(row);
  }
  const inOrder = [...groups].sort(([a], [b]) => Buffer.compare(idBytes(a), idBytes(b)));
  return buildEvidenceListByProvider(inOrder, blinding);
}

/**
 * The same over one provider's rows after another, in any order of providers: each group is packed before the next is asked for, so that
 * only one provider's rows are in memory as objects. Throws `unexpected` besides for a provider that comes twice.
 */
export function buildEvidenceListByProvider(
  groups: Iterable<readonly [providerId: string, rows: readonly PseudonymRow[]]>,
  blinding: () => Uint8Array,
): EvidenceList {
  const built: { readonly id: Buffer; readonly provider: EvidenceProvider }[] = [];
  for (const [providerId, rows] of groups) {
    for (const row of rows) demandFit({ providerId, ...row });
    built.push({ id: idBytes(providerId), provider: buildProvider(providerId, [...rows], blinding) });
  }
  built.sort((a, b) => Buffer.compare(a.id, b.id));
  if (built.some(({ id }, at) => built[at - 1]?.id.equals(id) === true)) {
    throw unfit('A provider comes twice.', 'each provider once');
  }
  const providers = built.map(({ provider }) => provider);
  return { root: rootOfProviders(providers), rows: sumOf(providers.map((p) => p.rows)), providers };
}

export type ListFault =
  | 'provider-order'
  | 'block-count'
  | 'block-header'
  | 'row-order'
  | 'provider-root'
  | 'row-total'
  | 'list-root'
  | ErasureFault['fault'];

/** The first thing wrong with a list; without a provider it is about the whole. Blocks count from 0. */
export interface ListFinding {
  readonly fault: ListFault;
  readonly providerId?: string;
  readonly block?: number;
}

/**
 * Recomputes everything from the blocks: order of providers, headers, order of rows (so that nobody stands twice in a provider, and
 * absence can be seen), roots and counts. `erased` are the erasures from this list that the log tells of, oldest first: a tombstone that
 * they do not lead to is a fault, and so is a block that is still what it was before one. Undefined when all is sound. That the root is
 * the logged one is for the caller to compare.
 */
export function verifyEvidenceList(
  list: EvidenceList,
  erased: readonly ToldErasure[] = [],
): ListFinding | undefined {
  let before: Buffer | undefined;
  for (const provider of list.providers) {
    const { providerId } = provider;
    const id = Buffer.from(providerId);
    if (before !== undefined && Buffer.compare(before, id) >= 0)
      return { fault: 'provider-order', providerId };
    const finding = findingIn(provider) ?? erasureFault(provider, erased);
    if (finding !== undefined) return finding;
    before = id;
  }
  if (list.rows !== sumOf(list.providers.map(({ rows }) => rows))) return { fault: 'row-total' };
  return list.root === rootOfProviders(list.providers) ? undefined : { fault: 'list-root' };
}

/** Where a pseudonym stands: block within the provider and row within the block, both from 0. */
export interface EvidencePlace {
  readonly providerId: string;
  readonly block: number;
  readonly row: number;
  readonly code: number;
}

/** Every place of this pseudonym, at most one a provider. Searches by halves: the list must have been verified. */
export const findInList = (list: EvidenceList, pseudonym: Uint8Array): EvidencePlace[] =>
  list.providers.flatMap((provider) => findInProvider(provider, pseudonym) ?? []);

/** The same within one provider; null if the pseudonym does not stand there. */
export function findInProvider(
  { providerId, blocks }: EvidenceProvider,
  pseudonym: Uint8Array,
): EvidencePlace | null {
  for (const [block, one] of blocks.entries()) {
    const rows = rowsOf(one);
    const last = rows.length / rowBytes - 1;
    if (last < 0 || Buffer.compare(pseudonymAt(rows, last), pseudonym) < 0) continue;
    const row = rowOf(rows, pseudonym);
    return row === null ? null : { providerId, block, row, code: rows.readUInt8(row * rowBytes) };
  }
  return null;
}

function buildProvider(
  providerId: string,
  group: PseudonymRow[],
  blinding: () => Uint8Array,
): EvidenceProvider {
  group.sort((a, b) => Buffer.compare(a.pseudonym, b.pseudonym));
  const blocks = Array.from({ length: blocksFor(group.length) }, (_, number) => {
    const rows = group.slice(number * rowsPerBlock, (number + 1) * rowsPerBlock);
    return { bytes: blockLeaf(blockHeader(providerId, number, rows.length), draw(blinding), rows) };
  });
  const provider = {
    providerId,
    rows: group.length,
    root: rootOfBlocks(blocks),
    blinding: draw(blinding),
    blocks,
  };
  // What is about to be evidence must pass the auditor's own check; the one fault a caller can bring is a repeated person.
  if (findingIn(provider) !== undefined) {
    throw unfit(
      `A person stands twice under provider ${JSON.stringify(providerId)}.`,
      'each person once a provider',
    );
  }
  return provider;
}

function blockLeaf(header: Buffer, blinding: Buffer, rows: readonly PseudonymRow[]): Buffer {
  const body = Buffer.alloc(rows.length * rowBytes);
  rows.forEach(({ code = 0, pseudonym }, row) => {
    body[row * rowBytes] = code;
    body.set(pseudonym, row * rowBytes + 1);
  });
  return Buffer.concat([header, blinding, body]);
}

function findingIn(provider: EvidenceProvider): ListFinding | undefined {
  const { providerId, rows, blocks, root } = provider;
  if (rows === 0 || blocks.length !== blocksFor(rows)) return { fault: 'block-count', providerId };
  const places = placesOf(provider);
  const unfit = blocks.findIndex((block, at) => !isWellFormed(block, places[at]));
  if (unfit >= 0) return { fault: 'block-header', providerId, block: unfit };
  let before: Buffer | undefined;
  for (const [block, one] of blocks.entries()) {
    const body = rowsOf(one);
    for (let row = 0; row * rowBytes < body.length; row += 1) {
      const here = pseudonymAt(body, row);
      if (before !== undefined && Buffer.compare(before, here) >= 0)
        return { fault: 'row-order', providerId, block };
      before = here;
    }
  }
  return root === rootOfBlocks(blocks) ? undefined : { fault: 'provider-root', providerId };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const rootOfBlocks = (blocks: readonly EvidenceBlock[]): string => hex(rootOfLeaves(blocks.map(treeHash)));
const rootOfProviders = (providers: readonly EvidenceProvider[]): string =>
  hex(rootOfLeaves(providers.map((provider) => leafHash(providerLeaf(provider)))));

function demandFit({ pseudonym, code = 0 }: EvidenceRow): void {
  if (pseudonym.length !== pseudonymBytes) throw unfit('A pseudonym has a wrong length.', '16 bytes');
  if (!Number.isInteger(code) || code < 0 || code > 0xff) {
    throw unfit('A reason code is out of range.', '0 to 255');
  }
}

function idBytes(providerId: string): Buffer {
  const id = Buffer.from(providerId);
  if (id.length > longestId || id.toString() !== providerId) {
    throw unfit('A provider id cannot be written.', 'well-formed Unicode of at most 65535 bytes');
  }
  return id;
}

function draw(blinding: () => Uint8Array): Buffer {
  const bytes = Buffer.from(blinding());
  if (bytes.length !== blindingBytes) throw unfit('A blinding has a wrong length.', '32 bytes');
  return bytes;
}

const unfit = (message: string, allowed: string): Failure =>
  new Failure('unexpected', {
    message,
    place: 'evidence list',
    allowed,
    hint: 'No list was made, so nothing may leave. Report this.',
  });
