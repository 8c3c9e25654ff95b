/**
 * Where the floors meet. The pipeline knows these interfaces; the wings make them true; `test/support/contracts/` holds one suite per
 * port, run against the fake and against the real adapter.
 */
import type { AnchorName } from './domain/anchoring.ts';
import type { Instant, LocalDate } from './domain/calendar.ts';
import type { Settings } from './domain/configuration.ts';
import type { ErasedBlock } from './domain/custody.ts';
import type { Digest } from './domain/digest.ts';
import type { AttestedList, Entry, FileDigest, ListDigest, RunTotals, Step } from './domain/evidence.ts';
import type { HoldReason, HoldStage } from './domain/hold.ts';
import type { InServiceChoice } from './domain/in-service-choice.ts';
import type { NumberList } from './domain/number-list.ts';
import type { Provider } from './domain/provider.ts';
import type { RequestState, RunId, RunState } from './domain/run.ts';
import type { ServiceUserRow } from './domain/service-user.ts';
import type { StopMove } from './domain/stop.ts';

// ---------------------------------------------------------------------------------------------------------------- time and chance

export interface Clock {
  /** Wall-clock time. */
  now(): Instant;
  /** Whole milliseconds of a clock that never goes back, for durations. The digits of a fraction could read as an NHS number. */
  monotonic(): number;
  /** Waits; rejects with `interrupted` when the signal fires first. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface Chance {
  /** Cryptographically strong random bytes. */
  bytes(length: number): Uint8Array;
}

// ------------------------------------------------------------------------------------------------------------------------- intake

/** An intake folder whose manifest was verified against every byte of its three files. */
export interface VerifiedIntake {
  readonly folder: string;
  /** SHA-256 over the manifest's bytes: the intake's name in the evidence. */
  readonly digest: Digest;
  readonly businessDate: LocalDate;
  readonly producedAt: Instant;
  readonly supplier: string;
  readonly files: readonly FileDigest[];
}

export interface IntakeTerms {
  readonly businessDate: LocalDate;
  /** When this date's run first opened: what was produced over 24 hours before is stale. */
  readonly openedAt: Instant;
  readonly now: Instant;
  /** `producedAt` of intakes that earlier runs of other dates were opened with. */
  readonly usedElsewhere: ReadonlySet<Instant>;
}

export interface IntakeReader {
  /**
   * Verifies the folder of `terms.businessDate` (manifest first, then digest and row count of each file) before any row is believed.
   * Throws `intake-missing`, `manifest-*`, `intake-file-*`.
   */
  verify(terms: IntakeTerms): Promise<VerifiedIntake>;
  /** Business dates of the folders that look like intakes, newest first. */
  dates(): Promise<readonly LocalDate[]>;
  /** The following three read a verified intake and throw `intake-file-altered` if a byte changed since; each structural fault throws its code. */
  providers(intake: VerifiedIntake): Promise<ReadonlyMap<string, Provider>>;
  choices(intake: VerifiedIntake): AsyncIterable<InServiceChoice>;
  roster(intake: VerifiedIntake): AsyncIterable<ServiceUserRow>;
  /** Removes a folder that has outlived its keep days. */
  remove(businessDate: LocalDate): Promise<void>;
}

// --------------------------------------------------------------------------------------------------------------------------- MESH

export interface OutgoingMessage {
  readonly to: string;
  readonly workflowId: string;
  readonly localId: string;
  readonly subject: string;
  readonly fileName: string;
  readonly body: Uint8Array;
}

/** One part of a message as it came over the wire: header names in lower case, body not decoded. */
export interface RawPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface RawMessage {
  readonly messageId: string;
  readonly parts: readonly RawPart[];
}

