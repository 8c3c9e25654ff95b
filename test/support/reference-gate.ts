/**
 * A second reading of the in-service gate, from the policy text alone (design, sections 4 and 5; R1-R18, R45, R46, R85).
 * It shares nothing with the gate it is compared with, not even a number parser. Plain loops, no speed.
 * Where the text leaves a choice, the one that withholds is taken; such places are marked "Choice:".
 */

type Cells = Record<string, string>;

export interface RawIntake {
  serviceUsers: Cells[];
  choices: Cells[];
  providers: Cells[];
  readAt?: string; // needed on earlier nights: the RFC 3339 instant at which their choices were read
}

export interface GateQuestion {
  intake: RawIntake;
  earlier?: RawIntake[]; // gated on earlier nights, oldest first: objections once seen are carried
  businessDate: string; // D, YYYY-MM-DD
  readAt: string; // RFC 3339 instant at which choices are read
  policy: 'live' | 'test';
  extraRanges?: [number, number][]; // inclusive three-digit prefixes, allowed besides under live
}

type Objection = 'opted-out-in-service' | 'restricted' | 'value-unknown' | `number-${'shared' | 'conflict'}`;
type ProviderGround = 'provider-not-participating' | 'agreement-expired' | 'not-informed';
type RowGround = 'id-missing' | 'not-a-service-user' | 'not-resident' | 'location-invalid';
type NumberGround = 'number-missing' | 'number-invalid' | 'number-out-of-range';
type MissingGround = ProviderGround | RowGround | NumberGround;
/** It knows neither stops nor reruns. */
type Beyond = 'provider-stopped' | 'objected-before';
export type ReferenceOutcome = 'asked' | Objection | MissingGround | 'objection-elsewhere' | Beyond;

const ROSTER_LISTS: Record<string, string[]> = {
  person_type: ['service_user', 'staff'],
  in_service_choice: ['none', 'opted_out', 'opted_in'],
  restricted: ['yes', 'no'],
};
const CHOICE_LISTS: Record<string, string[]> = {
  choice: ['opt_out', 'opt_in'],
  channel: ['verbal', 'written', 'digital'],
  decided_by: ['self', 'attorney', 'deputy', 'relative', 'staff'],
};

const cell = (row: Cells, column: string): string => row[column] ?? '';

/** An empty cell is not on a list either. */
const hasUnknownValue = (row: Cells, lists: Record<string, string[]>): boolean =>
  Object.entries(lists).some(([column, allowed]) => !allowed.includes(cell(row, column)));

/** Down, up and down again, so that both sharp s (capital and small) and "ss" meet, and both small sigmas. */
const fold = (id: string): string => id.toLowerCase().toUpperCase().toLowerCase();

/** Ids for objections; an empty id links nothing. */
const idSet = (ids: string[]): Set<string> => new Set(ids.filter((id) => id !== '').map(fold));

/** What was read once is not read again: campaigns ask about the same few cells a million times. */
function remembering<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (known.has(text)) return known.get(text) as T;
    if (known.size > 50_000) known.clear();
    const value = read(text);
    known.set(text, value);
    return value;
  };
}

/** Ten digits, or empty if not valid. Choice: no trimming; only ten ASCII digits or 3-3-4 with single spaces are read. */
const validNumber = remembering((written): string => {
  if (!/^[0-9]{10}$/.test(written) && !/^[0-9]{3} [0-9]{3} [0-9]{4}$/.test(written)) return '';
  const digits = Array.from(written.replaceAll(' ', ''), Number);
  if (digits.every((digit) => digit === digits[0])) return '';
  const sum = digits.slice(0, 9).reduce((total, digit, place) => total + digit * (10 - place), 0);
  const check = 11 - (sum % 11);
  return digits[9] === (check === 11 ? 0 : check) ? digits.join('') : '';
});

