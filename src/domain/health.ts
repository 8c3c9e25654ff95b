import type { AnchorName } from './anchoring.ts';
import type { Instant, LocalDate } from './calendar.ts';
import type { GateOutcome } from './eligibility.ts';
import type { RunState } from './run.ts';

/** What ends one day, and with it the sending. `provider-lease`: the first of all who take part. */
export const lapsings = [
  'legal-basis',
  'recipient-agreement',
  'client-certificate',
  'provider-lease',
] as const;
export type Lapsing = (typeof lapsings)[number];

/** From this many days before, somebody is told. */
export const lapsingSoon = 30;

/** How the gate is, in numbers that somebody outside watches. No number of people but whole nights', and nothing of the national check. */
export interface Health {
  readonly lastNight: { readonly businessDate: LocalDate; readonly state: RunState | 'missing' };
  readonly nightsOwed: number;
  readonly oldestOwedDays: number;
  readonly openHolds: number;
  /** Of the newest drop; null if there never was one. */
  readonly lastRelease: { readonly at: Instant; readonly numbers: number } | null;
  readonly uncollected: { readonly drops: number; readonly oldestSince: Instant | null };
  readonly lastRunSeconds: number | null;
  /** Rows of the newest gated night, by outcome. */
  readonly rows: Readonly<Partial<Record<GateOutcome, number>>>;
  readonly entries: number;
  readonly entriesUnsigned: number;
  readonly anchors: readonly {
    readonly name: AnchorName;
    readonly takenAt: Instant | null;
    readonly isSound: boolean;
  }[];
  readonly lastBackupAt: Instant | null;
  readonly daysToExpiry: Readonly<Record<Lapsing, number | null>>;
  /** Since when the oldest message has been kept without being acknowledged and understood; null where none waits. */
  readonly oldestMessageAt: Instant | null;
  /** Bells that wait or are being answered; null where there is no queue. */
  readonly bellsWaiting: number | null;
}
