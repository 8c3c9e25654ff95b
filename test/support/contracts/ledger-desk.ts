/** Where the parts of the ledger's contract work: a fresh ledger for each test, its claim taken, and a hand that writes. */
import { afterEach, beforeEach, expect } from '@jest/globals';

import type { FailureCode } from '../../../src/domain/failure.ts';
import type { Claim, Ledger, LedgerReader, StoredRun } from '../../../src/ports.ts';
import { sampleRun, writerTo } from '../ledger-samples.ts';
import type { Write } from '../ledger-samples.ts';

export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Closes it and opens what it left. */
  reopen(): Promise<Ledger>;
  destroy(): Promise<void>;
  /** One statement past the ledger, as somebody at the engine's own prompt would type it; rejects if the engine refuses. */
  raw?(statement: string): Promise<void>;
}

export interface LedgerDesk {
  readonly ledger: Ledger;
  /** Of the name `advance`, with epoch 1. */
  readonly claim: Claim;
  readonly raw: ((statement: string) => Promise<void>) | undefined;
  readonly write: Write;
  readonly read: <T>(work: (reader: LedgerReader) => Promise<T>) => Promise<T>;
  readonly withRun: (change?: Partial<StoredRun>) => Promise<void>;
  readonly reopen: () => Promise<void>;
}

/** Must be called within a `describe`. */
export function ledgerDesk(open: () => Promise<LedgerUnderTest>): LedgerDesk {
  let opened: LedgerUnderTest;
  let ledger: Ledger;
  let claim: Claim;
  beforeEach(async () => {
    opened = await open();
    ledger = opened.ledger;
    claim = await ledger.claim('advance');
  });
  afterEach(() => opened.destroy());

  const write: Write = (work) => writerTo(ledger, claim)(work);
  return {
    get ledger() {
      return ledger;
    },
    get claim() {
      return claim;
    },
    get raw() {
      return opened.raw?.bind(opened);
    },
    write,
    read: (work) => ledger.read(work),
    withRun: (change = {}) => write((tx, proof) => tx.insertRun(sampleRun(change), proof)),
    async reopen() {
      ledger = await opened.reopen();
    },
  };
}

export const failing = (code: FailureCode): unknown => expect.objectContaining({ name: 'Failure', code });
