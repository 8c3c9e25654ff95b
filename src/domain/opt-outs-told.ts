/** Opt-outs of earlier nights that an intake tells of no more, counted: carried they hold back all the same, but the list was cut. */

export interface OptOutsTold {
  /** When the intake was produced, in milliseconds. */
  readonly producedAt: number;
  /** Opt-outs of earlier nights that object tonight, and those of them of which the intake says nothing. */
  readonly carried: number;
  readonly missing: number;
  /** By home: rows of people whose opt-out is carried, told of by the intake or not. */
  readonly homes: Readonly<Record<string, HomeOptOuts>>;
}

export interface HomeOptOuts {
  readonly told: number;
  readonly missing: number;
}

const leastVanished = 5;
const shareVanished = 0.05;
const leastOfHome = 3;

/** Whether many opt-outs that were told of before have gone since: five or more, and more than one in twenty. */
export function optOutsVanished(before: OptOutsTold | null, now: OptOutsTold): boolean {
  if (before === null || now.producedAt <= before.producedAt) return false;
  const gone = now.missing - before.missing;
  return gone >= leastVanished && gone > (before.carried - before.missing) * shareVanished;
}

/** Whether some home's opt-outs have gone together since: three or more, and none is left. */
export function homeOptOutsVanished(before: OptOutsTold | null, now: OptOutsTold): boolean {
  if (before === null || now.producedAt <= before.producedAt) return false;
  return Object.entries(now.homes).some(
    ([home, { told, missing }]) => told === 0 && missing - (before.homes[home]?.missing ?? 0) >= leastOfHome,
  );
}
