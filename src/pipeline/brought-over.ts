/**
 * What the ledger that stands still knows, and the backup that takes its place does not: opt-outs, a legal hold, and erasures, which a
 * restore must not undo. Nothing is taken over that would let anybody be sent.
 */
import type { ErasedBlock } from '../domain/custody.ts';
import type { Entry } from '../domain/evidence.ts';
import type { LostErasure, RestoreTerms } from '../domain/restoring.ts';
import { formatRunId } from '../domain/run.ts';
import type { CarriedObjection, EntryProof, Ledger, LedgerReader, LedgerWriter } from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';
import { compactIfDue, noteCompaction } from './housekeeping.ts';
import { copyLegalHold } from './person-erasure.ts';
import { copyChoices } from './recorded-choices.ts';

/** What bringing a restored ledger up to the world needs. */
export type RestoreRoom = Pick<
  Pipeline,
  | 'ledger'
  | 'claim'
  | 'audit'
  | 'clock'
  | 'chance'
  | 'by'
  | 'drop'
  | 'intake'
  | 'keyring'
  | 'lists'
  | 'config'
>;

export interface BroughtOver {
  /** Choices recorded since the backup; null where nobody can know. */
  readonly choices: number | null;
  readonly erasedAgain: number;
  /** Erasures of people that are known of, but must be done again by hand. */
  readonly leftToErase: number;
}

/** Brings all of it over, and leaves nothing of what is erased in the ledger's files. Throws `audit-invalid` where a list does not then agree. */
export async function bringOver(
  room: RestoreRoom,
  { erasures, standingContinues }: RestoreTerms,
  standing: Pick<Ledger, 'read'> | null,
): Promise<BroughtOver> {
  const years = erasures.filter((erasure) => erasure.what === 'year-erased');
  const people = erasures.filter(({ what }) => what === 'person-erased');
  await commitSigned(room, async (tx) => {
    for (const year of years) await eraseYearAgain(room, year, tx);
  });
  const erasable = standingContinues ? people : [];
  const choices =
    standing === null ? null : await standing.read((theirs) => takeOver(room, theirs, erasable));
  await compactIfDue({ ...room, onProgress: () => undefined });
  const leftToErase = people.length - erasable.length;
  return { choices, erasedAgain: erasures.length - leftToErase, leftToErase };
}

/** Gives how many choices were recorded there since the backup. */
async function takeOver(
  room: RestoreRoom,
  theirs: LedgerReader,
  people: readonly LostErasure[],
): Promise<number> {
  const told = await Promise.all(people.map(({ position }) => entryAt(theirs, position, 'person-erased')));
  let choices = 0;
  await commitSigned(room, async (tx) => {
    await copyObjections(theirs, tx);
    choices = await copyChoices(room, theirs, tx);
    await copyLegalHold(room, theirs, tx);
    await erasePeopleAgain(room, told, { theirs, tx });
  });
  return choices;
}

type Told<W extends Entry['what']> = Extract<Entry, { readonly what: W }>;

async function entryAt<W extends Entry['what']>(
  ledger: LedgerReader,
  position: number,
  what: W,
): Promise<Told<W>> {
  for await (const { line } of ledger.entries(position, position + 1)) {
    const entry = JSON.parse(Buffer.from(line).toString()) as Entry;
    if (entry.what === what) return entry as Told<W>;
  }
  throw new Error('an entry that was read has vanished');
}

const objectionsAtOnce = 1000;

/** Ordinals of intakes are counted anew in a restored ledger, so that no column of theirs is taken for one of ours. */
async function copyObjections(theirs: LedgerReader, tx: LedgerWriter): Promise<void> {
  let slice: CarriedObjection[] = [];
  for await (const objection of theirs.carried()) {
    if (slice.push({ ...objection, columnSeenIn: null }) < objectionsAtOnce) continue;
    await tx.carry(slice);
    slice = [];
  }
  await tx.carry(slice);
}

/** The same key, of which the backup holds a copy. */
async function eraseYearAgain(
  room: RestoreRoom,
  { year, keyId, reason }: Extract<LostErasure, { readonly what: 'year-erased' }>,
  tx: LedgerWriter,
): Promise<void> {
  if ((await tx.key(keyId)) === null) return;
  const proof = await tell(room, tx, null, { what: 'year-erased', year, keyId, reason: again(reason) });
  await tx.destroyKey(keyId, proof);
  await noteCompaction(tx);
}

/**
 * Tells each erasure again, as far as it concerns lists that are in the backup, and then overwrites the pieces with the bytes that stand.
 * Nobody need be named for that, and nobody could be: the log does not say who it was.
 */
async function erasePeopleAgain(
  room: RestoreRoom,
  told: readonly Told<'person-erased'>[],
  { theirs, tx }: { readonly theirs: LedgerReader; readonly tx: LedgerWriter },
): Promise<void> {
  const lists = await tx.personLists();
  const names = new Set(lists.map(({ run, list }) => `${formatRunId(run)} ${list}`));
  const isKept = ({ run, list }: ErasedBlock): boolean => names.has(`${run} ${list}`);
  let proof: EntryProof | null = null;
  for (const { reason, blocks } of told)
    proof = await tell(room, tx, null, {
      what: 'person-erased',
      reason: again(reason),
      blocks: blocks.filter(isKept),
    });
  if (proof === null) return;
  const touched = new Set(told.flatMap(({ blocks }) => blocks).map(({ run, list }) => `${run} ${list}`));
  const changed = lists.filter(({ run, list }) => touched.has(`${formatRunId(run)} ${list}`));
  for (const { id } of changed) {
    const present = new Map(
      (await theirs.personListPieces([id], null)).map((piece) => [piece.id, piece.bytes]),
    );
    for (const piece of await tx.personListPieces([id], null)) {
      const bytes = present.get(piece.id);
      if (bytes === undefined || Buffer.compare(bytes, piece.bytes) === 0) continue;
      await tx.overwritePiece(piece.id, bytes, proof);
    }
  }
  await forgetAgain(
    lists.map(({ run }) => run.businessDate.slice(0, 4)),
    { theirs, tx, proof },
  );
  await noteCompaction(tx);
  await room.lists.demandSound(tx, changed);
}

/** Whoever is in the index of the backup and not in theirs any more was taken out of it. */
async function forgetAgain(
  years: readonly string[],
  {
    theirs,
    tx,
    proof,
  }: { readonly theirs: LedgerReader; readonly tx: LedgerWriter; readonly proof: EntryProof },
): Promise<void> {
  for (const year of new Set(years))
    for await (const token of tx.indexedPersons(year))
      if ((await theirs.indexedProviders(year, token)).length === 0)
        await tx.forgetPerson(year, token, proof);
}

const again = (reason: string): string => `${reason} (done again after a restore)`;
