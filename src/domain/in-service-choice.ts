import { addMonths, day, londonDate } from './calendar.ts';
import type { Instant, LocalDate } from './calendar.ts';
import { foldId } from './service-user.ts';
import type { Listed } from './service-user.ts';

export const choices = ['opt_out', 'opt_in'] as const;
export const channels = ['verbal', 'written', 'digital'] as const;
export const deciders = ['self', 'attorney', 'deputy', 'relative', 'staff'] as const;

/** One row of a service user's history of choices (R10, R12, R85). */
export interface InServiceChoice {
  readonly serviceUserId: string;
  readonly choice: Listed<(typeof choices)[number]>;
  readonly channel: Listed<(typeof channels)[number]>;
  readonly requestedAt: Instant | null;
  readonly recordedAt: Instant | null;
  readonly decidedBy: Listed<(typeof deciders)[number]>;
}

/** What a history of choices comes to, in whatever order its rows are read. */
export interface Standing {
  /** When the latest opt-out was asked for; one without a readable time counts as asked for when read. */
  readonly latestOptOut: Instant | null;
  /** When the latest opt-in that counts was asked for. */
  readonly latestOptIn: Instant | null;
  /** Some cell of the history is not on its list, or some time is not one. */
  readonly hasUnknown: boolean;
  /** When the newest row that is, or may be, an opt-out was asked for (R16: the clock starts at the request). */
  readonly newestObjectionAt: Instant | null;
}

export const nothingSaid: Standing = {
  latestOptOut: null,
  latestOptIn: null,
  hasUnknown: false,
  newestObjectionAt: null,
};

const later = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null || (b !== null && b > a) ? b : a;

/** Adds one row to a standing. `readAt` is the instant at which choices are read; an opt-in counts only if it was there at `optInsUntil`. */
export function hear(
  standing: Standing,
  row: InServiceChoice,
  readAt: Instant,
  optInsUntil = readAt,
): Standing {
  const unknown =
    [row.choice, row.channel, row.decidedBy].includes('unknown') ||
    row.requestedAt === null ||
    row.recordedAt === null;
  const mayObject = row.choice !== 'opt_in' || unknown;
  return {
    latestOptOut:
      row.choice === 'opt_out'
        ? later(standing.latestOptOut, row.requestedAt ?? readAt)
        : standing.latestOptOut,
    latestOptIn: optInCounts(row, unknown, optInsUntil)
      ? later(standing.latestOptIn, row.requestedAt)
      : standing.latestOptIn,
    hasUnknown: standing.hasUnknown || unknown,
    newestObjectionAt: mayObject
      ? later(standing.newestObjectionAt, row.requestedAt ?? readAt)
      : standing.newestObjectionAt,
  };
}

/** Only the person, an attorney or a deputy can opt somebody in, and not ahead of time (R17, R85). */
function optInCounts(row: InServiceChoice, unknown: boolean, readAt: Instant): boolean {
  if (row.choice !== 'opt_in' || unknown || row.requestedAt === null || row.recordedAt === null) return false;
  const entitled = row.decidedBy === 'self' || row.decidedBy === 'attorney' || row.decidedBy === 'deputy';
  return entitled && row.requestedAt <= readAt && row.recordedAt <= readAt;
}

/** The choice in force: the latest asked for; a tie goes to opt-out; an opt-out dated in the future counts at once. */
export function inForce(standing: Standing): 'opt_out' | 'opt_in' | 'none' {
  const { latestOptOut, latestOptIn } = standing;
  if (latestOptOut !== null && (latestOptIn === null || latestOptOut >= latestOptIn)) return 'opt_out';
  return latestOptIn === null ? 'none' : 'opt_in';
}

/** From when an opt-out in force is carried: its request, never later than the reading; null where there is none. */
export function carriedSince(standing: Standing, readAt: Instant): Instant | null {
  const { latestOptOut } = standing;
  return latestOptOut !== null && inForce(standing) === 'opt_out' ? Math.min(latestOptOut, readAt) : null;
}

/** Whether an opt-in in force ends an objection that began at `since`. */
export const lifts = (standing: Standing, since: Instant): boolean =>
  inForce(standing) === 'opt_in' && standing.latestOptIn !== null && standing.latestOptIn > since;

/** A recent opt-out that matches no roster row is most likely a mistyped id: 30 days before the reading, or dated ahead of it. */
export const isRecentObjection = (standing: Standing, readAt: Instant): boolean =>
  standing.newestObjectionAt !== null && standing.newestObjectionAt >= readAt - 30 * day;

/** Whether an unmatched opt-out was known: a newer one may be another's, mistyped; one of the future has no time to go by. */
export function isHeardOf(standing: Standing, knownSince: Instant | undefined, readAt: Instant): boolean {
  const saidAt = standing.latestOptOut ?? standing.newestObjectionAt ?? readAt;
  return knownSince !== undefined && (saidAt <= knownSince || saidAt > readAt);
}

/** The standings of all service users, by id byte for byte; choices with an empty id are counted, for they link nothing. */
export class ChoiceBook {
  readonly readAt: Instant;
  readonly #optInsUntil: Instant;
  readonly #standings = new Map<string, Standing>();
  rows = 0;
  #nameless: Standing = nothingSaid;

  /** A rerun hears no opt-in that came after its date's first run had opened: `optInsUntil`. */
  constructor(readAt: Instant, optInsUntil = readAt) {
    this.readAt = readAt;
    this.#optInsUntil = optInsUntil;
  }

  add(row: InServiceChoice): void {
    this.rows++;
    const heard = hear(
      row.serviceUserId === '' ? this.#nameless : this.of(row.serviceUserId),
      row,
      this.readAt,
      this.#optInsUntil,
    );
    if (row.serviceUserId === '') this.#nameless = heard;
    else this.#standings.set(row.serviceUserId, heard);
  }

  of(serviceUserId: string): Standing {
    return this.#standings.get(serviceUserId) ?? nothingSaid;
  }

  get nameless(): Standing {
    return this.#nameless;
  }

  /** The ids under which an objection was spoken, folded, so that it reaches every spelling of the id (R12). */
  objectionsByFoldedId(): ReadonlyMap<string, 'opted-out-in-service' | 'value-unknown'> {
    const spoken = new Map<string, 'opted-out-in-service' | 'value-unknown'>();
    for (const [id, standing] of this.#standings) {
      if (inForce(standing) === 'opt_out') spoken.set(foldId(id), 'opted-out-in-service');
      else if (standing.hasUnknown && !spoken.has(foldId(id))) spoken.set(foldId(id), 'value-unknown');
    }
    return spoken;
  }

  entries(): IterableIterator<[serviceUserId: string, standing: Standing]> {
    return this.#standings.entries();
  }
}

/** How a later opt-out stands against the seven days within which it must take effect (R16). */
export function sevenDayClock(
  requestedAt: Instant,
  honouredAt: Instant | null,
  now: Instant,
): 'due' | 'met' | 'breached' {
  const limit = requestedAt + 7 * day;
  if (honouredAt !== null) return honouredAt <= limit ? 'met' : 'breached';
  return now <= limit ? 'due' : 'breached';
}

/** The first London date on which a record of a choice may be disposed of: seven years after it was recorded (R14). */
export const choiceKeptUntil = (recordedAt: Instant): LocalDate => addMonths(londonDate(recordedAt), 7 * 12);
