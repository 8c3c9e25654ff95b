/** Makes a history that fails as small as it will go while it still fails in the same way. */
import { drawHistory } from './history.ts';
import type { History, Night } from './history.ts';
import { judge } from './judge.ts';
import { play } from './play.ts';

export async function faultsOf(history: History): Promise<readonly string[]> {
  const seen = await play(history);
  try {
    return await judge(history, seen);
  } finally {
    await seen.world.end();
  }
}

/** The kind of a fault, without the run that it speaks of. */
const kindOf = (fault: string): string => fault.replace(/^\S+\/r\d+: /, '').split('\n')[0] ?? '';

/** Tries at most `plays` smaller histories. */
export async function shrink(seed: number, plays = 400): Promise<History> {
  let smallest = drawHistory(seed);
  const kinds = new Set((await faultsOf(smallest)).map(kindOf));
  let left = plays;
  const tryOut = async (candidate: History): Promise<boolean> => {
    if (left-- <= 0) return false;
    if (!(await faultsOf(candidate)).some((fault) => kinds.has(kindOf(fault)))) return false;
    smallest = candidate;
    return true;
  };
  const withNight = (at: number, over: Partial<Night>): History => ({
    ...smallest,
    nights: smallest.nights.map((night, n) => (n === at ? { ...night, ...over } : night)),
  });
  for (let at = smallest.nights.length - 1; at >= 0 && smallest.nights.length > 1; at--)
    await tryOut({ ...smallest, nights: smallest.nights.filter((_, n) => n !== at) });
  for (const at of smallest.nights.keys()) {
    for (const over of [
      { rerun: false },
      { answers: ['proper'] as const },
      { troubles: [] },
      { national: [] },
    ])
      await tryOut(withNight(at, over));
    for (let n = smallest.nights[at]!.troubles.length - 1; n >= 0; n--)
      await tryOut(withNight(at, { troubles: smallest.nights[at]!.troubles.toSpliced(n, 1) }));
    for (const table of ['choices', 'serviceUsers'] as const)
      for (let piece = 16; piece >= 1; piece >>= 1)
        for (let from = smallest.nights[at]!.intake[table].length - piece; from >= 0; from -= piece) {
          const { intake } = smallest.nights[at]!;
          await tryOut(
            withNight(at, { intake: { ...intake, [table]: intake[table].toSpliced(from, piece) } }),
          );
        }
  }
  return smallest;
}
