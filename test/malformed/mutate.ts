/** Ways in which bytes go wrong, drawn from a seed. */
import type { Dice } from '../support/chance.ts';

type Mutation = (bytes: Buffer, dice: Dice) => Buffer;

const at = (bytes: Buffer, dice: Dice): number => dice.below(Math.max(1, bytes.length));
const without = (bytes: Buffer, from: number, to: number): Buffer =>
  Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
const withIn = (bytes: Buffer, where: number, more: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, where), more, bytes.subarray(where)]);

/** What is often confused with something else. */
const odd = [
  '\n',
  '\r',
  ',',
  ' ',
  '\0',
  '0',
  '9',
  '\ufeff',
  '\u00a0',
  '\u0660',
  '-',
  '"',
  '{',
  '<',
  '\t',
  '.',
].map((text) => Buffer.from(text));

const mutations: readonly Mutation[] = [
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    const where = at(copy, dice);
    if (copy.length > 0) copy[where] = (copy[where] ?? 0) ^ (1 << dice.below(8));
    return copy;
  },
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at(copy, dice)] = dice.below(256);
    return copy;
  },
  (bytes, dice) => {
    const where = at(bytes, dice);
    return without(bytes, where, where + 1 + dice.below(3));
  },
  (bytes, dice) => withIn(bytes, at(bytes, dice), dice.pick(odd)),
  (bytes, dice) => {
    const from = at(bytes, dice);
    return withIn(bytes, at(bytes, dice), bytes.subarray(from, from + 1 + dice.below(24)));
  },
  (bytes, dice) => bytes.subarray(0, at(bytes, dice)),
  (bytes, dice) => bytes.subarray(at(bytes, dice)),
  (bytes, dice) => {
    const [from, to] = [at(bytes, dice), at(bytes, dice)];
    const copy = Buffer.from(bytes);
    const length = Math.min(12, copy.length - Math.max(from, to));
    bytes.copy(copy, to, from, from + length);
    return copy;
  },
  (bytes, dice) => Buffer.concat([bytes, bytes.subarray(at(bytes, dice))]),
  (bytes, dice) => {
    // A line away, twice, or elsewhere: what is left may well be an answer.
    const lines = bytes.toString('latin1').split(/(?<=\n)/);
    const [line = ''] = lines.splice(dice.below(lines.length), 1);
    const times = dice.below(3);
    for (let n = 0; n < times; n++) lines.splice(dice.below(lines.length + 1), 0, line);
    return Buffer.from(lines.join(''), 'latin1');
  },
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    const [one, other] = [at(copy, dice), at(copy, dice)];
    [copy[one], copy[other]] = [bytes[other] ?? 0, bytes[one] ?? 0];
    return copy;
  },
];

/** One to three of them, one after the other. */
export function mutated(bytes: Buffer, dice: Dice): Buffer {
  let made = bytes;
  for (let times = 1 + dice.below(3); times > 0; times--) made = dice.pick(mutations)(made, dice);
  return made;
}
