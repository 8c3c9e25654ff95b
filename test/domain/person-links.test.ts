/** Who is one person: by id in any spelling, by number, and on from there. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { PersonLinks } from '../../src/domain/person-links.ts';
import { ONE, TWO } from './roster-samples.ts';

describe('nodes', () => {
  it('an id and a number have one node each, however often they come', () => {
    const links = new PersonLinks();
    expect(links.idNode('su-1')).toBe(links.idNode('su-1'));
    expect(links.numberNode(ONE)).toBe(links.numberNode(ONE));
    expect(links.numberNode(ONE)).not.toBe(links.numberNode(TWO));
    expect(links.strangerNode()).not.toBe(links.strangerNode());
  });

  it('two spellings are two nodes of one person with one folded node', () => {
    const links = new PersonLinks();
    const [small, capital] = [links.idNode('straße'), links.idNode('STRASSE')];
    expect(small).not.toBe(capital);
    expect(links.foldedNode(small)).toBe(links.foldedNode(capital));
    expect(links.personOf(small)).toBe(links.personOf(capital));
  });

  it('an id is known in any spelling once it has come in one', () => {
    const links = new PersonLinks();
    links.idNode('Su-1');
    expect(['su-1', 'SU-1', 'Su-1'].map((id) => links.knows(id))).toEqual([true, true, true]);
    expect(links.knows('su-2')).toBe(false);
    expect(links.knows('')).toBe(false);
  });

  it('a number and an id written alike are not one', () => {
    const links = new PersonLinks();
    const [id, number] = [links.idNode(String(ONE)), links.numberNode(ONE)];
    expect(links.personOf(id)).not.toBe(links.personOf(number));
  });
});

describe('one person', () => {
  it('is whoever a chain of links leads to, in whatever order it was laid', () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 12 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const links = new PersonLinks();
        const nodes = Array.from({ length: 8 }, () => links.strangerNode());
        for (const [a, b] of pairs) links.join(nodes[a]!, nodes[b]!);
        const group = nodes.map((_, n) => n);
        for (let again = 0; again < 8; again++)
          for (const [a, b] of pairs) group[a] = group[b] = Math.min(group[a]!, group[b]!);
        const persons = nodes.map((node) => links.personOf(node));
        expect(persons.map((person) => persons.indexOf(person))).toEqual(group);
      }),
      { numRuns: 500 },
    );
  });

  it('is found in a chain of a hundred thousand', () => {
    const links = new PersonLinks();
    const first = links.numberNode(0);
    let last = first;
    for (let n = 1; n < 100_000; n++) {
      const next = links.numberNode(n * 10);
      links.join(last, next);
      last = next;
    }
    expect(links.personOf(first)).toBe(links.personOf(last));
    expect(links.nodes).toBe(100_000);
  });
});