export interface Mailbox {
  readonly mailboxId: string;
  /** Tells MESH that we are here; once a day. Returns the difference server minus local clock in milliseconds, or null if unknown. */
  handshake(): Promise<number | null>;
  /**
   * Sends one message, chunked if it must be. The first POST is made once and never repeated: if its outcome cannot be known, throws
   * `mesh-send-unknown`; if MESH certainly did not take it, throws what MESH said (`mesh-forbidden`, `mesh-rejected`, `mesh-unreachable` …).
   */
  send(message: OutgoingMessage): Promise<{ readonly messageId: string }>;
  /** Looks a sent message up by the local id it was sent under; null if MESH knows none. */
  findSent(localId: string): Promise<{ readonly messageId: string } | null>;
  /** Ids of the messages of one workflow that wait in the inbox, oldest first, all pages; at most `limit`. */
  waiting(workflowId: string, limit: number): Promise<readonly string[]>;
  /** How many messages wait in all, whatever their workflow (an estimate of MESH's). */
  waitingInAll(): Promise<number>;
  /** Downloads all parts, framing checked, bodies not decoded. Throws `mesh-gone`, `mesh-not-found`, `mesh-too-large`, `mesh-malformed`. */
  download(messageId: string): Promise<RawMessage>;
  /** Takes a message out of the inbox; repeating it does no harm. */
  acknowledge(messageId: string): Promise<void>;
  /** Mailboxes of an organisation for a workflow. */
  lookUp(
    odsCode: string,
    workflowId: string,
  ): Promise<readonly { readonly mailboxId: string; readonly name: string }[]>;
  /** Joins and decodes the parts strictly: gzip whole, one member, nothing after it. Pure. Throws `mesh-malformed`, `mesh-too-large`. */
  decode(message: RawMessage): Uint8Array;
}

// --------------------------------------------------------------------------------------------------------------------------- drop

export interface DropFile {
  readonly name: string;
  readonly numbers: NumberList;
  readonly locationId?: string;
}

export interface DropPlan {
  readonly run: RunId;
  readonly files: readonly DropFile[];
  /** Fields of the manifest beside the files: run, policy version, checkpoint, supersedes. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Numbers of made-up people: a writer that finds one in a file throws `canary-survived`. */
  readonly canaries: NumberList;
}

export interface PublishedDrop {
  readonly folder: string;
  readonly files: readonly FileDigest[];
  readonly manifest: Digest;
}

export interface OutboundDrop {
  /**
   * Publishes once: each file written beside, flushed, read back and checked number by number, linked under its final name, then the
   * manifest by the same steps. Files that are there already with the same bytes are kept; a difference throws `drop-exists-different`.
   * Resolves only when everything is durable. Throws `drop-recheck-failed`, `drop-write-failed`.
   */
  publish(plan: DropPlan): Promise<PublishedDrop>;
  /** Does everything `publish` does but the link, and leaves nothing behind. */
  rehearse(plan: DropPlan): Promise<PublishedDrop>;
  /** What stands there: nothing, linked files without a manifest, or a published drop. */
  look(run: RunId): Promise<'nothing' | 'unfinished' | 'published'>;
  /** Whether it is published and the recipient has put a file `collected` beside its manifest. */
  isCollected(run: RunId): Promise<boolean>;
  /** Reads a published drop back: its files are checked against its manifest. Throws `drop-recheck-failed`. */
  published(run: RunId): Promise<PublishedDrop>;
  /** Unlinks the files of an unfinished drop and names them; refuses to touch a published one. */
  unlink(run: RunId): Promise<readonly string[]>;
  /** Removes published drops of a business date that have outlived their keep days; names the folders removed. */
  remove(businessDate: LocalDate): Promise<readonly string[]>;
  dates(): Promise<readonly LocalDate[]>;
  /** What `publish` would resolve with, and nothing written. */
  digests(plan: DropPlan): Promise<PublishedDrop>;
  /** Everything that lies under the outbound folder, read and not touched; empty where there is no such folder. */
  inventory(): Promise<DropInventory>;
}

export interface DropInventory {
  readonly drops: readonly StandingDrop[];
  /** Folders of a writer that is at work, or died. */
  readonly staging: readonly string[];
  /** Places of what is no part of any drop. */
  readonly strangers: readonly string[];
}

/** What stands in the folder of a run, finished or not. */
export interface StandingDrop {
  readonly run: RunId;
  readonly files: readonly Omit<FileDigest, 'rows'>[];
  readonly manifest: StandingManifest | null;
}

export interface StandingManifest {
  readonly sha256: Digest;
  /** The signed checkpoint it carries; null where none can be read. */
  readonly note: string | null;
  /** The files it names; none where they cannot be read. */
  readonly files: readonly FileDigest[];
}

// --------------------------------------------------------------------------------------------------------------------------- keys

/** A random key that must be able to die, wrapped by the key-encryption key. Destroying the wrapped form is the erasure. */
export interface WrappedKey {
  readonly keyId: string;
  readonly purpose: 'run-papers' | 'day-papers' | 'year-pseudonyms' | 'choice-papers';
  /** The run, day or year it belongs to. */
  readonly scope: string;
  readonly wrapped: Uint8Array;
}

