/** Alters exported logs at random and counts what the stand-alone verifier finds. */
import { checkLog } from '../../scripts/verify-audit.mjs';
import { diceOf } from './chance.ts';
import { sampleLog } from './sample-log.ts';
import type { SampleLog } from './sample-log.ts';
import { needsManyFiles, standsAt, tamperings } from './tampering.ts';

export interface Tally {
  readonly kind: string;
  count: number;
  found: number;
  /** Found, and at the right entry. */
  placed: number;
}

const smallLogs = 40;
const longLogs = 2;
const oneIn = 200;

/** Spreads `count` tamperings over the kinds. `missed` is told of each that was not found where it must be, with what repeats it. */
export async function tamper(
  count: number,
  seed: number,
  missed: (kind: string, nth: number) => void,
): Promise<readonly Tally[]> {
  const dice = diceOf(seed);
  const small: SampleLog[] = [];
  for (let n = 0; n < smallLogs; n += 1) small.push(await sampleLog(dice, 8 + dice.below(24), dice.below(3)));
  const long: SampleLog[] = [];
  for (let n = 0; n < longLogs; n += 1) long.push(await sampleLog(dice, 1005 + dice.below(20), 1));
  const tallies = Object.keys(tamperings).map((kind): Tally => ({ kind, count: 0, found: 0, placed: 0 }));
  for (let nth = 0; nth < count; nth += 1) {
    const tally = tallies[nth % tallies.length]!;
    const isLong = dice.below(oneIn) === 0 || (needsManyFiles.has(tally.kind) && dice.below(4) === 0);
    const log = dice.pick(isLong ? long : small);
    const tampered = await tamperings[tally.kind]!(log, dice);
    const { sound, fault } = checkLog(tampered.files, { key: log.key, held: tampered.held });
    tally.count += 1;
    tally.found += sound ? 0 : 1;
    const placed = !sound && standsAt(fault, tampered);
    tally.placed += placed ? 1 : 0;
    if (!placed) missed(tally.kind, nth);
  }
  return tallies;
}
