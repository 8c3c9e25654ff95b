/** Answers that are wrong, all the named ones and as many mutated ones as wanted, through the gate's own door. */
import { gzipSync } from 'node:zlib';

import { diceOf } from '../support/chance.ts';
import type { Dice } from '../support/chance.ts';
import type { Delivery } from '../support/fake-mailbox.ts';
import { openDesk } from './desk.ts';
import type { Desk, Outcome } from './desk.ts';
import { mutated } from './mutate.ts';
import { namedAnswers } from './named-answers.ts';
import { namedDeliveries } from './named-deliveries.ts';
import { readStrictly, unpackLaxly } from './strict-reading.ts';
import { Tally } from './tally.ts';

const gzip = { 'content-encoding': 'gzip' };

/** The same body as it is, packed, in parts, and in packed parts, cut where no line ends. */
const forms: Readonly<Record<string, (body: Buffer) => Partial<Delivery> & { body: Uint8Array }>> = {
  plain: (body) => ({ body }),
  packed: (body) => ({ body: gzipSync(body), headers: gzip }),
  'in parts': (body) => {
    const [first = Buffer.alloc(0), ...others] = thirds(body);
    return { body: first, furtherParts: others };
  },
  'in packed parts': (body) => {
    const [first = Buffer.alloc(0), ...others] = thirds(body).map((part) => gzipSync(part));
    return { body: first, furtherParts: others, headers: gzip };
  },
};

function thirds(body: Buffer): Buffer[] {
  const third = Math.ceil(body.length / 3) + 1;
  return [body.subarray(0, third), body.subarray(third, 2 * third), body.subarray(2 * third)];
}

export interface AnswersWanted {
  readonly seed: number;
  readonly mutated: number;
  /** How many good answers are cut at every byte. */
  readonly cut: number;
}

export async function answersCampaign(
  { seed, mutated: wanted, cut }: AnswersWanted,
  given?: Desk,
): Promise<Tally> {
  const desk = given ?? (await openDesk());
  const tally = new Tally();
  await allNamed(desk, tally);
  for (let n = 0; n < cut; n++) await cutEverywhere(desk, tally, seed + n);
  for (let n = 0; n < wanted; n++) await mutateOne(desk, tally, seed + n);
  return tally;
}

async function allNamed(desk: Desk, tally: Tally): Promise<void> {
  const expect = (kind: string, name: string, code: string, outcome: Outcome): void => {
    const right = outcome.code === code && outcome.cleared === null;
    tally.add(kind, outcome.code, right ? null : `${name}: ${told(outcome)} where it is ${code}`);
  };
  for (const { name, body, code } of namedAnswers(desk.asked))
    for (const [form, dress] of Object.entries(forms)) {
      const { body: dressed, ...over } = dress(body);
      const outcome = await desk.take(desk.answer(dressed, over));
      expect('named answers', `${name}, ${form}`, code, outcome);
    }
  for (const { name, body, over, code } of namedDeliveries(desk.asked, desk.localId))
    expect('named deliveries', name, code, await desk.take(desk.answer(body, over)));
}

const told = ({ code, cleared }: Outcome): string => `${code}${cleared === null ? '' : ', and clears'}`;

function drawnAnswer(desk: Desk, dice: Dice): { body: Buffer; form: string } {
  const numbers = desk.asked.filter(() => dice.below(3) > 0);
  const ending = dice.pick([',\n', ',\n', '\n', ',\r\n', '\r\n']);
  return {
    body: Buffer.from(numbers.map((number) => number + ending).join('')),
    form: dice.pick(Object.keys(forms)),
  };
}

/** Nothing is cleared but what a strict reading of the very bytes clears; and what that clears, is. */
function judge(desk: Desk, parts: readonly Uint8Array[], packed: boolean, outcome: Outcome): string | null {
  const contents = parts.map((part) => (packed ? unpackLaxly(part) : part));
  const whole = contents.every((content) => content !== null) ? Buffer.concat(contents) : null;
  const said = whole === null ? null : readStrictly(whole);
  const right = said?.every((number) => desk.asked.includes(number)) === true ? [...said].sort() : null;
  if (outcome.cleared === null) return null;
  if (right === null) return `taken as an answer, which it is not`;
  return outcome.cleared.join() === right.join() ? null : 'clears others than it names';
}

async function cutEverywhere(desk: Desk, tally: Tally, seed: number): Promise<void> {
  const dice = diceOf(seed);
  const { body, form } = drawnAnswer(desk, dice);
  const dressed = forms[form]!(body);
  const parts = [dressed.body, ...(dressed.furtherParts ?? [])];
  const last = parts.at(-1)!;
  for (let length = 0; length < last.length; length++) {
    const cut = [...parts.slice(0, -1), last.subarray(0, length)];
    const named = { kind: 'answers cut at every byte', name: `seed ${seed}, byte ${length}` };
    await tryOne(desk, tally, named, cut, dressed.headers);
  }
}

async function mutateOne(desk: Desk, tally: Tally, seed: number): Promise<void> {
  const dice = diceOf(seed);
  const { body, form } = drawnAnswer(desk, dice);
  // Either what was said goes wrong, or how it was packed and sent.
  const inside = dice.below(2) === 0;
  const dressed = forms[form]!(inside ? mutated(body, dice) : body);
  const parts: Buffer[] = [dressed.body, ...(dressed.furtherParts ?? [])].map((part) => Buffer.from(part));
  if (!inside) {
    const which = dice.below(parts.length);
    parts[which] = mutated(parts[which]!, dice);
  }
  await tryOne(desk, tally, { kind: 'mutated answers', name: `seed ${seed}` }, parts, dressed.headers);
}

async function tryOne(
  desk: Desk,
  tally: Tally,
  { kind, name }: { readonly kind: string; readonly name: string },
  parts: readonly Uint8Array[],
  headers: Delivery['headers'] = {},
): Promise<void> {
  const [body = new Uint8Array(), ...furtherParts] = parts;
  const outcome = await desk.take(desk.answer(body, { furtherParts, headers }));
  const wrong = judge(desk, parts, 'content-encoding' in headers, outcome);
  tally.add(kind, outcome.code, wrong === null ? null : `${name}: ${wrong}`);
}
