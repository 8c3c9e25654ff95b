import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decodeEvidenceList, encodeEvidenceList, providerLeaf } from '../../src/audit/evidence-encoding.ts';
import type { EvidenceList, EvidenceProvider } from '../../src/audit/evidence-encoding.ts';
import { buildEvidenceList, findInList, verifyEvidenceList } from '../../src/audit/evidence-list.ts';
import type { EvidenceRow } from '../../src/audit/evidence-list.ts';
import { inclusionProof, leafHash, verifyInclusion } from '../../src/audit/merkle-tree.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });
const sha256 = (...parts: (Uint8Array | string)[]): Buffer =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();

const pseudonymOf = (n: number): Buffer => sha256(`person ${n}`).subarray(0, 16);
const rowsOf = (providerId: string, count: number, from = 0): EvidenceRow[] =>
  Array.from({ length: count }, (_, n) => ({ providerId, pseudonym: pseudonymOf(from + n) }));

/** Blindings that a test can foretell: the hashes of 0, 1, 2 and so on. */
function counted(): () => Buffer {
  let drawn = 0;
  return () => sha256(String(drawn++));
}
const build = (rows: Iterable<EvidenceRow>): EvidenceList => buildEvidenceList(rows, counted());
const pseudonymsOf = (provider: EvidenceProvider): string[] =>
  provider.blocks.flatMap(({ bytes }) => {
    const start = 44 + Buffer.byteLength(provider.providerId);
    const rows = Array.from({ length: (bytes.length - start) / 17 }, (_, row) => start + row * 17 + 1);
    return rows.map((at) => bytes.toString('hex', at, at + 16));
  });

const small = build([
  ...rowsOf('P2', 300).map((row, n) => ({ ...row, code: n % 3 })),
  ...rowsOf('P1', 2, 1000),
  ...rowsOf('P3', 256, 200),
]);

describe('the bytes that are hashed', () => {
  const u16 = (n: number): Buffer => Buffer.of(n >> 8, n & 255);
  const u32 = (n: number): Buffer => Buffer.concat([u16(n >>> 16), u16(n & 0xffff)]);
  const H = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.of(1), left, right);
  const leaf = (bytes: Uint8Array): Buffer => sha256(Buffer.of(0), bytes);
  const blinding = (n: number): Buffer => sha256(String(n));

  it('are those the layout says', () => {
    const byBytes = (rows: EvidenceRow[]): EvidenceRow[] =>
      [...rows].sort((a, b) => Buffer.compare(a.pseudonym, b.pseudonym));
    const many = byBytes(rowsOf('B', 257));
    const body = (rows: EvidenceRow[]): Buffer =>
      Buffer.concat(rows.flatMap(({ pseudonym, code = 0 }) => [Buffer.of(code), pseudonym]));
    const one = { providerId: 'A', pseudonym: pseudonymOf(5), code: 7 };

    const a0 = Buffer.concat([
      Buffer.from('EGB1'),
      u32(0),
      u16(1),
      Buffer.from('A'),
      u16(1),
      blinding(0),
      body([one]),
    ]);
    const b0 = Buffer.concat([
      Buffer.from('EGB1'),
      u32(0),
      u16(1),
      Buffer.from('B'),
      u16(256),
      blinding(2),
      body(many.slice(0, 256)),
    ]);
    const b1 = Buffer.concat([
      Buffer.from('EGB1'),
      u32(1),
      u16(1),
      Buffer.from('B'),
      u16(1),
      blinding(3),
      body(many.slice(256)),
    ]);
    const a = Buffer.concat([
      Buffer.from('EGP1'),
      u16(1),
      Buffer.from('A'),
      u32(1),
      u32(1),
      leaf(a0),
      blinding(1),
    ]);
    const b = Buffer.concat([
      Buffer.from('EGP1'),
      u16(1),
      Buffer.from('B'),
      u32(2),
      u32(257),
      H(leaf(b0), leaf(b1)),
      blinding(4),
    ]);
    const root = H(leaf(a), leaf(b));

    const list = build([...rowsOf('B', 257), one]);
    expect(list.root).toBe(root.toString('hex'));
    expect(encodeEvidenceList(list)).toEqual(
      Buffer.concat([Buffer.from('EGL1'), root, u32(2), a, a0, b, b0, b1]),
    );
    expect(list.providers.map(providerLeaf)).toEqual([a, b]);
  });

  it('do not depend on the order in which the rows come', () => {
    const rows = [...rowsOf('x', 300), ...rowsOf('y', 3)];
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(build(shuffled)).toEqual(build(rows));
      }),
      { numRuns: 10 },
    );
  });

  it('are others with other blindings', () => {
    const rows = rowsOf('P1', 3);
    const again = buildEvidenceList(rows, () => sha256('another night'));
    expect(again.root).not.toBe(build(rows).root);
    expect(again.providers[0]!.root).not.toBe(build(rows).providers[0]!.root);
  });
});

