/** The tables of a ledger in memory. Rows and tables are never changed in place: who read one keeps it as it was. */
import type { LocalDate } from '../../src/domain/calendar.ts';
import type { RunId } from '../../src/domain/run.ts';
import type {
  CarriedObjection,
  Frontier,
  Paper,
  SignedCheckpoint,
  StoredAnchoring,
  StoredConfiguration,
  StoredEntry,
  StoredHold,
  StoredIntake,
  StoredMessage,
  StoredPersonList,
  StoredPiece,
  StoredRequest,
  StoredRun,
  StoredStop,
  WrappedKey,
} from '../../src/ports.ts';

export interface Tables {
  claims: ReadonlyMap<string, number>;
  settings: ReadonlyMap<string, string>;
  runs: readonly StoredRun[];
  intakes: readonly StoredIntake[];
  requests: readonly StoredRequest[];
  sequences: ReadonlyMap<string, number>;
  messages: readonly StoredMessage[];
  papers: ReadonlyMap<string, Paper>;
  keys: ReadonlyMap<string, { readonly key: WrappedKey; readonly dieAt: number | null }>;
  holds: readonly StoredHold[];
  carried: ReadonlyMap<string, { readonly objection: CarriedObjection; readonly from: number }>;
  refused: ReadonlyMap<string, LocalDate>;
  choices: readonly Paper[];
  entries: readonly StoredEntry[];
  frontier: Frontier;
  checkpoints: readonly SignedCheckpoint[];
  anchorings: readonly StoredAnchoring[];
  lists: readonly StoredPersonList[];
  pieces: readonly StoredPiece[];
  index: ReadonlyMap<
    string,
    { readonly year: string; readonly token: Uint8Array; readonly providerId: string }
  >;
  stops: readonly StoredStop[];
  configurations: readonly StoredConfiguration[];
}

export const emptyTables = (): Tables => ({
  claims: new Map(),
  settings: new Map(),
  runs: [],
  intakes: [],
  requests: [],
  sequences: new Map(),
  messages: [],
  papers: new Map(),
  keys: new Map(),
  holds: [],
  carried: new Map(),
  refused: new Map(),
  choices: [],
  entries: [],
  frontier: { size: 0, hashes: [] },
  checkpoints: [],
  anchorings: [],
  lists: [],
  pieces: [],
  index: new Map(),
  stops: [],
  configurations: [],
});

export const copied = (bytes: Uint8Array): Uint8Array => Uint8Array.prototype.slice.call(bytes);

export const isOfRun =
  ({ businessDate, revision }: RunId) =>
  (other: RunId): boolean =>
    other.businessDate === businessDate && other.revision === revision;
