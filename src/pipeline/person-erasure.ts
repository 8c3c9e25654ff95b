/**
 * Erasing person-level evidence: a year by destroying its key, a person by overwriting the blocks they stand in (R26, R44). The log stays
 * as it is and still verifies; nothing in it says who was erased. Who was erased is not opted out by it: whoever stands on the next roster
 * is sent and written down as before.
 */
import { londonDate } from '../domain/calendar.ts';
import type { ErasedBlock } from '../domain/custody.ts';
import { Failure } from '../domain/failure.ts';
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import { evidenceKeptUntil } from '../domain/retention.ts';
import { formatRunId } from '../domain/run.ts';
import type { LedgerReader, LedgerWriter, StoredPersonList, WrappedKey } from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';
import { noteCompaction } from './housekeeping.ts';

export type ErasureDesk = Pick<Pipeline, 'ledger' | 'keyring' | 'lists' | 'claim' | 'audit' | 'clock' | 'by'>;

const legalHoldSetting = 'legal-hold';

/** Why nothing may be erased at present, or null (R44, R70). */
export async function legalHold(ledger: LedgerReader): Promise<string | null> {
  const reason = await ledger.setting(legalHoldSetting);
  return reason === null || reason === '' ? null : reason;
}

/** Keeps all evidence until the hold is lifted; anybody may, for it only ever keeps. */
export const setLegalHold = (desk: ErasureDesk, reason: string): Promise<void> =>
  commitSigned(desk, async (tx) => {
    await tell(desk, tx, null, { what: 'legal-hold-set', reason });
    await tx.set(legalHoldSetting, reason);
  });

/** Sets the hold that stands in another ledger, where none stands here. */
export async function copyLegalHold(
  desk: Pick<ErasureDesk, 'audit' | 'clock' | 'by'>,
  theirs: LedgerReader,
  tx: LedgerWriter,
): Promise<void> {
  const reason = await legalHold(theirs);
  if (reason === null || (await legalHold(tx)) !== null) return;
  await tell(desk, tx, null, { what: 'legal-hold-set', reason });
  await tx.set(legalHoldSetting, reason);
}

export const liftLegalHold = (desk: ErasureDesk, reason: string): Promise<void> =>
  commitSigned(desk, async (tx) => {
    await tell(desk, tx, null, { what: 'legal-hold-lifted', reason });
    await tx.set(legalHoldSetting, '');
  });

/**
 * Destroys the key of a calendar year, and with it the year's index: what is left of the year are pseudonyms that nobody can tie to a
 * person. Throws `evidence-kept` while the year must be kept or a legal hold stands, `evidence-destroyed` if the key is gone already.
 */
export async function eraseYear(desk: ErasureDesk, year: string, reason: string): Promise<void> {
  const keptUntil = evidenceKeptUntil(year);
  if (londonDate(desk.clock.now()) <= keptUntil)
    throw kept(`The evidence of ${year} must be kept until ${keptUntil}.`);
  await commitSigned(desk, async (tx) => {
    await demandNoLegalHold(tx);
    const key = await tx.keyOf('year-pseudonyms', year);
    if (key === null) throw nothingThere(year);
    const { keyId } = key;
    await tx.destroyKey(keyId, await tell(desk, tx, null, { what: 'year-erased', year, keyId, reason }));
    await noteCompaction(tx);
  });
}

/**
 * Takes a person out of every list and every index of every year, a transaction and an entry a year; told also where they stand in none.
 * Reads every list whole rather than trusting the index. Done again after an interruption it goes on. Gives how many blocks were
 * overwritten. Throws `evidence-kept` while a legal hold stands.
 */
export async function erasePerson(desk: ErasureDesk, number: NhsNumber, reason: string): Promise<number> {
  const digits = formatNhsNumber(number);
  const years = await desk.ledger.read(async (tx) => {
    await demandNoLegalHold(tx);
    return [...new Set((await tx.personLists()).map(yearOf))].sort();
  });
  let erased = 0;
  for (const year of years)
    await commitSigned(desk, async (tx) => {
      erased += await eraseFromYear(desk, tx, {
        year,
        digits,
        reason,
        isLast: year === years.at(-1) && erased === 0,
      });
    });
  return erased;
}

const yearOf = ({ run }: StoredPersonList): string => run.businessDate.slice(0, 4);

interface YearErasure {
  readonly year: string;
  readonly digits: string;
  readonly reason: string;
  /** The last year, and nothing found in any other: then what was asked for is told all the same. */
  readonly isLast: boolean;
}

async function eraseFromYear(
  desk: ErasureDesk,
  tx: LedgerWriter,
  { year, digits, reason, isLast }: YearErasure,
): Promise<number> {
  await demandNoLegalHold(tx);
  const key = await tx.keyOf('year-pseudonyms', year);
  const changes = key === null ? [] : await changesIn(desk, tx, { year, key, digits });
  const blocks = changes.flatMap((change) => change.blocks);
  if (blocks.length === 0 && !isLast) return 0;
  const proof = await tell(desk, tx, null, { what: 'person-erased', reason, blocks });
  for (const { pieceId, bytes } of changes) await tx.overwritePiece(pieceId, bytes, proof);
  if (key !== null) await tx.forgetPerson(year, desk.keyring.personTokens(key)(digits), proof);
  await noteCompaction(tx);
  return blocks.length;
}

interface PieceChange {
  readonly pieceId: number;
  readonly bytes: Uint8Array;
  readonly blocks: readonly ErasedBlock[];
}

/** So many lists are read at once; only the pieces that change are kept. */
const listsAtOnce = 60;

async function changesIn(
  { keyring, lists: editor }: ErasureDesk,
  tx: LedgerReader,
  { year, key, digits }: { readonly year: string; readonly key: WrappedKey; readonly digits: string },
): Promise<PieceChange[]> {
  const lists = (await tx.personLists()).filter((list) => yearOf(list) === year);
  const changes: PieceChange[] = [];
  for (let at = 0; at < lists.length; at += listsAtOnce) {
    const slice = new Map(lists.slice(at, at + listsAtOnce).map((list) => [list.id, list]));
    for (const { id, listId, bytes } of await tx.personListPieces([...slice.keys()], null)) {
      const list = slice.get(listId);
      if (list === undefined) continue;
      const erased = editor.erase(bytes, keyring.runPseudonyms(key, list.run)(digits));
      if (erased === null) continue;
      const where = { run: formatRunId(list.run), list: list.list };
      const blocks = erased.blocks.map((block) => ({ ...where, ...block }));
      changes.push({ pieceId: id, bytes: erased.bytes, blocks });
    }
  }
  return changes;
}

async function demandNoLegalHold(ledger: LedgerReader): Promise<void> {
  const reason = await legalHold(ledger);
  if (reason !== null) throw kept(`A legal hold stands: ${reason}`);
}

const kept = (message: string): Failure =>
  new Failure('evidence-kept', {
    message,
    hint: 'Nothing was erased. Have it looked at when the time has come, or the hold lifted by whoever may.',
  });

const nothingThere = (year: string): Failure =>
  new Failure('evidence-destroyed', {
    message: `There is no key of ${year}: it was destroyed, or there never was evidence of that year.`,
    place: `year ${year}`,
    hint: 'Nothing was changed. The log tells when a year was erased.',
  });