export interface Keyring {
  /** Names the key-encryption key without revealing it; a ledger remembers it and refuses another. */
  readonly masterKeyId: string;
  create(purpose: WrappedKey['purpose'], scope: string): WrappedKey;
  /** Encrypts under a wrapped key; `context` is bound in and must be the same at opening. */
  seal(key: WrappedKey, context: string, plain: Uint8Array): Uint8Array;
  /** Throws `paper-unreadable` if key, context or bytes are not those of `seal`. */
  open(key: WrappedKey, context: string, sealed: Uint8Array): Uint8Array;
  /** Keyed name under which an objection of an earlier night is carried: the same for the same text for as long as the master key lives. */
  carriedName(kind: 'id' | 'folded-id' | 'number', text: string): string;
  /** Pseudonyms of one run under the key of its calendar year: 16 bytes, HMAC-SHA-256 per run over HMAC-SHA-256 of the number. */
  runPseudonyms(year: WrappedKey, run: RunId): (numberDigits: string) => Uint8Array;
  /** Under which name a person is found in the index of a calendar year: 16 bytes, which tell nothing of the pseudonyms in its lists. */
  personTokens(year: WrappedKey): (numberDigits: string) => Uint8Array;
}

// ------------------------------------------------------------------------------------------------------------------------- ledger

/** The right to advance runs, with a number that grows each time it is taken; a stale claim changes nothing. */
export interface Claim {
  readonly name: string;
  readonly epoch: number;
}

export interface StoredRun extends RunId {
  readonly state: RunState;
  /** Where a held run goes on once approved. */
  readonly heldFrom: RunState | null;
  readonly openedAt: Instant;
  readonly intake: Digest;
  readonly configuration: Digest;
  readonly keyId: string;
  readonly totals: RunTotals | null;
  readonly released: number | null;
  /** Why it ended, in a code of ours: a failure code or a reason of withholding. */
  readonly reason: string | null;
  readonly endedAt: Instant | null;
}

export interface StoredIntake {
  readonly digest: Digest;
  readonly businessDate: LocalDate;
  readonly producedAt: Instant;
  /** Counts up with every intake accepted. */
  readonly ordinal: number;
  readonly rows: number;
}

export interface StoredRequest {
  readonly localId: string;
  readonly run: RunId;
  readonly state: RequestState;
  /** 0 for a list of the gate, 1 and more for parts of a refused one. */
  readonly level: number;
  readonly sequence: number;
  readonly subject: string;
  readonly intendedAt: Instant | null;
  readonly sentAt: Instant | null;
  readonly messageId: string | null;
  /** The epoch under which the POST was made: another one looks for it as a successor. */
  readonly epoch: number;
}

export interface StoredMessage {
  readonly messageId: string;
  readonly localId: string;
  /** The key its paper lies under. */
  readonly keyId: string;
  readonly receivedAt: Instant;
  readonly acknowledged: boolean;
  readonly understood: string | null;
}

export interface StoredHold {
  readonly id: number;
  readonly run: RunId;
  readonly stage: HoldStage;
  readonly reasons: readonly HoldReason[];
  readonly digest: Digest;
  readonly openedAt: Instant;
  readonly openedBy: string;
  readonly decision: 'open' | 'approved' | 'rejected' | 'expired';
  readonly decidedBy: string | null;
}

/** An opt-out once seen, under keyed names (R12). */
export interface CarriedObjection {
  readonly id: string;
  readonly foldedId: string;
  readonly since: Instant;
  /** Ordinal of the last intake whose roster column said so, or null. */
  readonly columnSeenIn: number | null;
  /** Its service user stood on a roster, or somebody has accepted that they do not. */
  readonly known: boolean;
  readonly numbers: readonly string[];
}

/** Papers are sealed bytes: `asked`, `request:<localId>`, `answer:<localId>`, `message:<messageId>`. */
export interface Paper {
  readonly name: string;
  readonly keyId: string;
  readonly sealed: Uint8Array;
}

/** A word about a stop, kept with who said it. */
export interface StoredStop extends StopMove {
  readonly at: Instant;
  readonly by: string;
  readonly reason: string;
}

