/** Entries, checkpoints and lists: written for good. */
import { describe, expect, it } from '@jest/globals';

import type { EntryProof } from '../../../src/ports.ts';
import {
  all,
  firstRun,
  noon,
  sampleHold,
  sampleKey,
  sampleMessage,
  sampleObjection,
  samplePaper,
  sampleRequest,
  walk,
} from '../ledger-samples.ts';
import { testAuditLog } from '../test-audit-log.ts';
import { failing } from './ledger-desk.ts';
import type { LedgerDesk } from './ledger-desk.ts';

/** What nobody may do even at the engine's own prompt; each finds a row to do it to. */
const forbidden = [
  `UPDATE entries SET line = leaf`,
  `DELETE FROM entries WHERE position = 0`,
  `UPDATE checkpoints SET note = ''`,
  `DELETE FROM checkpoints`,
  `UPDATE person_lists SET bytes = bytes`,
  `DELETE FROM person_lists`,
  `UPDATE choices SET sealed = sealed`,
  `DELETE FROM choices`,
  `DELETE FROM runs`,
  `UPDATE runs SET reason = 'another'`,
  `DELETE FROM requests`,
  `UPDATE requests SET local_id = 'another'`,
  `DELETE FROM messages`,
  `UPDATE messages SET understood = 'receipt'`,
  `UPDATE messages SET message_id = 'another'`,
  `DELETE FROM holds`,
  `UPDATE holds SET decision = 'rejected'`,
  `UPDATE intakes SET rows = 0`,
  `DELETE FROM intakes`,
  `DELETE FROM carried`,
  `UPDATE carried SET since = since - 1`,
  `UPDATE carried SET id = 'another'`,
  `DELETE FROM claims`,
  `UPDATE claims SET epoch = epoch - 1`,
  `UPDATE configurations SET settings = '{}'`,
  `DELETE FROM configurations`,
  `DELETE FROM sequences`,
  `UPDATE sequences SET last = last - 1`,
];