describe('building', () => {
  it('leaves nobody out, orders everybody and never mixes providers in a block', () => {
    const providerIds = fc.constantFrom('', 'P1', 'p1', 'P10', 'é', '\uFF5E', '\u{1F600}', '__proto__');
    const people = fc.uniqueArray(fc.tuple(providerIds, fc.nat(2000)), {
      maxLength: 60,
      selector: ([id, n]) => `${id} ${n}`,
    });
    fc.assert(
      fc.property(people, (chosen) => {
        const rows = chosen.map(([providerId, n]) => ({
          providerId,
          pseudonym: pseudonymOf(n),
          code: n % 256,
        }));
        const list = build(rows);
        const ids = list.providers.map(({ providerId }) => providerId);
        const byBytes = [...new Set(chosen.map(([id]) => id))].sort((a, b) =>
          Buffer.compare(Buffer.from(a), Buffer.from(b)),
        );
        expect(ids).toEqual(byBytes);
        expect(list.rows).toBe(rows.length);
        for (const provider of list.providers) {
          const own = rows.filter(({ providerId }) => providerId === provider.providerId);
          expect(pseudonymsOf(provider)).toEqual(
            own.map(({ pseudonym }) => pseudonym.toString('hex')).sort(),
          );
        }
        for (const { providerId, pseudonym, code } of rows) {
          const places = findInList(list, pseudonym).filter((place) => place.providerId === providerId);
          expect(places.map((place) => place.code)).toEqual([code]);
        }
        expect(verifyEvidenceList(list)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 255, 256, 257, 512, 513])('cuts %i rows into blocks of 256', (count) => {
    const list = build(rowsOf('P', count));
    const lengths = list.providers[0]!.blocks.map(({ bytes }) => (bytes.length - 45) / 17);
    expect(lengths).toEqual([
      ...Array.from({ length: Math.ceil(count / 256) - 1 }, () => 256),
      count % 256 || 256,
    ]);
    expect(verifyEvidenceList(list)).toBeUndefined();
  });

  it('of nobody is the empty tree', () => {
    const list = build([]);
    expect(list).toEqual({ root: sha256().toString('hex'), rows: 0, providers: [] });
    expect(verifyEvidenceList(list)).toBeUndefined();
    expect(decodeEvidenceList(encodeEvidenceList(list))).toEqual(list);
  });

  it('leaves the given rows as they are, and keeps its own copy of each blinding', () => {
    const rows = rowsOf('P', 20);
    const before = [...rows];
    const shared = Buffer.alloc(32, 1);
    const list = buildEvidenceList(rows, () => shared);
    shared.fill(2);
    expect(rows).toEqual(before);
    expect(verifyEvidenceList(list)).toBeUndefined();
  });

  const [row] = rowsOf('P', 1);
  it.each([
    ['a person twice', [row!, row!]],
    ['a person twice with two codes', [row!, { ...row!, code: 3 }]],
    ['a short pseudonym', [{ ...row!, pseudonym: Buffer.alloc(15) }]],
    ['a long pseudonym', [{ ...row!, pseudonym: Buffer.alloc(17) }]],
    ['a code of 256', [{ ...row!, code: 256 }]],
    ['a negative code', [{ ...row!, code: -1 }]],
    ['half a code', [{ ...row!, code: 0.5 }]],
    ['a provider id that is not Unicode', [{ ...row!, providerId: '\uD83D' }]],
    ['a provider id beyond 65535 bytes', [{ ...row!, providerId: 'x'.repeat(65536) }]],
  ])('is refused for %s', (_, rows) => {
    expect(() => build(rows)).toThrow(failing('unexpected'));
  });

  it('takes every code of a byte, and 0 where none is given', () => {
    const list = build([{ ...row!, code: 255 }, ...rowsOf('Q', 1)]);
    expect(findInList(list, row!.pseudonym).map(({ code }) => code)).toEqual([255, 0]);
  });

  it('takes one person under two providers, and the longest provider id', () => {
    const list = build([row!, { ...row!, providerId: 'x'.repeat(65535) }]);
    expect(findInList(list, row!.pseudonym)).toHaveLength(2);
    expect(decodeEvidenceList(encodeEvidenceList(list))).toEqual(list);
  });

  it.each([31, 33, 0])('is refused with blindings of %i bytes', (length) => {
    expect(() => buildEvidenceList(rowsOf('P', 1), () => Buffer.alloc(length))).toThrow(
      failing('unexpected'),
    );
  });
});

describe('finding', () => {
  it('gives block, row and code of everybody, and nothing for anybody else', () => {
    for (const { providerId, blocks } of small.providers) {
      for (const [block, { bytes }] of blocks.entries()) {
        for (let row = 0; 46 + row * 17 < bytes.length; row += 1) {
          const [code, pseudonym] = [bytes[46 + row * 17], bytes.subarray(47 + row * 17, 63 + row * 17)];
          expect(findInList(small, pseudonym)).toContainEqual({ providerId, block, row, code });
        }
      }
    }
    for (let n = 2000; n < 2200; n += 1) expect(findInList(small, pseudonymOf(n))).toEqual([]);
    for (const edge of [Buffer.alloc(16), Buffer.alloc(16, 255), Buffer.alloc(0)]) {
      expect(findInList(small, edge)).toEqual([]);
    }
  });

  it('finds a person of two providers in both', () => {
    expect(findInList(small, pseudonymOf(250)).map(({ providerId }) => providerId)).toEqual(['P2', 'P3']);
  });

  it('leads to a proof that the logged root and the count of providers suffice to check', () => {
    const [place] = findInList(small, pseudonymOf(270));
    const index = small.providers.findIndex(({ providerId }) => providerId === place!.providerId);
    const provider = small.providers[index]!;
    const blockLeaves = provider.blocks.map(({ bytes }) => leafHash(bytes));
    const providerLeaves = small.providers.map((each) => leafHash(providerLeaf(each)));

    expect(
      verifyInclusion({
        leafHash: leafHash(provider.blocks[place!.block]!.bytes),
        index: place!.block,
        size: provider.blocks.length,
        root: Buffer.from(provider.root, 'hex'),
        proof: inclusionProof(blockLeaves, place!.block),
      }),
    ).toBe(true);
    expect(
      verifyInclusion({
        leafHash: leafHash(providerLeaf(provider)),
        index,
        size: small.providers.length,
        root: Buffer.from(small.root, 'hex'),
        proof: inclusionProof(providerLeaves, index),
      }),
    ).toBe(true);
  });
});

describe('storing', () => {
  const stored = encodeEvidenceList(small);

  it('gives back the same list, without copying its rows', () => {
    const again = decodeEvidenceList(stored);
    expect(again).toEqual(small);
    expect(encodeEvidenceList(again)).toEqual(stored);
    expect(again.providers[0]!.blocks[0]!.bytes.buffer).toBe(stored.buffer);
  });

  it('takes less than 17.3 bytes a person', () => {
    const count = 20_000;
    expect(encodeEvidenceList(build(rowsOf('PROVIDER-01', count))).length / count).toBeLessThan(17.3);
  });

  const tiny = encodeEvidenceList(build([...rowsOf('é1', 2), ...rowsOf('P2', 1)]));

  it('notices every change of a byte', () => {
    const survivors: number[] = [];
    for (let at = 0; at < tiny.length; at += 1) {
      for (const mask of [0x01, 0x80]) {
        const changed = Buffer.from(tiny);
        changed.writeUInt8(tiny.readUInt8(at) ^ mask, at);
        try {
          if (verifyEvidenceList(decodeEvidenceList(changed)) === undefined) survivors.push(at);
        } catch (refusal) {
          expect(refusal).toMatchObject({ code: 'audit-invalid' });
        }
      }
    }
    expect(verifyEvidenceList(decodeEvidenceList(tiny))).toBeUndefined();
    expect(survivors).toEqual([]);
  });

  it('refuses every cut, and anything after the end', () => {
    for (let length = 0; length < tiny.length; length += 1) {
      expect(() => decodeEvidenceList(tiny.subarray(0, length))).toThrow(failing('audit-invalid'));
    }
    expect(() => decodeEvidenceList(Buffer.concat([tiny, Buffer.of(0)]))).toThrow(failing('audit-invalid'));
    expect(() => decodeEvidenceList(Buffer.concat([tiny, tiny]))).toThrow(failing('audit-invalid'));
  });

  it.each([
    ['without rows', { rows: 0, blocks: [] }],
    ['with more rows than blocks', { rows: 257 }],
    ['with rows beyond all bytes', { rows: 2 ** 32 - 1 }],
  ])('refuses a provider %s', (_, change) => {
    const list = build(rowsOf('P', 2));
    const bad = { ...list, providers: [{ ...list.providers[0]!, ...change }] };
    expect(() => decodeEvidenceList(encodeEvidenceList(bad))).toThrow(failing('audit-invalid'));
  });

  it('refuses a provider id that is not UTF-8', () => {
    const bad = Buffer.from(tiny);
    bad[bad.indexOf('é1')] = 0xff;
    expect(() => decodeEvidenceList(bad)).toThrow(failing('audit-invalid'));
  });
});

describe('verifying', () => {
  const rootOver = (leaves: Buffer[]): string => {
    const hashes = leaves.map((leaf) => sha256(Buffer.of(0), leaf));
    const climb = (level: Buffer[]): Buffer =>
      level.length <= 1
        ? (level[0] ?? sha256())
        : climb(
            level.flatMap((left, at) =>
              at % 2 === 1 ? [] : [level[at + 1] ? sha256(Buffer.of(1), left, level[at + 1]!) : left],
            ),
          );
    return climb(hashes).toString('hex');
  };
  /** A forger's list: whatever the providers now hold, all roots above it are made to fit. */
  const resealed = (providers: EvidenceProvider[]): EvidenceList => {
    const fitted = providers.map((p) => ({ ...p, root: rootOver(p.blocks.map(({ bytes }) => bytes)) }));
    const rows = fitted.reduce((sum, p) => sum + p.rows, 0);
    return { root: rootOver(fitted.map(providerLeaf)), rows, providers: fitted };
  };
  const [p1, p2, p3] = small.providers as [EvidenceProvider, EvidenceProvider, EvidenceProvider];
  const edited = (bytes: Buffer, edit: (copy: Buffer) => unknown): { bytes: Buffer } => {
    const copy = Buffer.from(bytes);
    edit(copy);
    return { bytes: copy };
  };
  const rowOf = (bytes: Buffer, row: number): Buffer => bytes.subarray(46 + row * 17, 63 + row * 17);
  const [first, second] = p2.blocks as [{ bytes: Buffer }, { bytes: Buffer }];

  it('finds nothing wrong with a list that was merely sealed again', () => {
    expect(resealed([p1, p2, p3])).toEqual(small);
    expect(verifyEvidenceList(small)).toBeUndefined();
  });

  const forged: [string, EvidenceList, object][] = [
    ['providers out of order', resealed([p2, p1, p3]), { fault: 'provider-order', providerId: 'P1' }],
    ['a provider twice', resealed([p1, p1]), { fault: 'provider-order', providerId: 'P1' }],
    [
      'a provider under another name',
      resealed([{ ...p1, providerId: 'P0' }]),
      { fault: 'block-header', providerId: 'P0', block: 0 },
    ],
    [
      'a provider without rows',
      resealed([{ ...p1, rows: 0, blocks: [] }]),
      { fault: 'block-count', providerId: 'P1' },
    ],
    ['a block missing', resealed([{ ...p2, blocks: [first] }]), { fault: 'block-count', providerId: 'P2' }],
    [
      'a block cut off with its rows',
      resealed([{ ...p2, rows: 256, blocks: [second] }]),
      { fault: 'block-header', providerId: 'P2', block: 0 },
    ],
    [
      'blocks exchanged',
      resealed([{ ...p2, blocks: [second, first] }]),
      { fault: 'block-header', providerId: 'P2', block: 0 },
    ],
    [
      'a block of another provider',
      resealed([{ ...p2, blocks: [p3.blocks[0]!, second] }]),
      { fault: 'block-header', providerId: 'P2', block: 0 },
    ],
    [
      'a block numbered wrongly',
      resealed([{ ...p2, blocks: [first, edited(second.bytes, (b) => b.writeUInt32BE(2, 4))] }]),
      { fault: 'block-header', providerId: 'P2', block: 1 },
    ],
    [
      'a block counted wrongly',
      resealed([{ ...p2, blocks: [first, edited(second.bytes, (b) => b.writeUInt16BE(43, 12))] }]),
      { fault: 'block-header', providerId: 'P2', block: 1 },
    ],
    [
      'a row more than counted',
      resealed([{ ...p2, blocks: [first, { bytes: Buffer.concat([second.bytes, Buffer.alloc(17, 255)]) }] }]),
      { fault: 'block-header', providerId: 'P2', block: 1 },
    ],
    [
      'two rows exchanged',
      resealed([
        {
          ...p2,
          blocks: [
            first,
            edited(second.bytes, (b) => {
              const row = Buffer.from(rowOf(b, 3));
              rowOf(b, 4).copy(rowOf(b, 3));
              row.copy(rowOf(b, 4));
            }),
          ],
        },
      ]),
      { fault: 'row-order', providerId: 'P2', block: 1 },
    ],
    [
      'a person twice',
      resealed([{ ...p2, blocks: [edited(first.bytes, (b) => rowOf(b, 8).copy(rowOf(b, 9))), second] }]),
      { fault: 'row-order', providerId: 'P2', block: 0 },
    ],
    [
      'a person twice across blocks',
      resealed([
        { ...p2, blocks: [first, edited(second.bytes, (b) => rowOf(first.bytes, 255).copy(rowOf(b, 0)))] },
      ]),
      { fault: 'row-order', providerId: 'P2', block: 1 },
    ],
    [
      'a code changed',
      {
        ...small,
        providers: [
          p1,
          { ...p2, blocks: [edited(first.bytes, (b) => rowOf(b, 0).writeUInt8(9)), second] },
          p3,
        ],
      },
      { fault: 'provider-root', providerId: 'P2' },
    ],
    [
      'a blinding of a block changed',
      {
        ...small,
        providers: [{ ...p1, blocks: [edited(p1.blocks[0]!.bytes, (b) => b.writeUInt8(9, 20))] }, p2, p3],
      },
      { fault: 'provider-root', providerId: 'P1' },
    ],
    [
      'a blinding of a provider changed',
      { ...small, providers: [{ ...p1, blinding: Buffer.alloc(32) }, p2, p3] },
      { fault: 'list-root' },
    ],
    ['a provider left out', { ...small, rows: 556, providers: [p2, p3] }, { fault: 'list-root' }],
    ['a total changed', { ...small, rows: 557 }, { fault: 'row-total' }],
    ['another root', { ...small, root: sha256().toString('hex') }, { fault: 'list-root' }],
  ];

  it.each(forged)('finds %s', (_, list, finding) => {
    expect(verifyEvidenceList(list)).toEqual(finding);
  });
});

describe('a night of 100,000 people', () => {
  it('is built, stored, read, verified and searched', () => {
    const rows = Array.from({ length: 100_000 }, (_, n) => {
      const pseudonym = Buffer.alloc(16);
      pseudonym.writeUInt32BE(Math.imul(n + 1, 2654435761) >>> 0);
      return { providerId: `P${n % 700}`, pseudonym };
    });
    const stored = encodeEvidenceList(build(rows));
    const list = decodeEvidenceList(stored);
    expect(verifyEvidenceList(list)).toBeUndefined();
    expect(findInList(list, rows[77_777]!.pseudonym).map(({ providerId }) => providerId)).toEqual(['P77']);
    expect(stored.length / rows.length).toBeLessThan(19);
  });
});
