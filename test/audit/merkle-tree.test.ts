import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  append,
  consistencyProof,
  decodeFrontier,
  emptyFrontier,
  emptyRoot,
  encodeFrontier,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/merkle-tree.ts';
import type { ConsistencyClaim, InclusionClaim } from '../../src/audit/merkle-tree.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'hex');
const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const failing = (code: string): unknown => expect.objectContaining({ code });

// The definitions of RFC 9162 section 2.1, top down and slow, sharing nothing with the code under test.
const H = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.from([1]), left, right);
const splitOf = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

function slowRoot(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  const k = splitOf(leaves.length);
  return H(slowRoot(leaves.slice(0, k)), slowRoot(leaves.slice(k)));
}

/** The root that a path leads to, or undefined when it has the wrong length. */
function slowClimb(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: Uint8Array[],
): Uint8Array | undefined {
  if (size === 1) return proof.length === 0 ? leaf : undefined;
  const sibling = proof.at(-1);
  if (sibling === undefined) return undefined;
  const k = splitOf(size);
  if (index < k) {
    const left = slowClimb(leaf, index, k, proof.slice(0, -1));
    return left && H(left, sibling);
  }
  const right = slowClimb(leaf, index - k, size - k, proof.slice(0, -1));
  return right && H(sibling, right);
}

/** Old and new root that a consistency proof leads to; `known` is the old root while it is itself a subtree of the new tree. */
function slowExtend(
  m: number,
  n: number,
  proof: Uint8Array[],
  known?: Uint8Array,
): [Uint8Array, Uint8Array] | undefined {
  if (m === n) {
    const [start, ...more] = known ? [known, ...proof] : proof;
    return start && more.length === 0 ? [start, start] : undefined;
  }
  const sibling = proof.at(-1);
  if (sibling === undefined) return undefined;
  const k = splitOf(n);
  if (m <= k) {
    const below = slowExtend(m, k, proof.slice(0, -1), known);
    return below && [below[0], H(below[1], sibling)];
  }
  const below = slowExtend(m - k, n - k, proof.slice(0, -1));
  return below && [H(sibling, below[0]), H(sibling, below[1])];
}

const is32 = (h: Uint8Array): boolean => h.length === 32;

function slowInclusion({ leafHash: leaf, index, size, root, proof }: InclusionClaim): boolean {
  if (index < 0 || index >= size || ![leaf, root, ...proof].every(is32)) return false;
  const got = slowClimb(leaf, index, size, [...proof]);
  return got !== undefined && hex(got) === hex(root);
}

function slowConsistency({ oldSize, oldRoot, newSize, newRoot, proof }: ConsistencyClaim): boolean {
  if (oldSize < 0 || oldSize > newSize || ![oldRoot, newRoot, ...proof].every(is32)) return false;
  if (oldSize === newSize) return proof.length === 0 && hex(oldRoot) === hex(newRoot);
  if (oldSize === 0) return proof.length === 0 && hex(oldRoot) === hex(sha256());
  const got = slowExtend(oldSize, newSize, [...proof], oldRoot);
  return got !== undefined && hex(got[0]) === hex(oldRoot) && hex(got[1]) === hex(newRoot);
}

const leavesUpTo = (n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, at) => leafHash(Buffer.from(`entry ${at}`)));
const many = leavesUpTo(300);
/** The slow root of the first n leaves, for n from 0 to 300. */
const rootsOfMany = Array.from({ length: 301 }, (_, size) => slowRoot(many.slice(0, size)));
const sizesTo = (most: number): number[] => Array.from({ length: most + 1 }, (_, size) => size);

