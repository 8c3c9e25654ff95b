/** Each relation a few times; `npm run relations` tries them ten thousand times each. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { gateRelations } from './gate-relations.ts';
import { nightRelations } from './night-relations.ts';
import { relation } from './relation.ts';

const seed = 1;

describe('of the gate', () => {
  it.each(gateRelations)('$name', ({ check }) => check(300, seed));
});

describe('of whole nights', () => {
  it.each(nightRelations)('$name', ({ check }) => check(8, seed));
});

it('a relation that does not hold is told', async () => {
  const wrong = relation('every number is small', fc.nat(1_000), (drawn) => drawn < 900);
  await expect(wrong.check(1_000, seed)).rejects.toThrow(/seed: 1/);
});
