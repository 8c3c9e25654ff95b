/**
 * Person-level lists in pieces, and the index by which a person is found in them. A piece never changes its length and is never moved, so
 * that an erasure overwrites the bytes where they lie. The index has no triggers: it is derived, and wiped page by page (sqlite-ledger.ts).
 */
const isErasure = (position: string): string => `EXISTS (
  SELECT 1 FROM entries
  WHERE position = ${position} AND instr(line, CAST('"what":"person-erased"' AS BLOB)) > 0)`;

const never = (table: string, what: 'UPDATE' | 'DELETE'): string => `
  CREATE TRIGGER ${table}_no_${what.toLowerCase()} BEFORE ${what} ON ${table}
  BEGIN SELECT RAISE(ABORT, '${table}: written for good'); END`;

export const personTables: readonly string[] = [
  `CREATE TABLE evidence_lists (
    id INTEGER PRIMARY KEY AUTOINCREMENT, business_date TEXT NOT NULL, revision INTEGER NOT NULL, list TEXT NOT NULL,
    indexed INTEGER NOT NULL CHECK (indexed IN (0, 1)),
    FOREIGN KEY (business_date, revision) REFERENCES runs) STRICT`,
  `CREATE INDEX evidence_lists_of_run ON evidence_lists (business_date, revision, list)`,
  `CREATE TABLE evidence_pieces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, list_id INTEGER NOT NULL REFERENCES evidence_lists, first TEXT NOT NULL,
    bytes BLOB NOT NULL) STRICT`,
  `CREATE UNIQUE INDEX evidence_pieces_of_list ON evidence_pieces (list_id, first)`,
  `CREATE TABLE piece_erasures (
    piece_id INTEGER NOT NULL REFERENCES evidence_pieces, position INTEGER NOT NULL REFERENCES entries,
    PRIMARY KEY (piece_id, position)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE person_index (
    year TEXT NOT NULL, token BLOB NOT NULL, provider_id TEXT NOT NULL,
    PRIMARY KEY (year, token, provider_id)) STRICT, WITHOUT ROWID`,

  `INSERT INTO evidence_lists SELECT place, business_date, revision, list, 0 FROM person_lists`,
  `INSERT INTO evidence_pieces SELECT place, place, '', bytes FROM person_lists`,
  `DROP TABLE person_lists`,

  never('evidence_lists', 'UPDATE'),
  never('evidence_lists', 'DELETE'),
  `CREATE TRIGGER evidence_lists_no_second BEFORE INSERT ON evidence_lists
   WHEN EXISTS (SELECT 1 FROM evidence_lists WHERE id = NEW.id)
   BEGIN SELECT RAISE(ABORT, 'evidence_lists: there already'); END`,

  never('evidence_pieces', 'DELETE'),
  `CREATE TRIGGER evidence_pieces_no_second BEFORE INSERT ON evidence_pieces
   WHEN EXISTS (
     SELECT 1 FROM evidence_pieces WHERE id = NEW.id OR (list_id = NEW.list_id AND first = NEW.first))
   BEGIN SELECT RAISE(ABORT, 'evidence_pieces: there already'); END`,
  `CREATE TRIGGER evidence_pieces_only_erased BEFORE UPDATE ON evidence_pieces
   WHEN NEW.id <> OLD.id OR NEW.list_id <> OLD.list_id OR NEW.first <> OLD.first
     OR length(NEW.bytes) <> length(OLD.bytes) OR NOT EXISTS (
       SELECT 1 FROM piece_erasures
       WHERE piece_id = OLD.id AND position = (SELECT max(position) FROM entries))
   BEGIN SELECT RAISE(ABORT, 'evidence_pieces: changed by an erasure only'); END`,

  never('piece_erasures', 'UPDATE'),
  never('piece_erasures', 'DELETE'),
  `CREATE TRIGGER piece_erasures_follow BEFORE INSERT ON piece_erasures
   WHEN EXISTS (SELECT 1 FROM piece_erasures WHERE piece_id = NEW.piece_id AND position = NEW.position)
     OR NOT ${isErasure('NEW.position')}
   BEGIN SELECT RAISE(ABORT, 'piece_erasures: no such entry'); END`,
];
