/** Transactions, claims and proofs: what holds before anything is kept. */
import { describe, expect, it } from '@jest/globals';

import type { EntryProof, LedgerWriter } from '../../../src/ports.ts';
import {
  firstRun,
  sampleHold,
  sampleKey,
  sampleList,
  sampleMessage,
  samplePaper,
  sampleRequest,
  sampleRun,
  writerTo,
} from '../ledger-samples.ts';
import { failing } from './ledger-desk.ts';
import type { LedgerDesk } from './ledger-desk.ts';

export function transactionsContract(desk: LedgerDesk): void {
  const { read, write, withRun } = desk;

  describe('transactions', () => {
    it('keep everything or nothing', async () => {
      const boom = new Error('boom');
      const step = write(async (tx, proof) => {
        await tx.set('name', 'value');
        await tx.insertRun(sampleRun(), proof);
        throw boom;
      });
      await expect(step).rejects.toBe(boom);
      expect(await read((tx) => tx.setting('name'))).toBeNull();
      expect(await read((tx) => tx.run(firstRun))).toBeNull();
      expect(await read((tx) => tx.frontier())).toEqual({ size: 0, hashes: [] });
      await withRun();
      expect(await read((tx) => tx.run(firstRun))).toEqual(sampleRun());
    });

    it('see their own writes, and nobody else does before they end', async () => {
      const [begun, end] = [signal(), signal()];
      const writing = write(async (tx) => {
        await tx.set('name', 'value');
        expect(await tx.setting('name')).toBe('value');
        begun.fire();
        await end.fired;
      });
      await begun.fired;
      expect(await read((tx) => tx.setting('name'))).toBeNull();
      end.fire();
      await writing;
      expect(await read((tx) => tx.setting('name'))).toBe('value');
    });

    it('come one at a time', async () => {
      const add = (): Promise<void> =>
        write(async (tx) => {
          const before = Number(await tx.setting('count'));
          await new Promise((later) => setTimeout(later, 1));
          await tx.set('count', String(before + 1));
        });
      await Promise.all(Array.from({ length: 20 }, add));
      expect(await read((tx) => tx.setting('count'))).toBe('20');
    });

    it('wait for a long one of the same process, which may take its time', async () => {
      const begun = signal();
      const long = write(async (tx) => {
        begun.fire();
        await new Promise((later) => setTimeout(later, 2_000));
        await tx.set('name', 'first');
      });
      await begun.fired;
      await write((tx) => tx.set('name', 'second'));
      await long;
      expect(await read((tx) => tx.setting('name'))).toBe('second');
    });

    it('go on beside who reads, who sees nothing of it until done', async () => {
      const [begun, end] = [signal(), signal()];
      const reading = read(async (tx) => {
        const first = await tx.setting('name');
        begun.fire();
        await end.fired;
        return [first, await tx.setting('name'), (await tx.frontier()).size];
      });
      await begun.fired;
      await write((tx) => tx.set('name', 'value'));
      end.fire();
      expect(await reading).toEqual([null, null, 0]);
      expect(await read((tx) => tx.setting('name'))).toBe('value');
    });

    it('wait for who reads alone, who sees all that was written before', async () => {
      await write((tx) => tx.set('name', 'before'));
      const [begun, end] = [signal(), signal()];
      const alone = desk.ledger.readAlone(async (tx) => {
        const first = await tx.setting('name');
        begun.fire();
        await end.fired;
        return [first, await tx.setting('name')];
      });
      await begun.fired;
      let written = false;
      const writing = write((tx) => tx.set('name', 'after')).then(() => (written = true));
      await new Promise((later) => setTimeout(later, 20));
      expect(written).toBe(false);
      end.fire();
      expect(await alone).toEqual(['before', 'before']);
      await writing;
      expect(await desk.ledger.readAlone((tx) => tx.setting('name'))).toBe('after');
    });

    it('last when the ledger is closed and opened again', async () => {
      await withRun();
      await write((tx) => tx.set('name', 'value'));
      await desk.reopen();
      expect(await read((tx) => tx.run(firstRun))).toEqual(sampleRun());
      expect(await read((tx) => tx.setting('name'))).toBe('value');
      expect((await desk.ledger.claim('advance')).epoch).toBe(desk.claim.epoch + 1);
    });

    it.each<[string, () => Promise<unknown>]>([
      ['transact', () => desk.ledger.transact(desk.claim, () => Promise.resolve())],
      ['read', () => read(() => Promise.resolve())],
      ['claim', () => desk.ledger.claim('advance')],
      ['compact', () => desk.ledger.compact()],
      ['copyTo', () => desk.ledger.copyTo('/nowhere/copy')],
      ['close', () => desk.ledger.close()],
    ])('refuse %s from within', async (_, call) => {
      await expect(write(() => call())).rejects.toEqual(failing('unexpected'));
      await expect(read(() => call())).rejects.toEqual(failing('unexpected'));
      await write((tx) => tx.set('still', 'works'));
      expect(await read((tx) => tx.setting('still'))).toBe('works');
    });

    it('cannot be written to once they have ended', async () => {
      let kept: LedgerWriter | undefined;
      await write((tx) => {
        kept = tx;
        return Promise.resolve();
      });
      await expect(kept?.set('name', 'value')).rejects.toThrow();
      expect(await read((tx) => tx.setting('name'))).toBeNull();
    });

    it('are refused after closing', async () => {
      await desk.ledger.close();
      await desk.ledger.close();
      await expect(read((tx) => tx.setting('name'))).rejects.toEqual(failing('ledger-failed'));
      await expect(write(() => Promise.resolve())).rejects.toEqual(failing('ledger-failed'));
    });
  });

  describe('claims', () => {
    it('grow by one each time, each name for itself, also when taken at once', async () => {
      expect(desk.claim).toEqual({ name: 'advance', epoch: 1 });
      const taken = await Promise.all(Array.from({ length: 8 }, () => desk.ledger.claim('mailbox')));
      expect(taken.map(({ epoch }) => epoch).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await desk.ledger.claim('advance')).toEqual({ name: 'advance', epoch: 2 });
    });

    it('that are stale change nothing, nor do those that were never taken', async () => {
      await desk.ledger.claim('advance');
      await expect(write((tx) => tx.set('name', 'stale'))).rejects.toEqual(failing('epoch-stale'));
      const stranger = writerTo(desk.ledger, { name: 'never', epoch: 1 });
      await expect(stranger((tx) => tx.set('name', 'stale'))).rejects.toEqual(failing('epoch-stale'));
      const early = writerTo(desk.ledger, { name: 'advance', epoch: 3 });
      await expect(early((tx) => tx.set('name', 'stale'))).rejects.toEqual(failing('epoch-stale'));
      expect(await read((tx) => tx.setting('name'))).toBeNull();
    });

    it('taken while a transaction waits stop that transaction', async () => {
      const slow = write(async (tx) => {
        await new Promise((later) => setTimeout(later, 10));
        await tx.set('first', 'kept');
      });
      const taken = desk.ledger.claim('advance');
      const late = write((tx) => tx.set('second', 'lost'));
      await expect(late).rejects.toEqual(failing('epoch-stale'));
      await slow;
      expect((await taken).epoch).toBe(2);
      expect(await read((tx) => tx.setting('first'))).toBe('kept');
    });
  });

  describe('proofs', () => {
    const steps: readonly (readonly [string, (tx: LedgerWriter, proof: EntryProof) => Promise<unknown>])[] = [
      ['insertRun', (tx, proof) => tx.insertRun(sampleRun({ revision: 2 }), proof)],
      ['moveRun', (tx, proof) => tx.moveRun(firstRun, 'opened', 'gated', {}, proof)],
      ['moveRequest', (tx, proof) => tx.moveRequest('local-1', 'planned', 'intended', {}, proof)],
      ['insertMessage', (tx, proof) => tx.insertMessage(sampleMessage({ messageId: 'new' }), proof)],
      ['settleMessage', (tx, proof) => tx.settleMessage('message-1', { acknowledged: true }, proof)],
      ['destroyKey', (tx, proof) => tx.destroyKey('key-2', proof)],
      ['openHold', (tx, proof) => tx.openHold({ ...sampleHold, run: secondRun }, proof)],
      ['decideHold', async (tx, proof) => tx.decideHold((await tx.holds())[0]!.id, 'approved', 'a', proof)],
      ['refuseNumber', (tx, proof) => tx.refuseNumber('number', '2026-12-22', proof)],
      ['recordChoice', (tx, proof) => tx.recordChoice(samplePaper, proof)],
      ['indexPersons', (tx, proof) => tx.indexPersons('2026', [], proof)],
      ['forgetPerson', (tx, proof) => tx.forgetPerson('2026', Buffer.alloc(16), proof)],
      ['putPersonList', (tx, proof) => tx.putPersonList(firstRun, 'released', sampleList, proof)],
    ];

    it.each(steps)('of another transaction do not serve %s, that of its own does', async (name, step) => {
      if (name !== 'insertRun') await withRun(secondRun);
      const old = await write(async (tx, proof) => {
        await tx.insertRun(sampleRun(), proof);
        await tx.insertRequest(sampleRequest());
        await tx.insertMessage(sampleMessage(), proof);
        await tx.addKey(sampleKey(), null);
        await tx.addKey(sampleKey({ keyId: 'key-2', scope: 'another' }), null);
        await tx.openHold(sampleHold, proof);
        return proof;
      });
      const forged = desk.ledger.transact(desk.claim, (tx) => step(tx, old));
      await expect(forged).rejects.toEqual(failing('transition-refused'));
      await write(step);
    });
  });
}

const secondRun = { ...firstRun, revision: 2 };

function signal(): { readonly fired: Promise<void>; readonly fire: () => void } {
  let fire = (): void => undefined;
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire };
}
