/** What anchors took, and what they gave back for it: evidence, written for good. */
import { appendOnly, count, place } from './schema-words.ts';

export const anchorTables: readonly string[] = [
  `CREATE TABLE anchorings (
    ${place}, anchor TEXT NOT NULL, target TEXT NOT NULL, ${count('size', 1)}, ${count('at')},
    receipt BLOB NOT NULL) STRICT`,
  `CREATE INDEX anchorings_of_anchor ON anchorings (anchor, place)`,
  `CREATE INDEX anchorings_of_size ON anchorings (size, place)`,
  ...appendOnly('anchorings', 'place'),
];
