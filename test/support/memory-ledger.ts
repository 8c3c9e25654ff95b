/** A ledger in memory, held by the contract of those on a disk. A transaction works on copies of the tables it changes; readers keep theirs. */
import { Failure } from '../../src/domain/failure.ts';
import { formatRunId, mayMove } from '../../src/domain/run.ts';
import type { RunId } from '../../src/domain/run.ts';
import { engineFailure, keyIsGone, ledgerIsClosed, refused } from '../../src/ledger/ledger-failures.ts';
import { appendedHere } from '../../src/ledger/proofs.ts';
import type { Appended } from '../../src/ledger/proofs.ts';
import { outermostOnly } from '../../src/ledger/store.ts';
import type { CarriedObjection, Ledger, LedgerReader, LedgerWriter, StoredRun } from '../../src/ports.ts';
import { copied, emptyTables, isOfRun } from './memory-tables.ts';
import type { Tables } from './memory-tables.ts';

/** What outlives a handle: open it as often as wanted. */
export interface MemoryStore {
  tables: Tables;
  /** Those who write stand in line here. */
  line: Promise<unknown>;
}

export const memoryStore = (): MemoryStore => ({ tables: emptyTables(), line: Promise.resolve() });

/** One transaction of the writer. */
interface Turn {
  readonly appended: Appended;
  isOpen: boolean;
}

interface Desk {
  tables: Tables;
  readonly reader: LedgerReader;
}

function newDesk(): Desk {
  const desk: Desk = { tables: emptyTables(), reader: readerOn(() => desk.tables) };
  return desk;
}

/** `outermost`: what sees to it that nobody calls the ledger from within its own work; it costs a third of all, and may be left out. */
export function openMemoryLedger(store: MemoryStore, outermost = outermostOnly()): Ledger {
  let isClosed = false;
  const spare: Desk[] = [];
  const draft = emptyTables();
  let turn: Turn = { appended: appendedHere(), isOpen: false };
  const writer = writerOn(draft, () => turn);
  const whileOpen = <T>(call: () => Promise<T>): Promise<T> =>
    outermost(() => (isClosed ? Promise.reject(ledgerIsClosed()) : call()));
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = store.line.then(work);
    store.line = turn.catch(() => undefined);
    return turn;
  };
  /** Reads the tables as they stand now, whatever is stored meanwhile. Readers are used again: making one costs more than reading. */
  const readNow = async <T>(work: (reader: LedgerReader) => Promise<T>): Promise<T> => {
    const desk = spare.pop() ?? newDesk();
    desk.tables = store.tables;
    try {
      return await work(desk.reader);
    } finally {
      spare.push(desk);
    }
  };
  return {
    claim: (name) =>
      whileOpen(() =>
        inLine(() => {
          const epoch = (store.tables.claims.get(name) ?? 0) + 1;
          store.tables = { ...store.tables, claims: new Map(store.tables.claims).set(name, epoch) };
          return Promise.resolve({ name, epoch });
        }),
      ),
    read: (work) => whileOpen(() => readNow(work)),
    readAlone: (work) => whileOpen(() => inLine(() => readNow(work))),
    transact: (claim, work) =>
      whileOpen(() =>
        inLine(async () => {
          if (store.tables.claims.get(claim.name) !== claim.epoch) throw stale(claim.name, claim.epoch);
          Object.assign(draft, store.tables);
          turn = { appended: appendedHere(), isOpen: true };
          const done = await work(writer).finally(() => {
            turn.isOpen = false;
          });
          // Whoever kept the writer can change nothing any more: the next transaction begins with what was stored.
          store.tables = { ...draft };
          return done;
        }),
      ),
    compact: () => whileOpen(() => inLine(() => Promise.resolve())),
    copyTo: () =>
      whileOpen(() => Promise.reject(engineFailure(new Error('a ledger in memory is copied nowhere')))),
    close: () =>
      outermost(async () => {
        isClosed = true;
        await store.line;
      }),
  };
}

const stale = (name: string, epoch: number): Failure =>
  new Failure('epoch-stale', {
    message: 'Somebody else has taken over.',
    place: `claim ${name}`,
    found: `epoch ${epoch}`,
  });

async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  for (const row of rows) yield await Promise.resolve(row);
}

const newestFirst = (a: StoredRun, b: StoredRun): number =>
  a.businessDate === b.businessDate ? b.revision - a.revision : a.businessDate < b.businessDate ? 1 : -1;

