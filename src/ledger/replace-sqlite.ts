/** One SQLite ledger put in the place of another, by one rename. Nobody may have either of them open. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { copySqlite, flushFolder } from './sqlite-copy.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

export interface Replacing {
  /** Where what stands there goes. */
  readonly setAside: string;
  readonly standing: 'none' | 'readable' | 'unreadable';
}

/**
 * What stands is set aside first: where it can be read, as a copy without what must die; where it cannot, as it is, with its write-ahead
 * log, which holds what was written last. None may stay behind: it would be played into the ledger that follows.
 */
export async function replaceSqlite(
  place: string,
  prepared: string,
  { setAside, standing }: Replacing,
): Promise<void> {
  if (standing === 'readable') {
    await (await openSqliteLedger(place)).close();
    await copySqlite(place, setAside);
  } else if (standing === 'unreadable') {
    if (existsSync(`${place}-wal`)) await rename(`${place}-wal`, `${setAside}-wal`);
    await rename(place, setAside);
  }
  for (const suffix of ['-wal', '-shm']) await rm(`${place}${suffix}`, { force: true });
  await flushFolder(path.dirname(place));
  await rename(prepared, place);
  await flushFolder(path.dirname(place));
}
