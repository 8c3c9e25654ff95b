/** Steps, runs, requests and messages for tests of the ledger, and a hand that writes them with their entries. */
import { gateOutcomes } from '../../src/domain/eligibility.ts';
import type { RunTotals } from '../../src/domain/evidence.ts';
import type { RunId, RunState } from '../../src/domain/run.ts';
import type {
  CarriedObjection,
  Claim,
  EntryProof,
  Ledger,
  LedgerWriter,
  StoredAnchoring,
  StoredMessage,
  StoredRequest,
  StoredRun,
  WrappedKey,
} from '../../src/ports.ts';
import { testAuditLog } from './test-audit-log.ts';

export const noon = Date.UTC(2026, 10, 22, 12);
export const firstRun: RunId = { businessDate: '2026-11-22', revision: 1 };

export const sampleTotals = (rows: number, released: number): RunTotals => {
  const counts = Object.fromEntries(gateOutcomes.map((outcome) => [outcome, 0]));
  return {
    rows: { ...counts, asked: rows - 1, restricted: 1 } as unknown as RunTotals['rows'],
    asked: rows - 1,
    outcomes: { released, 'not-cleared': rows - 1 - released } as RunTotals['outcomes'],
  };
};

export const sampleRun = (change: Partial<StoredRun> = {}): StoredRun => ({
  ...firstRun,
  state: 'opened',
  heldFrom: null,
  openedAt: noon,
  intake: 'a'.repeat(64),
  configuration: 'c'.repeat(64),
  keyId: 'key-1',
  totals: null,
  released: null,
  reason: null,
  endedAt: null,
  ...change,
});

export const sampleRequest = (change: Partial<StoredRequest> = {}): StoredRequest => ({
  localId: 'local-1',
  run: firstRun,
  state: 'planned',
  level: 0,
  sequence: 1,
  subject: 'MYNHSNUMBERS_202611_1',
  intendedAt: null,
  sentAt: null,
  messageId: null,
  epoch: 1,
  ...change,
});

export const sampleMessage = (change: Partial<StoredMessage> = {}): StoredMessage => ({
  messageId: 'message-1',
  localId: 'local-1',
  keyId: 'key-1',
  receivedAt: noon,
  acknowledged: false,
  understood: null,
  ...change,
});

export const sampleKey = (change: Partial<WrappedKey> = {}): WrappedKey => ({
  keyId: 'key-1',
  purpose: 'run-papers',
  scope: '2026-11-22/r1',
  wrapped: Buffer.from('wrapped key one'),
  ...change,
});

export const sampleObjection = (change: Partial<CarriedObjection> = {}): CarriedObjection => ({
  id: 'id-1',
  foldedId: 'folded-1',
  since: noon,
  columnSeenIn: null,
  known: false,
  numbers: [],
  ...change,
});

export type Write = <T>(work: (ledger: LedgerWriter, proof: EntryProof) => Promise<T>) => Promise<T>;

const audit = testAuditLog();

/** A transaction under this claim that has written one entry and hands its proof to the work. */
export const writerTo =
  (ledger: Ledger, claim: Claim): Write =>
  (work) =>
    ledger.transact(claim, async (tx) =>
      work(
        tx,
        await audit.append(tx, { what: 'run-asked', at: '2026-11-22T12:00:00Z', run: '', by: 'test' }),
      ),
    );

/** Moves a run through these states, one transaction each. */
export async function walk(
  write: Write,
  run: RunId,
  ...[first, ...states]: readonly RunState[]
): Promise<void> {
  let from = first;
  for (const to of states) {
    const here = from;
    if (here !== undefined) await write((tx, proof) => tx.moveRun(run, here, to, {}, proof));
    from = to;
  }
}

export async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

export const sampleHold = {
  run: firstRun,
  stage: 'before-release',
  reasons: ['removals-none', 'drop-jump'],
  digest: 'd'.repeat(64),
  openedAt: noon,
  openedBy: 'gate',
} as const;

export const samplePaper = { keyId: 'key-1', name: 'choice:1', sealed: Buffer.from('sealed') };

export const sampleAnchoring: StoredAnchoring = {
  anchor: 'folder',
  target: '/mnt/second',
  size: 1,
  at: noon,
  receipt: Buffer.of(0, 255),
};
