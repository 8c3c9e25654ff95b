/** Words of the SQLite schema: columns that recur, and triggers that keep what was written for good. */

export const flag = (column: string): string => `${column} INTEGER NOT NULL CHECK (${column} IN (0, 1))`;
export const count = (column: string, least = 0): string =>
  `${column} INTEGER NOT NULL CHECK (${column} >= ${least})`;

/** `INSERT OR REPLACE` removes the old row without asking the DELETE triggers, so what must stay also refuses a second row of its key. */
export const noSecond = (table: string, ...keys: readonly string[]): string => `
  CREATE TRIGGER ${table}_no_second BEFORE INSERT ON ${table}
  WHEN EXISTS (SELECT 1 FROM ${table} WHERE ${keys.map((key) => `${key} = NEW.${key}`).join(' OR ')})
  BEGIN SELECT RAISE(ABORT, '${table}: there already'); END`;

export const noDelete = (table: string): string => `
  CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table}
  BEGIN SELECT RAISE(ABORT, '${table}: never deleted'); END`;

export const noUpdate = (table: string, when = 'TRUE'): string => `
  CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table} WHEN ${when}
  BEGIN SELECT RAISE(ABORT, '${table}: written for good'); END`;

export const fixed = (table: string, ...columns: readonly string[]): string => `
  CREATE TRIGGER ${table}_fixed BEFORE UPDATE OF ${columns.join(', ')} ON ${table}
  BEGIN SELECT RAISE(ABORT, '${table}: this column was written for good'); END`;

export const onlyGrows = (table: string, column: string): string => `
  CREATE TRIGGER ${table}_grow BEFORE UPDATE ON ${table} WHEN NEW.${column} < OLD.${column}
  BEGIN SELECT RAISE(ABORT, '${table}: never falls'); END`;

export const appendOnly = (table: string, ...keys: readonly string[]): readonly string[] => [
  noUpdate(table),
  noDelete(table),
  noSecond(table, ...keys),
];

export const place = 'place INTEGER PRIMARY KEY AUTOINCREMENT';
