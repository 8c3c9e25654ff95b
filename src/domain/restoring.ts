/**
 * What two people agree on before an older ledger takes the place of a newer one. A log never shrinks by itself: what was signed and is not
 * in the backup is lost, is named here by size and root, and is named again in the first entry after the restore. The log goes on from
 * the backup; no checkpoint of the lost part will ever be consistent with it, so that whoever holds one finds out.
 */
import type { LostTree } from './custody.ts';
import type { Digest } from './digest.ts';

/** An erasure in the part that is lost; a restore that forgot it would bring back what was erased. */
export type LostErasure =
  | {
      readonly what: 'year-erased';
      readonly position: number;
      readonly year: string;
      readonly keyId: string;
      readonly reason: string;
    }
  | { readonly what: 'person-erased'; readonly position: number; readonly blocks: number };

export interface RestoreTerms {
  /** Name of the log. */
  readonly origin: string;
  /** Digest of the backup's manifest. */
  readonly backup: Digest;
  readonly size: number;
  readonly root: Digest;
  /** The ledger whose place it takes. */
  readonly standing: LostTree | 'none' | 'unreadable';
  /** Whether its log begins with that of the backup: then all that the backup holds stands in it too, or was erased. */
  readonly standingContinues: boolean;
  /** Trees known to have been signed, or standing, that the backup does not extend to; by size. */
  readonly lost: readonly LostTree[];
  /** Erasures since the backup, as far as they are known: years are erased again; people where the ledger that stands continues the backup. */
  readonly erasures: readonly LostErasure[];
  /** The position from which nobody can tell what was erased; null where the ledger that stands tells it all. */
  readonly erasuresUnknownFrom: number | null;
  readonly reason: string;
}

/** The text that the approver signs, byte for byte. */
export function restoreText(terms: RestoreTerms): string {
  const { origin, backup, size, root, standing, lost, erasures, erasuresUnknownFrom, reason } = terms;
  const standingWords =
    typeof standing === 'string' ? standing : `entries ${standing.size} root ${standing.root}`;
  const unknown = erasuresUnknownFrom === null ? [] : [`unknown from entry ${erasuresUnknownFrom}`];
  return [
    'export-gate restore',
    `log ${origin}`,
    `backup ${backup} entries ${size} root ${root}`,
    `in place of ${standingWords}`,
    ...orNone(
      'lost',
      lost.map((tree) => `entries ${tree.size} root ${tree.root}`),
    ),
    ...orNone('erased since', [...erasures.map(erasureWords), ...unknown]),
    `reason ${reason}`,
    '',
  ].join('\n');
}

const orNone = (what: string, list: readonly string[]): string[] =>
  (list.length === 0 ? ['none'] : list).map((one) => `${what} ${one}`);

const erasureWords = (erasure: LostErasure): string =>
  erasure.what === 'year-erased'
    ? `year ${erasure.year} entry ${erasure.position}`
    : `person in ${erasure.blocks} blocks entry ${erasure.position}`;

/** The largest tree that is known to have been. */
export const largestKnown = ({ size, lost }: RestoreTerms): number =>
  Math.max(size, ...lost.map((tree) => tree.size));
