/**
 * What must be written at each step. An entry is one JSON line of the audit log: time, run, what, who, counts, digests. It names no
 * person, and no entry says what the national check answered about a list short enough to tell whom (totals of the run only).
 */
import type { AskedOutcome } from './eligibility.ts';
import type { GateCounts } from './decision.ts';
import type { FailureCode } from './failure.ts';
import type { HoldReason, HoldStage } from './hold.ts';
import type { CustodyStep } from './custody.ts';
import type { Digest } from './digest.ts';

export interface FileDigest {
  readonly name: string;
  readonly rows: number;
  readonly sha256: Digest;
}

/** A person-level list as an entry names it: root, and the counts without which nothing can be proved against it. */
export interface ListDigest {
  readonly root: Digest;
  readonly providers: number;
  readonly rows: number;
}

/** Totals of the rows and of the numbers of a run; both add up, or the run stops (I9, R2). */
export interface RunTotals {
  readonly rows: GateCounts;
  readonly asked: number;
  readonly outcomes: Readonly<Record<AskedOutcome, number>>;
}

/** Steps of a run. */
export type RunStep =
  | { readonly what: 'intake-refused'; readonly code: FailureCode }
  | {
      readonly what: 'run-opened';
      readonly intake: Digest;
      readonly producedAt: string;
      readonly supplier: string;
      readonly files: readonly FileDigest[];
      readonly configuration: Digest;
      readonly rules: string;
      readonly legalBasis: string;
      readonly recipientAgreement: string;
      readonly purpose: string;
    }
  | {
      readonly what: 'run-gated';
      readonly intake: Digest;
      readonly rows: GateCounts;
      readonly asked: number;
      readonly requests: number;
      readonly notAskedAgain: number;
      readonly objectedLate: number;
      readonly carried: number;
      readonly unmatchedRecent: number;
      readonly unmatchedOlder: number;
      readonly newestIntake: Digest;
      readonly heldBackList: ListDigest;
    }
  | {
      readonly what: 'request-intended';
      readonly localId: string;
      readonly sequence: number;
      readonly commitment: Digest;
    }
  | {
      readonly what: 'request-sent';
      readonly localId: string;
      readonly messageId: string;
      readonly found: boolean;
    }
  /** `successor` is empty where nobody of the list may be asked about any more. */
  | { readonly what: 'request-voided'; readonly localId: string; readonly successor: string }
  | { readonly what: 'request-split'; readonly localId: string; readonly parts: number }
  | { readonly what: 'request-unanswered'; readonly localId: string }
  | { readonly what: 'number-refused-by-check'; readonly localId: string }
  | {
      /** Without its size: that of an answer tells how many of its request came back, and of a request of one number whom. */
      readonly what: 'message-kept';
      readonly messageId: string;
      readonly localId: string;
      readonly commitment: Digest;
    }
  | { readonly what: 'message-acknowledged'; readonly messageId: string }
  | {
      readonly what: 'message-understood';
      readonly messageId: string;
      readonly as:
        | 'receipt'
        | 'receipt-of-failure'
        | 'answer'
        | 'refusal'
        | 'report'
        | 'stranger'
        | 'late'
        | 'repetition';
    }
  | { readonly what: 'answer-refused'; readonly messageId: string; readonly reason: HoldReason }
  | { readonly what: 'run-asked' }
  | { readonly what: 'run-answered' }
  | {
      readonly what: 'run-held';
      readonly stage: HoldStage;
      readonly reasons: readonly HoldReason[];
      readonly digest: Digest;
    }
  | {
      readonly what: 'hold-approved' | 'hold-rejected';
      readonly hold: number;
      readonly digest: Digest;
      readonly reason: string;
      readonly signature: string | null;
    }
  | { readonly what: 'hold-expired'; readonly hold: number }
  | {
      readonly what: 'run-decided' | 'run-rehearsed';
      readonly totals: RunTotals;
      readonly newestIntake: Digest;
      readonly releasedList: ListDigest | null;
      readonly heldBackLateList: ListDigest;
      readonly commitment: Digest;
      readonly rules: string;
    }
  | { readonly what: 'decision-withdrawn'; readonly unlinked: readonly string[] }
  | {
      readonly what: 'run-released';
      readonly drop: string;
      readonly files: readonly FileDigest[];
      readonly manifest: Digest;
    }
  | { readonly what: 'run-sealed'; readonly totals: RunTotals }
  | { readonly what: 'run-withheld'; readonly reason: string }
  | { readonly what: 'run-failed'; readonly code: FailureCode };

export type Step = RunStep | CustodyStep;

/** One entry as it is written; `run` is empty where the step belongs to no run. */
export type Entry = Step & { readonly at: string; readonly run: string; readonly by: string };

/** The names under which rules and formats are versioned; an entry and a manifest carry them, so that a run can be replayed (R82). */
export const rulesVersion = 'rules-1';
export const dropFormatVersion = 'drop-1';
