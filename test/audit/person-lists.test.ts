/** Erasing from a list, and proving against it. */
import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decodeEvidenceList, encodeEvidenceList, encodePieces } from '../../src/audit/evidence-encoding.ts';
import type { EvidenceList } from '../../src/audit/evidence-encoding.ts';
import { buildEvidenceList, findInList, verifyEvidenceList } from '../../src/audit/evidence-list.ts';
import { createPersonLists } from '../../src/audit/person-lists.ts';
import type { ToldErasure } from '../../src/audit/told-erasures.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const pseudonymOf = (n: number): Buffer => sha256(`person ${n}`).subarray(0, 16);

let drawn = 0;
const lists = createPersonLists({
  bytes: (length) => createHash('shake256', { outputLength: length }).update(String(drawn++)).digest(),
});

interface Person {
  readonly providerId: string;
  readonly n: number;
}
const build = (people: readonly Person[]): EvidenceList =>
  buildEvidenceList(
    people.map(({ providerId, n }) => ({ providerId, pseudonym: pseudonymOf(n), code: n % 17 })),
    () => sha256(String(drawn++)),
  );
const people = (providerId: string, count: number, from = 0): Person[] =>
  Array.from({ length: count }, (_, n) => ({ providerId, n: from + n }));
const some = [...people('P1', 3), ...people('P2', 600, 2), ...people('P3', 1, 900)];

/** Erases everybody named, one after the other, from every piece; what the log would say of it. */
function erase(list: EvidenceList, ...who: readonly number[]): { list: EvidenceList; told: ToldErasure[] } {
  const told: ToldErasure[] = [];
  let pieces = encodePieces(list, 4000).map(({ bytes }) => bytes);
  for (const n of who)
    pieces = pieces.map((piece) => {
      const erased = lists.erase(piece, pseudonymOf(n));
      if (erased === null) return piece;
      expect(erased.bytes).toHaveLength(piece.length);
      told.push(...erased.blocks);
      return Buffer.from(erased.bytes);
    });
  return { list: decodeEvidenceList(Buffer.concat(pieces)), told };
}
const standing = (list: EvidenceList, n: number): string[] =>
  findInList(list, pseudonymOf(n)).map(({ providerId, code }) => `${providerId} ${code}`);

describe('erasing a person', () => {
  it('takes them out everywhere; the others stand where they stood, and the logged root holds', () => {
    const before = build(some);
    const { list, told } = erase(before, 2, 17);
    expect(told.map(({ providerId }) => providerId)).toEqual(['P1', 'P2', 'P2']);
    expect(verifyEvidenceList(list, told)).toBeUndefined();
    expect(list.root).toBe(before.root);
    for (const { n } of some)
      expect([n, standing(list, n)]).toEqual([n, n === 2 || n === 17 ? [] : standing(before, n)]);
  });

  it('leaves neither their pseudonym nor the blinding of the old block in the bytes', () => {
    const before = build(some);
    const block = before.providers[0]!.blocks[0]!.bytes;
    const after = encodeEvidenceList(erase(before, 1).list);
    expect(after.includes(block.subarray(14, 46))).toBe(false);
    expect(after.includes(pseudonymOf(1))).toBe(false);
    expect(after.includes(pseudonymOf(0))).toBe(true);
  });

  it('works for whole blocks, in any order, and never twice', () => {
    const list = build(people('P', 258));
    fc.assert(
      fc.property(fc.shuffledSubarray([...Array(258).keys()], { minLength: 1, maxLength: 258 }), (who) => {
        const erased = erase(list, ...who);
        expect(erased.told).toHaveLength(who.length);
        expect(verifyEvidenceList(erased.list, erased.told)).toBeUndefined();
        expect(erase(erased.list, ...who).told).toEqual([]);
        const left = list.rows - who.length;
        const found = Array.from({ length: 258 }, (_, n) => standing(erased.list, n).length);
        expect(found.reduce((sum, count) => sum + count, 0)).toBe(left);
      }),
      { numRuns: 8 },
    );
    const nobody = erase(list, ...Array(258).keys());
    expect(verifyEvidenceList(nobody.list, nobody.told)).toBeUndefined();
  });

  it('is found out where the log does not tell of it, or tells of one that was undone', () => {
    const before = build(some);
    const { list, told } = erase(before, 2, 17);
    expect(verifyEvidenceList(list)).toMatchObject({ fault: 'erasure-untold' });
    expect(verifyEvidenceList(list, told.slice(0, -1))).toMatchObject({ providerId: 'P2' });
    expect(verifyEvidenceList(before, told)).toEqual({ fault: 'erasure-undone', providerId: 'P1', block: 0 });
    const again = erase(before, 2, 17).list;
    expect(verifyEvidenceList(again, told)).toMatchObject({ fault: 'erasure-untold' });
  });

  it('shows every other change of a byte', () => {
    const { list, told } = erase(build([...people('P1', 5), ...people('P2', 3)]), 1, 2);
    const bytes = encodeEvidenceList(list);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const isFound = (): boolean => {
        try {
          return verifyEvidenceList(decodeEvidenceList(changed), told) !== undefined;
        } catch {
          return true;
        }
      };
      // Only the root of the whole list is for the caller to compare with the log's.
      if (!isFound())
        expect([at, decodeEvidenceList(changed).root]).toEqual([at, expect.not.stringMatching(list.root)]);
    }
  });
});
