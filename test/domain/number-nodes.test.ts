import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NumberNodes } from '../../src/domain/number-nodes.ts';

describe('nodes by number', () => {
  it('are those of a Map, whatever is put in and however often', () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat(1000)), { maxLength: 3000 }), fc.array(key), (puts, asks) => {
        const nodes = new NumberNodes();
        const map = new Map(puts);
        for (const [at, node] of puts) nodes.set(at, node);
        for (const at of [...asks, ...map.keys()]) expect(nodes.get(at)).toBe(map.get(at));
      }),
      { numRuns: 200 },
    );
  });
});
