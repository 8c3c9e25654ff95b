import type { AnchorStanding } from '../../src/domain/anchoring.ts';
import { formatInstant } from '../../src/domain/calendar.ts';
import { anchorWords } from './reasons.ts';

/** How an anchor stands, as a person reads it: what it holds, since when, and how long the export goes on without it. */
export function describeStanding(standing: AnchorStanding): string {
  const { anchor, last, since } = standing;
  const taken =
    last === null
      ? `has taken nothing since ${formatInstant(since)}`
      : `holds ${last.size} entries since ${formatInstant(last.at)}`;
  return `  anchor: ${anchorWords[anchor]} ${taken}; ${consequence(standing)}`;
}

function consequence({ state, daysLeft, dueOn }: AnchorStanding): string {
  const until = `${daysLeft} day(s) left, until ${dueOn}`;
  switch (state) {
    case 'in-time':
      return until;
    case 'silent':
      return `ALARM: it did not take the log when last asked; ${until}`;
    case 'overdue':
      return 'OVERDUE: nothing is asked and nothing leaves until it takes the log (export-gate audit anchor)';
    case 'refused':
      return 'REFUSED: it holds more than this log, or something else; nothing is asked and nothing leaves';
  }
}

export const standingAsJson = ({ anchor, state, last, since, dueOn, daysLeft }: AnchorStanding): object => ({
  anchor,
  state,
  size: last?.size ?? null,
  at: last === null ? null : formatInstant(last.at),
  since: formatInstant(since),
  dueOn,
  daysLeft,
});