/** What was in force from an entry on, so that old and new can be shown beside each other. */
export interface StoredConfiguration {
  /** Of its entry. */
  readonly position: number;
  readonly digest: Digest;
  readonly guarded: Digest;
  readonly settings: Settings;
  /** The text of `APPROVERS_FILE` then: who may approve the next change. */
  readonly approvers: string | null;
}

export interface StoredEntry {
  readonly position: number;
  readonly line: Uint8Array;
  readonly leaf: Uint8Array;
}

/** A checkpoint as it was signed. */
export interface SignedCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** That an anchor took a checkpoint, and what it gave back for it. */
export interface StoredAnchoring {
  readonly anchor: AnchorName;
  /** Which folder, authority or witness: another one under the same name begins anew. */
  readonly target: string;
  readonly size: number;
  readonly at: Instant;
  readonly receipt: Uint8Array;
}

/** Right edge of the audit tree: what is needed to append. */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export interface RunFilter {
  readonly businessDate?: LocalDate;
  /** Rehearsals are left out, and count towards no limit. */
  readonly withoutRehearsals?: true;
  readonly limit?: number;
}

/** The ledger as it is read; a consistent view within one call of `read` or `transact`. */
export interface LedgerReader {
  setting(name: string): Promise<string | null>;
  run(id: RunId): Promise<StoredRun | null>;
  /** Newest business date first, then highest revision. */
  runs(filter: RunFilter): Promise<readonly StoredRun[]>;
  intakes(filter: {
    readonly businessDate?: LocalDate;
    readonly digest?: Digest;
  }): Promise<readonly StoredIntake[]>;
  requests(run: RunId): Promise<readonly StoredRequest[]>;
  request(localId: string): Promise<StoredRequest | null>;
  /** The request that MESH took as this message. */
  requestSentAs(messageId: string): Promise<StoredRequest | null>;
  message(messageId: string): Promise<StoredMessage | null>;
  /** All of them, in the order in which they came. */
  messages(): AsyncIterable<StoredMessage>;
  /** Messages kept but not yet acknowledged, or acknowledged but not yet understood, oldest first. */
  unsettledMessages(): Promise<readonly StoredMessage[]>;
  paper(keyId: string, name: string): Promise<Paper | null>;
  key(keyId: string): Promise<WrappedKey | null>;
  keyOf(purpose: WrappedKey['purpose'], scope: string): Promise<WrappedKey | null>;
  /** Every key that is not destroyed. */
  keys(): Promise<readonly WrappedKey[]>;
  /** Keys whose time to die has come. */
  keysDue(now: Instant): Promise<readonly WrappedKey[]>;
  holds(run?: RunId): Promise<readonly StoredHold[]>;
  /** All of them, or those first carried when the log held no more than `before` entries. */
  carried(before?: number): AsyncIterable<CarriedObjection>;
  /** How many entries the log held when each of them was first carried, ascending. */
  carriedFrom(): Promise<readonly number[]>;
  /** Keyed names of numbers not to be asked about on a date. */
  refusedNumbers(date: LocalDate): Promise<ReadonlySet<string>>;
  /** Sizes of the last released runs, newest first: rows of the roster and numbers released. */
  releasedSizes(limit: number): Promise<readonly { readonly rows: number; readonly released: number }[]>;
  recordedChoices(): AsyncIterable<Paper>;
  entries(from: number, to: number): AsyncIterable<StoredEntry>;
  frontier(): Promise<Frontier>;
  /** The newest signed checkpoint. */
  checkpoint(): Promise<SignedCheckpoint | null>;
  /** Every signed checkpoint, oldest first. */
  checkpoints(): Promise<readonly SignedCheckpoint[]>;
  /** What anchors took, oldest first: of checkpoints of this size and larger ones. */
  anchorings(fromSize: number): AsyncIterable<StoredAnchoring>;
  /** What an anchor took last, of this target or, without one, of any. */
  lastAnchoring(anchor: AnchorName, target?: string): Promise<StoredAnchoring | null>;
  /** Entries of one kind of step, oldest first. */
  entriesOf(what: Step['what']): AsyncIterable<StoredEntry>;
  /** The whole list, of the decision that stands. */
  personList(run: RunId, list: PersonListName): Promise<Uint8Array | null>;
  /** Every list kept, in the order in which they were put. */
  personLists(): Promise<readonly StoredPersonList[]>;
  /** Of these lists the pieces in which a provider would stand, or all of them. */
  personListPieces(lists: readonly number[], providerId: string | null): Promise<readonly StoredPiece[]>;
  /** How many people stand in the index, by year and provider. */
  indexSizes(): Promise<
    readonly { readonly year: string; readonly providerId: string; readonly persons: number }[]
  >;
  /** Every word about stops, oldest first. */
  stops(): Promise<readonly StoredStop[]>;
  /** Configurations as they came into force, oldest first. */
  configurations(): Promise<readonly StoredConfiguration[]>;
  /** Providers under which a person stands in lists of a calendar year that are indexed. */
  indexedProviders(year: string, token: Uint8Array): Promise<readonly string[]>;
  /** Tokens of everybody in the index of a calendar year, each once, in the order of their bytes. */
  indexedPersons(year: string): AsyncIterable<Uint8Array>;
}

