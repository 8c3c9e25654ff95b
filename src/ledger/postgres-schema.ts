/**
 * The schema of the PostgreSQL ledger as a list of migrations; what is published here is never edited, only followed by another. The same
 * tables and the same guards as in SQLite (sqlite-schema.ts), and besides: nobody but their owner may truncate, and the role that runs
 * the gate owns nothing (postgres-grants.ts). Text compares by its bytes, whatever the database's locale.
 */

const text = (column: string): string => `${column} TEXT COLLATE "C" NOT NULL`;
const maybeText = (column: string): string => `${column} TEXT COLLATE "C"`;
const count = (column: string, least = 0): string =>
  `${column} BIGINT NOT NULL CHECK (${column} >= ${least})`;
const flag = (column: string): string => `${column} BIGINT NOT NULL CHECK (${column} IN (0, 1))`;
/** Given by the engine; not every number is used, for a transaction that fails keeps its own. */
const place = (column = 'place'): string => `${column} BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY`;
const ofRun = `${text('business_date')}, revision BIGINT NOT NULL`;
const refersToRun = 'FOREIGN KEY (business_date, revision) REFERENCES runs';

const trigger = (table: string, name: string, moment: string, action: string, when?: string): string =>
  `CREATE TRIGGER ${table}_${name} BEFORE ${moment} ON ${table}
   FOR EACH ${moment === 'TRUNCATE' ? 'STATEMENT' : 'ROW'}${when === undefined ? '' : ` WHEN (${when})`}
   EXECUTE FUNCTION ${action}`;
const refuse = (words: string): string => `refuse('${words}')`;

const noDelete = (table: string): readonly string[] => [
  trigger(table, 'no_delete', 'DELETE', refuse('never deleted')),
  trigger(table, 'no_truncate', 'TRUNCATE', refuse('never emptied')),
];
const noUpdate = (table: string, when?: string): string =>
  trigger(table, 'no_update', 'UPDATE', refuse('written for good'), when);
const fixed = (table: string, ...columns: readonly string[]): string =>
  trigger(
    table,
    'fixed',
    'UPDATE',
    refuse('this column was written for good'),
    columns.map((column) => `OLD.${column} IS DISTINCT FROM NEW.${column}`).join(' OR '),
  );
const onlyGrows = (table: string, column: string): string =>
  trigger(table, 'grow', 'UPDATE', refuse('never falls'), `NEW.${column} < OLD.${column}`);
const appendOnly = (table: string): readonly string[] => [noUpdate(table), ...noDelete(table)];

const functions: readonly string[] = [
  `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]; END $$`,
  // As SQLite's function of this name: where the second stands in the first, counted from 1.
  `CREATE FUNCTION instr(bytea, bytea) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT position($2 IN $1)'`,
  `CREATE FUNCTION entries_follow() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF NEW.position <> (SELECT coalesce(max(position), -1) + 1 FROM entries) THEN
       RAISE EXCEPTION 'entries: without a gap';
     END IF;
     RETURN NEW;
   END $$`,
  `CREATE FUNCTION is_erasure(bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
   SELECT EXISTS (SELECT 1 FROM entries WHERE position = $1
     AND position(convert_to('"what":"person-erased"', 'UTF8') IN line) > 0) $$`,
  `CREATE FUNCTION piece_erasures_follow() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF NOT is_erasure(NEW.position) THEN RAISE EXCEPTION 'piece_erasures: no such entry'; END IF;
     RETURN NEW;
   END $$`,
  `CREATE FUNCTION evidence_pieces_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     IF (NEW.id, NEW.list_id, NEW.first, length(NEW.bytes)) IS DISTINCT FROM
        (OLD.id, OLD.list_id, OLD.first, length(OLD.bytes))
       OR NOT EXISTS (SELECT 1 FROM piece_erasures
         WHERE piece_id = OLD.id AND position = (SELECT max(position) FROM entries)) THEN
       RAISE EXCEPTION 'evidence_pieces: changed by an erasure only';
     END IF;
     RETURN NEW;
   END $$`,
];

