import { createHash } from 'node:crypto';
import type { Config } from '../config.ts';
import type { AnchorName } from '../domain/anchoring.ts';
import { formatInstant } from '../domain/calendar.ts';
import type { Digest } from '../domain/digest.ts';
import type { Step } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId, RunState } from '../domain/run.ts';
import type {
  Anchor,
  AuditLog,
  Chance,
  Claim,
  Clock,
  EntryProof,
  IntakeReader,
  Keyring,
  Ledger,
  LedgerReader,
  LedgerWriter,
  Mailbox,
  OutboundDrop,
  PersonLists,
  StoredRun,
  WrappedKey,
} from '../ports.ts';

/** What the pipeline tells whoever watches; it never logs. No event names a person. */
export type Progress =
  | { readonly step: 'state'; readonly run: RunId; readonly state: RunState }
  | {
      readonly step: 'gated';
      readonly rows: number;
      readonly asked: number;
      readonly requests: number;
      /** Service users with a choice who stand on no roster row. */
      readonly unmatched: number;
      /** Opt-outs of earlier nights that the intake tells of no more. */
      readonly goneMissing: number;
    }
  | { readonly step: 'sent'; readonly sent: number; readonly of: number }
  | { readonly step: 'waiting'; readonly open: number; readonly of: number; readonly waitedMs: number }
  | { readonly step: 'mesh-trouble'; readonly code: string }
  | { readonly step: 'left-in-inbox'; readonly messages: number }
  | { readonly step: 'compaction-put-off' }
  | { readonly step: 'anchored'; readonly anchor: AnchorName; readonly size: number }
  | {
      readonly step: 'anchor-failed';
      readonly anchor: AnchorName;
      readonly code: FailureCode;
      readonly daysLeft: number;
      readonly why: string;
    };

/** The ports and terms a run works with. One is made for each process that advances runs. */
export interface Pipeline {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly intake: IntakeReader;
  readonly mailbox: Mailbox;
  readonly drop: OutboundDrop;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly keyring: Keyring;
  readonly lists: PersonLists;
  /** In the order in which they are asked. */
  readonly anchors: readonly Anchor[];
  readonly claim: Claim;
  readonly config: Config;
  /** Who acts, as the entries say it. */
  readonly by: string;
  readonly signal: AbortSignal;
  /** Where a run has to wait, `advanceRun` returns and says when to come back, instead of sleeping. */
  readonly leavesToWait?: boolean;
  /** Messages that this process could not fetch whole and leaves in the inbox. */
  readonly unfetchable: Set<string>;
  readonly onProgress: (event: Progress) => void;
}

/** Writes an entry about a run, or about none. */
export const tell = (
  { audit, clock, by }: Pick<Pipeline, 'audit' | 'clock' | 'by'>,
  ledger: LedgerWriter,
  run: RunId | null,
  step: Step,
): Promise<EntryProof> =>
  audit.append(ledger, {
    at: formatInstant(clock.now()),
    run: run === null ? '' : formatRunId(run),
    by,
    ...step,
  });

export const sha256 = (...parts: readonly Uint8Array[]): Digest => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The run as it stands; throws `run-not-found`. */
export async function runOf(ledger: LedgerReader, id: RunId): Promise<StoredRun> {
  const run = await ledger.run(id);
  if (run !== null) return run;
  throw new Failure('run-not-found', {
    message: `There is no run ${formatRunId(id)}.`,
    hint: 'See `export-gate status`.',
  });
}

/** The key of a run's papers; throws `key-destroyed` when its time was up. */
export async function keyOfRun(ledger: LedgerReader, run: StoredRun): Promise<WrappedKey> {
  const key = await ledger.key(run.keyId);
  if (key !== null) return key;
  throw new Failure('key-destroyed', {
    message: `The papers of run ${formatRunId(run)} have been destroyed, as they must be after their keep days.`,
    hint: 'This run cannot go on. Nothing of it was sent that its evidence does not show.',
  });
}
