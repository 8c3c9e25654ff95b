/** Intakes that are wrong, all the named ones, each file cut at every byte, and as many mutated ones as wanted. */
import { diceOf } from '../support/chance.ts';
import { openIntakeDesk, referenceAsked, soundTexts, tableFiles } from './intake-desk.ts';
import type { IntakeDesk, IntakeOutcome, Texts } from './intake-desk.ts';
import { mutated } from './mutate.ts';
import { namedIntakes } from './named-intakes.ts';
import { Tally } from './tally.ts';

export interface IntakesWanted {
  readonly seed: number;
  readonly mutated: number;
}

export async function intakesCampaign(
  { seed, mutated: wanted }: IntakesWanted,
  desk: IntakeDesk = openIntakeDesk(),
): Promise<Tally> {
  const tally = new Tally();
  try {
    for (const { name, texts, spoil, manifest, code } of namedIntakes) {
      const outcome = await desk.take(texts, spoil, manifest);
      const said = await desk.said();
      const isSaid = said.includes(code) && (outcome.code === 'taken' || said.includes(outcome.code));
      const wrong = isSaid
        ? judge(texts, outcome)
        : `${outcome.code}; ${said.join(', ')} where it is ${code}`;
      tally.add('named intakes', code, wrong === null ? null : `${name}: ${wrong}`);
    }
    for (const file of tableFiles)
      for (let length = 0; length < soundTexts[file].length; length++) {
        const texts = { ...soundTexts, [file]: soundTexts[file].subarray(0, length) };
        await tryOne(desk, tally, 'intakes cut at every byte', `${file}, byte ${length}`, texts);
      }
    for (let n = seed; n < seed + wanted; n++) await mutateOne(desk, tally, n);
  } finally {
    desk.close();
  }
  return tally;
}

async function mutateOne(desk: IntakeDesk, tally: Tally, seed: number): Promise<void> {
  const dice = diceOf(seed);
  const file = dice.pick([...tableFiles, 'manifest.json'] as const);
  if (file !== 'manifest.json') {
    const texts = { ...soundTexts, [file]: mutated(soundTexts[file], dice) };
    return tryOne(desk, tally, 'mutated intakes', `seed ${seed}`, texts);
  }
  const outcome = await desk.take(soundTexts, undefined, (text) => mutated(text, dice));
  const wrong = judge(soundTexts, outcome);
  tally.add('mutated intakes', outcome.code, wrong === null ? null : `seed ${seed}: ${wrong}`);
}

/** The manifest agrees with what is written: only the reading of it can tell that something is wrong. */
async function tryOne(
  desk: IntakeDesk,
  tally: Tally,
  kind: string,
  name: string,
  texts: Texts,
): Promise<void> {
  const outcome = await desk.take(texts);
  const wrong = judge(texts, outcome);
  tally.add(kind, outcome.code, wrong === null ? null : `${name}: ${wrong}`);
}

/** A folder is refused with a reason that is foreseen, or taken and nobody asked about whom the policy keeps back by its very bytes. */
function judge(texts: Texts, { code, asked }: IntakeOutcome): string | null {
  if (code === 'unexpected') return 'an end that nobody foresaw';
  if (code !== 'taken') return null;
  const may = referenceAsked(texts);
  if (may === null) return 'taken, though it is no such table';
  return asked.every((number) => may.has(number)) ? null : 'somebody asked about who may not be';
}
