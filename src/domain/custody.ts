/**
 * What must be written down beside the runs: the log's own life, who looked, what was given out, what was destroyed. As in evidence.ts,
 * no entry names a person.
 */
import type { LocalDate } from './calendar.ts';
import type { Digest } from './digest.ts';
import type { FailureCode } from './failure.ts';

/** A block of a person list from which somebody was erased: leaf hashes before and after. */
export interface ErasedBlock {
  readonly run: string;
  readonly list: string;
  readonly providerId: string;
  readonly block: number;
  readonly before: Digest;
  readonly after: Digest;
}

/** A signed tree of which this log is no continuation. */
export interface LostTree {
  readonly size: number;
  readonly root: Digest;
}

export type CustodyStep =
  | { readonly what: 'log-opened'; readonly origin: string; readonly verifierKey: string }
  | {
      /** `guarded`: digest over thresholds and destination, whose change needs two people; `approvedBy` is empty where none was needed. */
      readonly what: 'configuration-in-force';
      readonly digest: Digest;
      readonly previous: Digest | null;
      readonly guarded: Digest;
      /** Names of the settings that changed; what they say stands in the ledger. */
      readonly changed: readonly string[];
      readonly approvedBy: readonly string[];
      readonly reason: string;
      readonly signature: string | null;
    }
  | { readonly what: 'heartbeat'; readonly lastRun: string }
  | { readonly what: 'log-recomputed'; readonly size: number; readonly root: Digest }
  | {
      /**
       * `announced`: the note by which the old key named this one before it was destroyed (audit/key-succession.ts). It stands there where
       * a ledger of before the change was restored, and takes the place of the old key's signature.
       */
      readonly what: 'signing-key-changed';
      readonly previous: string;
      readonly verifierKey: string;
      readonly announced?: string;
    }
  | {
      readonly what: 'checkpoint-anchored';
      readonly anchor: string;
      readonly size: number;
      readonly receipt: Digest;
    }
  | { readonly what: 'anchor-unreachable'; readonly anchor: string; readonly code: FailureCode }
  | { readonly what: 'key-destroyed'; readonly keyId: string; readonly purpose: string }
  | {
      readonly what: 'choice-recorded';
      readonly choice: string;
      readonly channel: string;
      readonly commitment: Digest;
    }
  | {
      /** Who was looked up is named by a blinded commitment; the blinding is told to whoever asked, and kept nowhere. */
      readonly what: 'person-looked-up';
      readonly reason: string;
      readonly commitment: Digest;
    }
  | {
      /** One block of a person list replaced by one without the person erased: the old block stays as its leaf hash only. */
      readonly what: 'person-erased';
      readonly reason: string;
      readonly blocks: readonly ErasedBlock[];
    }
  | {
      readonly what: 'pack-exported';
      readonly provider: string;
      readonly from: LocalDate;
      readonly to: LocalDate;
      readonly digest: Digest;
    }
  | { readonly what: 'run-replayed'; readonly differences: number }
  | { readonly what: 'backup-made'; readonly size: number; readonly root: Digest; readonly digest: Digest }
  | {
      /**
       * The next entry after a restore: entries up to `size` are those of the backup. `anchoredSize`: the largest tree known to have been
       * signed; where it is larger, entries from `size` up to it are lost, and this log will never agree with it. `lost` names each tree
       * known that this log does not extend, so that whoever holds its checkpoint finds it here.
       */
      readonly what: 'ledger-restored';
      readonly size: number;
      readonly anchoredSize: number;
      readonly lost: readonly LostTree[];
      readonly backup: Digest;
      readonly reason: string;
      readonly approvedBy: readonly string[];
    }
  | {
      readonly what: 'intake-removed' | 'drop-removed';
      readonly businessDate: LocalDate;
      readonly name: string;
    }
  | {
      /** Somebody known asked for something about people that is not for their role. */
      readonly what: 'person-request-refused';
      readonly asked: string;
      readonly reason: string;
    }
  | {
      /** A drop that stands on the disk though a restored ledger does not know that it was released; null where it cannot be read. */
      readonly what: 'drop-recognised';
      readonly drop: string;
      readonly manifest: Digest | null;
    }
  | { readonly what: 'year-erased'; readonly year: string; readonly keyId: string; readonly reason: string }
  /** Null: everything. */
  | { readonly what: 'stop-set'; readonly provider: string | null; readonly reason: string }
  | {
      readonly what: 'stop-lifted';
      readonly provider: string | null;
      /** Position of the entry that set it. */
      readonly stop: number;
      readonly reason: string;
      readonly approvedBy: readonly string[];
      readonly signature: string | null;
    }
  | { readonly what: 'legal-hold-set' | 'legal-hold-lifted'; readonly reason: string };
