/** What the ledger holds beside the log, read in one view. */
import type { ErasedBlock } from '../../domain/custody.ts';
import type { Digest } from '../../domain/digest.ts';
import { formatRunId, isRehearsal } from '../../domain/run.ts';
import type {
  DropPlan,
  Keyring,
  LedgerReader,
  OutboundDrop,
  PersonListName,
  PersonLists,
} from '../../ports.ts';
import type {
  PersonListReading,
  PublishedDrop,
  StoredConfiguration,
  StoredHold,
  StoredIntake,
  StoredMessage,
  StoredRequest,
  StoredRun,
  StoredStop,
  WrappedKey,
} from '../../ports.ts';
import { sha256 } from '../context.ts';
import { decodePlan, planPaper } from '../papers.ts';
import { legalHold } from '../person-erasure.ts';
import { countRecorded } from '../recorded-choices.ts';

export interface Ledgered {
  readonly runs: readonly LedgeredRun[];
  readonly messages: readonly StoredMessage[];
  readonly lists: readonly LedgeredList[];
  readonly indexSizes: Awaited<ReturnType<LedgerReader['indexSizes']>>;
  readonly receipts: readonly LedgeredReceipt[];
  /** Why nothing may be erased at present, or null. */
  readonly legalHold: string | null;
  readonly stops: readonly StoredStop[];
  readonly holds: readonly StoredHold[];
  readonly keys: readonly WrappedKey[];
  readonly intakes: readonly StoredIntake[];
  readonly configurations: readonly StoredConfiguration[];
  readonly checkpoints: readonly { readonly size: number; readonly note: string }[];
  readonly choices: number;
  /** How many entries the log held when each opt-out was first carried, ascending. */
  readonly carriedFrom: readonly number[];
}

export interface LedgeredList {
  readonly run: string;
  readonly list: PersonListName;
  readonly indexed: boolean;
  readonly reading: Omit<PersonListReading, 'people'>;
}

/** What an anchor gave back, by its digest. */
export interface LedgeredReceipt {
  readonly anchor: string;
  readonly size: number;
  readonly receipt: Digest;
}

export interface LedgeredRun {
  readonly run: StoredRun;
  readonly name: string;
  readonly requests: readonly StoredRequest[];
  readonly pending: PendingDrop;
}

/**
 * A decided run may have published without having told it yet. `none`: nothing may stand; `unknown`: its papers are dead, so its manifest
 * alone speaks; else exactly this may stand, whole or in part.
 */
export type PendingDrop = 'none' | 'unknown' | PublishedDrop;

export interface ReadingDesk {
  readonly keyring: Keyring;
  readonly lists: PersonLists;
  readonly drop: Pick<OutboundDrop, 'digests'>;
}

/** Reads all of it. Of the lists only what each comes to is kept, held against the erasures that the log tells of. */
export async function readLedger(
  desk: ReadingDesk,
  tx: LedgerReader,
  erased: readonly ErasedBlock[],
): Promise<Ledgered> {
  const runs: LedgeredRun[] = [];
  for (const run of await tx.runs({})) {
    const pending = await pendingDrop(desk, tx, run);
    runs.push({ run, name: formatRunId(run), requests: await tx.requests(run), pending });
  }
  const messages: StoredMessage[] = [];
  for await (const message of tx.messages()) messages.push(message);
  return {
    runs,
    messages,
    lists: await readLists(desk, tx, erased),
    indexSizes: await tx.indexSizes(),
    receipts: await readReceipts(tx),
    legalHold: await legalHold(tx),
    stops: await tx.stops(),
    holds: await tx.holds(),
    keys: await tx.keys(),
    intakes: await tx.intakes({}),
    configurations: await tx.configurations(),
    checkpoints: await tx.checkpoints(),
    choices: await countRecorded(tx),
    carriedFrom: await tx.carriedFrom(),
  };
}

async function readLists(
  { lists }: ReadingDesk,
  tx: LedgerReader,
  erased: readonly ErasedBlock[],
): Promise<LedgeredList[]> {
  const read: LedgeredList[] = [];
  for (const { id, run, list, indexed } of await tx.personLists()) {
    const name = formatRunId(run);
    const pieces = await tx.personListPieces([id], null);
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    const own = erased.filter((block) => block.run === name && block.list === list);
    const { digest, fault, standing } = lists.examine(bytes, own);
    read.push({ run: name, list, indexed, reading: { digest, fault, standing } });
  }
  return read;
}

async function readReceipts(tx: LedgerReader): Promise<LedgeredReceipt[]> {
  const receipts: LedgeredReceipt[] = [];
  for await (const { anchor, size, receipt } of tx.anchorings(0))
    receipts.push({ anchor, size, receipt: sha256(receipt) });
  return receipts;
}

async function pendingDrop(
  { keyring, drop }: ReadingDesk,
  tx: LedgerReader,
  run: StoredRun,
): Promise<PendingDrop> {
  if (run.state !== 'decided' || isRehearsal(run)) return 'none';
  const key = await tx.key(run.keyId);
  if (key === null) return 'unknown';
  const paper = await tx.paper(run.keyId, planPaper);
  if (paper === null) return 'none';
  const plan: DropPlan = decodePlan(run, keyring.open(key, planPaper, paper.sealed));
  return drop.digests(plan);
}