/** What a step may change. Everything in one call of `transact` happens or nothing does. */
export interface LedgerWriter extends LedgerReader {
  set(name: string, value: string): Promise<void>;
  insertRun(run: StoredRun, proof: EntryProof): Promise<void>;
  /** Compare-and-set: throws `transition-refused` if the run does not stand in `from` or the move is not in the table. */
  moveRun(id: RunId, from: RunState, to: RunState, change: RunChange, proof: EntryProof): Promise<void>;
  acceptIntake(intake: Omit<StoredIntake, 'ordinal'>): Promise<StoredIntake>;
  insertRequest(request: StoredRequest): Promise<void>;
  /** Compare-and-set on the request's state; throws `transition-refused`. */
  moveRequest(
    localId: string,
    from: RequestState,
    to: RequestState,
    change: RequestChange,
    proof: EntryProof,
  ): Promise<void>;
  /** Next sequence number of requests in a calendar month `YYYY-MM`, from 1. */
  nextSequence(month: string): Promise<number>;
  /** False if the message is kept already: the second copy changes nothing. */
  insertMessage(message: StoredMessage, proof: EntryProof): Promise<boolean>;
  settleMessage(
    messageId: string,
    change: { readonly acknowledged?: true; readonly understood?: string },
    proof: EntryProof,
  ): Promise<void>;
  /** Replaces a paper of the same name under the same key. */
  putPaper(paper: Paper): Promise<void>;
  addKey(key: WrappedKey, dieAt: Instant | null): Promise<void>;
  /** Moves the time at which a key must die. */
  setKeyDeath(keyId: string, dieAt: Instant): Promise<void>;
  /** Destroys the wrapped key and every paper under it, so that no copy stays in the ledger's files once `compact` has run. */
  destroyKey(keyId: string, proof: EntryProof): Promise<void>;
  openHold(hold: Omit<StoredHold, 'id' | 'decision' | 'decidedBy'>, proof: EntryProof): Promise<number>;
  /** Compare-and-set from `open`; throws `transition-refused`. */
  decideHold(
    id: number,
    decision: 'approved' | 'rejected' | 'expired',
    by: string,
    proof: EntryProof,
  ): Promise<void>;
  /** Adds or renews carried objections by `id`: the later `since` and `columnSeenIn` stay, `known` once true stays true, numbers add up. */
  carry(objections: readonly CarriedObjection[]): Promise<void>;
  refuseNumber(name: string, until: LocalDate, proof: EntryProof): Promise<void>;
  recordChoice(paper: Paper, proof: EntryProof): Promise<void>;
  putAnchoring(anchoring: StoredAnchoring, proof: EntryProof): Promise<void>;
  /** `indexed`: everybody in it is, or will be in the same transaction, in the index. */
  putPersonList(
    run: RunId,
    list: PersonListName,
    kept: { readonly pieces: readonly PersonListPiece[]; readonly indexed: boolean },
    proof: EntryProof,
  ): Promise<void>;
  /** Adds to the index of a year whoever is not in it yet. It dies with the year's key. */
  indexPersons(year: string, places: readonly PersonPlaces[], proof: EntryProof): Promise<void>;
  /** Takes a person out of the index of a year, so that no copy stays in the ledger's files once `compact` has run. */
  forgetPerson(year: string, token: Uint8Array, proof: EntryProof): Promise<void>;
  /** Overwrites a piece where it lies; as `destroyKey`, with `compact`. Throws `transition-refused` unless it is as long as before and the entry is a `person-erased`. */
  overwritePiece(id: number, bytes: Uint8Array, proof: EntryProof): Promise<void>;
  /** A stop is set, or lifted, with its entry. */
  putStop(stop: Omit<StoredStop, 'position'>, proof: EntryProof): Promise<void>;
  /** A configuration comes into force with its entry. */
  putConfiguration(configuration: Omit<StoredConfiguration, 'position'>, proof: EntryProof): Promise<void>;
  /** Only the audit log calls these three. */
  appendEntry(entry: StoredEntry): Promise<void>;
  setFrontier(frontier: Frontier): Promise<void>;
  putCheckpoint(size: number, note: string): Promise<void>;
}