const tables: readonly string[] = [
  `CREATE TABLE settings (${text('name')} PRIMARY KEY, ${text('value')})`,
  `CREATE TABLE claims (${text('name')} PRIMARY KEY, ${count('epoch', 1)})`,
  `CREATE TABLE runs (
    ${ofRun}, ${text('state')}, ${maybeText('held_from')}, ${count('opened_at')}, ${text('intake')},
    ${text('configuration')}, ${text('key_id')}, ${maybeText('totals')}, released BIGINT CHECK (released >= 0),
    ${maybeText('reason')}, ended_at BIGINT, PRIMARY KEY (business_date, revision))`,
  `CREATE TABLE intakes (
    ${text('digest')} PRIMARY KEY, ${text('business_date')}, ${count('produced_at')},
    ${count('ordinal', 1)} UNIQUE, ${count('rows')})`,
  `CREATE TABLE requests (
    ${place()}, ${text('local_id')} UNIQUE, ${ofRun}, ${text('state')}, ${count('level')},
    ${count('sequence')}, ${text('subject')}, intended_at BIGINT, sent_at BIGINT, ${maybeText('message_id')},
    ${count('epoch')}, ${refersToRun})`,
  `CREATE INDEX requests_of_run ON requests (business_date, revision)`,
  `CREATE TABLE sequences (${text('month')} PRIMARY KEY, ${count('last', 1)})`,
  `CREATE TABLE messages (
    ${place()}, ${text('message_id')} UNIQUE, ${text('local_id')}, ${text('key_id')},
    ${count('received_at')}, ${flag('acknowledged')}, ${maybeText('understood')})`,
  `CREATE TABLE keys (
    ${text('key_id')} PRIMARY KEY, ${text('purpose')}, ${text('scope')}, wrapped BYTEA NOT NULL,
    die_at BIGINT, UNIQUE (purpose, scope))`,
  `CREATE TABLE papers (
    ${text('key_id')}, ${text('name')}, sealed BYTEA NOT NULL, PRIMARY KEY (key_id, name))`,
  // What is sealed does not shrink: to try would cost and gain nothing.
  `ALTER TABLE papers ALTER COLUMN sealed SET STORAGE EXTERNAL`,
  `CREATE TABLE choices (
    ${place()}, ${text('key_id')}, ${text('name')} UNIQUE, sealed BYTEA NOT NULL)`,
  `CREATE INDEX choices_of_key ON choices (key_id)`,
  `CREATE TABLE holds (
    ${place('id')}, ${ofRun}, ${text('stage')}, ${text('reasons')}, ${text('digest')}, ${count('opened_at')},
    ${text('opened_by')}, ${text('decision')}, ${maybeText('decided_by')}, ${refersToRun})`,
  `CREATE UNIQUE INDEX one_open_hold ON holds (business_date, revision) WHERE decision = 'open'`,
  `CREATE TABLE carried (
    ${text('id')} PRIMARY KEY, ${text('folded_id')}, ${count('since')},
    column_seen_in BIGINT CHECK (column_seen_in >= 0), ${flag('known')}, ${text('numbers')},
    carried_from BIGINT NOT NULL DEFAULT 0)`,
  `CREATE TABLE refused_numbers (${text('name')} PRIMARY KEY, ${text('until')})`,
  `CREATE TABLE entries (
    position BIGINT PRIMARY KEY CHECK (position >= 0), line BYTEA NOT NULL, leaf BYTEA NOT NULL)`,
  `CREATE TABLE frontier (id BIGINT PRIMARY KEY CHECK (id = 1), ${count('size')}, ${text('hashes')})`,
  `CREATE TABLE checkpoints (${place()}, ${count('size')}, ${text('note')})`,
  `CREATE TABLE anchorings (
    ${place()}, ${text('anchor')}, ${text('target')}, ${count('size', 1)}, ${count('at')}, receipt BYTEA NOT NULL)`,
  `CREATE INDEX anchorings_of_anchor ON anchorings (anchor, place)`,
  `CREATE INDEX anchorings_of_size ON anchorings (size, place)`,
  `CREATE TABLE evidence_lists (${place('id')}, ${ofRun}, ${text('list')}, ${flag('indexed')}, ${refersToRun})`,
  `CREATE INDEX evidence_lists_of_run ON evidence_lists (business_date, revision, list)`,
  `CREATE TABLE evidence_pieces (
    ${place('id')}, list_id BIGINT NOT NULL REFERENCES evidence_lists, ${text('first')}, bytes BYTEA NOT NULL)`,
  `ALTER TABLE evidence_pieces ALTER COLUMN bytes SET STORAGE EXTERNAL`,
  `CREATE UNIQUE INDEX evidence_pieces_of_list ON evidence_pieces (list_id, first)`,
  `CREATE TABLE piece_erasures (
    piece_id BIGINT NOT NULL REFERENCES evidence_pieces, position BIGINT NOT NULL REFERENCES entries,
    PRIMARY KEY (piece_id, position))`,
  `CREATE TABLE configurations (
    ${place()}, ${count('position')} UNIQUE, ${text('digest')}, ${text('guarded')}, ${text('settings')},
    ${maybeText('approvers')})`,
  `CREATE TABLE stops (
    ${place()}, ${count('position')} UNIQUE, ${maybeText('provider')}, ${flag('stands')}, ${count('at')},
    ${text('said_by')}, ${text('reason')})`,
  `CREATE TABLE person_index (
    ${text('year')}, token BYTEA NOT NULL, ${text('provider_id')}, PRIMARY KEY (year, token, provider_id))`,
];

