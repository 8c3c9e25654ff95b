/**
 * A sequential test on the totals of nights: whether the national check removes, night after night, far fewer or far more than the base
 * rate says. Page's cumulative sum of log likelihood ratios, once against a third of the base rate and once against three times as much; it
 * begins anew whenever it falls below nothing, so that a share between (0.6 to 1.8 times the base rate) never adds up.
 */

/** What was answered on a night: numbers asked about, and those of them that did not come back. */
export interface AnsweredNight {
  readonly answered: number;
  readonly removed: number;
}

const factor = 3;
/** One false alarm in a thousand. */
const alarm = Math.log(1000);
/** The same people are asked about every night: a week of nights tells as much as one night of strangers. */
const nightsThatCountAsOne = 7;
/** How many nights are added up, so that what the same few people answer does not become a certainty. */
export const judgedNights = 28;

/** Judges nights, oldest first; the newest may be tonight. */
export function removalsDrift(nights: readonly AnsweredNight[], baseRate: number): boolean {
  const others = [baseRate / factor, Math.min(baseRate * factor, (1 + baseRate) / 2)];
  return others.some((other) => {
    let sum = 0;
    for (const { answered, removed } of nights.slice(-judgedNights)) {
      const gone = removed * Math.log(other / baseRate);
      const back = (answered - removed) * Math.log((1 - other) / (1 - baseRate));
      sum = Math.max(0, sum + (gone + back) / nightsThatCountAsOne);
    }
    return sum > alarm;
  });
}
