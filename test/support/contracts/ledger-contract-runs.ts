/** Runs, intakes, requests and messages. */
import { beforeEach, describe, expect, it } from '@jest/globals';

import { runStates, transitions } from '../../../src/domain/run.ts';
import type { RunFilter } from '../../../src/ports.ts';
import {
  all,
  firstRun,
  noon,
  sampleMessage,
  sampleRequest,
  sampleRun,
  sampleTotals,
} from '../ledger-samples.ts';
import { failing } from './ledger-desk.ts';
import type { LedgerDesk } from './ledger-desk.ts';

export function runsContract(desk: LedgerDesk): void {
  const { read, write, withRun } = desk;

  describe('runs', () => {
    it('are stored once', async () => {
      await withRun();
      await expect(withRun({ reason: 'again' })).rejects.toEqual(failing('transition-refused'));
      expect(await read((tx) => tx.run(firstRun))).toEqual(sampleRun());
      expect(await read((tx) => tx.run({ businessDate: '2026-11-22', revision: 2 }))).toBeNull();
    });

    it('are listed newest date first, then highest revision', async () => {
      const ids = [
        ['2026-11-21', 1],
        ['2026-11-22', 1],
        ['2026-11-22', 10],
        ['2026-11-22', 9],
      ] as const;
      for (const [businessDate, revision] of ids) await withRun({ businessDate, revision });
      const listed = await read((tx) => tx.runs({}));
      expect(listed.map((run) => [run.businessDate, run.revision])).toEqual([
        ['2026-11-22', 10],
        ['2026-11-22', 9],
        ['2026-11-22', 1],
        ['2026-11-21', 1],
      ]);
      expect(await read((tx) => tx.runs({ businessDate: '2026-11-21' }))).toHaveLength(1);
      const revisions = async (filter: RunFilter): Promise<number[]> =>
        (await read((tx) => tx.runs(filter))).map(({ revision }) => revision);
      expect(await revisions({ limit: 2 })).toEqual([10, 9]);
      await withRun({ businessDate: '2026-11-23', revision: 0 });
      expect(await revisions({ limit: 2 })).toEqual([0, 10]);
      expect(await revisions({ limit: 2, withoutRehearsals: true })).toEqual([10, 9]);
    });

    it('move by compare-and-set and only as the table says', async () => {
      const pairs = runStates.flatMap((from) => runStates.map((to) => [from, to] as const));
      await write(async (tx, proof) => {
        for (const [at, [from, to]] of pairs.entries()) {
          const run = { businessDate: '2026-11-22', revision: at + 1 };
          // A hold lets a run go on only from where it stood.
          await tx.insertRun(sampleRun({ ...run, state: from, heldFrom: to }), proof);
          const allowed = transitions[from].includes(to);
          const moved = tx.moveRun(run, from, to, {}, proof);
          if (allowed) await moved;
          else await expect(moved).rejects.toEqual(failing('transition-refused'));
          expect(await tx.run(run)).toMatchObject({ state: allowed ? to : from });
        }
      });
    });

    it('do not move from where they do not stand', async () => {
      await withRun();
      const late = write((tx, proof) => tx.moveRun(firstRun, 'gated', 'asked', {}, proof));
      await expect(late).rejects.toEqual(failing('transition-refused'));
      const nowhere = { businessDate: '2026-11-23', revision: 1 };
      const lost = write((tx, proof) => tx.moveRun(nowhere, 'opened', 'gated', {}, proof));
      await expect(lost).rejects.toEqual(failing('transition-refused'));
    });

    it('held before asking do not go on as answered', async () => {
      await withRun({ state: 'held', heldFrom: 'gated' });
      const skip = write((tx, proof) => tx.moveRun(firstRun, 'held', 'answered', {}, proof));
      await expect(skip).rejects.toEqual(failing('transition-refused'));
      await write((tx, proof) => tx.moveRun(firstRun, 'held', 'gated', { heldFrom: null }, proof));
      expect(await read((tx) => tx.run(firstRun))).toMatchObject({ state: 'gated', heldFrom: null });
    });

    it('change what the move names and nothing else', async () => {
      await withRun({ state: 'answered', reason: 'kept' });
      const change = {
        totals: sampleTotals(20, 12),
        released: 12,
        endedAt: noon + 1,
        intake: 'b'.repeat(64),
      };
      await write((tx, proof) => tx.moveRun(firstRun, 'answered', 'decided', change, proof));
      expect(await read((tx) => tx.run(firstRun))).toEqual(
        sampleRun({ state: 'decided', reason: 'kept', ...change }),
      );
    });

    it('that were released tell their sizes, newest first', async () => {
      const states = ['sealed', 'withheld', 'released', 'failed', 'decided', 'sealed'] as const;
      for (const [at, state] of states.entries()) {
        const businessDate = `2026-11-${10 + at}`;
        await withRun({ businessDate, state, totals: sampleTotals(100 + at, at), released: at });
      }
      const sizes = await read((tx) => tx.releasedSizes(7));
      expect(sizes).toEqual([
        { rows: 105, released: 5 },
        { rows: 102, released: 2 },
        { rows: 100, released: 0 },
      ]);
      expect(await read((tx) => tx.releasedSizes(1))).toEqual([{ rows: 105, released: 5 }]);
    });
  });

  describe('intakes', () => {
    const intake = { digest: 'a'.repeat(64), businessDate: '2026-11-22', producedAt: noon, rows: 20 };
    const later = { ...intake, digest: 'b'.repeat(64), businessDate: '2026-11-23' };

    it('count up, and one accepted again stays what it was', async () => {
      await write(async (tx) => {
        expect(await tx.acceptIntake(intake)).toEqual({ ...intake, ordinal: 1 });
        expect(await tx.acceptIntake(later)).toEqual({ ...later, ordinal: 2 });
        expect(await tx.acceptIntake(intake)).toEqual({ ...intake, ordinal: 1 });
      });
      expect(await read((tx) => tx.intakes({}))).toHaveLength(2);
      expect(await read((tx) => tx.intakes({ digest: later.digest }))).toEqual([{ ...later, ordinal: 2 }]);
      expect(await read((tx) => tx.intakes({ businessDate: '2026-11-24' }))).toEqual([]);
    });
  });

  describe('requests', () => {
    beforeEach(() => withRun());

    it('are found by run in the order planned, and by local id', async () => {
      const two = sampleRequest({ localId: 'a-later-one', sequence: 2, level: 1 });
      await write(async (tx) => {
        await tx.insertRequest(sampleRequest());
        await tx.insertRequest(two);
      });
      expect(await read((tx) => tx.requests(firstRun))).toEqual([sampleRequest(), two]);
      expect(await read((tx) => tx.request('a-later-one'))).toEqual(two);
      expect(await read((tx) => tx.request('unknown'))).toBeNull();
      expect(await read((tx) => tx.requestSentAs('message-9'))).toBeNull();
      expect(await read((tx) => tx.requests({ businessDate: '2026-11-22', revision: 2 }))).toEqual([]);
    });

    it('never use a local id twice', async () => {
      await write((tx) => tx.insertRequest(sampleRequest()));
      const again = write((tx) => tx.insertRequest(sampleRequest({ sequence: 2 })));
      await expect(again).rejects.toEqual(failing('transition-refused'));
    });

    it('belong to a run that is there', async () => {
      const run = { businessDate: '2026-11-23', revision: 1 };
      const lost = write((tx) => tx.insertRequest(sampleRequest({ run })));
      await expect(lost).rejects.toEqual(failing('ledger-failed'));
    });

    it('move by compare-and-set', async () => {
      await write((tx) => tx.insertRequest(sampleRequest()));
      const intend = (): Promise<void> =>
        write((tx, proof) =>
          tx.moveRequest('local-1', 'planned', 'intended', { intendedAt: noon, epoch: 2 }, proof),
        );
      await intend();
      await expect(intend()).rejects.toEqual(failing('transition-refused'));
      const change = { sentAt: noon + 5, messageId: 'message-9' };
      await write((tx, proof) => tx.moveRequest('local-1', 'intended', 'sent', change, proof));
      expect(await read((tx) => tx.request('local-1'))).toEqual(
        sampleRequest({ state: 'sent', intendedAt: noon, epoch: 2, ...change }),
      );
      expect((await read((tx) => tx.requestSentAs('message-9')))?.localId).toBe('local-1');
    });

    it('are numbered from 1 in each month', async () => {
      const next = (month: string): Promise<number> => write((tx) => tx.nextSequence(month));
      expect([await next('2026-11'), await next('2026-11'), await next('2026-12')]).toEqual([1, 2, 1]);
      const undone = write(async (tx) => {
        expect(await tx.nextSequence('2026-11')).toBe(3);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(await next('2026-11')).toBe(3);
    });
  });

  describe('messages', () => {
    const keep = (change = {}): Promise<boolean> =>
      write((tx, proof) => tx.insertMessage(sampleMessage(change), proof));

    it('are kept once: the second copy changes nothing', async () => {
      expect(await keep()).toBe(true);
      expect(await keep({ localId: 'another', receivedAt: noon + 1 })).toBe(false);
      expect(await read((tx) => tx.message('message-1'))).toEqual(sampleMessage());
      expect(await read((tx) => tx.message('message-2'))).toBeNull();
    });

    it('are unsettled until acknowledged and understood, oldest first', async () => {
      for (const messageId of ['c', 'a', 'b', 'd']) await keep({ messageId });
      const settle = (messageId: string, change: { acknowledged?: true; understood?: string }) =>
        write((tx, proof) => tx.settleMessage(messageId, change, proof));
      await settle('c', { acknowledged: true, understood: 'answer' });
      await settle('a', { acknowledged: true });
      await settle('b', { understood: 'receipt' });
      const unsettled = await read((tx) => tx.unsettledMessages());
      expect(unsettled).toEqual([
        sampleMessage({ messageId: 'a', acknowledged: true }),
        sampleMessage({ messageId: 'b', understood: 'receipt' }),
        sampleMessage({ messageId: 'd' }),
      ]);
      await settle('a', { acknowledged: true });
      await settle('b', { acknowledged: true });
      await settle('a', { understood: 'stranger' });
      expect(await read((tx) => tx.unsettledMessages())).toHaveLength(1);
      const messages = await read((tx) => all(tx.messages()));
      expect(messages.map(({ messageId, understood }) => [messageId, understood])).toEqual([
        ['c', 'answer'],
        ['a', 'stranger'],
        ['b', 'receipt'],
        ['d', null],
      ]);
    });

    it('are understood once, and only when kept', async () => {
      await keep();
      const understand = (messageId: string, understood: string): Promise<void> =>
        write((tx, proof) => tx.settleMessage(messageId, { understood }, proof));
      await understand('message-1', 'answer');
      await expect(understand('message-1', 'stranger')).rejects.toEqual(failing('transition-refused'));
      await expect(understand('unknown', 'answer')).rejects.toEqual(failing('transition-refused'));
    });
  });
}