const triggers: readonly string[] = [
  ...[
    'entries',
    'checkpoints',
    'choices',
    'intakes',
    'anchorings',
    'evidence_lists',
    'piece_erasures',
    'configurations',
    'stops',
  ].flatMap(appendOnly),
  trigger('entries', 'follow', 'INSERT', 'entries_follow()'),
  trigger('piece_erasures', 'follow', 'INSERT', 'piece_erasures_follow()'),
  ...noDelete('evidence_pieces'),
  trigger('evidence_pieces', 'only_erased', 'UPDATE', 'evidence_pieces_only_erased()'),
  ...['runs', 'requests', 'messages', 'holds', 'carried', 'claims', 'sequences'].flatMap(noDelete),
  noUpdate('runs', `OLD.state IN ('sealed', 'withheld', 'failed')`),
  fixed('runs', 'business_date', 'revision', 'opened_at', 'configuration', 'key_id'),
  fixed('requests', 'place', 'local_id', 'business_date', 'revision', 'level', 'sequence', 'subject'),
  noUpdate('messages', 'OLD.understood IS NOT NULL AND NEW.understood IS DISTINCT FROM OLD.understood'),
  fixed('messages', 'place', 'message_id', 'local_id', 'key_id', 'received_at'),
  noUpdate('holds', `OLD.decision <> 'open'`),
  fixed('holds', 'id', 'business_date', 'revision', 'stage', 'reasons', 'digest', 'opened_at', 'opened_by'),
  noUpdate('carried', 'NEW.since < OLD.since OR NEW.known < OLD.known'),
  fixed('carried', 'id', 'folded_id'),
  onlyGrows('claims', 'epoch'),
  onlyGrows('sequences', 'last'),
];

/** Whose rows must be able to die. */
const mortal = ['keys', 'papers', 'person_index'] as const;

/**
 * Truncation gives a table a new file and removes the old one at the commit, dead rows and all; a table filled again after it holds the
 * living only. It is the owner's right, lent to the gate for these tables and nothing else.
 */
const wipe = (table: (typeof mortal)[number]): string => `
  CREATE FUNCTION wipe_${table}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  BEGIN
    CREATE TEMPORARY TABLE living ON COMMIT DROP AS SELECT * FROM ${table};
    TRUNCATE ${table};
    INSERT INTO ${table} SELECT * FROM living;
    DROP TABLE living;
  END $$`;

/** Statements of each migration, oldest first. */
export const postgresMigrations: readonly (readonly string[])[] = [
  [...tables, ...functions, ...triggers, ...mortal.map(wipe)],
];
