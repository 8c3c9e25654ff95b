/** Stops, set and lifted: written for good. */
import { appendOnly, count, flag, place } from './schema-words.ts';

export const stopTables: readonly string[] = [
  `CREATE TABLE stops (
    ${place}, ${count('position')}, provider TEXT, ${flag('stands')}, ${count('at')}, said_by TEXT NOT NULL,
    reason TEXT NOT NULL) STRICT`,
  ...appendOnly('stops', 'place', 'position'),
];
