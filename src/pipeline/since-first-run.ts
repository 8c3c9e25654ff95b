/** What a rerun must know of the time since its date's first run opened: whoever was heard objecting then does not come back. */
import type { Instant } from '../domain/calendar.ts';
import { heldBackReasons, isObjection } from '../domain/eligibility.ts';
import type { Entry } from '../domain/evidence.ts';
import { Failure } from '../domain/failure.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import { objectedLateIn } from './objected-late.ts';
import type {
  CarriedObjection,
  Keyring,
  Ledger,
  LedgerReader,
  PersonListName,
  PersonLists,
  StoredRun,
} from '../ports.ts';

export interface SinceFirstRun {
  /** No opt-in that came later is heard. */
  readonly openedAt: Instant;
  /** Carried opt-outs first met, or still seen in the roster's column, since then: no opt-in lifts them here. */
  readonly stays: (objection: CarriedObjection) => boolean;
  /** Held back by an objection in a run since, or, where evidence was erased, not known to have been free of one. */
  objected(number: NhsNumber): boolean;
}

type SinceDesk = { readonly ledger: Pick<Ledger, 'read'>; readonly keyring: Keyring } & {
  readonly lists: PersonLists;
};

/** The run itself is opened once; its date, with the first revision. Intake is held to the age it had then. */
export async function firstOpenedAt(
  { ledger }: Pick<SinceDesk, 'ledger'>,
  { businessDate, revision, openedAt }: RunId & Pick<StoredRun, 'openedAt'>,
): Promise<Instant> {
  if (revision <= 1) return openedAt;
  return (await ledger.read((tx) => tx.run({ businessDate, revision: 1 })))?.openedAt ?? openedAt;
}

/**
 * Null for a first run and a rehearsal. Objections are known from what is carried, from the lists of those held back in every run that was
 * under way since, whatever its date, and from what was noted of those who objected late. Throws `evidence-destroyed` where these can be
 * tied to nobody any more.
 */
export async function sinceFirstRun(
  { ledger, keyring, lists }: SinceDesk,
  run: RunId,
): Promise<SinceFirstRun | null> {
  if (run.revision <= 1) return null;
  return ledger.read(async (tx) => {
    const first = await tx.run({ businessDate: run.businessDate, revision: 1 });
    const openedAt = first?.openedAt ?? 0;
    const under = (await tx.runs({})).filter(
      (each) => (each.endedAt ?? Infinity) >= openedAt && formatRunId(each) !== formatRunId(run),
    );
    const heldBack: RunPeople[] = [];
    const released: RunPeople[] = [];
    const late = new Set<string>();
    for (const each of under) {
      for (const name of await objectedLateIn(tx, each)) late.add(name);
      for (const list of ['held-back', 'held-back-late'] as const)
        heldBack.push(...(await peopleOn({ keyring, lists }, tx, each, list)));
      if (each.businessDate === run.businessDate)
        released.push(...(await peopleOn({ keyring, lists }, tx, each, 'released')));
    }
    const erased = await erasedLists(tx);
    const isWhole = !heldBack.some(({ name }) => erased.has(name));
    const objected = (number: NhsNumber): boolean => {
      const digits = formatNhsNumber(number);
      if (heldBack.some((people) => people.objecting(digits))) return true;
      if (late.size > 0 && late.has(keyring.carriedName('number', digits))) return true;
      return !isWhole && !released.some((people) => people.stands(digits));
    };
    return { openedAt, stays: await metSince(tx, run), objected };
  });
}

/** The people on a list of a run, by their digits. */
export interface RunPeople {
  /** Run and list, as erasures name them. */
  readonly name: string;
  readonly size: number;
  stands(digits: string): boolean;
  /** Stands there for an objection. */
  objecting(digits: string): boolean;
}

/** One, or none where the run has no such list. Throws `evidence-destroyed`. */
export async function peopleOn(
  { keyring, lists }: Pick<SinceDesk, 'keyring' | 'lists'>,
  tx: LedgerReader,
  run: RunId,
  list: PersonListName,
): Promise<RunPeople[]> {
  const bytes = await tx.personList(run, list);
  if (bytes === null) return [];
  const year = await tx.keyOf('year-pseudonyms', run.businessDate.slice(0, 4));
  if (year === null) throw destroyed(run);
  const codes = new Map<string, boolean>();
  for (const { rows } of lists.examine(bytes, []).people)
    for (const { pseudonym, code } of rows) {
      const name = Buffer.from(pseudonym).toString('latin1');
      const reason = heldBackReasons[code];
      codes.set(name, codes.get(name) === true || reason === undefined || isObjection(reason));
    }
  const pseudonyms = keyring.runPseudonyms(year, run);
  const nameOf = (digits: string): string => Buffer.from(pseudonyms(digits)).toString('latin1');
  return [
    {
      name: `${formatRunId(run)} ${list}`,
      size: codes.size,
      stands: (digits) => codes.has(nameOf(digits)),
      objecting: (digits) => codes.get(nameOf(digits)) === true,
    },
  ];
}

/** Lists from which somebody was erased since: who that was, nobody can say. */
async function erasedLists(tx: LedgerReader): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const { line } of tx.entriesOf('person-erased')) {
    const entry = JSON.parse(Buffer.from(line).toString()) as Entry;
    if (entry.what === 'person-erased') for (const { run, list } of entry.blocks) names.add(`${run} ${list}`);
  }
  return names;
}

async function metSince(tx: LedgerReader, run: RunId): Promise<SinceFirstRun['stays']> {
  const before = new Set<string>();
  for await (const { id } of tx.carried(await openedBy(tx, run))) before.add(id);
  const ordinals = (await tx.intakes({}))
    .filter(({ businessDate }) => businessDate >= run.businessDate)
    .map(({ ordinal }) => ordinal);
  const first = Math.min(...ordinals, Infinity);
  return ({ id, columnSeenIn }) => !before.has(id) || (columnSeenIn ?? -1) >= first;
}

/** Position of the entry with which the date's first run opened, or was told to have been missed. */
async function openedBy(tx: LedgerReader, { businessDate }: RunId): Promise<number> {
  const name = formatRunId({ businessDate, revision: 1 });
  for (const what of ['run-opened', 'night-missed'] as const)
    for await (const { position, line } of tx.entriesOf(what))
      if ((JSON.parse(Buffer.from(line).toString()) as Entry).run === name) return position;
  return 0;
}

const destroyed = (run: RunId): Failure =>
  new Failure('evidence-destroyed', {
    message: `Who was held back in run ${formatRunId(run)} cannot be known any more: the key of its year was destroyed.`,
    hint: 'Nothing was asked or sent. This date cannot be run again.',
  });
