/** Configurations that came into force, and since when an objection has been carried. */

export const configurationTables: readonly string[] = [
  `CREATE TABLE configurations (
    place INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER NOT NULL CHECK (position >= 0), digest TEXT NOT NULL,
    guarded TEXT NOT NULL, settings TEXT NOT NULL, approvers TEXT) STRICT`,
  `CREATE TRIGGER configurations_no_update BEFORE UPDATE ON configurations
   BEGIN SELECT RAISE(ABORT, 'configurations: written for good'); END`,
  `CREATE TRIGGER configurations_no_delete BEFORE DELETE ON configurations
   BEGIN SELECT RAISE(ABORT, 'configurations: never deleted'); END`,
  `CREATE TRIGGER configurations_no_second BEFORE INSERT ON configurations
   WHEN EXISTS (SELECT 1 FROM configurations WHERE place = NEW.place OR position = NEW.position)
   BEGIN SELECT RAISE(ABORT, 'configurations: there already'); END`,

  // How many entries the log held: what was carried later than a decision did not speak in it.
  `ALTER TABLE carried ADD COLUMN carried_from INTEGER NOT NULL DEFAULT 0`,
];