/** A day of the calendar: reading it and writing it again changes nothing. Choice: a year before 100 is a placeholder. */
const isDate = remembering(
  (text) =>
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) &&
    text >= '0100' &&
    JSON.stringify(new Date(text)).startsWith(`"${text}T`),
);

/** Whether `<lease>_from` has come and `<lease>_to` is empty or has not passed. */
function isOpenOn(date: string, row: Cells, lease: 'participating' | 'resident'): boolean {
  const [from, to] = [cell(row, `${lease}_from`), cell(row, `${lease}_to`)];
  return isDate(from) && from <= date && (to === '' || (isDate(to) && to >= date));
}

const RFC_3339 =
  /^(\d{4}-\d\d-\d\d)(T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Milliseconds since 1970. Choice: rounded up, so that a tie within one goes to opt-out; capitals T and Z, no leap second. */
const instantOf = remembering((text): bigint | undefined => {
  const [, date = '', time = '', fraction = '', offset = ''] = RFC_3339.exec(text) ?? [];
  if (!isDate(date)) return undefined;
  const part = /[1-9]/.test(fraction.slice(3)) ? 1n : 0n;
  return BigInt(Date.parse(date + time + offset)) + BigInt(fraction.padEnd(3, '0').slice(0, 3)) + part;
});

function requiredInstant(text = ''): bigint {
  const instant = instantOf(text);
  if (instant === undefined) throw new Error('readAt: an RFC 3339 time is needed, for earlier nights too');
  return instant;
}

/** A roster row with its id as written, id and provider for objections, and its valid number of any range (or ''). */
const rosterOf = (intake: RawIntake) =>
  intake.serviceUsers.map((row) => {
    const [id, provider] = [cell(row, 'service_user_id'), fold(cell(row, 'provider_id'))];
    return { row, id, folded: fold(id), provider, number: validNumber(cell(row, 'nhs_number')) };
  });
type RosterRow = ReturnType<typeof rosterOf>[number];

/** Whether a choice row holds an unknown value or a time that is none. */
const isUnclear = (row: Cells): boolean =>
  hasUnknownValue(row, CHOICE_LISTS) ||
  ['requested_at', 'recorded_at'].some((column) => instantOf(cell(row, column)) === undefined);

/** When a choice row counts from; undefined: it has no say about opting in or out. */
function countsFrom(row: Cells, readAt: bigint): bigint | undefined {
  const requested = instantOf(cell(row, 'requested_at'));
  // Choice: an opt-out without a readable time is taken as requested when it is read, so no earlier opt-in undoes it.
  if (cell(row, 'choice') === 'opt_out') return requested ?? readAt;
  // Choice: an opt-in with any unknown cell or unreadable time does not count ("never counts as no opt-out").
  const mayDecide = ['self', 'attorney', 'deputy'].includes(cell(row, 'decided_by'));
  const recorded = instantOf(cell(row, 'recorded_at'));
  if (!mayDecide || isUnclear(row) || requested === undefined || recorded === undefined) return undefined;
  return requested > readAt || recorded > readAt ? undefined : requested;
}

/** The choice in force of each service user, ids byte for byte: an opt-in speaks for exactly its own id. */
function choicesInForce(choices: Cells[], readAt: bigint): Map<string, { out: boolean; at: bigint }> {
  const inForce = new Map<string, { out: boolean; at: bigint }>();
  for (const row of choices) {
    const id = cell(row, 'service_user_id');
    const at = countsFrom(row, readAt);
    if (id === '' || at === undefined) continue;
    const out = cell(row, 'choice') === 'opt_out';
    const best = inForce.get(id);
    if (!best || at > best.at || (at === best.at && out)) inForce.set(id, { out, at });
  }
  return inForce;
}

/** Every opt-out seen on an earlier night: the id it stood for, the numbers that id then bore, and since when. */
function carriedOptOuts(earlier: RawIntake[]): { id: string; numbers: string[]; since: bigint }[] {
  const carried = [];
  let spellsBefore = new Map<string, bigint>();
  for (const night of earlier) {
    const readAt = requiredInstant(night.readAt);
    const roster = rosterOf(night);
    const spells = new Map<string, bigint>();
    for (const { id, number } of roster.filter(({ row }) => cell(row, 'in_service_choice') === 'opted_out')) {
      // Choice: a spell belongs to one id with one number; either changing begins a new one, which is harder to lift.
      const key = JSON.stringify([id, number]);
      const since = spellsBefore.get(key) ?? readAt;
      spells.set(key, since);
      carried.push({ id, numbers: [number], since });
    }
    for (const [id, { out, at }] of choicesInForce(night.choices, readAt)) {
      if (!out) continue;
      const own = fold(id);
      const numbers = roster.filter(({ folded }) => folded === own).map(({ number }) => number);
      carried.push({ id, numbers, since: at });
    }
    spellsBefore = spells;
  }
  return carried;
}

/** For shared and conflicting numbers. Choice: one unreadable residence date is enough to count as resident. */
function mayBeResident(row: Cells, date: string): boolean {
  const [from, to] = [cell(row, 'resident_from'), cell(row, 'resident_to')];
  return !isDate(from) || (to !== '' && !isDate(to)) || isOpenOn(date, row, 'resident');
}

/** Numbers that two ids of one provider bear. Choice: providers case-folded, none is one too; a missing id is another id. */
function sharedNumbers(bearers: RosterRow[]): Set<string> {
  const users = bearers.filter(({ row }) => cell(row, 'person_type') === 'service_user');
  const isShared = (a: RosterRow): boolean =>
    users.some((b) => a.number === b.number && a.provider === b.provider && a.id !== b.id);
  return new Set(users.filter(isShared).map(({ number }) => number));
}

/** Ids that bear two numbers. Choice: staff rows count as well, and numbers of any range; the text asks for valid ones only. */
function conflictingIds(bearers: RosterRow[]): Set<string> {
  const isConflicting = (a: RosterRow): boolean =>
    bearers.some((b) => a.folded === b.folded && a.number !== b.number);
  return idSet(bearers.filter(isConflicting).map(({ id }) => id));
}

/** Each row's own objection, the first in the order of the table. */
function ownObjections(roster: RosterRow[], q: GateQuestion): (Objection | undefined)[] {
  const choices = q.intake.choices;
  const inForce = choicesInForce(choices, requiredInstant(q.readAt));
  const carried = carriedOptOuts(q.earlier ?? []).filter(({ id, since }) => {
    const now = inForce.get(id);
    return !now || now.out || now.at <= since;
  });
  const outIds = [...inForce].filter(([, { out }]) => out).map(([id]) => id);
  const out = idSet([...outIds, ...carried.map(({ id }) => id)]);
  const outNumbers = new Set(carried.flatMap(({ numbers }) => numbers).filter((number) => number !== ''));
  const unclear = idSet(choices.filter(isUnclear).map((row) => cell(row, 'service_user_id')));
  const bearers = roster.filter(({ row, number }) => number !== '' && mayBeResident(row, q.businessDate));
  const [shared, conflicting] = [sharedNumbers(bearers), conflictingIds(bearers)];

  return roster.map(({ row, folded, number }) => {
    const columnOut = cell(row, 'in_service_choice') === 'opted_out';
    if (columnOut || out.has(folded) || outNumbers.has(number)) return 'opted-out-in-service';
    if (cell(row, 'restricted') === 'yes') return 'restricted';
    if (hasUnknownValue(row, ROSTER_LISTS) || unclear.has(folded)) return 'value-unknown';
    if (shared.has(number)) return 'number-shared';
    return conflicting.has(folded) ? 'number-conflict' : undefined;
  });
}

/** The first ground a row does not give. Choice: a provider listed twice must allow on each line; an empty id is not listed. */
function missingGround({ row, id, number }: RosterRow, q: GateQuestion): MissingGround | undefined {
  const date = q.businessDate;
  const of = cell(row, 'provider_id');
  const lines = q.intake.providers.filter((line) => of !== '' && cell(line, 'provider_id') === of);
  if (lines.length === 0 || !lines.every((line) => isOpenOn(date, line, 'participating')))
    return 'provider-not-participating';
  const expiries = lines.map((line) => cell(line, 'agreement_expires_on'));
  if (!expiries.every((expiry) => isDate(expiry) && expiry >= date)) return 'agreement-expired';
  if (id === '') return 'id-missing';
  if (cell(row, 'person_type') !== 'service_user') return 'not-a-service-user';
  if (!isOpenOn(date, row, 'resident')) return 'not-resident';
  if (!/^1-[0-9]{6,12}$/.test(cell(row, 'location_id'))) return 'location-invalid';
  if (cell(row, 'nhs_number') === '') return 'number-missing';
  if (number === '') return 'number-invalid';
  if (!isRangeAllowed(Number(number.slice(0, 3)), q)) return 'number-out-of-range';
  const [notice, informedOn] = [cell(row, 'notice_version'), cell(row, 'informed_on')];
  const sameNotice = notice !== '' && lines.every((line) => cell(line, 'notice_version') === notice);
  return sameNotice && isDate(informedOn) && informedOn < date ? undefined : 'not-informed';
}

function isRangeAllowed(prefix: number, { policy, extraRanges = [] }: GateQuestion): boolean {
  if (policy === 'test') return prefix >= 900 && prefix <= 999;
  const isExtra = extraRanges.some(([from, to]) => prefix >= from && prefix <= to);
  return (prefix >= 400 && prefix <= 499) || (prefix >= 600 && prefix <= 799) || isExtra;
}

/** From the rows that object along ids and numbers to every row of the same person, until nothing changes. */
function reachedRows(roster: RosterRow[], own: (Objection | undefined)[]): boolean[] {
  const links = roster.map(({ folded, number }) =>
    [folded && `id ${folded}`, number && `number ${number}`].filter((link) => link !== ''),
  );
  const reached = new Set<string>();
  let before = -1;
  while (reached.size > before) {
    before = reached.size;
    links.forEach((mine, n) => {
      if (own[n] || mine.some((link) => reached.has(link))) mine.forEach((link) => reached.add(link));
    });
  }
  return links.map((mine) => mine.some((link) => reached.has(link)));
}

/** One outcome per row of the roster, in its order. */
export function referenceGate(q: GateQuestion): ReferenceOutcome[] {
  if (!isDate(q.businessDate)) throw new Error('businessDate: a date YYYY-MM-DD is needed');
  const roster = rosterOf(q.intake);
  const own = ownObjections(roster, q);
  const reached = reachedRows(roster, own);
  return roster.map(
    (row, n) => own[n] ?? missingGround(row, q) ?? (reached[n] ? 'objection-elsewhere' : 'asked'),
  );
}

/** The ten-digit numbers that may be asked about. */
export function mayBeAsked(q: GateQuestion): Set<string> {
  const outcomes = referenceGate(q);
  const asked = rosterOf(q.intake).filter((_, n) => outcomes[n] === 'asked');
  return new Set(asked.map(({ number }) => number));
}

/** The numbers that may leave. `newest.businessDate` is the date of release. Choice: both intakes must allow on both dates. */
export function referenceRelease(q: GateQuestion, answered: ReadonlySet<string>, newest = q): Set<string> {
  const own = { ...q.intake, readAt: q.readAt };
  const again = { ...newest, earlier: [...(q.earlier ?? []), own, ...(newest.earlier ?? [])] };
  const dates = [...new Set([q.businessDate, newest.businessDate])];
  const questions = [q, again].flatMap((each) => dates.map((businessDate) => ({ ...each, businessDate })));
  const allowed = questions.map(mayBeAsked);
  return new Set([...answered].filter((number) => allowed.every((numbers) => numbers.has(number))));
}
