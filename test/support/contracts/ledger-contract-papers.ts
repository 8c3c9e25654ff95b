/** Papers, keys, holds, and what is carried from night to night. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { CarriedObjection } from '../../../src/ports.ts';
import {
  all,
  firstRun,
  noon,
  sampleHold,
  sampleKey,
  sampleObjection,
  samplePaper,
} from '../ledger-samples.ts';
import { failing } from './ledger-desk.ts';
import type { LedgerDesk } from './ledger-desk.ts';

export function papersContract(desk: LedgerDesk): void {
  const { read, write, withRun } = desk;

  describe('papers and keys', () => {
    const addKey = (change = {}, dieAt: number | null = null): Promise<void> =>
      write((tx) => tx.addKey(sampleKey(change), dieAt));

    it('are found by key and name, and one name holds one paper', async () => {
      await addKey();
      await write((tx) => tx.putPaper({ keyId: 'key-1', name: 'asked', sealed: Buffer.from('old') }));
      await write((tx) => tx.putPaper({ keyId: 'key-1', name: 'asked', sealed: Buffer.from('new') }));
      const paper = await read((tx) => tx.paper('key-1', 'asked'));
      expect(paper).toEqual({ keyId: 'key-1', name: 'asked', sealed: expect.anything() });
      expect(Buffer.from(paper!.sealed).toString()).toBe('new');
      expect(await read((tx) => tx.paper('key-1', 'another'))).toBeNull();
      const key = await read((tx) => tx.key('key-1'));
      expect({ ...key, wrapped: Buffer.from(key!.wrapped) }).toEqual(sampleKey());
      expect(await read((tx) => tx.keyOf('run-papers', '2026-11-22/r1'))).toEqual(key);
      expect(await read((tx) => tx.keyOf('day-papers', '2026-11-22/r1'))).toBeNull();
    });

    it('keep ten million bytes as they are', async () => {
      await addKey();
      const sealed = Buffer.alloc(10_000_000, 'a long paper, ');
      await write((tx) => tx.putPaper({ keyId: 'key-1', name: 'answer:local-1', sealed }));
      await desk.reopen();
      const paper = await read((tx) => tx.paper('key-1', 'answer:local-1'));
      expect(Buffer.compare(paper!.sealed, sealed)).toBe(0);
    });

    it('have one key for each id and each scope', async () => {
      await addKey();
      await expect(addKey({ scope: 'another' })).rejects.toEqual(failing('transition-refused'));
      await expect(addKey({ keyId: 'key-2' })).rejects.toEqual(failing('transition-refused'));
      await addKey({ keyId: 'key-2', purpose: 'day-papers' });
    });

    it('die when their time has come', async () => {
      await addKey({}, noon);
      await addKey({ keyId: 'key-2', scope: '2' }, null);
      await addKey({ keyId: 'key-3', scope: '3' }, noon - 1);
      expect((await read((tx) => tx.keys())).map(({ keyId }) => keyId)).toEqual(['key-1', 'key-2', 'key-3']);
      const due = async (now: number): Promise<string[]> =>
        (await read((tx) => tx.keysDue(now))).map(({ keyId }) => keyId);
      expect(await due(noon - 2)).toEqual([]);
      expect(await due(noon)).toEqual(['key-3', 'key-1']);
      await write((tx) => tx.setKeyDeath('key-1', noon + 1));
      expect(await due(noon)).toEqual(['key-3']);
    });

    it('go together: with the key every paper under it, and none of another', async () => {
      await addKey();
      await addKey({ keyId: 'key-2', scope: '2' });
      await write(async (tx) => {
        for (const keyId of ['key-1', 'key-2']) {
          for (const name of ['asked', 'message:1']) await tx.putPaper({ keyId, name, sealed: Buffer.of(1) });
        }
      });
      await write((tx, proof) => tx.destroyKey('key-1', proof));
      await desk.ledger.compact();
      expect(await read((tx) => tx.key('key-1'))).toBeNull();
      expect(await read((tx) => tx.paper('key-1', 'asked'))).toBeNull();
      expect(await read((tx) => tx.paper('key-2', 'message:1'))).not.toBeNull();
      expect(await read((tx) => tx.keyOf('run-papers', '2'))).not.toBeNull();
    });

    it('are refused without their key', async () => {
      const steps = [
        write((tx) => tx.putPaper({ keyId: 'gone', name: 'asked', sealed: Buffer.of(1) })),
        write((tx) => tx.setKeyDeath('gone', noon)),
        write((tx, proof) => tx.destroyKey('gone', proof)),
        write((tx, proof) => tx.recordChoice({ ...samplePaper, keyId: 'gone' }, proof)),
      ];
      for (const step of steps) await expect(step).rejects.toEqual(failing('key-destroyed'));
    });

    it('that hold recorded choices last: names once, in order, and their key cannot be destroyed', async () => {
      await addKey();
      const record = (name: string): Promise<void> =>
        write((tx, proof) => tx.recordChoice({ ...samplePaper, name }, proof));
      const names = Array.from({ length: 250 }, (_, at) => `choice:${250 - at}`);
      await write(async (tx, proof) => {
        for (const name of names) await tx.recordChoice({ ...samplePaper, name }, proof);
      });
      await expect(record('choice:7')).rejects.toEqual(failing('transition-refused'));
      const destroy = write((tx, proof) => tx.destroyKey('key-1', proof));
      await expect(destroy).rejects.toEqual(failing('transition-refused'));
      const recorded = await read((tx) => all(tx.recordedChoices()));
      expect(recorded.map(({ name }) => name)).toEqual(names);
      expect(recorded[0]).toEqual({ keyId: 'key-1', name: 'choice:250', sealed: expect.anything() });
    });
  });

  describe('holds', () => {
    beforeEach(() => withRun());

    it('are opened, listed and decided once', async () => {
      const id = await write((tx, proof) => tx.openHold(sampleHold, proof));
      const hold = { ...sampleHold, id, decision: 'open', decidedBy: null };
      expect(await read((tx) => tx.holds(firstRun))).toEqual([hold]);
      await write((tx, proof) => tx.decideHold(id, 'approved', 'A. Guardian', proof));
      const again = write((tx, proof) => tx.decideHold(id, 'rejected', 'B. Guardian', proof));
      await expect(again).rejects.toEqual(failing('transition-refused'));
      const lost = write((tx, proof) => tx.decideHold(id + 1, 'rejected', 'B. Guardian', proof));
      await expect(lost).rejects.toEqual(failing('transition-refused'));
      const decided = { ...hold, decision: 'approved', decidedBy: 'A. Guardian' };
      expect(await read((tx) => tx.holds())).toEqual([decided]);
      expect(await read((tx) => tx.holds({ ...firstRun, revision: 2 }))).toEqual([]);
    });

    it('of a run are open one at a time', async () => {
      const id = await write((tx, proof) => tx.openHold(sampleHold, proof));
      const second = write((tx, proof) => tx.openHold(sampleHold, proof));
      await expect(second).rejects.toEqual(failing('transition-refused'));
      await write((tx, proof) => tx.decideHold(id, 'expired', 'time', proof));
      expect(await write((tx, proof) => tx.openHold(sampleHold, proof))).toBeGreaterThan(id);
    });
  });

  describe('carried objections', () => {
    const carried = (): Promise<CarriedObjection[]> => read((tx) => all(tx.carried()));

    it('can be asked for as they were when the log held so many entries', async () => {
      const [early, late] = [sampleObjection({ id: 'a' }), sampleObjection({ id: 'b' })];
      const at = await write(async (tx) => {
        await tx.carry([early]);
        return (await tx.frontier()).size;
      });
      // One more entry, and the first is renewed: it was carried from the beginning all the same.
      await write((tx) => tx.carry([early, late]));
      expect(await read((tx) => all(tx.carried(at)))).toEqual([early]);
      expect(await read((tx) => all(tx.carried(at - 1)))).toEqual([]);
      expect(await carried()).toEqual([early, late]);
      expect(await read((tx) => tx.carriedFrom())).toEqual([at, at + 1]);
    });

    it('add up: later times stay, known stays known, numbers are joined', async () => {
      const first = sampleObjection({ columnSeenIn: 3, known: true, numbers: ['n1', 'n2'] });
      const second = sampleObjection({ since: noon - 1, numbers: ['n2', 'n3'] });
      await write((tx) => tx.carry([first]));
      await write((tx) => tx.carry([second]));
      expect(await carried()).toEqual([{ ...first, numbers: ['n1', 'n2', 'n3'] }]);
      await write((tx) => tx.carry([sampleObjection({ since: noon + 1, columnSeenIn: 4 })]));
      expect(await carried()).toEqual([
        { ...first, since: noon + 1, columnSeenIn: 4, numbers: ['n1', 'n2', 'n3'] },
      ]);
      await write((tx) => tx.carry([]));
    });

    it('come out the same however they are dealt out over nights', async () => {
      const objection = fc.record({
        id: fc.constantFrom('a', 'b', 'c'),
        foldedId: fc.constant('folded'),
        since: fc.integer({ min: 0, max: 5 }),
        columnSeenIn: fc.option(fc.integer({ min: 0, max: 5 })),
        known: fc.boolean(),
        numbers: fc.array(fc.constantFrom('n1', 'n2', 'n3'), { maxLength: 3 }),
      });
      const nights = fc.array(fc.array(objection, { maxLength: 4 }), { maxLength: 4 });
      let round = 0;
      await fc.assert(
        fc.asyncProperty(nights, async (dealt) => {
          const prefix = `round-${String(++round).padStart(4, '0')}-`;
          const named = dealt.map((night) => night.map((one) => ({ ...one, id: prefix + one.id })));
          for (const night of named) await write((tx) => tx.carry(night));
          const found = (await carried()).filter(({ id }) => id.startsWith(prefix));
          expect(found).toEqual(sumOf(named.flat()));
        }),
        { numRuns: 25 },
      );
    });

    it('are read in pages without losing one, in the order of their ids', async () => {
      const many = Array.from({ length: 2500 }, (_, at) =>
        sampleObjection({
          id: `id-${String(at).padStart(5, '0')}`,
          numbers: at % 3 === 0 ? [`n${at}`] : [],
        }),
      );
      await write((tx) => tx.carry(many.toReversed()));
      expect(await carried()).toEqual(many);
    });

    it('fifty thousand with their numbers cost no more each than a few', async () => {
      /** Processor time of saving and loading so many, in milliseconds: the clock on the wall would tell how busy the machine is. */
      const costOf = async (count: number, prefix: string): Promise<number> => {
        const many = Array.from({ length: count }, (_, at) => {
          const id = `${prefix}-${String(at).padStart(8, '0')}-${'f'.repeat(32)}`;
          return sampleObjection({ id, foldedId: id, numbers: [`${id}-1`] });
        });
        const before = process.cpuUsage();
        await write((tx) => tx.carry(many));
        let numbers = 0;
        await read(async (tx) => {
          for await (const objection of tx.carried()) numbers += objection.numbers.length;
        });
        expect(numbers).toBeGreaterThanOrEqual(count);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      };
      await costOf(1000, 'warm');
      const few = await costOf(5000, 'few');
      // Ten times as many cost about ten times as much; work that grew with the square would cost a hundred times.
      expect(await costOf(50_000, 'many')).toBeLessThan(40 * few);
    });
  });

  it('numbers refused by the check are refused until their date, the later one', async () => {
    await write((tx, proof) => tx.refuseNumber('n1', '2026-12-22', proof));
    await write((tx, proof) => tx.refuseNumber('n1', '2026-12-01', proof));
    await write((tx, proof) => tx.refuseNumber('n2', '2026-12-01', proof));
    await write((tx, proof) => tx.refuseNumber('n2', '2026-12-02', proof));
    expect(await read((tx) => tx.refusedNumbers('2026-12-02'))).toEqual(new Set(['n1', 'n2']));
    expect(await read((tx) => tx.refusedNumbers('2026-12-22'))).toEqual(new Set(['n1']));
    expect(await read((tx) => tx.refusedNumbers('2026-12-23'))).toEqual(new Set());
  });
}

/** The sum of objections by their definition, shared with nothing under test. */
function sumOf(objections: readonly CarriedObjection[]): CarriedObjection[] {
  const ids = [...new Set(objections.map(({ id }) => id))].sort();
  return ids.map((id) => {
    const own = objections.filter((one) => one.id === id);
    const seen = own.flatMap(({ columnSeenIn }) => (columnSeenIn === null ? [] : [columnSeenIn]));
    return {
      id,
      foldedId: 'folded',
      since: Math.max(...own.map(({ since }) => since)),
      columnSeenIn: seen.length === 0 ? null : Math.max(...seen),
      known: own.some(({ known }) => known),
      numbers: [...new Set(own.flatMap(({ numbers }) => numbers))].sort(),
    };
  });
}
