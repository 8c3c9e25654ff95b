/** Dates as the gate means them: London calendar dates `YYYY-MM-DD`, which compare as text, and instants in milliseconds since 1970. */

export type LocalDate = string;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

const isoDate = /^(?!00)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** The date in the cell if it is a real one written `YYYY-MM-DD`, else null; a year before 100 is a placeholder, not a date. */
export function readDate(cell: string): LocalDate | null {
  if (!isoDate.test(cell)) return null;
  const dayOfMonth = Number(cell.slice(8));
  // Every month has 28 days, and a roster has a million dates.
  return dayOfMonth <= 28 || new Date(utc(cell)).getUTCDate() === dayOfMonth ? cell : null;
}

/**
 * The instant in the cell if it is an RFC 3339 time with an offset, else null. Upper-case `T` and `Z`; leap seconds are not
 * read: such a time is unknown. Rounded up to the millisecond: an opt-in is never a moment early, and a tie goes to opt-out.
 */
export function readInstant(cell: string): Instant | null {
  const [, date, hours, minutes, seconds, fraction, offset] = rfc3339.exec(cell) ?? [];
  if (date === undefined || offset === undefined || readDate(date) === null) return null;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const away = offsetMinutes(offset);
  if (away === null) return null;
  return Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`) + milliseconds(fraction) - away * minute;
}

function milliseconds(fraction = ''): number {
  const whole = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return /[1-9]/.test(fraction.slice(3)) ? whole + 1 : whole;
}

function offsetMinutes(offset: string): number | null {
  if (offset === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return null;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** RFC 3339 in UTC with milliseconds. */
export const formatInstant = (at: Instant): string => new Date(at).toISOString();

const londonParts = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

type LondonPart = 'year' | 'month' | 'day' | 'hour' | 'minute';

const london = (at: Instant): Record<LondonPart, string> =>
  Object.fromEntries(londonParts.formatToParts(at).map(({ type, value }) => [type, value])) as Record<
    LondonPart,
    string
  >;

/** The London calendar date at an instant: the business date of what happens then. */
export function londonDate(at: Instant): LocalDate {
  const { year, month, day: dayOfMonth } = london(at);
  return `${year}-${month}-${dayOfMonth}`;
}

/** London wall-clock time `HH:MM` at an instant. */
export function londonTime(at: Instant): string {
  const { hour: hours, minute: minutes } = london(at);
  return `${hours}:${minutes}`;
}

const utc = (date: LocalDate): number => Date.parse(`${date}T00:00:00Z`);

/** The date `days` later (earlier when negative). */
export const addDays = (date: LocalDate, days: number): LocalDate =>
  formatInstant(utc(date) + days * day).slice(0, 10);

/** Whole days from one date to another. */
export const daysBetween = (from: LocalDate, to: LocalDate): number =>
  Math.round((utc(to) - utc(from)) / day);

/**
 * The same day of the month `months` later; where that month is shorter, the first day of the next one. Retention never ends on
 * the earlier of two readings: 29 February and seven years is 1 March (R14, R70).
 */
export function addMonths(date: LocalDate, months: number): LocalDate {
  const from = new Date(utc(date));
  const first = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, 1));
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const wanted = from.getUTCDate();
  const result = new Date(first);
  if (wanted > lastDay) result.setUTCMonth(result.getUTCMonth() + 1);
  else result.setUTCDate(wanted);
  return formatInstant(result.getTime()).slice(0, 10);
}

export const earliest = (dates: readonly LocalDate[]): LocalDate => dates.reduce((a, b) => (a < b ? a : b));