export function evidenceContract(desk: LedgerDesk): void {
  const { read, write, withRun } = desk;

  describe('evidence', () => {
    const audit = testAuditLog();

    it('configurations come back in the order in which they came into force, each with its entry', async () => {
      const sample = (digest: string, approvers: string | null) => ({
        ...{ digest, guarded: 'g', approvers },
        settings: { DROP_HEADER: '', PURPOSE: 'é "quoted"' },
      });
      const [first, second] = [sample('a', null), sample('b', '[]')];
      const position = await write(async (tx, proof) => {
        await tx.putConfiguration(first, proof);
        return proof.position;
      });
      await write((tx, proof) => tx.putConfiguration(second, proof));
      await write((tx, proof) => tx.putConfiguration(first, proof));
      expect(await read((tx) => tx.configurations())).toEqual([
        { ...first, position },
        { ...second, position: position + 1 },
        { ...first, position: position + 2 },
      ]);
      const stale = { position: 0 } as EntryProof;
      await expect(write((tx) => tx.putConfiguration(first, stale))).rejects.toEqual(
        failing('transition-refused'),
      );
    });

    it('entries come back byte for byte, in pages, from and up to a position', async () => {
      await desk.ledger.transact(desk.claim, async (tx) => {
        for (let position = 0; position < 601; position += 1) {
          await tx.appendEntry({ position, line: Buffer.from(`é ${position}\n`), leaf: Buffer.of(0, 255) });
        }
        await tx.setFrontier({ size: 601, hashes: [Buffer.of(0, 255), Buffer.of(1)] });
      });
      const positions = async (from: number, to: number): Promise<number[]> =>
        (await read((tx) => all(tx.entries(from, to)))).map(({ position }) => position);
      const upTo = (from: number, to: number): number[] =>
        Array.from({ length: to - from }, (_, at) => from + at);
      expect(await positions(0, Infinity)).toEqual(upTo(0, 601));
      expect(await positions(499, 520)).toEqual(upTo(499, 520));
      expect(await positions(3, 3)).toEqual([]);
      expect(await positions(600, 5000)).toEqual([600]);
      expect(await positions(601, 5000)).toEqual([]);
      const [entry] = await read((tx) => all(tx.entries(7, 8)));
      expect(Buffer.from(entry!.line).toString()).toBe('é 7\n');
      const frontier = await read((tx) => tx.frontier());
      expect(frontier.size).toBe(601);
      expect(frontier.hashes.map((hash) => [...hash])).toEqual([[0, 255], [1]]);
    });

    it('entries follow one another without a gap', async () => {
      const append = (position: number): Promise<void> =>
        desk.ledger.transact(desk.claim, (tx) =>
          tx.appendEntry({ position, line: Buffer.of(1), leaf: Buffer.of(2) }),
        );
      await expect(append(1)).rejects.toEqual(failing('transition-refused'));
      await append(0);
      await expect(append(0)).rejects.toEqual(failing('transition-refused'));
      await expect(append(2)).rejects.toEqual(failing('transition-refused'));
      await append(1);
    });

    it('the newest checkpoint is the one that was put last', async () => {
      expect(await read((tx) => tx.checkpoint())).toBeNull();
      const first = await write((tx) => audit.sign(tx));
      await desk.ledger.transact(desk.claim, (tx) => tx.putCheckpoint(1, 'same size, another key'));
      expect(first.size).toBe(1);
      expect(await read((tx) => tx.checkpoint())).toEqual({ size: 1, note: 'same size, another key' });
      expect(await read((tx) => tx.checkpoints())).toEqual([
        { size: 1, note: first.note },
        { size: 1, note: 'same size, another key' },
      ]);
    });

    it('person lists of a decision made anew take the place of the earlier', async () => {
      await withRun();
      const put = (bytes: Buffer): Promise<void> =>
        write((tx, proof) => tx.putPersonList(firstRun, 'released', bytes, proof));
      expect(await read((tx) => tx.personList(firstRun, 'released'))).toBeNull();
      await put(Buffer.of(1));
      await put(Buffer.of(2));
      const list = await read((tx) => tx.personList(firstRun, 'released'));
      expect([...list!]).toEqual([2]);
      expect(await read((tx) => tx.personList(firstRun, 'held-back'))).toBeNull();
      const lists = await read((tx) => tx.personLists(firstRun));
      expect(lists.map(({ list, bytes }) => [list, ...bytes])).toEqual([
        ['released', 1],
        ['released', 2],
      ]);
      expect(await read((tx) => tx.personLists({ ...firstRun, revision: 2 }))).toEqual([]);
    });

    it('what is written for good cannot be altered at the engine itself', async () => {
      await withRun();
      await write((tx) => tx.addKey(sampleKey(), null));
      await write(async (tx, proof) => {
        await tx.insertRequest(sampleRequest());
        await tx.nextSequence('2026-11');
        await tx.insertMessage(sampleMessage({ understood: 'answer' }), proof);
        const hold = await tx.openHold(sampleHold, proof);
        await tx.decideHold(hold, 'approved', 'A. Guardian', proof);
        await tx.acceptIntake({ digest: 'a', businessDate: '2026-11-22', producedAt: noon, rows: 20 });
        await tx.carry([sampleObjection({ numbers: ['n1'] })]);
        await tx.recordChoice(samplePaper, proof);
        await tx.putPersonList(firstRun, 'released', Buffer.of(1), proof);
        await tx.putConfiguration({ digest: 'c', guarded: 'g', settings: {}, approvers: null }, proof);
        await audit.sign(tx);
      });
      await walk(write, firstRun, 'opened', 'gated', 'withheld');
      if (desk.raw === undefined) return;
      await desk.raw(`UPDATE settings SET value = value`);
      for (const statement of forbidden) {
        const done = await desk.raw(statement).then(
          () => statement,
          () => undefined,
        );
        expect(done).toBeUndefined();
      }
      expect(await read((tx) => audit.verify(tx))).toMatchObject({ size: 5 });
      expect(await read((tx) => tx.run(firstRun))).toMatchObject({ state: 'withheld', reason: null });
    });
  });
}
