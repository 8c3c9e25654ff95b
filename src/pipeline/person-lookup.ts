/**
 * "Was I ever sent?" (R37, R76), answered from the person-level lists for the data protection lead. What is kept says of a person only who
 * was sent, and who was held back by this service and why; the answer says that and nothing more. Of every other night it says one sentence,
 * the same for everybody: it does not count those nights, name them, or say which of them sent nobody at all, for each of these would narrow
 * down to a national opt-out what may as well have been an absence, a hold or a night without an answer.
 *
 * What the answers still tell apart: of somebody whom the reader knows to have stood on the roster of a night that is in neither list, and on
 * which others were sent, the reader may conclude that the number was asked about and did not leave. So may whoever compares two look-ups.
 * That follows from telling somebody the nights on which they were sent, and cannot be taken back by saying less about the others.
 */
import type { LocalDate } from '../domain/calendar.ts';
import { heldBackReasons } from '../domain/eligibility.ts';
import type { HeldBackReason } from '../domain/eligibility.ts';
import { Failure } from '../domain/failure.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import { formatRunId, isRehearsal } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, StoredPersonList, WrappedKey } from '../ports.ts';
import { sha256, tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';

export interface SentNight {
  readonly run: string;
  readonly businessDate: LocalDate;
  /** When the drop stood with its manifest, RFC 3339. */
  readonly sentAt: string;
  /** Under which providers the person stood; where each of them is, it alone knows. */
  readonly providers: readonly string[];
  readonly recipientAgreement: string;
  readonly legalBasis: string;
  readonly purpose: string;
  readonly drop: string;
  /** SHA-256 of the drop's manifest. */
  readonly manifest: string;
}

export interface HeldBackNight {
  readonly run: string;
  readonly businessDate: LocalDate;
  readonly provider: string;
  readonly reason: HeldBackReason;
}

/** Newest night first. */
export interface PersonAnswer {
  readonly sent: readonly SentNight[];
  readonly heldBack: readonly HeldBackNight[];
  /** Calendar years whose evidence was erased with its key: nothing can be said of them. */
  readonly erasedYears: readonly string[];
  /** The entry that tells of this look-up, and what shows that it was about this number: SHA-256 of the blinding and the ten digits. */
  readonly entry: { readonly position: number; readonly commitment: string; readonly blinding: string };
}

export type LookupDesk = Pick<
  Pipeline,
  'ledger' | 'keyring' | 'lists' | 'claim' | 'audit' | 'clock' | 'chance' | 'by'
>;

export interface Lookup {
  readonly number: NhsNumber;
  readonly reason: string;
  /** Reads and checks every list whole instead of asking the index. */
  readonly thorough: boolean;
}

/** Writes the look-up down under a signature, then answers. Throws `audit-invalid` where a thorough look finds a list that is not as logged. */
export async function lookUp(desk: LookupDesk, { number, reason, thorough }: Lookup): Promise<PersonAnswer> {
  const digits = formatNhsNumber(number);
  const entry = await tellLookup(desk, digits, reason);
  return desk.ledger.read(async (tx) => {
    const kept = standingLists(await tx.personLists());
    if (thorough) await desk.lists.demandSound(tx, kept);
    const { found, erasedYears } = await placesOf(desk, tx, { digits, lists: kept, thorough });
    const nights = found.toSorted((a, b) => compareRuns(b.run, a.run));
    return {
      sent: await sentNights(
        tx,
        nights.filter(({ list }) => list === 'released'),
      ),
      heldBack: nights.filter(({ list }) => list !== 'released').map(heldBackNight),
      erasedYears,
      entry,
    };
  });
}

async function tellLookup(desk: LookupDesk, digits: string, reason: string): Promise<PersonAnswer['entry']> {
  const blinding = desk.chance.bytes(32);
  const commitment = sha256(blinding, Buffer.from(digits));
  let position = 0;
  await commitSigned(desk, async (tx) => {
    ({ position } = await tell(desk, tx, null, { what: 'person-looked-up', reason, commitment }));
  });
  return { position, commitment, blinding: Buffer.from(blinding).toString('hex') };
}

/** Of each list of a run the one that stands; a rehearsal sends nobody, so that nothing is said of it. */
function standingLists(lists: readonly StoredPersonList[]): StoredPersonList[] {
  const newest = new Map(lists.map((one) => [`${formatRunId(one.run)} ${one.list}`, one]));
  return [...newest.values()].filter(({ run }) => !isRehearsal(run));
}

/** A person in a list. */
export interface FoundPlace {
  readonly run: RunId;
  readonly list: StoredPersonList['list'];
  readonly providerId: string;
  readonly code: number;
}

interface Search {
  readonly digits: string;
  readonly lists: readonly StoredPersonList[];
  readonly thorough: boolean;
}

type SearchDesk = Pick<LookupDesk, 'keyring' | 'lists'>;

/** Every place of a person in these lists; years whose key was destroyed are named and not searched. */
export async function placesOf(
  desk: SearchDesk,
  tx: LedgerReader,
  { digits, lists, thorough }: Search,
): Promise<{ readonly found: readonly FoundPlace[]; readonly erasedYears: readonly string[] }> {
  const found: FoundPlace[] = [];
  const erasedYears: string[] = [];
  for (const year of [...new Set(lists.map(yearOf))].sort().reverse()) {
    const key = await tx.keyOf('year-pseudonyms', year);
    if (key === null) {
      erasedYears.push(year);
      continue;
    }
    const own = lists.filter((list) => yearOf(list) === year);
    const indexed = own.filter((list) => list.indexed && !thorough);
    for (const providerId of await tx.indexedProviders(year, desk.keyring.personTokens(key)(digits)))
      found.push(...(await searchPieces(desk, tx, { key, digits, lists: indexed, providerId })));
    const others = own.filter((list) => !list.indexed || thorough);
    found.push(...(await searchPieces(desk, tx, { key, digits, lists: others, providerId: null })));
  }
  return { found, erasedYears };
}

const yearOf = ({ run }: StoredPersonList): string => run.businessDate.slice(0, 4);

interface PieceSearch {
  readonly key: WrappedKey;
  readonly digits: string;
  readonly lists: readonly StoredPersonList[];
  readonly providerId: string | null;
}

/** So many lists are read at once: some tens of megabytes, where all pieces are wanted. */
const listsAtOnce = 60;

async function searchPieces(
  { keyring, lists: reader }: SearchDesk,
  tx: LedgerReader,
  { key, digits, lists, providerId }: PieceSearch,
): Promise<FoundPlace[]> {
  const found: FoundPlace[] = [];
  for (let at = 0; at < lists.length; at += listsAtOnce) {
    const slice = new Map(lists.slice(at, at + listsAtOnce).map((list) => [list.id, list]));
    const pseudonyms = new Map(
      [...slice.values()].map(({ id, run }) => [id, keyring.runPseudonyms(key, run)(digits)]),
    );
    for (const { listId, bytes } of await tx.personListPieces([...slice.keys()], providerId)) {
      const [list, pseudonym] = [slice.get(listId), pseudonyms.get(listId)];
      if (list === undefined || pseudonym === undefined) continue;
      for (const place of reader.find(bytes, pseudonym, providerId))
        found.push({ run: list.run, list: list.list, ...place });
    }
  }
  return found;
}

/** What the entries of a run say of its terms and of its drop. */
interface RunSaid {
  readonly run: string;
  readonly at: string;
  readonly legalBasis: string;
  readonly recipientAgreement: string;
  readonly purpose: string;
  readonly drop: string;
  readonly manifest: string;
}

async function sentNights(tx: LedgerReader, places: readonly FoundPlace[]): Promise<SentNight[]> {
  if (places.length === 0) return [];
  const [opened, released] = [await saidOf(tx, 'run-opened'), await saidOf(tx, 'run-released')];
  return [...new Set(places.map(({ run }) => formatRunId(run)))].map((run) => {
    const own = places.filter((place) => formatRunId(place.run) === run);
    const [terms, drop] = [opened.get(run), released.get(run)];
    if (terms === undefined || drop === undefined) throw untold(run);
    return {
      run,
      businessDate: own[0]?.run.businessDate ?? '',
      sentAt: drop.at,
      providers: own.map(({ providerId }) => providerId).sort(),
      recipientAgreement: terms.recipientAgreement,
      legalBasis: terms.legalBasis,
      purpose: terms.purpose,
      drop: drop.drop,
      manifest: drop.manifest,
    };
  });
}

async function saidOf(
  tx: LedgerReader,
  what: 'run-opened' | 'run-released',
): Promise<ReadonlyMap<string, RunSaid>> {
  const said = new Map<string, RunSaid>();
  for await (const { line } of tx.entriesOf(what)) {
    const entry = JSON.parse(Buffer.from(line).toString()) as RunSaid;
    said.set(entry.run, entry);
  }
  return said;
}

function heldBackNight({ run, providerId, code }: FoundPlace): HeldBackNight {
  const reason = heldBackReasons[code];
  if (reason === undefined) throw untold(formatRunId(run));
  return { run: formatRunId(run), businessDate: run.businessDate, provider: providerId, reason };
}

const compareRuns = (a: RunId, b: RunId): number =>
  a.businessDate === b.businessDate ? a.revision - b.revision : a.businessDate < b.businessDate ? -1 : 1;

const untold = (run: string): Failure =>
  new Failure('audit-invalid', {
    message: 'A person-level list says more than the audit log knows of its run.',
    place: `run ${run}`,
    hint: 'Run `export-gate audit verify`, keep the ledger as it is, and compare it with a backup.',
  });
