/** Relations of whole nights, played through the pipeline: intake, gate, national check over the mailbox, decision and drop. */
import { isDeepStrictEqual } from 'node:util';

import fc from 'fast-check';

import { drawHistory } from '../simulation/history.ts';
import type { History, Night } from '../simulation/history.ts';
import { judge } from '../simulation/judge.ts';
import { play } from '../simulation/play.ts';
import { relation } from './relation.ts';
import type { Relation } from './relation.ts';

/** The first night of a history, with nothing going wrong in it. */
function calmNight(seed: number, change: Partial<Night> = {}, settings: Partial<History> = {}): History {
  const history = drawHistory(seed);
  const calm = { troubles: [], answers: ['proper'], hold: 'approve', rerun: false } as const;
  return { ...history, ...settings, nights: [{ ...history.nights[0]!, ...calm, ...change }] };
}

/** The numbers that left. A night that breaks a rule of the simulation's judge breaks the relation too. */
async function released(history: History): Promise<readonly string[]> {
  const seen = await play(history);
  const faults = await judge(history, seen);
  await seen.world.end();
  if (faults.length > 0) throw new Error(faults.join('; '));
  return seen.publications.flatMap(({ numbers }) => numbers).sort();
}

const anySeed = fc.integer({ min: 1, max: 2 ** 31 });

export const nightRelations: readonly Relation[] = [
  relation('one request or many: the same people leave', anySeed, async (seed) =>
    isDeepStrictEqual(
      await released(calmNight(seed, {}, { maxNumbers: 4 })),
      await released(calmNight(seed, {}, { maxNumbers: 100_000 })),
    ),
  ),
  relation('a line missing from an answer takes away that person and nobody else', anySeed, async (seed) => {
    const night = calmNight(seed);
    const all = await released(night);
    const gone = all[seed % Math.max(1, all.length)];
    if (gone === undefined) return true;
    const [{ national }] = night.nights as readonly [Night];
    const left = await released(calmNight(seed, { national: [...national, gone].sort() }));
    return isDeepStrictEqual(
      left,
      all.filter((number) => number !== gone),
    );
  }),
  relation('every message twice: the same people leave', anySeed, async (seed) =>
    isDeepStrictEqual(
      await released(calmNight(seed, { answers: ['twice'] })),
      await released(calmNight(seed)),
    ),
  ),
  relation('the answer before its receipt: the same people leave', anySeed, async (seed) =>
    isDeepStrictEqual(
      await released(calmNight(seed, { answers: ['reordered'] })),
      await released(calmNight(seed)),
    ),
  ),
  relation('a rerun of the same night lets nobody leave anew', anySeed, async (seed) =>
    isDeepStrictEqual(await released(calmNight(seed, { rerun: true })), await released(calmNight(seed))),
  ),
];