describe('the published vectors of the RFC 6962 reference implementation', () => {
  const entries = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const leaves = entries.map((entry) => leafHash(bytesOf(entry)));
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  it.each(roots.map((root, size) => ({ size, root })))('root of $size leaves', ({ size, root }) => {
    expect(hex(rootOfLeaves(leaves.slice(0, size)))).toBe(root);
    expect(hex(slowRoot(leaves.slice(0, size)))).toBe(root);
  });

  const inclusions: [index: number, size: number, proof: string[]][] = [
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      1,
      5,
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ];

  it.each(inclusions)('inclusion of leaf %i in %i', (index, size, proof) => {
    expect(inclusionProof(leaves.slice(0, size), index).map(hex)).toEqual(proof);
    const claim = {
      leafHash: leaves[index]!,
      index,
      size,
      root: bytesOf(roots[size]!),
      proof: proof.map(bytesOf),
    };
    expect(verifyInclusion(claim)).toBe(true);
  });

  const consistencies: [oldSize: number, newSize: number, proof: string[]][] = [
    [1, 1, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
    [
      6,
      7,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
  ];

  it.each(consistencies)('consistency of %i and %i', (oldSize, newSize, proof) => {
    expect(consistencyProof(leaves.slice(0, newSize), oldSize).map(hex)).toEqual(proof);
    const claim = {
      oldSize,
      oldRoot: bytesOf(roots[oldSize]!),
      newSize,
      newRoot: bytesOf(roots[newSize]!),
      proof: proof.map(bytesOf),
    };
    expect(verifyConsistency(claim)).toBe(true);
  });
});

describe('hashing', () => {
  it('keeps leaves and nodes apart', () => {
    const [left, right] = [many[0]!, many[1]!];
    expect(hex(leafHash(Buffer.concat([left, right])))).not.toBe(hex(nodeHash(left, right)));
    expect(hex(nodeHash(left, right))).not.toBe(hex(nodeHash(right, left)));
  });

  it('never gives three leaves the root of four with the last repeated', () => {
    const three = many.slice(0, 3);
    expect(hex(rootOfLeaves(three))).not.toBe(hex(rootOfLeaves([...three, many[2]!])));
  });
});

describe('the frontier', () => {
  it('has the root of the whole tree at every size up to 300', () => {
    let frontier = emptyFrontier;
    expect(hex(rootOf(frontier))).toBe(hex(emptyRoot()));
    for (const [at, leaf] of many.entries()) {
      frontier = append(frontier, leaf);
      expect([frontier.size, hex(rootOf(frontier))]).toEqual([at + 1, hex(rootsOfMany[at + 1]!)]);
    }
  });

  it('is a value: appending changes a copy', () => {
    const seven = many.slice(0, 7).reduce(append, emptyFrontier);
    const before = encodeFrontier(seven);
    append(seven, many[7]!);
    expect(encodeFrontier(seven)).toBe(before);
  });

  it('can be stored and read again at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), (size) => {
        const frontier = many.slice(0, size).reduce(append, emptyFrontier);
        const again = decodeFrontier(encodeFrontier(frontier));
        expect(again).toEqual(frontier);
        expect(hex(rootOf(append(again, many[0]!)))).toBe(hex(slowRoot([...many.slice(0, size), many[0]!])));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    '',
    '0',
    ':',
    '00:',
    '-1:',
    '1:',
    `0:${'a'.repeat(64)}`,
    `1:${'A'.repeat(64)}`,
    `1:${'a'.repeat(63)}`,
    `3:${'a'.repeat(64)}`,
    `2:${'a'.repeat(128)}`,
    ` 1:${'a'.repeat(64)}`,
    `1:${'a'.repeat(64)}\n`,
    `1.0:${'a'.repeat(64)}`,
    `9007199254740992:${'a'.repeat(64)}`,
  ])('refuses %j', (line) => {
    expect(() => decodeFrontier(line)).toThrow(failing('audit-invalid'));
  });
});

describe('proofs', () => {
  it('verify for every leaf and every earlier size of every tree up to 40', () => {
    for (const size of sizesTo(40)) {
      const leaves = many.slice(0, size);
      const root = rootsOfMany[size]!;
      const included = leaves.map((leaf, index) =>
        verifyInclusion({ leafHash: leaf, index, size, root, proof: inclusionProof(leaves, index) }),
      );
      const extended = sizesTo(size).map((oldSize) => {
        const [oldRoot, proof] = [rootsOfMany[oldSize]!, consistencyProof(leaves, oldSize)];
        return verifyConsistency({ oldSize, oldRoot, newSize: size, newRoot: root, proof });
      });
      expect([...included, ...extended]).not.toContain(false);
    }
  });

  it('stay short: one hash a level', () => {
    expect(inclusionProof(many, 0)).toHaveLength(9);
    expect(consistencyProof(many, 255).length).toBeLessThanOrEqual(10);
  });

  it.each([-1, 300, 1.5, NaN])('of leaf %p of 300 are refused', (index) => {
    expect(() => inclusionProof(many, index)).toThrow(failing('usage'));
  });

  it.each([-1, 301, 0.5, NaN])('of extending %p of 300 are refused', (oldSize) => {
    expect(() => consistencyProof(many, oldSize)).toThrow(failing('usage'));
  });

  it('of anything in the empty tree are refused', () => {
    expect(() => inclusionProof([], 0)).toThrow(failing('usage'));
  });
});

const placed = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)));
const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
const bit = fc.nat(255);

