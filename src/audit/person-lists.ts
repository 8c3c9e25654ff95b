import type { ErasedBlock } from '../domain/custody.ts';
import type { ListDigest } from '../domain/evidence.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import { formatRunId } from '../domain/run.ts';
import type {
  Chance,
  LedgerReader,
  PersonGroup,
  PersonListReading,
  PersonLists,
  PersonRow,
  StoredPersonList,
} from '../ports.ts';
import {
  blindingBytes,
  decodeEvidenceList,
  decodePiece,
  encodePieces,
  rowBytes,
} from './evidence-encoding.ts';
import type { EvidenceList, EvidenceProvider } from './evidence-encoding.ts';
import { eraseFromBlock, placesOf, presentLeaf, pseudonymAt, rowsOf, seedBytes } from './evidence-erasure.ts';
import { buildEvidenceListByProvider, findInProvider, verifyEvidenceList } from './evidence-list.ts';
import type { EvidencePlace } from './evidence-list.ts';
import { leafHash } from './merkle-tree.ts';
import { provePerson } from './person-proof.ts';
import { readToldLists } from './told-lists.ts';
import type { ToldLists } from './told-lists.ts';

/**
 * How long a piece of a list is at least: long enough that hardly any of a store's last page is wasted, short enough that a look-up over
 * three years of nights reads a few of them a night and no more.
 */
const pieceLength = 64 * 1024;

/** Person-level evidence under fresh blinding; the pieces are what the ledger keeps, the root is what the entry says. */
export function createPersonLists(chance: Chance): PersonLists {
  return {
    build(people) {
      const list = buildEvidenceListByProvider(groups(people), () => chance.bytes(blindingBytes));
      return { digest: digestOf(list), pieces: encodePieces(list, pieceLength) };
    },

    find: (piece, pseudonym, under) => standing(decodePiece(view(piece), under), pseudonym),

    async demandSound(ledger, lists) {
      const told = await readToldLists(ledger);
      for (const list of lists) await demandSound(ledger, told, list);
    },

    erase(piece, pseudonym) {
      const bytes = Buffer.from(piece);
      const blocks = decodePiece(bytes).flatMap((provider) =>
        standing([provider], pseudonym).map(({ block }) =>
          eraseWithin(provider, block, pseudonym, chance.bytes(seedBytes)),
        ),
      );
      return blocks.length === 0 ? null : { bytes, blocks };
    },

    examine: (bytes, erased) => examine(view(bytes), erased),

    prove: provePerson,

    digestOf: (bytes) => digestOf(decodeEvidenceList(Buffer.from(bytes))),
  };
}

const digestOf = ({ root, providers, rows }: EvidenceList): ListDigest => ({
  root,
  providers: providers.length,
  rows,
});

function* groups(people: Iterable<PersonGroup>): Generator<readonly [string, readonly PersonRow[]]> {
  for (const { providerId, rows } of people) yield [providerId, rows];
}

const standing = (providers: readonly EvidenceProvider[], pseudonym: Uint8Array): EvidencePlace[] =>
  providers.flatMap((provider) => findInProvider(provider, pseudonym) ?? []);

/** Overwrites the block within the bytes of its piece, of which it is a view. */
function eraseWithin(provider: EvidenceProvider, number: number, pseudonym: Uint8Array, seed: Uint8Array) {
  const { providerId } = provider;
  const block = provider.blocks[number];
  const place = placesOf(provider)[number];
  const erased =
    block === undefined || place === undefined ? null : eraseFromBlock(block, place, pseudonym, seed);
  if (block === undefined || place === undefined || erased === null) throw lost();
  const before = hex(leafHash(presentLeaf(block, place)));
  block.bytes.set(erased.bytes);
  return { providerId, block: number, before, after: hex(leafHash(presentLeaf(block, place))) };
}

function examine(bytes: Buffer, erased: readonly ErasedBlock[]): PersonListReading {
  try {
    const list = decodeEvidenceList(bytes);
    const { fault, providerId, block } = verifyEvidenceList(list, erased) ?? {};
    const where = providerId === undefined ? '' : ` in provider ${JSON.stringify(providerId)}`;
    const blocks = block === undefined ? '' : `, block ${block}`;
    return {
      digest: digestOf(list),
      fault: fault === undefined ? null : `${fault}${where}${blocks}`,
      standing: new Map(list.providers.map((provider) => [provider.providerId, rowsLeft(provider)])),
      people: peopleOf(list),
    };
  } catch (thrown) {
    const { code, detail } = asFailure(thrown);
    if (code !== 'audit-invalid') throw thrown;
    return {
      digest: null,
      fault: `unreadable at ${detail.place ?? 'its beginning'}`,
      standing: new Map(),
      people: [],
    };
  }
}

function* peopleOf({ providers }: EvidenceList): Generator<PersonGroup> {
  for (const { providerId, blocks } of providers) {
    const rows = blocks.map(rowsOf).flatMap((bytes) =>
      Array.from({ length: bytes.length / rowBytes }, (_, row) => ({
        code: bytes.readUInt8(row * rowBytes),
        pseudonym: pseudonymAt(bytes, row),
      })),
    );
    yield { providerId, rows };
  }
}

const rowsLeft = ({ blocks }: EvidenceProvider): number =>
  blocks.reduce((sum, block) => sum + rowsOf(block).length / rowBytes, 0);

async function demandSound(
  ledger: LedgerReader,
  toldLists: ToldLists,
  { run, list }: StoredPersonList,
): Promise<void> {
  const stored = await ledger.personList(run, list);
  const told = toldLists.list(run, list);
  const place = `list ${list} of run ${formatRunId(run)}`;
  if (stored === null || told === null) throw unsound(place, 'not there');
  const read = decodeEvidenceList(view(stored));
  const erased = toldLists.erasures(run, list).flatMap(({ blocks }) => blocks);
  const finding = verifyEvidenceList(read, erased)?.fault;
  const { root, rows, providers } = told.logged;
  const isLogged = read.root === root && read.rows === rows && read.providers.length === providers;
  if (finding !== undefined || !isLogged) throw unsound(place, finding ?? 'not the list that was logged');
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const unsound = (place: string, found: string): Failure =>
  new Failure('audit-invalid', {
    message: 'A person-level list is not what the audit log says of it.',
    place,
    found,
    hint: 'Believe nothing in it. Keep the ledger as it is and compare it with a backup.',
  });

const lost = (): Failure =>
  new Failure('unexpected', {
    message: 'A person found in a list could not be taken out of it.',
    hint: 'Nothing was changed. Report this.',
  });
