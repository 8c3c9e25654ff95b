/** How long the log may go on without those who remember it: an anchor that is silent for too long stops the export. */
import { day } from './calendar.ts';
import type { Instant } from './calendar.ts';

/** In the order in which they are asked: the folder comes last, so that it also holds what the others gave back. */
export const anchorNames = ['timestamp', 'witness', 'folder'] as const;
export type AnchorName = (typeof anchorNames)[number];

/** What the ledger remembers of an anchor. */
export interface AnchorRecord {
  readonly anchor: AnchorName;
  /** When it was first configured. */
  readonly since: Instant;
  readonly last: { readonly size: number; readonly at: Instant } | null;
  /** It holds something newer or different, and has taken nothing since. */
  readonly refused: boolean;
}

export type AnchorState = 'in-time' | 'overdue' | 'refused';

export interface AnchorStanding extends AnchorRecord {
  readonly state: AnchorState;
  /** Until when the export goes on without it. */
  readonly dueBy: Instant;
  /** Whole days until then; 0 on the last. */
  readonly daysLeft: number;
}

/** Days count from what it took last, or from when it was first configured; a refusal stops at once. */
export function anchorStanding(record: AnchorRecord, graceDays: number, now: Instant): AnchorStanding {
  const dueBy = (record.last?.at ?? record.since) + graceDays * day;
  const state = record.refused ? 'refused' : now > dueBy ? 'overdue' : 'in-time';
  return { ...record, state, dueBy, daysLeft: Math.max(0, Math.floor((dueBy - now) / day)) };
}