const soon = <T>(value: T): Promise<T> => Promise.resolve(value);

function readerOn(tables: () => Tables): LedgerReader {
  const personLists = (): Tables['lists'] => tables().lists;
  return {
    setting: (name) => soon(tables().settings.get(name) ?? null),
    run: (id) => soon(tables().runs.find(isOfRun(id)) ?? null),
    runs({ businessDate, withoutRehearsals, limit }) {
      const found = tables().runs.filter(
        (run) =>
          (businessDate === undefined || run.businessDate === businessDate) &&
          (withoutRehearsals !== true || run.revision >= 1),
      );
      return soon(found.sort(newestFirst).slice(0, limit));
    },
    intakes: ({ businessDate, digest }) =>
      soon(
        tables().intakes.filter(
          (intake) =>
            (businessDate === undefined || intake.businessDate === businessDate) &&
            (digest === undefined || intake.digest === digest),
        ),
      ),
    requests: ({ businessDate, revision }) =>
      soon(
        tables().requests.filter(({ run }) => run.businessDate === businessDate && run.revision === revision),
      ),
    request: (localId) => soon(tables().requests.find((one) => one.localId === localId) ?? null),
    requestSentAs: (messageId) => soon(tables().requests.find((one) => one.messageId === messageId) ?? null),
    message: (messageId) => soon(tables().messages.find((one) => one.messageId === messageId) ?? null),
    messages: () => each(tables().messages),
    unsettledMessages: () =>
      soon(tables().messages.filter(({ acknowledged, understood }) => !acknowledged || understood === null)),
    paper: (keyId, name) => soon(tables().papers.get(`${keyId} ${name}`) ?? null),
    key: (keyId) => soon(tables().keys.get(keyId)?.key ?? null),
    keyOf: (purpose, scope) =>
      soon(
        [...tables().keys.values()].find(({ key }) => key.purpose === purpose && key.scope === scope)?.key ??
          null,
      ),
    keys: () =>
      soon([...tables().keys.values()].map(({ key }) => key).sort((a, b) => (a.keyId < b.keyId ? -1 : 1))),
    keysDue: (now) =>
      soon(
        [...tables().keys.values()]
          .filter(({ dieAt }) => dieAt !== null && dieAt <= now)
          .sort((a, b) => (a.dieAt ?? 0) - (b.dieAt ?? 0) || (a.key.keyId < b.key.keyId ? -1 : 1))
          .map(({ key }) => key),
      ),
    holds: (run) => soon(tables().holds.filter((hold) => run === undefined || isOfRun(run)(hold.run))),
    carried: (before = Infinity) =>
      each(
        [...tables().carried.values()]
          .filter(({ from }) => from <= before)
          .map(({ objection }) => objection)
          .sort((a, b) => (a.id < b.id ? -1 : 1)),
      ),
    carriedFrom: () => soon([...tables().carried.values()].map(({ from }) => from).sort((a, b) => a - b)),
    refusedNumbers: (date) =>
      soon(new Set([...tables().refused].filter(([, until]) => until >= date).map(([name]) => name))),
    releasedSizes: (limit) =>
      soon(
        tables()
          .runs.filter(
            ({ state, totals, released }) =>
              (state === 'released' || state === 'sealed') && totals !== null && released !== null,
          )
          .sort(newestFirst)
          .slice(0, limit)
          .map(({ totals, released }) => ({
            rows: Object.values(totals?.rows ?? {}).reduce((sum, count) => sum + count, 0),
            released: released ?? 0,
          })),
      ),
    recordedChoices: () => each(tables().choices),
    entries: (from, to) => each(tables().entries.slice(from, to === Infinity ? undefined : to)),
    frontier: () => soon(tables().frontier),
    checkpoint: () => soon(tables().checkpoints.at(-1) ?? null),
    checkpoints: () => soon(tables().checkpoints),
    anchorings: (fromSize) => each(tables().anchorings.filter(({ size }) => size >= fromSize)),
    lastAnchoring: (anchor, target) =>
      soon(
        tables().anchorings.findLast(
          (one) => one.anchor === anchor && (target === undefined || one.target === target),
        ) ?? null,
      ),
    entriesOf(what) {
      const mark = Buffer.from(`"what":${JSON.stringify(what)}`);
      return each(tables().entries.filter(({ line }) => Buffer.from(line).includes(mark)));
    },
    personList(run, list) {
      const newest = personLists().findLast((one) => one.list === list && isOfRun(run)(one.run));
      if (newest === undefined) return soon(null);
      const pieces = tables().pieces.filter(({ listId }) => listId === newest.id);
      return soon(Buffer.concat(pieces.sort(byFirst).map(({ bytes }) => bytes)));
    },
    personLists: () => soon(personLists()),
    personListPieces(lists, providerId) {
      const found = [...lists]
        .sort((a, b) => a - b)
        .flatMap((id) => {
          const pieces = tables()
            .pieces.filter(({ listId }) => listId === id)
            .sort(byFirst);
          if (providerId === null) return pieces;
          const holding = pieces.filter((piece) => byFirst(piece, { first: providerId }) <= 0).at(-1);
          return holding === undefined ? [] : [holding];
        });
      return soon(found);
    },
    indexSizes() {
      const sizes = new Map<string, { year: string; providerId: string; persons: number }>();
      for (const { year, providerId } of tables().index.values()) {
        const name = JSON.stringify([year, providerId]);
        const size = sizes.get(name) ?? { year, providerId, persons: 0 };
        sizes.set(name, { ...size, persons: size.persons + 1 });
      }
      return soon([...sizes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, size]) => size));
    },
    stops: () => soon(tables().stops),
    configurations: () => soon(tables().configurations),
    indexedProviders: (year, token) =>
      soon(
        [...tables().index.values()]
          .filter((row) => row.year === year && Buffer.compare(row.token, token) === 0)
          .map(({ providerId }) => providerId)
          .sort(),
      ),
    indexedPersons(year) {
      const tokens = new Map<string, Uint8Array>();
      for (const row of tables().index.values())
        if (row.year === year) tokens.set(Buffer.from(row.token).toString('hex'), row.token);
      return each([...tokens].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, token]) => token));
    },
  };
}

