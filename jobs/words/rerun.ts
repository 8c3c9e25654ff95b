import { formatRunId } from '../../src/domain/run.ts';
import { suppressed } from '../../src/domain/suppression.ts';
import { removalReasons } from '../../src/pipeline/rerun.ts';
import type { RemovalReason, RerunPreview } from '../../src/pipeline/rerun.ts';
import { askedWords, gateWords } from './reasons.ts';

const removalWords: Readonly<Record<RemovalReason, string>> = {
  ...gateWords,
  'objected-late': 'objected, or left, by a newer intake',
  'refused-by-check': askedWords['refused-by-check'],
  'not-on-roster': 'on the roster no more, or under another number',
};

/** A count under ten is hidden, and whatever could tell one beside the size of the drop that stands (R73). */
function shown({ added, kept, removed }: RerunPreview) {
  const { cells } = suppressed({ ...removed, kept });
  const hidden = removalReasons.some((reason) => cells[reason] === null);
  const total = removalReasons.reduce((sum, reason) => sum + removed[reason], 0);
  const removedBy = Object.fromEntries(removalReasons.map((reason) => [reason, cells[reason]]));
  return { added: suppressed({ added }).total, kept: cells.kept, removed: hidden ? null : total, removedBy };
}

const counted = (count: number | null): string => count?.toLocaleString('en-GB') ?? '(hidden)';

/** What a rerun would change, for a person. */
export function describePreview(preview: RerunPreview): string {
  const { latest, next, superseded, isSame } = preview;
  if (isSame)
    return `Nothing has changed since run ${formatRunId(latest)} was released: same intake, same choices. Nothing is to be done.\n`;
  const { added, kept, removed, removedBy } = shown(preview);
  const before = superseded === null ? 'no drop' : `the drop of run ${formatRunId(superseded)}`;
  const lines = [
    `Run ${formatRunId(next)} would take the place of ${before}.`,
    `  +${counted(added)} people would be asked about who were not sent; they leave only if the national check returns them`,
    `  =${counted(kept)} people who were sent would be asked about again`,
    `  -${counted(removed)} people who were sent would not be sent again:`,
    ...removalReasons
      .filter((reason) => (removedBy[reason] ?? 0) > 0)
      .map((reason) => `      ${counted(removedBy[reason] ?? null)}  ${removalWords[reason]}`),
    ...(removed === null
      ? ['      (hidden: a count under ten, or one by which such a count could be told)']
      : []),
    'Nobody comes back who was heard objecting since the first run of the date. What was published stays as it is.',
  ];
  return `${lines.join('\n')}\n`;
}

/** The same for machines; `null` is hidden. */
export function previewAsJson(preview: RerunPreview): string {
  const { latest, next, superseded, isSame } = preview;
  const result = {
    latest: formatRunId(latest),
    next: formatRunId(next),
    supersedes: superseded === null ? null : formatRunId(superseded),
    same: isSame,
    ...shown(preview),
  };
  return `${JSON.stringify(result, null, 2)}\n`;
}
