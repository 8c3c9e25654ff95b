/** The one store, whatever engine keeps it: claims, consistent reading, all-or-nothing writing. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import { Failure } from '../domain/failure.ts';
import type { Ledger, LedgerReader, LedgerWriter } from '../ports.ts';
import { readAnchorings, writeAnchorings } from './anchorings.ts';
import { readCarried, writeCarried } from './carried.ts';
import { readConfigurations, writeConfigurations } from './configurations.ts';
import { readEntries, writeEntries } from './entries.ts';
import { readHolds, writeHolds } from './holds.ts';
import { ledgerIsClosed } from './ledger-failures.ts';
import { readMessages, writeMessages } from './messages.ts';
import { readPapers, writePapers } from './papers-and-keys.ts';
import { readPersonEvidence, writePersonEvidence } from './person-evidence.ts';
import { appendedHere } from './proofs.ts';
import { readRequests, writeRequests } from './requests.ts';
import { readRuns, writeRuns } from './runs.ts';
import { demandClaim, readSettings, takeClaim, writeSettings } from './settings.ts';
import { readStops, writeStops } from './stops.ts';
import type { Tables } from './tables.ts';

/** What an engine brings. Each of the two lets one transaction in at a time; what they throw is `ledger-failed`. */
export interface Engine {
  readonly reading: Kysely<Tables>;
  readonly writing: Kysely<Tables>;
  compact(): Promise<void>;
  copyTo(file: string): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** The ledger on an engine whose tables stand. */
export function ledgerOn(engine: Engine): Ledger {
  const outermost = outermostOnly();
  let closed: Promise<void> | undefined;
  const whileOpen = <T>(call: () => Promise<T>): Promise<T> =>
    outermost(() => (closed === undefined ? call() : Promise.reject(ledgerIsClosed())));

  return {
    claim: (name) => whileOpen(() => engine.writing.transaction().execute((db) => takeClaim(db, name))),

    read: (work) =>
      whileOpen(() =>
        engine.reading
          .transaction()
          .setAccessMode('read only')
          .setIsolationLevel('repeatable read')
          .execute((db) => work(readerOn(db))),
      ),

    readAlone: (work) => whileOpen(() => engine.writing.transaction().execute((db) => work(readerOn(db)))),

    transact: (claim, work) =>
      whileOpen(() =>
        engine.writing.transaction().execute(async (db) => {
          await demandClaim(db, claim);
          return work(writerOn(db));
        }),
      ),

    compact: () => whileOpen(() => engine.compact()),

    copyTo: (file) => whileOpen(() => engine.copyTo(file)),

    /** Waits for what is under way; a second call does nothing. */
    close: () => outermost(() => (closed ??= engine.close())),
  };
}

/** Only reading, for a copy that nobody writes to. */
export const readingOn = (db: Kysely<Tables>): Pick<Ledger, 'read' | 'close'> => ({
  read: (work) =>
    db
      .transaction()
      .setAccessMode('read only')
      .execute((tx) => work(readerOn(tx))),
  close: () => db.destroy(),
});

const readerOn = (db: Kysely<Tables>): LedgerReader => ({
  ...readSettings(db),
  ...readRuns(db),
  ...readRequests(db),
  ...readMessages(db),
  ...readPapers(db),
  ...readHolds(db),
  ...readCarried(db),
  ...readEntries(db),
  ...readAnchorings(db),
  ...readPersonEvidence(db),
  ...readConfigurations(db),
  ...readStops(db),
});

function writerOn(db: Kysely<Tables>): LedgerWriter {
  const appended = appendedHere();
  return {
    ...readerOn(db),
    ...writeSettings(db),
    ...writeRuns(db, appended),
    ...writeRequests(db, appended),
    ...writeMessages(db, appended),
    ...writePapers(db, appended),
    ...writeHolds(db, appended),
    ...writeCarried(db, appended),
    ...writeEntries(db, appended),
    ...writeAnchorings(db, appended),
    ...writePersonEvidence(db, appended),
    ...writeConfigurations(db, appended),
    ...writeStops(db, appended),
  };
}

/**
 * Refuses a call from within the work of another: it would wait for itself for ever, or read what its own transaction has not yet
 * stored. Work that outlives the call that started it counts as outside again.
 */
export function outermostOnly(): <T>(call: () => Promise<T>) => Promise<T> {
  const within = new AsyncLocalStorage<{ running: boolean }>();
  return async (call) => {
    if (within.getStore()?.running === true) {
      throw new Failure('unexpected', {
        message: 'The ledger was called from within its own transaction.',
        allowed: 'the reader or writer that the work was given',
        hint: 'This is a fault of the program: nothing was stored. Report it.',
      });
    }
    const scope = { running: true };
    try {
      return await within.run(scope, call);
    } finally {
      scope.running = false;
    }
  };
}
