const dayLength = 86_400_000;

/** The days around a business date, and moments before the cohort was produced. */
export interface Days {
  /** `YYYY-MM-DD`, so many days after the business date (before it when negative). */
  day(offset: number): string;
  /** RFC 3339 in UTC, to the second, so many days (fractions allowed) before the choices were written out. */
  ago(days: number): string;
}

/**
 * `producedAt` is RFC 3339. Moments count back from it, or from the start of the business date where that is earlier: then the
 * same date gives the same choices whenever they are made.
 */
export function daysAround(date: string, producedAt: string): Days {
  const midnight = startOfDay(date);
  const until = Math.min(midnight, moment(producedAt));
  const written = new Map<number, string>();

  function day(offset: number): string {
    const known = written.get(offset);
    if (known !== undefined) return known;
    const text = dateText(midnight + offset * dayLength);
    written.set(offset, text);
    return text;
  }
  return { day, ago: (days) => `${new Date(until - days * dayLength).toISOString().slice(0, 19)}Z` };
}

/** The date `YYYY-MM-DD` so many days after another. */
export const daysAfter = (date: string, days: number): string =>
  dateText(startOfDay(date) + days * dayLength);

/** Days from one date to another. */
export const daysBetween = (from: string, to: string): number =>
  (startOfDay(to) - startOfDay(from)) / dayLength;

/** Whether the text is a date `YYYY-MM-DD` that the calendar knows. */
export function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && dateText(at) === text;
}

function startOfDay(date: string): number {
  if (!isDate(date)) throw new RangeError(`"${date}" is not a date YYYY-MM-DD.`);
  return Date.parse(`${date}T00:00:00Z`);
}

const dateText = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Milliseconds since 1970. Throws RangeError for a time without an offset and for what is no time at all. */
export function moment(time: string): number {
  const at = /T.*(Z|[+-]\d{2}:\d{2})$/i.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at)) throw new RangeError(`"${time}" is not an RFC 3339 time with an offset.`);
  return at;
}
