/** Why a run stops until a person has looked (design, section 6), and the arithmetic behind the reasons. */

export const holdReasons = [
  'opt-out-unmatched',
  'roster-jump',
  'opt-outs-vanished',
  'home-opt-outs-vanished',
  'drop-jump',
  'removals-none',
  'removals-outside-band',
  'removals-drifting',
  'answer-empty',
  'answer-malformed',
  'answer-truncated',
  'answer-repeats',
  'answer-not-asked',
  'answer-from-elsewhere',
  'answer-before-send',
  'answers-differ',
  'message-not-understood',
  'too-few-answered',
  'clock-skew',
  'clock-moved',
  'ledger-restored',
] as const;
export type HoldReason = (typeof holdReasons)[number];

/** What is looked at before anybody is asked about, and settled there; the others belong to the release. */
export const isBeforeAsking = (reason: HoldReason): boolean =>
  reason === 'opt-out-unmatched' ||
  reason === 'roster-jump' ||
  reason === 'opt-outs-vanished' ||
  reason === 'home-opt-outs-vanished' ||
  reason === 'clock-skew' ||
  reason === 'ledger-restored';

/** What a person must look at although the request goes on waiting: the message is not certainly its answer. */
export const leavesRequestOpen = (reason: HoldReason): boolean =>
  reason === 'answer-from-elsewhere' || reason === 'answer-before-send' || reason === 'answers-differ';

/** A hold stands before anything is asked, or before anything is released; its digest covers exactly what would leave then. */
export type HoldStage = 'before-asking' | 'before-release';

/** The share of asked numbers that the national check may remove before somebody looks. */
export interface RemovalBand {
  readonly least: number;
  readonly most: number;
}

/** Shares are judged on lists of this length or more; at 4.5 % the chance of no removal among 150 is one in a thousand. */
export const judgedFrom = 150;

/** Judges the removals of a list: none at all, or a share outside its band by more than three standard deviations of chance. */
export function judgeRemovals(asked: number, returned: number, band: RemovalBand): HoldReason | null {
  if (asked < judgedFrom) return null;
  const removed = asked - returned;
  if (removed === 0) return 'removals-none';
  const chance = (share: number): number => 3 * Math.sqrt(asked * share * (1 - share));
  const tooFew = removed < asked * band.least - chance(band.least);
  const tooMany = removed > asked * band.most + chance(band.most);
  return tooFew || tooMany ? 'removals-outside-band' : null;
}

/** Sizes are judged once seven runs have been released. */
export const judgedAfterRuns = 7;
const usualSpread = 0.4;
const smallDifference = 10;

/** Whether a size lies more than 40 % (and more than ten) from the median of the last seven released runs. */
export function jumps(size: number, earlier: readonly number[]): boolean {
  if (earlier.length < judgedAfterRuns) return false;
  const sorted = earlier.slice(0, judgedAfterRuns).toSorted((a, b) => a - b);
  const median = Math.max(...sorted.slice(0, Math.ceil(judgedAfterRuns / 2)));
  const difference = Math.abs(size - median);
  return difference > smallDifference && difference > usualSpread * median;
}

/** At the deadline a run goes on without its unanswered requests if this share of the asked numbers was answered. */
export const answeredShare = 0.9;

/** Server and local clock may differ by this much before somebody looks. */
export const toleratedSkewMinutes = 2 * 60;
