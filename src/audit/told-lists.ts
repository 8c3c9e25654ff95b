/** What the audit log says of person-level lists: their roots and counts, and who was erased from which block. */
import type { ErasedBlock } from '../domain/custody.ts';
import type { ListDigest } from '../domain/evidence.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { LedgerReader, PersonListName } from '../ports.ts';

interface ToldList {
  readonly position: number;
  readonly logged: ListDigest;
}

interface ToldErasures {
  readonly position: number;
  readonly blocks: readonly ErasedBlock[];
}

export interface ToldLists {
  /** What was last said of a list; null if nothing was. */
  list(run: RunId, list: PersonListName): ToldList | null;
  /** The erasures from a list, oldest first. */
  erasures(run: RunId, list: PersonListName): readonly ToldErasures[];
}

/** Under which name an entry speaks of a list. */
const toldAs = [
  ['run-gated', 'heldBackList', 'held-back'],
  ['run-decided', 'releasedList', 'released'],
  ['run-decided', 'heldBackLateList', 'held-back-late'],
] as const;

/** Reads the entries that speak of lists, once for all lists. */
export async function readToldLists(ledger: LedgerReader): Promise<ToldLists> {
  const lists = new Map<string, ToldList>();
  for (const [what, as, list] of toldAs)
    for await (const { position, line } of ledger.entriesOf(what)) {
      const entry = JSON.parse(Buffer.from(line).toString()) as Readonly<Record<string, unknown>>;
      lists.set(`${String(entry['run'])} ${list}`, { position, logged: entry[as] as ListDigest });
    }
  const erasures = new Map<string, ToldErasures[]>();
  for await (const { position, line } of ledger.entriesOf('person-erased')) {
    const { blocks } = JSON.parse(Buffer.from(line).toString()) as {
      readonly blocks: readonly ErasedBlock[];
    };
    const touched = new Set(blocks.map(({ run, list }) => `${run} ${list}`));
    for (const name of touched) {
      const own = blocks.filter(({ run, list }) => name === `${run} ${list}`);
      erasures.set(name, [...(erasures.get(name) ?? []), { position, blocks: own }]);
    }
  }
  return {
    list: (run, list) => lists.get(`${formatRunId(run)} ${list}`) ?? null,
    erasures: (run, list) => erasures.get(`${formatRunId(run)} ${list}`) ?? [],
  };
}
