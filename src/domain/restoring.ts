/**
 * What two people agree on before an older ledger takes the place of a newer one. A log never shrinks by itself: what was signed and is not
 * in the backup is lost, is named here by size and root, and is named again in the first entry after the restore. The log goes on from
 * the backup; no checkpoint of the lost part will ever be consistent with it, so that whoever holds one finds out.
 */
import type { LostTree } from './custody.ts';
import type { Digest } from './digest.ts';
import { Failure } from './failure.ts';

export interface RestoreTerms {
  /** Digest of the backup's manifest. */
  readonly backup: Digest;
  readonly size: number;
  readonly root: Digest;
  /** The ledger whose place it takes. */
  readonly standing: LostTree | 'none' | 'unreadable';
  /** Trees known to have been signed, or standing, that the backup does not extend to; by size. */
  readonly lost: readonly LostTree[];
  readonly reason: string;
}

/** The text that the approver signs, byte for byte. */
export function restoreText({ backup, size, root, standing, lost, reason }: RestoreTerms): string {
  const standingWords =
    typeof standing === 'string' ? standing : `entries ${standing.size} root ${standing.root}`;
  return [
    'export-gate restore',
    `backup ${backup} entries ${size} root ${root}`,
    `in place of ${standingWords}`,
    ...(lost.length === 0
      ? ['lost none']
      : lost.map((tree) => `lost entries ${tree.size} root ${tree.root}`)),
    `reason ${reason}`,
    '',
  ].join('\n');
}

/** The largest tree that is known to have been. */
export const largestKnown = ({ size, lost }: RestoreTerms): number =>
  Math.max(size, ...lost.map((tree) => tree.size));

const onOneLine = /^[^\p{Cc}\u2028\u2029]{3,500}$/u;

/** Throws `usage` unless the reason can stand in the text, and in an entry that every provider may be shown. */
export function demandReason(reason: string): void {
  if (onOneLine.test(reason.trim())) return;
  throw new Failure('usage', {
    message: 'A restore needs a reason.',
    found: `${reason.length} characters`,
    allowed: 'one line of 3 to 500 characters; it stands in the log, and every provider may be shown it',
    hint: 'Say in a sentence why the ledger is put back.',
  });
}