/** Every way to spoil a list of hashes: one bit, one more, one less, another length, another order. */
const spoiled = (proof: Uint8Array[], at: number, n: number): Uint8Array[][] => {
  const here = proof.length === 0 ? 0 : at % proof.length;
  return [
    proof.map((h, i) => (i === here ? flipped(h, n) : h)),
    proof.filter((_, i) => i !== here),
    proof.toSpliced(here, 0, many[n]!),
    [...proof, new Uint8Array(0)],
    proof.map((h, i) => (i === here ? h.subarray(1) : h)),
    proof.toReversed(),
  ].filter((other) => other.map(hex).join() !== proof.map(hex).join());
};

describe('verification of inclusion', () => {
  const claimFor = (size: number, index: number): InclusionClaim => {
    const leaves = many.slice(0, size);
    return {
      leafHash: leaves[index]!,
      index,
      size,
      root: slowRoot(leaves),
      proof: inclusionProof(leaves, index),
    };
  };

  it('refuses any change of leaf, root, index or proof', () => {
    fc.assert(
      fc.property(placed, bit, fc.nat(8), ([size, index], n, at) => {
        const claim = claimFor(size, index);
        const changed: InclusionClaim[] = [
          { ...claim, leafHash: flipped(claim.leafHash, n) },
          { ...claim, root: flipped(claim.root, n) },
          ...spoiled([...claim.proof], at, n).map((proof) => ({ ...claim, proof })),
          ...[-1, ...sizesTo(size)].filter((i) => i !== index).map((i) => ({ ...claim, index: i })),
        ];
        expect(verifyInclusion(claim)).toBe(true);
        expect(changed.filter(verifyInclusion)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('accepts another size only where the definition gives the path the same shape', () => {
    fc.assert(
      fc.property(placed, ([size, index]) => {
        const claim = claimFor(size, index);
        const changed = sizesTo(2 * size + 1).map((other) => ({ ...claim, size: other }));
        expect(changed.filter((c) => verifyInclusion(c) !== slowInclusion(c))).toEqual([]);
        expect(verifyInclusion({ ...claim, size: 2 * size })).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('agrees with the definition far beyond 32 bits', () => {
    const size = 2 ** 40 + 2 ** 33 + 5;
    for (const index of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 - 1, 2 ** 40, size - 2, size - 1]) {
      const lengths = Array.from({ length: 42 }, (_, length) => many.slice(0, length));
      const proof = lengths.find((path) => slowClimb(many[99]!, index, size, path) !== undefined)!;
      const claim = {
        leafHash: many[99]!,
        index,
        size,
        root: slowClimb(many[99]!, index, size, proof)!,
        proof,
      };
      expect(verifyInclusion(claim)).toBe(true);
      expect(verifyInclusion({ ...claim, index: index === 0 ? 2 ** 32 : index - 1 })).toBe(false);
    }
  });

  it.each([
    { size: 0, index: 0 },
    { size: 1, index: 1 },
    { size: 1.5, index: 0 },
    { size: NaN, index: 0 },
    { size: 2 ** 53, index: 0 },
    { size: 1, index: -0.5 },
  ])('refuses index $index of size $size', ({ size, index }) => {
    const [leaf] = many;
    expect(verifyInclusion({ leafHash: leaf!, index, size, root: leaf!, proof: [] })).toBe(false);
  });

  it('refuses a leaf or root that is not 32 bytes', () => {
    const none = new Uint8Array(0);
    expect(verifyInclusion({ leafHash: none, index: 0, size: 1, root: none, proof: [] })).toBe(false);
  });
});

describe('verification of consistency', () => {
  const claimFor = (newSize: number, oldSize: number): ConsistencyClaim => {
    const leaves = many.slice(0, newSize);
    return {
      oldSize,
      oldRoot: rootsOfMany[oldSize]!,
      newSize,
      newRoot: rootsOfMany[newSize]!,
      proof: consistencyProof(leaves, oldSize),
    };
  };

  it('refuses any change of old size, roots or proof', () => {
    fc.assert(
      fc.property(placed, bit, fc.nat(9), ([newSize, smaller], n, at) => {
        const claim = claimFor(newSize, smaller + 1);
        const changed: ConsistencyClaim[] = [
          { ...claim, oldRoot: flipped(claim.oldRoot, n) },
          { ...claim, newRoot: flipped(claim.newRoot, n) },
          ...spoiled([...claim.proof], at, n).map((proof) => ({ ...claim, proof })),
          ...[-1, ...sizesTo(newSize + 1)]
            .filter((size) => size !== claim.oldSize)
            .map((size) => ({ ...claim, oldSize: size })),
        ];
        expect(verifyConsistency(claim)).toBe(true);
        expect(changed.filter(verifyConsistency)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('accepts another new size only where the definition gives the proof the same shape', () => {
    fc.assert(
      fc.property(placed, ([newSize, smaller]) => {
        const claim = claimFor(newSize, smaller + 1);
        const changed = sizesTo(2 * newSize + 1).map((other) => ({ ...claim, newSize: other }));
        expect(changed.filter((c) => verifyConsistency(c) !== slowConsistency(c))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses a tree that rewrote one old entry', () => {
    fc.assert(
      fc.property(placed, fc.nat(299), ([newSize, smaller], pick) => {
        const oldSize = smaller + 1;
        const forged = many
          .slice(0, newSize)
          .map((leaf, at) => (at === pick % oldSize ? leafHash(leaf) : leaf));
        const oldRoot = rootsOfMany[oldSize]!;
        const proof = consistencyProof(forged, oldSize);
        expect(verifyConsistency({ oldSize, oldRoot, newSize, newRoot: slowRoot(forged), proof })).toBe(
          false,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('agrees with the definition far beyond 32 bits', () => {
    const newSize = 2 ** 40 + 2 ** 33 + 5;
    for (const oldSize of [
      1,
      2,
      3,
      2 ** 32,
      2 ** 32 + 1,
      2 ** 40 - 1,
      2 ** 40,
      2 ** 40 + 2 ** 33,
      newSize - 1,
    ]) {
      // The old root enters only where it is itself a subtree: there it is given, elsewhere it follows from the proof.
      const power = Number.isInteger(Math.log2(oldSize));
      const climbed = Array.from({ length: 44 }, (_, length) => many.slice(0, length))
        .map((proof) => ({ proof, roots: slowExtend(oldSize, newSize, proof, power ? many[99] : undefined) }))
        .find(({ roots }) => roots !== undefined)!;
      const [oldRoot, newRoot] = climbed.roots!;
      const claim = { oldSize, oldRoot, newSize, newRoot, proof: climbed.proof };
      expect(verifyConsistency(claim)).toBe(true);
      expect(verifyConsistency({ ...claim, oldSize: oldSize + 1 })).toBe(false);
    }
  });

  const [a, b, empty] = [many[0]!, many[1]!, emptyRoot()];
  it.each([
    {
      name: 'every tree extends the empty one',
      oldSize: 0,
      oldRoot: empty,
      newSize: 2,
      newRoot: a,
      proof: [],
      holds: true,
    },
    {
      name: 'empty and empty',
      oldSize: 0,
      oldRoot: empty,
      newSize: 0,
      newRoot: empty,
      proof: [],
      holds: true,
    },
    {
      name: 'size 0 with another root',
      oldSize: 0,
      oldRoot: a,
      newSize: 2,
      newRoot: b,
      proof: [],
      holds: false,
    },
    {
      name: 'size 0 with a proof',
      oldSize: 0,
      oldRoot: empty,
      newSize: 2,
      newRoot: a,
      proof: [b],
      holds: false,
    },
    {
      name: 'same size, other root',
      oldSize: 1,
      oldRoot: a,
      newSize: 1,
      newRoot: b,
      proof: [],
      holds: false,
    },
    {
      name: 'same size, with a proof',
      oldSize: 1,
      oldRoot: a,
      newSize: 1,
      newRoot: a,
      proof: [b],
      holds: false,
    },
    { name: 'a shrinking tree', oldSize: 2, oldRoot: a, newSize: 1, newRoot: b, proof: [], holds: false },
    {
      name: 'no proof',
      oldSize: 1,
      oldRoot: a,
      newSize: 2,
      newRoot: nodeHash(a, b),
      proof: [],
      holds: false,
    },
    {
      name: 'no proof from an odd size',
      oldSize: 3,
      oldRoot: a,
      newSize: 5,
      newRoot: b,
      proof: [],
      holds: false,
    },
    { name: 'half a leaf', oldSize: 0.5, oldRoot: a, newSize: 1, newRoot: a, proof: [], holds: false },
  ])('$name', ({ holds, ...claim }) => {
    expect(verifyConsistency(claim)).toBe(holds);
  });
});
