/**
 * What the role that runs the gate may do, table by table: what the gate does and nothing else. So that nobody who holds its password can
 * alter or remove an entry, the role owns no table and could not drop a trigger.
 */
import type { Tables } from './tables.ts';

type Right = 'INSERT' | 'UPDATE' | 'DELETE' | `UPDATE (${string})`;

const rights: Readonly<Record<keyof Tables, readonly Right[]>> = {
  settings: ['INSERT', 'UPDATE (value)'],
  claims: ['INSERT', 'UPDATE (epoch)'],
  runs: ['INSERT', 'UPDATE (state, held_from, intake, totals, released, reason, ended_at)'],
  intakes: ['INSERT'],
  requests: ['INSERT', 'UPDATE (state, intended_at, sent_at, message_id, epoch)'],
  sequences: ['INSERT', 'UPDATE (last)'],
  messages: ['INSERT', 'UPDATE (acknowledged, understood)'],
  keys: ['INSERT', 'UPDATE (die_at)', 'DELETE'],
  papers: ['INSERT', 'UPDATE (sealed)', 'DELETE'],
  choices: ['INSERT'],
  holds: ['INSERT', 'UPDATE (decision, decided_by)'],
  carried: ['INSERT', 'UPDATE (since, column_seen_in, known, numbers)'],
  refusedNumbers: ['INSERT', 'UPDATE (until)'],
  entries: ['INSERT'],
  frontier: ['INSERT', 'UPDATE (size, hashes)'],
  checkpoints: ['INSERT'],
  anchorings: ['INSERT'],
  evidenceLists: ['INSERT'],
  evidencePieces: ['INSERT', 'UPDATE (bytes)'],
  pieceErasures: ['INSERT'],
  personIndex: ['INSERT', 'DELETE'],
  configurations: ['INSERT'],
  stops: ['INSERT'],
};

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Statements that give a role its rights in a schema, whatever it had before. */
export function grantsTo(role: string, schema: string): readonly string[] {
  const to = quotedName(role);
  const within = quotedName(schema);
  return [
    `REVOKE ALL ON SCHEMA ${within} FROM PUBLIC`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${within} FROM PUBLIC, ${to}`,
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${within} FROM PUBLIC`,
    `GRANT USAGE ON SCHEMA ${within} TO ${to}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${within} TO ${to}`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${within} TO ${to}`,
    ...Object.entries(rights).map(
      ([table, granted]) => `GRANT ${granted.join(', ')} ON ${within}.${snakeCase(table)} TO ${to}`,
    ),
  ];
}

/** One truth value: whether this session could alter or remove what is written for good, or is no ordinary role at all. */
export const mayRewriteQuestion = `
  SELECT rolsuper OR has_schema_privilege(current_schema(), 'CREATE')
    OR has_table_privilege('entries', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR has_table_privilege('checkpoints', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR pg_has_role(c.relowner, 'MEMBER') AS answer
  FROM pg_roles, pg_class c
  WHERE rolname = current_user AND c.oid = 'entries'::regclass`;
