/** Entries, checkpoints and lists: written for good. */
import { describe, expect, it } from '@jest/globals';

import type { Step } from '../../../src/domain/evidence.ts';
import type { EntryProof, PersonListName, StoredAnchoring } from '../../../src/ports.ts';
import {
  all,
  firstRun,
  noon,
  sampleAnchoring,
  sampleHold,
  sampleKey,
  sampleList,
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
  `UPDATE evidence_lists SET indexed = indexed`,
  `DELETE FROM evidence_lists`,
  `UPDATE evidence_pieces SET bytes = bytes`,
  `DELETE FROM evidence_pieces`,
  `INSERT INTO piece_erasures VALUES (1, 0)`,
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
  `UPDATE stops SET stands = 0`,
  `DELETE FROM stops`,
  `DELETE FROM sequences`,
  `UPDATE sequences SET last = last - 1`,
  `UPDATE anchorings SET size = size`,
  `DELETE FROM anchorings`,
];

export function evidenceContract(desk: LedgerDesk): void {
  const { read, write, withRun } = desk;

  describe('evidence', () => {
    const audit = testAuditLog();
    const putList = (
      pieces: readonly (readonly [first: string, bytes: readonly number[]])[],
      list: PersonListName = 'released',
    ): Promise<void> => {
      const kept = pieces.map(([first, bytes]) => ({ first, bytes: Buffer.from(bytes) }));
      return write((tx, proof) => tx.putPersonList(firstRun, list, { pieces: kept, indexed: true }, proof));
    };

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

    it('stops come back in the order in which they were set and lifted, each with its entry', async () => {
      const said = { at: noon, by: 'operator:é', reason: 'asked for' };
      const [all, one] = [
        { ...said, provider: null, stands: true },
        { ...said, provider: 'PR-01', stands: true },
      ];
      const lifted = { ...all, stands: false, at: noon + 1 };
      const position = await write(async (tx, proof) => {
        await tx.putStop(all, proof);
        return proof.position;
      });
      for (const stop of [one, lifted]) await write((tx, proof) => tx.putStop(stop, proof));
      expect(await read((tx) => tx.stops())).toEqual([
        { ...all, position },
        { ...one, position: position + 1 },
        { ...lifted, position: position + 2 },
      ]);
      const stale = { position: 0 } as EntryProof;
      await expect(write((tx) => tx.putStop(one, stale))).rejects.toEqual(failing('transition-refused'));
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
    });

    it('all checkpoints come back in the order in which they were put', async () => {
      const { note } = await write((tx) => audit.sign(tx));
      await desk.ledger.transact(desk.claim, (tx) => tx.putCheckpoint(1, 'same size, another key'));
      expect(await read((tx) => tx.checkpoints())).toEqual([
        { size: 1, note },
        { size: 1, note: 'same size, another key' },
      ]);
    });

    it('what anchors took comes back oldest first, byte for byte, and the last of each by its target', async () => {
      expect(await read((tx) => tx.lastAnchoring('folder'))).toBeNull();
      const taken = Array.from({ length: 101 }, (_, at) => ({
        ...sampleAnchoring,
        size: at + 1,
        at: noon + at,
      }));
      const elsewhere = { ...sampleAnchoring, target: '/another', size: 5 };
      const token = {
        ...sampleAnchoring,
        anchor: 'timestamp',
        target: 'https://tsa.example',
        size: 7,
      } as const;
      await write(async (tx, proof) => {
        for (const anchoring of [...taken, elsewhere, token]) await tx.putAnchoring(anchoring, proof);
      });
      const plain = (one: StoredAnchoring): object => ({ ...one, receipt: [...one.receipt] });
      expect((await read((tx) => all(tx.anchorings(0)))).map(plain)).toEqual(
        [...taken, elsewhere, token].map(plain),
      );
      expect((await read((tx) => all(tx.anchorings(101)))).map(({ size }) => size)).toEqual([101]);
      const last = (target?: string): Promise<number | undefined> =>
        read((tx) => tx.lastAnchoring('folder', target)).then((one) => one?.size);
      expect(await last()).toBe(5);
      expect(await last('/another')).toBe(5);
      expect(await last(sampleAnchoring.target)).toBe(101);
      expect(await last('/nowhere')).toBeUndefined();
    });

    it('a receipt is stored with the entry that tells of it or not at all', async () => {
      const proof = await write((_, one) => Promise.resolve(one));
      await expect(
        desk.ledger.transact(desk.claim, (tx) => tx.putAnchoring(sampleAnchoring, proof)),
      ).rejects.toEqual(failing('transition-refused'));
      expect(await read((tx) => tx.lastAnchoring('folder'))).toBeNull();
    });

    it('person lists of a decision made anew take the place of the earlier', async () => {
      await withRun();
      const put = (...bytes: number[]): Promise<void> => putList([['', bytes]]);
      expect(await read((tx) => tx.personList(firstRun, 'released'))).toBeNull();
      await put(1);
      await put(2);
      const list = await read((tx) => tx.personList(firstRun, 'released'));
      expect([...list!]).toEqual([2]);
      expect(await read((tx) => tx.personList(firstRun, 'held-back'))).toBeNull();
      expect(await read((tx) => tx.personLists())).toEqual([
        { id: expect.any(Number), run: firstRun, list: 'released', indexed: true },
        { id: expect.any(Number), run: firstRun, list: 'released', indexed: true },
      ]);
    });

    it('a person list comes back whole, and of each list the piece of a provider', async () => {
      await withRun();
      await putList([
        ['', [1, 2]],
        ['P', [3]],
        ['p\uFF5E', [4]],
        ['p\u{1F600}', [5]],
      ]);
      await putList([['', [6]]], 'held-back');
      expect([...(await read((tx) => tx.personList(firstRun, 'released')))!]).toEqual([1, 2, 3, 4, 5]);
      const lists = (await read((tx) => tx.personLists())).map(({ id }) => id);
      const pieces = async (providerId: string | null): Promise<number[][]> =>
        (await read((tx) => tx.personListPieces(lists, providerId))).map(({ bytes }) => [...bytes]);
      expect(await pieces(null)).toEqual([[1, 2], [3], [4], [5], [6]]);
      expect(await pieces('A')).toEqual([[1, 2], [6]]);
      expect(await pieces('P')).toEqual([[3], [6]]);
      expect(await pieces('Q')).toEqual([[3], [6]]);
      // In the order of their bytes, not of UTF-16.
      expect(await pieces('p\uFF5F')).toEqual([[4], [6]]);
      expect(await pieces('p\u{1F601}')).toEqual([[5], [6]]);
      expect(await read((tx) => tx.personListPieces([], null))).toEqual([]);
    });

    it('a piece is overwritten by an erasure only, and never by another length', async () => {
      await withRun();
      await putList([
        ['', [1, 2]],
        ['P', [3]],
      ]);
      const [first] = await read((tx) => tx.personListPieces([1], ''));
      const erased = { what: 'person-erased', reason: '', blocks: [] } as const;
      const overwrite = (bytes: Buffer, step: Step): Promise<void> =>
        desk.ledger.transact(desk.claim, async (tx) => {
          const proof = await audit.append(tx, { at: '', run: '', by: '', ...step });
          await tx.overwritePiece(first!.id, bytes, proof);
        });
      await expect(overwrite(Buffer.of(8, 9), { what: 'run-asked' })).rejects.toEqual(
        failing('ledger-failed'),
      );
      await expect(overwrite(Buffer.of(8), erased)).rejects.toEqual(failing('transition-refused'));
      const earlier = await write((_, proof) => Promise.resolve(proof));
      await expect(write((tx) => tx.overwritePiece(first!.id, Buffer.of(8, 9), earlier))).rejects.toEqual(
        failing('transition-refused'),
      );
      await overwrite(Buffer.of(8, 9), erased);
      expect([...(await read((tx) => tx.personList(firstRun, 'released')))!]).toEqual([8, 9, 3]);
      await overwrite(Buffer.of(7, 7), erased);
      expect([...(await read((tx) => tx.personList(firstRun, 'released')))!]).toEqual([7, 7, 3]);
    });

    it('the index finds the providers of a person in a year, and forgets a person or a year', async () => {
      const [ann, bob] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
      const index = (year: string, providerId: string, ...tokens: Buffer[]): Promise<void> =>
        write((tx, proof) => tx.indexPersons(year, [{ providerId, tokens: Buffer.concat(tokens) }], proof));
      const providers = (year: string, token: Buffer): Promise<readonly string[]> =>
        read((tx) => tx.indexedProviders(year, token));
      await index('2026', 'P2', ann, bob);
      await index('2026', 'P1', ann);
      await index('2026', 'P2', ann);
      await index('2027', 'P3', ann);
      expect(await providers('2026', ann)).toEqual(['P1', 'P2']);
      expect(await providers('2026', bob)).toEqual(['P2']);
      expect(await providers('2027', bob)).toEqual([]);
      const persons = (year: string): Promise<Uint8Array[]> => read((tx) => all(tx.indexedPersons(year)));
      expect((await persons('2026')).map((token) => Buffer.from(token))).toEqual([ann, bob]);
      await write((tx, proof) => tx.forgetPerson('2026', ann, proof));
      expect(await providers('2026', ann)).toEqual([]);
      expect((await persons('2026')).map((token) => Buffer.from(token))).toEqual([bob]);
      expect(await persons('2028')).toEqual([]);
      const many = Array.from({ length: 2001 }, (_, n) => {
        const token = Buffer.alloc(16);
        token.writeUInt32BE(n);
        return token;
      });
      await index('2029', 'P1', ...many.toReversed());
      expect(Buffer.concat(await persons('2029'))).toEqual(Buffer.concat(many));
      expect(await providers('2027', ann)).toEqual(['P3']);

      const key = sampleKey({ purpose: 'year-pseudonyms', scope: '2026' });
      await write((tx) => tx.addKey(key, null));
      await write((tx, proof) => tx.destroyKey('key-1', proof));
      expect(await providers('2026', bob)).toEqual([]);
      expect(await providers('2027', ann)).toEqual(['P3']);
      await desk.ledger.compact();
      expect(await providers('2027', ann)).toEqual(['P3']);
    });

    it('entries of one kind are found, and no others that quote it', async () => {
      const quoting = { what: 'person-looked-up', reason: '"what":"heartbeat"', commitment: '' } as const;
      await desk.ledger.transact(desk.claim, async (tx) => {
        for (let n = 0; n < 1203; n++)
          await audit.append(tx, {
            ...(n % 2 === 0 ? ({ what: 'heartbeat', lastRun: String(n) } as const) : quoting),
            ...{ at: '', run: '', by: '' },
          });
      });
      const found = await read((tx) => all(tx.entriesOf('heartbeat')));
      expect(found.map(({ position }) => position)).toEqual(Array.from({ length: 602 }, (_, n) => 2 * n));
      expect(await read((tx) => all(tx.entriesOf('person-erased')))).toEqual([]);
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
        await tx.putPersonList(firstRun, 'released', sampleList, proof);
        await tx.putAnchoring(sampleAnchoring, proof);
        await tx.putConfiguration({ digest: 'c', guarded: 'g', settings: {}, approvers: null }, proof);
        await tx.putStop({ provider: null, stands: true, at: noon, by: 'b', reason: 'r' }, proof);
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