export interface RunChange {
  readonly intake?: Digest;
  readonly heldFrom?: RunState | null;
  readonly totals?: RunTotals;
  readonly released?: number;
  readonly reason?: string;
  readonly endedAt?: Instant;
}

export interface RequestChange {
  readonly intendedAt?: Instant;
  readonly sentAt?: Instant;
  readonly messageId?: string;
  readonly epoch?: number;
}

export interface Ledger {
  /** Takes the right of this name: its epoch grows by one, and whoever held it before can change nothing any more. */
  claim(name: string): Promise<Claim>;
  read<T>(work: (ledger: LedgerReader) => Promise<T>): Promise<T>;
  /** One transaction at a time; durable when it resolves; throws `epoch-stale` if the claim was taken by another, `ledger-failed` if it cannot be kept. */
  transact<T>(claim: Claim, work: (ledger: LedgerWriter) => Promise<T>): Promise<T>;
  /** Reads while nobody writes, in whatever process: of two such readings the later one never sees less than the earlier. */
  readAlone<T>(work: (ledger: LedgerReader) => Promise<T>): Promise<T>;
  /** Leaves nothing of what was destroyed in the ledger's files: write-ahead log emptied, free pages overwritten. */
  compact(): Promise<void>;
  /**
   * Writes a consistent copy into a new private file, flushed when it resolves. Papers, and the wrapped keys that must die (of runs and
   * days), are left out and never touch the copy's disk: a copy that brought them back would undo their erasure. Throws `ledger-failed`.
   */
  copyTo(file: string): Promise<void>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------------- audit log

declare const written: unique symbol;
/** That an entry was written in this transaction. Only the audit log makes one; without it no step can be stored. */
export interface EntryProof {
  readonly position: number;
  readonly [written]: true;
}

export interface AuditLog {
  /** Writes one entry into the same transaction as the step it tells of; it lasts or vanishes with the step. */
  append(ledger: LedgerWriter, entry: Entry): Promise<EntryProof>;
  /**
   * Reads the new entries back onto the tree signed last, signs the tree as it then stands, stores the checkpoint; where there is nothing
   * new, gives back the last one. Signed by the key in force at that size, and by old and new where a change of key is first covered.
   * Throws `audit-invalid` if a byte differs, if the tree does not extend what was signed last, if what is shown is none that this ledger
   * signed, and for a log without entries; `configuration-invalid` if the key is not at hand.
   */
  sign(
    ledger: LedgerWriter,
  ): Promise<{ readonly size: number; readonly root: Digest; readonly note: string }>;
  /**
   * Shows the newest checkpoint in the checkpoint file, durably and whole; callers come one after the other (`Ledger.readAlone`). Throws
   * `audit-invalid` if what is shown there is none that this ledger signed: then the ledger is an older one or a fork of it, or was cut.
   */
  publishCheckpoint(ledger: LedgerReader): Promise<void>;
  /**
   * Recomputes the tree from the stored bytes and checks every stored checkpoint: root, growing sizes, the right key for its size; the
   * checkpoint shown must be one of them. Throws `audit-invalid` with the first bad position.
   */
  verify(ledger: LedgerReader): Promise<{ readonly size: number; readonly root: Digest }>;
  /** The keys this log is signed with, oldest first, as its entries named them. */
  keys(ledger: LedgerReader): Promise<readonly KeySpan[]>;
  /** Size and root of a checkpoint of this log. Throws `audit-invalid` for anything else. */
  readCheckpoint(
    ledger: LedgerReader,
    note: string,
  ): Promise<{ readonly size: number; readonly root: Digest }>;
  /**
   * The consistency proof (RFC 9162 section 2.1.4) from the tree of the first `from` entries to that of the first `to`; empty from 0.
   * Throws `usage` where the log never had such a size.
   */
  prove(ledger: LedgerReader, from: number, to: number): Promise<readonly Uint8Array[]>;
  /** A signed note over the manifest of a folder, under the name `<origin>/<kind>`: it can never be taken for a checkpoint. */
  vouch(kind: VouchedKind, manifest: Digest): string;
  readonly origin: string;
  readonly verifierKey: string;
  /** A key that lies ready to follow, until its file has taken the place of the other. */
  readonly nextVerifierKey: string | null;
}

/** A verifier key and the smallest tree it signs; it signs until the next begins, whose first tree both sign. */
export interface KeySpan {
  readonly from: number;
  readonly verifierKey: string;
  /** The key before had announced it, and signs its first tree no more. */
  readonly announced?: true;
}

/** What the log's key vouches for beside the log. */
export type VouchedKind = 'pack' | 'backup';

/** Those released; those the gate held back; those held back by a choice that came in before the release. */
export type PersonListName = AttestedList['list'];

/** A part of a person-level list, cut before a provider; the pieces joined are the list. */
export interface PersonListPiece {
  /** Before whom no provider of the piece stands, in the order of their bytes; empty for the first piece. */
  readonly first: string;
  readonly bytes: Uint8Array;
}

export interface StoredPiece extends PersonListPiece {
  readonly id: number;
  readonly listId: number;
}

export interface StoredPersonList {
  readonly id: number;
  readonly run: RunId;
  readonly list: PersonListName;
  /** Whether everybody in it is in the index; lists of earlier versions are not. */
  readonly indexed: boolean;
}

/** Tokens of people under one provider, 16 bytes each, one after another. */
export interface PersonPlaces {
  readonly providerId: string;
  readonly tokens: Uint8Array;
}

/** Builds and reads the person-level lists of runs (design, section 7). */
export interface PersonLists {
  build(people: Iterable<PersonGroup>): {
    readonly digest: ListDigest;
    readonly pieces: readonly PersonListPiece[];
  };
  /** Reads a whole list and recomputes it from its rows, against the erasures that the log tells of, oldest first. */
  examine(bytes: Uint8Array, erased: readonly ErasedBlock[]): PersonListReading;
  /** The digest of a list as it was stored. Throws `audit-invalid` if it cannot be read. */
  digestOf(bytes: Uint8Array): ListDigest;
  /** Where a pseudonym stands in a piece, or in a whole list: under this provider, or under any. Throws `audit-invalid`. */
  find(piece: Uint8Array, pseudonym: Uint8Array, under: string | null): readonly PersonPlace[];
  /** Recomputes every list kept of these against what the log says of it and of erasures from it. Throws `audit-invalid`. */
  demandSound(ledger: LedgerReader, lists: readonly StoredPersonList[]): Promise<void>;
  /** The piece without a person, as long as before, and the blocks that changed; null if they do not stand in it. */
  erase(
    piece: Uint8Array,
    pseudonym: Uint8Array,
  ): { readonly bytes: Uint8Array; readonly blocks: readonly Omit<ErasedBlock, 'run' | 'list'>[] } | null;
  /** Proves against the log that a pseudonym stands in a list, or does not; see src/audit/person-proof.ts. Throws `evidence-destroyed`. */
  prove(
    ledger: LedgerReader,
    claim: {
      readonly run: RunId;
      readonly list: PersonListName;
      readonly pseudonym: Uint8Array;
      readonly under: string | null;
    },
  ): Promise<PersonProof>;
}

export interface PersonListReading {
  /** Null where the bytes are no list. */
  readonly digest: ListDigest | null;
  /** What is wrong with it in itself; null where all is sound. */
  readonly fault: string | null;
  /** How many people stand in it under each provider, those erased not counted. */
  readonly standing: ReadonlyMap<string, number>;
  /** They themselves, by provider. */
  readonly people: Iterable<PersonGroup>;
}

export interface PersonPlace {
  readonly providerId: string;
  /** Index of the reason in `heldBackReasons`; 0 in the list of those released. */
  readonly code: number;
}

/** A line of the log with its path to the root of a checkpoint, in hex. */
export interface ProvenLine {
  readonly position: number;
  readonly line: string;
  readonly path: readonly string[];
}

interface ProvenLeaf {
  readonly index: number;
  /** Base64. */
  readonly leaf: string;
  /** Hex, lowest first. */
  readonly path: readonly string[];
}

export interface ProvenProvider extends ProvenLeaf {
  readonly blocks: readonly ProvenLeaf[];
}

export interface PersonProof {
  readonly format: string;
  readonly run: string;
  readonly list: PersonListName;
  readonly pseudonym: string;
  readonly claim: 'stands' | 'stands-not-under' | 'stands-nowhere';
  readonly logged: ListDigest;
  readonly providers: readonly ProvenProvider[];
  readonly whole: string | null;
  readonly entry: ProvenLine;
  readonly erasures: readonly ProvenLine[];
  readonly checkpoint: string;
}

/** The people of one provider, each once. */
export interface PersonGroup {
  readonly providerId: string;
  readonly rows: readonly PersonRow[];
}

export interface PersonRow {
  readonly pseudonym: Uint8Array;
  /** Index of the reason in `heldBackReasons`; 0 in the list of those released. */
  readonly code: number;
}

// ---------------------------------------------------------------------------------------------------------------------- approvals

export interface Approver {
  readonly name: string;
  readonly role: string;
  /** Accounts of the operating system under which they work here. */
  readonly accounts: readonly string[];
}

export interface Approvers {
  /**
   * Checks a detached Ed25519 signature over a hold's approval text by somebody in `APPROVERS_FILE` who is valid now.
   * Throws `approval-refused`, `configuration-invalid` for a list that cannot be believed whole.
   */
  check(text: string, signature: string, now: Instant): Promise<Approver>;
  /** Whether there is anybody who may approve now; false also for a list that cannot be believed. */
  anybody(now: Instant): Promise<boolean>;
}

// ------------------------------------------------------------------------------------------------------------------------ anchors

/** What an anchor is shown of the log: one signed checkpoint, durable in the ledger, and what stands behind it. */
export interface AnchoredLog {
  /** The newest. */
  readonly checkpoint: SignedCheckpoint;
  /** Size of the tree that this anchor took last; 0 if it never took one. */
  readonly anchored: number;
  /** Verifier keys, each with the first tree size that it may sign, oldest first. */
  readonly verifierKeys: readonly { readonly from: number; readonly verifierKey: string }[];
  /** Consistency proof from an earlier size to the checkpoint's. */
  prove(from: number): Promise<readonly Uint8Array[]>;
  /** Stored bytes of the entries from a position up to another; one JSON line each, with its line feed. */
  lines(from: number, to: number): Promise<readonly Uint8Array[]>;
  /** Every signed checkpoint up to this one, oldest first. */
  checkpoints(): Promise<readonly SignedCheckpoint[]>;
  /** What anchors gave back for checkpoints since `anchored`, oldest first. */
  receipts(): Promise<readonly StoredAnchoring[]>;
  /** As `AuditLog.readCheckpoint`. */
  readCheckpoint(note: string): Promise<{ readonly size: number; readonly root: Digest }>;
}

/** Somebody or something outside our reach who remembers how far the log had come. */
export interface Anchor {
  readonly name: AnchorName;
  /** Which one; holds no secret. */
  readonly target: string;
  /** Whether it knows what it took before, and so would notice a log that was cut. */
  readonly remembers: boolean;
  /**
   * Shows it the checkpoint. Resolves with a receipt once it holds it for good; taking the same checkpoint again is allowed and gives a
   * receipt. Throws `anchor-unreachable` where it has not, or may not have, taken it: try later, nothing is lost by trying. Throws
   * `anchor-refused` where it holds more than we show or something else: then our log was cut or forked, or what it holds was, and nothing
   * may leave until a person knows which. Throws nothing else on its own account; rejects with the signal's reason when that fires.
   */
  take(log: AnchoredLog, signal: AbortSignal): Promise<Uint8Array>;
}

/** How a witness's answer is judged (C2SP tlog-cosignature, Ed25519). */
export interface Cosigner {
  readonly name: string;
  readonly verifierKey: string;
  /**
   * The checkpoint with those of these signature lines that are its cosignatures by this witness. Throws `audit-invalid` if there are
   * none, or one that does not hold.
   */
  cosigned(note: string, lines: string): string;
}

/** Approvers of a text in the form of `APPROVERS_FILE`: that of another time, as the ledger kept it. */
export type ApproversIn = (text: string) => Approvers;
