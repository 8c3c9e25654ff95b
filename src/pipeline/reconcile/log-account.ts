/** What the log says of everything, added up: the state in which each run, request, message and hold should stand. */
import type { ErasedBlock } from '../../domain/custody.ts';
import { isFinal } from '../../domain/run.ts';
import type { RequestState, RunState } from '../../domain/run.ts';
import type { StoredHold } from '../../ports.ts';
import type { Told } from './told.ts';

export interface RunAccount {
  readonly opened: Told<'run-opened'>;
  /** In force when it was opened. */
  readonly configuration: string | null;
  state: RunState;
  heldFrom: RunState | null;
  gated: Told<'run-gated'> | null;
  /** The newest decision, withdrawn or not. */
  decided: Told<'run-decided' | 'run-rehearsed'> | null;
  released: Told<'run-released'> | null;
  sealed: Told<'run-sealed'> | null;
  attested: Told<'run-attested'> | null;
  end: Told<'run-sealed' | 'run-withheld' | 'run-failed'> | null;
  readonly holds: HoldAccount[];
}

export interface HoldAccount {
  readonly held: Told<'run-held'>;
  readonly run: string;
}

export type HoldDecision = Told<'hold-approved' | 'hold-rejected' | 'hold-expired'>;

export interface LogAccount {
  readonly runs: Map<string, RunAccount>;
  /** Runs that ended without having begun. */
  readonly missed: Map<string, Told<'night-missed'>>;
  readonly requests: Map<string, RequestAccount>;
  readonly messages: Map<string, MessageAccount>;
  readonly holdDecisions: Map<StoredHold['id'], HoldDecision>;
  readonly configurations: Told<'configuration-in-force'>[];
  readonly receipts: Told<'checkpoint-anchored'>[];
  readonly destroyedKeys: Map<string, Told<'key-destroyed'> | Told<'year-erased'>>;
  readonly erasedYears: Map<string, Told<'year-erased'>>;
  /** Blocks of person lists, in the order in which they were erased. */
  readonly erased: ErasedBlock[];
  /** Set and lifted, as they were told. */
  readonly stops: (Told<'stop-set'> | Told<'stop-lifted'>)[];
  legalHold: Told<'legal-hold-set'> | Told<'legal-hold-lifted'> | null;
  /** Drops that a restored ledger found standing, by place. */
  readonly recognisedDrops: Map<string, Told<'drop-recognised'>>;
  readonly removedDrops: Told<'drop-removed'>[];
  choices: number;
  /** Where the newest restore was told; keys that must die were in no backup. -1 if there never was one. */
  restoredAt: number;
  /** Entries that cannot follow what was told before them. */
  readonly outOfOrder: OutOfOrder[];
}

export interface OutOfOrder {
  readonly about: 'log' | 'run' | 'request' | 'message';
  readonly entry: Told;
  /** Where it stood before. */
  readonly stood: string;
}

export const emptyAccount = (): LogAccount => ({
  runs: new Map(),
  missed: new Map(),
  requests: new Map(),
  messages: new Map(),
  holdDecisions: new Map(),
  configurations: [],
  receipts: [],
  destroyedKeys: new Map(),
  erasedYears: new Map(),
  erased: [],
  stops: [],
  legalHold: null,
  recognisedDrops: new Map(),
  removedDrops: [],
  choices: 0,
  restoredAt: -1,
  outOfOrder: [],
});

export interface RequestAccount {
  readonly localId: string;
  readonly run: string;
  /** Of the first entry that names it. */
  readonly position: number;
  state: RequestState;
  intended: Told<'request-intended'> | null;
  messageId: string | null;
  /** How many requests took its place: one for a voided one with a successor, or its parts. */
  successors: number;
}

export interface MessageAccount {
  readonly kept: Told<'message-kept'>;
  acknowledged: boolean;
  understood: string | null;
}

export const hasEnded = (log: LogAccount, run: string): boolean => {
  const account = log.runs.get(run);
  return account !== undefined && isFinal(account.state);
};
