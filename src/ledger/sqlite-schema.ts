/**
 * The schema of the SQLite ledger as a list of migrations; what is published here is never edited, only followed by another. Triggers
 * guard against a slip or a hurried hand at the SQL prompt: who may alter the file may drop them, and is found out by the audit log.
 */
import { anchorTables } from './schema-anchors.ts';
import { configurationTables } from './schema-configuration.ts';
import { personTables } from './schema-persons.ts';
import { stopTables } from './schema-stops.ts';
import {
  appendOnly,
  count,
  fixed,
  flag,
  noDelete,
  noSecond,
  noUpdate,
  onlyGrows,
  place,
} from './schema-words.ts';

const ofRun = 'FOREIGN KEY (business_date, revision) REFERENCES runs';

const firstTables: readonly string[] = [
  `CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,

  `CREATE TABLE claims (name TEXT NOT NULL PRIMARY KEY, ${count('epoch', 1)}) STRICT, WITHOUT ROWID`,

  `CREATE TABLE runs (
    business_date TEXT NOT NULL, revision INTEGER NOT NULL, state TEXT NOT NULL, held_from TEXT,
    ${count('opened_at')}, intake TEXT NOT NULL, configuration TEXT NOT NULL, key_id TEXT NOT NULL,
    totals TEXT, released INTEGER CHECK (released >= 0), reason TEXT, ended_at INTEGER,
    PRIMARY KEY (business_date, revision)) STRICT, WITHOUT ROWID`,

  `CREATE TABLE intakes (
    digest TEXT NOT NULL PRIMARY KEY, business_date TEXT NOT NULL, ${count('produced_at')},
    ${count('ordinal', 1)} UNIQUE, ${count('rows')}) STRICT, WITHOUT ROWID`,

  `CREATE TABLE requests (
    ${place}, local_id TEXT NOT NULL UNIQUE, business_date TEXT NOT NULL, revision INTEGER NOT NULL,
    state TEXT NOT NULL, ${count('level')}, ${count('sequence')}, subject TEXT NOT NULL,
    intended_at INTEGER, sent_at INTEGER, message_id TEXT, ${count('epoch')}, ${ofRun}) STRICT`,
  `CREATE INDEX requests_of_run ON requests (business_date, revision)`,

  `CREATE TABLE sequences (month TEXT NOT NULL PRIMARY KEY, ${count('last', 1)}) STRICT, WITHOUT ROWID`,

  `CREATE TABLE messages (
    ${place}, message_id TEXT NOT NULL UNIQUE, local_id TEXT NOT NULL, key_id TEXT NOT NULL,
    ${count('received_at')}, ${flag('acknowledged')}, understood TEXT) STRICT`,

  // No foreign key from papers to keys, and no trigger on either: both are wiped page by page (sqlite-ledger.ts).
  `CREATE TABLE keys (
    key_id TEXT NOT NULL PRIMARY KEY, purpose TEXT NOT NULL, scope TEXT NOT NULL, wrapped BLOB NOT NULL,
    die_at INTEGER, UNIQUE (purpose, scope)) STRICT`,
  `CREATE TABLE papers (
    key_id TEXT NOT NULL, name TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (key_id, name)) STRICT`,

  `CREATE TABLE choices (
    ${place}, key_id TEXT NOT NULL, name TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL) STRICT`,
  `CREATE INDEX choices_of_key ON choices (key_id)`,

  `CREATE TABLE holds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, business_date TEXT NOT NULL, revision INTEGER NOT NULL,
    stage TEXT NOT NULL, reasons TEXT NOT NULL, digest TEXT NOT NULL, ${count('opened_at')},
    opened_by TEXT NOT NULL, decision TEXT NOT NULL, decided_by TEXT, ${ofRun}) STRICT`,
  `CREATE UNIQUE INDEX one_open_hold ON holds (business_date, revision) WHERE decision = 'open'`,

  `CREATE TABLE carried (
    id TEXT NOT NULL PRIMARY KEY, folded_id TEXT NOT NULL, ${count('since')},
    column_seen_in INTEGER CHECK (column_seen_in >= 0), ${flag('known')},
    numbers TEXT NOT NULL) STRICT, WITHOUT ROWID`,

  `CREATE TABLE refused_numbers (name TEXT NOT NULL PRIMARY KEY, until TEXT NOT NULL) STRICT, WITHOUT ROWID`,

  `CREATE TABLE entries (
    position INTEGER PRIMARY KEY CHECK (position >= 0), line BLOB NOT NULL, leaf BLOB NOT NULL) STRICT`,
  `CREATE TABLE frontier (
    id INTEGER PRIMARY KEY CHECK (id = 1), ${count('size')}, hashes TEXT NOT NULL) STRICT`,
  `CREATE TABLE checkpoints (${place}, ${count('size')}, note TEXT NOT NULL) STRICT`,
  `CREATE TABLE person_lists (
    ${place}, business_date TEXT NOT NULL, revision INTEGER NOT NULL, list TEXT NOT NULL,
    bytes BLOB NOT NULL, ${ofRun}) STRICT`,
  `CREATE INDEX person_lists_of_run ON person_lists (business_date, revision, list)`,
];

const firstTriggers: readonly string[] = [
  ...appendOnly('entries', 'position'),
  `CREATE TRIGGER entries_follow BEFORE INSERT ON entries
   WHEN NEW.position <> (SELECT coalesce(max(position), -1) + 1 FROM entries)
   BEGIN SELECT RAISE(ABORT, 'entries: without a gap'); END`,
  ...appendOnly('checkpoints', 'place'),
  ...appendOnly('person_lists', 'place'),
  ...appendOnly('choices', 'place', 'name'),
  ...appendOnly('intakes', 'digest', 'ordinal'),

  noDelete('runs'),
  `CREATE TRIGGER runs_no_second BEFORE INSERT ON runs
   WHEN EXISTS (SELECT 1 FROM runs WHERE business_date = NEW.business_date AND revision = NEW.revision)
   BEGIN SELECT RAISE(ABORT, 'runs: there already'); END`,
  noUpdate('runs', `OLD.state IN ('sealed', 'withheld', 'failed')`),
  fixed('runs', 'business_date', 'revision', 'opened_at', 'configuration', 'key_id'),

  noDelete('requests'),
  noSecond('requests', 'place', 'local_id'),
  fixed('requests', 'place', 'local_id', 'business_date', 'revision', 'level', 'sequence', 'subject'),

  noDelete('messages'),
  noSecond('messages', 'place', 'message_id'),
  noUpdate('messages', 'OLD.understood IS NOT NULL AND NEW.understood IS NOT OLD.understood'),
  fixed('messages', 'place', 'message_id', 'local_id', 'key_id', 'received_at'),

  noDelete('holds'),
  noSecond('holds', 'id'),
  noUpdate('holds', `OLD.decision <> 'open'`),
  fixed('holds', 'id', 'business_date', 'revision', 'stage', 'reasons', 'digest', 'opened_at', 'opened_by'),

  noDelete('carried'),
  noUpdate('carried', 'NEW.since < OLD.since OR NEW.known < OLD.known'),
  fixed('carried', 'id', 'folded_id'),
  noDelete('claims'),
  onlyGrows('claims', 'epoch'),
  noDelete('sequences'),
  onlyGrows('sequences', 'last'),
];

/** Statements of each migration, oldest first. */
export const sqliteMigrations: readonly (readonly string[])[] = [
  [...firstTables, ...firstTriggers],
  anchorTables,
  personTables,
  configurationTables,
  stopTables,
];
