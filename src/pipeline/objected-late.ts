/**
 * Who was heard objecting after the gate, by keyed names as opt-outs are carried: a run of which nothing left keeps no list of them, and a
 * rerun of its date must not bring them back (R17).
 */
import { formatNhsNumber } from '../domain/nhs-number.ts';
import type { NumberList } from '../domain/number-list.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { Keyring, LedgerReader, LedgerWriter } from '../ports.ts';

const setting = (run: RunId): string => `objected-late/${formatRunId(run)}`;

export async function noteObjectedLate(
  keyring: Keyring,
  tx: LedgerWriter,
  run: RunId,
  numbers: NumberList,
): Promise<void> {
  if (numbers.length === 0) return;
  const names = Array.from(numbers, (number) => keyring.carriedName('number', formatNhsNumber(number)));
  const noted = new Set([...(await objectedLateIn(tx, run)), ...names]);
  await tx.set(setting(run), JSON.stringify([...noted].sort()));
}

export async function objectedLateIn(tx: LedgerReader, run: RunId): Promise<readonly string[]> {
  return JSON.parse((await tx.setting(setting(run))) ?? '[]') as string[];
}
