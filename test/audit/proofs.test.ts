import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { checkProof } from '../../scripts/verify-audit.mjs';
import { consistencyProof, inclusionProof, leafHash, rootOfLeaves } from '../../src/audit/merkle-tree.ts';
import { createTree, proveConsistency, proveEntry, proveRun } from '../../src/audit/proofs.ts';
import { checkpointName } from '../../src/domain/log-format.ts';
import { diceOf } from '../support/chance.ts';
import { memoryLog } from '../support/memory-log.ts';
import { sampleLog } from '../support/sample-log.ts';
import type { SampleLog } from '../support/sample-log.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });

describe('the tree that remembers its subtrees', () => {
  const leaves = Array.from({ length: 130 }, (_, at) => leafHash(Buffer.from(`entry ${at}`)));

  it('has the root and the proofs of RFC 9162 for every size', () => {
    for (let size = 1; size <= leaves.length; size += 1) {
      const some = leaves.slice(0, size);
      const tree = createTree(some);
      expect(tree.root(0, size)).toEqual(rootOfLeaves(some));
      for (const at of [0, 1, size >> 1, size - 1].filter((index) => index < size)) {
        expect(tree.inclusion(at)).toEqual(inclusionProof(some, at));
        expect(tree.consistency(at)).toEqual(consistencyProof(some, at));
      }
      expect(tree.consistency(size)).toEqual([]);
    }
    expect(createTree([]).root(0, 0)).toEqual(rootOfLeaves([]));
  });
});

describe('proofs out of a log', () => {
  let log: SampleLog;
  let known: Parameters<typeof checkProof>[1];
  beforeAll(async () => {
    log = await sampleLog(diceOf(7), 120, 2);
    const keys = log.files.get('verifier-keys')!.toString().trimEnd().split('\n');
    known = {
      keys: keys.map((line) => ({ from: Number(line.split(' ')[0]), verifierKey: line.split(' ')[1]! })),
      files: log.files,
    };
  });
  const size = (): number => log.sizes.at(-1)!;
  const alone = () => ({ ...known, files: null });

  it('of any entry hold, with the log and without it', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), async (n) => {
        const { text, position } = await proveEntry(log.memory.ledger, n % size());
        expect(position).toBe(n % size());
        expect([checkProof(text, known), checkProof(text, alone())]).toEqual([null, null]);
      }),
      { numRuns: 40 },
    ));

  it('are in the form of C2SP tlog-proof', async () => {
    const { text } = await proveEntry(log.memory.ledger, 5);
    const [head, checkpoint] = [
      text.slice(0, text.indexOf('\n\n') + 1),
      text.slice(text.indexOf('\n\n') + 2),
    ];
    expect(head).toMatch(
      /^c2sp\.org\/tlog-proof@v1\nextra [A-Za-z0-9+/=]+\nindex 5\n([A-Za-z0-9+/]{43}=\n)+$/,
    );
    expect(checkpoint).toBe(log.files.get('checkpoint')!.toString());
  });

  it('of a run are those of its entries', async () => {
    const script = log.script.map(({ entry }) => entry.run);
    const run = script.find((name) => script.filter((other) => other === name).length > 3)!;
    const proved = await proveRun(log.memory.ledger, run);
    expect(proved.map(({ position }) => position)).toEqual(
      script.flatMap((name, at) => (name === run ? [at] : [])),
    );
    for (const { text } of proved) expect(checkProof(text, alone())).toBeNull();
  });

  it('of an extension hold from any size to any checkpoint', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (n, m) => {
        const newSize = log.sizes[n % log.sizes.length]!;
        const oldSize = m % (newSize + 1);
        const text = await proveConsistency(log.memory.ledger, oldSize, newSize);
        expect(text.startsWith(`old ${oldSize}\n`)).toBe(true);
        expect(checkProof(text, known)).toBeNull();
      }),
      { numRuns: 60 },
    ));

  it('of an extension need no log where the earlier checkpoint was kept', async () => {
    const [old, newest] = [log.sizes[2]!, size()];
    const text = await proveConsistency(log.memory.ledger, old, newest);
    const held = [{ name: 'kept', note: log.files.get(checkpointName(old))! }];
    expect(checkProof(text, { ...alone(), held })).toBeNull();
    expect(checkProof(text, alone())).not.toBeNull();
  });

  it('fail with any change of a line, and under another key', async () => {
    const texts = [
      (await proveEntry(log.memory.ledger, 9)).text,
      await proveConsistency(log.memory.ledger, log.sizes[3]!, size()),
    ];
    for (const text of texts) {
      const lines = text.split('\n');
      const held = [{ name: 'kept', note: log.files.get(checkpointName(log.sizes[3]!))! }];
      for (const [at, line] of lines.entries()) {
        if (line === '') continue;
        const spoilt = lines
          .with(
            at,
            line.replace(/[A-Za-z0-9]/, (c) => (c === 'A' ? 'B' : 'A')),
          )
          .join('\n');
        expect([at, checkProof(spoilt, { ...alone(), held }) === null]).toEqual([at, false]);
        const fewer = lines.toSpliced(at, 1).join('\n');
        if (!line.startsWith('extra'))
          expect([at, checkProof(fewer, { ...known, held }) === null]).toEqual([at, false]);
      }
      const [key] = (await sampleLog(diceOf(8), 5, 0)).files
        .get('verifier-keys')!
        .toString()
        .trim()
        .split('\n');
      expect(checkProof(text, { keys: [{ from: 1, verifierKey: key!.slice(2) }], held })).not.toBeNull();
    }
  });

  it('are refused for what no checkpoint covers', async () => {
    await expect(proveEntry(log.memory.ledger, size())).rejects.toEqual(failing('usage'));
    await expect(proveEntry(memoryLog().ledger, 0)).rejects.toEqual(failing('usage'));
    await expect(proveRun(log.memory.ledger, '1999-01-01/r1')).rejects.toEqual(failing('usage'));
    await expect(proveConsistency(log.memory.ledger, 3, size() + 1)).rejects.toEqual(failing('usage'));
    await expect(proveConsistency(log.memory.ledger, size() + 1, size())).rejects.toEqual(failing('usage'));
    const { entries, ledger } = log.memory;
    const kept = entries[4]!;
    entries[4] = { ...kept, line: Buffer.from('{}\n') };
    await expect(proveEntry(ledger, 1)).rejects.toEqual(failing('audit-invalid'));
    entries[4] = kept;
  });
});
