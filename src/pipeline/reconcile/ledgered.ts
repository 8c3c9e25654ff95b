/** What the ledger holds beside the log, read in one view. */
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
  WrappedKey,
} from '../../ports.ts';
import { formatRunId, isRehearsal } from '../../domain/run.ts';
import { decodePlan, planPaper } from '../papers.ts';
import { countRecorded } from '../recorded-choices.ts';

export interface Ledgered {
  readonly runs: readonly LedgeredRun[];
  readonly messages: readonly StoredMessage[];
  readonly holds: readonly StoredHold[];
  readonly keys: readonly WrappedKey[];
  readonly intakes: readonly StoredIntake[];
  readonly configurations: readonly StoredConfiguration[];
  readonly checkpoints: readonly { readonly size: number; readonly note: string }[];
  readonly choices: number;
}

export interface LedgeredRun {
  readonly run: StoredRun;
  readonly name: string;
  readonly requests: readonly StoredRequest[];
  readonly lists: readonly {
    readonly list: PersonListName;
    readonly reading: Omit<PersonListReading, 'people'>;
  }[];
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

/** Reads all of it; only the lists' digests are kept of the lists. */
export async function readLedger(desk: ReadingDesk, tx: LedgerReader): Promise<Ledgered> {
  const runs: LedgeredRun[] = [];
  for (const run of await tx.runs({})) {
    const lists = (await tx.personLists(run)).map(({ list, bytes }) => {
      const { digest, fault } = desk.lists.read(bytes);
      return { list, reading: { digest, fault } };
    });
    const pending = await pendingDrop(desk, tx, run);
    runs.push({ run, name: formatRunId(run), requests: await tx.requests(run), lists, pending });
  }
  const messages: StoredMessage[] = [];
  for await (const message of tx.messages()) messages.push(message);
  return {
    runs,
    messages,
    holds: await tx.holds(),
    keys: await tx.keys(),
    intakes: await tx.intakes({}),
    configurations: await tx.configurations(),
    checkpoints: await tx.checkpoints(),
    choices: await countRecorded(tx),
  };
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
