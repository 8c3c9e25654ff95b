/** How long the log may go on without those who remember it: an anchor that is silent for too long stops the export. */
import { addDays, daysBetween, londonDate } from './calendar.ts';
import type { Instant, LocalDate } from './calendar.ts';

/** In the order in which they are asked: the folder comes last, so that it also holds what the others gave back. */
export const anchorNames = ['timestamp', 'witness', 'folder'] as const;
export type AnchorName = (typeof anchorNames)[number];

/** What came of it when the anchor was last shown the log: it took it, it gave no receipt, or it holds more than we show or something else. */
export const anchorOutcomes = ['taken', 'unreachable', 'refused'] as const;
export type AnchorOutcome = (typeof anchorOutcomes)[number];

/** What the ledger remembers of an anchor. */
export interface AnchorRecord {
  readonly anchor: AnchorName;
  /** When it was first configured. */
  readonly since: Instant;
  readonly last: { readonly size: number; readonly at: Instant } | null;
  readonly outcome: AnchorOutcome;
}

/** `silent`: it gave no receipt when last asked, and the export still goes on. `overdue` and `refused` stop it. */
export type AnchorState = 'in-time' | 'silent' | 'overdue' | 'refused';

export interface AnchorStanding extends AnchorRecord {
  readonly state: AnchorState;
  /** The last London date on which the export goes on without it. */
  readonly dueOn: LocalDate;
  /** Days until then; 0 on the last. */
  readonly daysLeft: number;
}

/**
 * Dates count from the one on which it took something last, or was first configured: a night that was begun within its grace is not cut
 * short by the hour. A refusal stops at once.
 */
export function anchorStanding(record: AnchorRecord, graceDays: number, now: Instant): AnchorStanding {
  const today = londonDate(now);
  const dueOn = addDays(londonDate(record.last?.at ?? record.since), graceDays);
  const state = stateOf(record.outcome, today > dueOn);
  return { ...record, state, dueOn, daysLeft: Math.max(0, daysBetween(today, dueOn)) };
}

function stateOf(outcome: AnchorOutcome, isDue: boolean): AnchorState {
  if (outcome === 'refused') return 'refused';
  if (isDue) return 'overdue';
  return outcome === 'unreachable' ? 'silent' : 'in-time';
}

/** Whether the export stops for it. */
export const stopsExport = ({ state }: Pick<AnchorStanding, 'state'>): boolean =>
  state === 'overdue' || state === 'refused';