const byFirst = (a: { readonly first: string }, b: { readonly first: string }): number =>
  Buffer.compare(Buffer.from(a.first), Buffer.from(b.first));

/** Changes the draft, table by table, each replaced by a copy. */
function writerOn(draft: Tables, turn: () => Turn): LedgerWriter {
  const reader = readerOn(() => draft);
  const demandKey = (keyId: string): void => {
    if (!draft.keys.has(keyId)) throw keyIsGone(keyId);
  };
  const replace = <T>(rows: readonly T[], at: number, row: T): T[] => rows.with(at, row);
  // Checks before the first change, each in a later turn, as a real engine would.
  const step = (work: () => void): Promise<void> =>
    Promise.resolve().then(() => {
      if (!turn().isOpen) throw engineFailure(new Error('the transaction has ended'));
      work();
    });
  const told = (proof: Parameters<Appended['demand']>[0], work: () => void): Promise<void> =>
    step(() => {
      turn().appended.demand(proof);
      work();
    });
  return {
    ...reader,
    set: (name, value) => step(() => void (draft.settings = new Map(draft.settings).set(name, value))),
    insertRun: (run, proof) =>
      told(proof, () => {
        if (draft.runs.some(isOfRun(run)))
          throw refused(formatRunId(run), 'This run is there already.', 'a new one');
        draft.runs = [...draft.runs, run];
      }),
    moveRun: (id, from, to, change, proof) =>
      told(proof, () => {
        const at = draft.runs.findIndex(isOfRun(id));
        const run = draft.runs[at];
        const mayLeave = from !== 'held' || to === 'withheld' || run?.heldFrom === to;
        if (!mayMove(from, to) || run === undefined || run.state !== from || !mayLeave)
          throw refused(
            `run ${formatRunId(id)}`,
            `The run cannot move from ${from} to ${to}.`,
            'a move of the table',
          );
        draft.runs = replace(draft.runs, at, { ...run, ...change, state: to });
      }),
    async acceptIntake(intake) {
      const [known] = await reader.intakes({ digest: intake.digest });
      if (known !== undefined) return known;
      const accepted = { ...intake, ordinal: draft.intakes.length + 1 };
      draft.intakes = [...draft.intakes, accepted];
      return accepted;
    },
    insertRequest: (request) =>
      step(() => {
        if (!draft.runs.some(isOfRun(request.run))) throw engineFailure(new Error('no such run'));
        if (draft.requests.some(({ localId }) => localId === request.localId))
          throw refused(`request ${request.localId}`, 'This local id was used before.', 'a new one');
        draft.requests = [...draft.requests, { ...request, run: { ...request.run } }];
      }),
    moveRequest: (localId, from, to, change, proof) =>
      told(proof, () => {
        const at = draft.requests.findIndex((one) => one.localId === localId);
        const request = draft.requests[at];
        if (request?.state !== from)
          throw refused(
            `request ${localId}`,
            `The request cannot become ${to}.`,
            `one that stands in ${from}`,
          );
        draft.requests = replace(draft.requests, at, { ...request, ...change, state: to });
      }),
    nextSequence(month) {
      const next = (draft.sequences.get(month) ?? 0) + 1;
      draft.sequences = new Map(draft.sequences).set(month, next);
      return soon(next);
    },
    async insertMessage(message, proof) {
      await told(proof, () => undefined);
      if (draft.messages.some(({ messageId }) => messageId === message.messageId)) return false;
      draft.messages = [...draft.messages, message];
      return true;
    },
    settleMessage: (messageId, { acknowledged, understood }, proof) =>
      told(proof, () => {
        const at = draft.messages.findIndex((one) => one.messageId === messageId);
        const message = draft.messages[at];
        if (message === undefined || (understood !== undefined && message.understood !== null))
          throw refused(
            `message ${messageId}`,
            'The message cannot be settled.',
            'one not understood before',
          );
        draft.messages = replace(draft.messages, at, {
          ...message,
          acknowledged: acknowledged ?? message.acknowledged,
          understood: understood ?? message.understood,
        });
      }),
    putPaper: ({ keyId, name, sealed }) =>
      step(() => {
        demandKey(keyId);
        draft.papers = new Map(draft.papers).set(`${keyId} ${name}`, { keyId, name, sealed: copied(sealed) });
      }),
    addKey: (key, dieAt) =>
      step(() => {
        const same = [...draft.keys.values()].some(
          (one) =>
            one.key.keyId === key.keyId || (one.key.purpose === key.purpose && one.key.scope === key.scope),
        );
        if (same)
          throw refused(`key of ${key.purpose} ${key.scope}`, 'There is such a key already.', 'one a scope');
        draft.keys = new Map(draft.keys).set(key.keyId, {
          key: { ...key, wrapped: copied(key.wrapped) },
          dieAt,
        });
      }),
    setKeyDeath: (keyId, dieAt) =>
      step(() => {
        demandKey(keyId);
        draft.keys = new Map(draft.keys).set(keyId, { ...draft.keys.get(keyId)!, dieAt });
      }),
    destroyKey: (keyId, proof) =>
      told(proof, () => {
        demandKey(keyId);
        if (draft.choices.some((choice) => choice.keyId === keyId))
          throw refused(`key ${keyId}`, 'Choices that people made lie under this key.', 'another key');
        const { key } = draft.keys.get(keyId)!;
        draft.papers = new Map([...draft.papers].filter(([, paper]) => paper.keyId !== keyId));
        draft.keys = new Map([...draft.keys].filter(([id]) => id !== keyId));
        if (key.purpose !== 'year-pseudonyms') return;
        draft.index = new Map([...draft.index].filter(([, { year }]) => year !== key.scope));
      }),
    async openHold(hold, proof) {
      await told(proof, () => {
        if (draft.holds.some((one) => one.decision === 'open' && isOfRun(hold.run)(one.run)))
          throw refused(
            `run ${formatRunId(hold.run)}`,
            'A hold of this run is open already.',
            'one at a time',
          );
      });
      const id = draft.holds.length + 1;
      draft.holds = [...draft.holds, { ...hold, id, decision: 'open', decidedBy: null }];
      return id;
    },
    decideHold: (id, decision, by, proof) =>
      told(proof, () => {
        const at = draft.holds.findIndex((hold) => hold.id === id);
        const hold = draft.holds[at];
        if (hold?.decision !== 'open')
          throw refused(`hold ${id}`, `The hold cannot become ${decision}.`, 'an open one');
        draft.holds = replace(draft.holds, at, { ...hold, decision, decidedBy: by });
      }),
    carry: (objections) =>
      step(() => {
        const carried = new Map(draft.carried);
        for (const objection of objections) {
          const known = carried.get(objection.id);
          const numbers = [...new Set([...(known?.objection.numbers ?? []), ...objection.numbers])].sort();
          const grown = known === undefined ? objection : merged(known.objection, objection);
          carried.set(objection.id, {
            objection: { ...grown, numbers },
            from: known?.from ?? draft.frontier.size,
          });
        }
        draft.carried = carried;
      }),
    refuseNumber: (name, until, proof) =>
      told(proof, () => {
        const known = draft.refused.get(name);
        if (known === undefined || known < until) draft.refused = new Map(draft.refused).set(name, until);
      }),
    recordChoice: ({ keyId, name, sealed }, proof) =>
      told(proof, () => {
        demandKey(keyId);
        if (draft.choices.some((choice) => choice.name === name))
          throw refused(`choice ${name}`, 'This choice is recorded already.', 'a choice of another name');
        draft.choices = [...draft.choices, { keyId, name, sealed: copied(sealed) }];
      }),
    putAnchoring: (anchoring, proof) =>
      told(proof, () => void (draft.anchorings = [...draft.anchorings, anchoring])),
    putPersonList: (run, list, { pieces, indexed }, proof) =>
      told(proof, () => {
        const id = draft.lists.length + 1;
        draft.lists = [...draft.lists, { id, run: idOf(run), list, indexed }];
        const first = draft.pieces.length + 1;
        draft.pieces = [
          ...draft.pieces,
          ...pieces.map((piece, n) => ({
            id: first + n,
            listId: id,
            first: piece.first,
            bytes: copied(piece.bytes),
          })),
        ];
      }),
    indexPersons: (year, places, proof) =>
      told(proof, () => {
        const index = new Map(draft.index);
        for (const { providerId, tokens } of places)
          for (let at = 0; at < tokens.length; at += 16) {
            const token = copied(tokens.subarray(at, at + 16));
            index.set(`${year} ${Buffer.from(token).toString('hex')} ${providerId}`, {
              year,
              token,
              providerId,
            });
          }
        draft.index = index;
      }),
    forgetPerson: (year, token, proof) =>
      told(proof, () => {
        const isOther = (row: { year: string; token: Uint8Array }): boolean =>
          row.year !== year || Buffer.compare(row.token, token) !== 0;
        draft.index = new Map([...draft.index].filter(([, row]) => isOther(row)));
      }),
    overwritePiece: (id, bytes, proof) =>
      told(proof, () => {
        const at = draft.pieces.findIndex((piece) => piece.id === id);
        const piece = draft.pieces[at];
        const line = Buffer.from(draft.entries[proof.position]?.line ?? []);
        if (piece?.bytes.length !== bytes.length)
          throw refused(
            `piece ${id}`,
            'A piece may be overwritten, not replaced.',
            'bytes of the same length',
          );
        if (!line.includes('"what":"person-erased"')) throw engineFailure(new Error('no erasure'));
        draft.pieces = replace(draft.pieces, at, { ...piece, bytes: copied(bytes) });
      }),
    putStop: (stop, proof) =>
      told(proof, () => void (draft.stops = [...draft.stops, { ...stop, position: proof.position }])),
    putConfiguration: (configuration, proof) =>
      told(
        proof,
        () =>
          void (draft.configurations = [
            ...draft.configurations,
            { ...configuration, position: proof.position },
          ]),
      ),
    appendEntry: ({ position, line, leaf }) =>
      step(() => {
        if (position !== draft.entries.length)
          throw refused(`entry ${position}`, 'The entry does not follow the last one.', 'the next position');
        draft.entries = [...draft.entries, { position, line: copied(line), leaf: copied(leaf) }];
        turn().appended.note(position);
      }),
    setFrontier: (frontier) => step(() => void (draft.frontier = frontier)),
    putCheckpoint: (size, note) =>
      step(() => void (draft.checkpoints = [...draft.checkpoints, { size, note }])),
  };
}

const idOf = ({ businessDate, revision }: RunId): RunId => ({ businessDate, revision });

function merged(a: CarriedObjection, b: CarriedObjection): CarriedObjection {
  const seen = Math.max(a.columnSeenIn ?? -1, b.columnSeenIn ?? -1);
  return {
    ...a,
    since: Math.max(a.since, b.since),
    columnSeenIn: seen < 0 ? null : seen,
    known: a.known || b.known,
  };
}
