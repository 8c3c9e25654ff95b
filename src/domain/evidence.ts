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

/** A list by its root, and the number of providers on it, without which nothing can be proved against it. */
export interface AttestedList {
  readonly list: 'released' | 'held-back' | 'held-back-late';
  readonly root: Digest;
  readonly providers: number;
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
  /** The recipient has it, by their mark in its folder or by somebody's word. */
  | { readonly what: 'drop-collected'; readonly how: 'mark' | 'word' }
  /** The gate did not pass its own trial, or did not hold back somebody made up. */
  | { readonly what: 'gate-distrusted'; readonly code: FailureCode }
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
  /** The date is run once more: the drop that the new one supersedes, by its run; empty where none stands. */
  | { readonly what: 'run-is-rerun'; readonly reason: string; readonly supersedes: string }
  | {
      readonly what: 'run-gated';
      readonly intake: Digest;
      readonly rows: GateCounts;
      readonly asked: number;
      readonly requests: number;
      readonly notAskedAgain: number;
      readonly objectedLate: number;
      /** Made-up people planted among the real ones, all of them held back for their opt-out; in no other count. */
      readonly canaries: number;
      readonly carried: number;
      /** Of the opt-outs carried, those that the intake tells of no more. */
      readonly goneMissing: number;
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
  /** `leftInInbox`: messages of other workflows, as far as MESH counts them; null where it did not say. */
  | { readonly what: 'run-answered'; readonly leftInInbox: number | null }
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
      /** Digests of files stand in the manifest, which is blinded: that of a file with one number in it can be guessed. */
      readonly what: 'run-released';
      readonly drop: string;
      readonly files: readonly Omit<FileDigest, 'sha256'>[];
      readonly manifest: Digest;
    }
  | { readonly what: 'run-sealed'; readonly totals: RunTotals }
  | {
      readonly what: 'run-withheld';
      readonly reason: string;
      /** What the person said who ended it. */
      readonly words?: string;
    }
  | { readonly what: 'run-failed'; readonly code: FailureCode }
  | {
      /** A night whose intake was refused, or never came, until its day was over: it ends failed without having begun. */
      readonly what: 'night-missed';
      readonly code: FailureCode;
      readonly configuration: Digest;
    }
  | {
      /**
       * What every controller may be shown of a run: how it ended and the roots of its lists. No total, no name of a file, no digest over
       * numbers: whoever knows a small roster could try which subset of it such a digest stands for.
       */
      readonly what: 'run-attested';
      readonly outcome: 'sent' | 'nothing-sent';
      readonly lists: readonly AttestedList[];
      readonly rules: string;
      readonly configuration: Digest;
      readonly legalBasis: string;
      readonly recipientAgreement: string;
      readonly purpose: string;
    };

export type Step = RunStep | CustodyStep;

/** One entry as it is written; `run` is empty where the step belongs to no run. */
export type Entry = Step & { readonly at: string; readonly run: string; readonly by: string };

/** Whether an entry tells nothing but how an anchor took the log. */
export const isAboutAnchors = ({ what }: Pick<Entry, 'what'>): boolean =>
  what === 'checkpoint-anchored' || what === 'anchor-unreachable';

/** The names under which rules and formats are versioned; an entry and a manifest carry them, so that a run can be replayed (R82). */
export const rulesVersion = 'rules-1';
export const dropFormatVersion = 'drop-1';
