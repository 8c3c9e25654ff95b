/** Dates as the gate means them: London calendar dates `YYYY-MM-DD`, which compare as text, and instants in milliseconds since 1970. */

export type LocalDate = string;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

const isoDate = /^(\d{4})-(\d{2})-(\d{2})$/;
const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** The date in the cell if it is a real one written `YYYY-MM-DD`, else null. */
export function readDate(cell: string): LocalDate | null {
  const [, year, month, dayOfMonth] = isoDate.exec(cell) ?? [];
  if (year === undefined) return null;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth)));
  return Number(year) > 0 && date.toISOString().startsWith(cell) ? cell : null;
}

/**
 * The instant in the cell if it is an RFC 3339 time with an offset, else null. Upper-case `T` and `Z`; leap seconds are not
 * read: such a time is unknown.
 */
export function readInstant(cell: string): Instant | null {
  const [, date, hours, minutes, seconds, fraction, offset] = rfc3339.exec(cell) ?? [];
  if (date === undefined || offset === undefined || readDate(date) === null) return null;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const away = offsetMinutes(offset);
  if (away === null) return null;
  const local = Date.parse(
    `${date}T${hours}:${minutes}:${seconds}.${(fraction ?? '').padEnd(3, '0').slice(0, 3)}Z`,
  );
  return local - away * minute;
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

function london(at: Instant): Record<string, string> {
  return Object.fromEntries(londonParts.formatToParts(at).map(({ type, value }) => [type, value]));
}

/** The London calendar date at an instant: the business date of what happens then. */
export function londonDate(at: Instant): LocalDate {
  const part = london(at);
  return `${part['year'] ?? ''}-${part['month'] ?? ''}-${part['day'] ?? ''}`;
}

/** London wall-clock time `HH:MM` at an instant. */
export function londonTime(at: Instant): string {
  const part = london(at);
  return `${part['hour'] ?? ''}:${part['minute'] ?? ''}`;
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
