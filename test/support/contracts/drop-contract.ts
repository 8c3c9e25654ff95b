/** What every outbound drop promises, in memory or on a disk. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { formatNhsNumber } from '../../../src/domain/nhs-number.ts';
import { numberList } from '../../../src/domain/number-list.ts';
import type { RunId } from '../../../src/domain/run.ts';
import type { DropPlan, OutboundDrop } from '../../../src/ports.ts';
import { firstRun, perLocationPlan, singlePlan, testNumbers } from '../drop-plans.ts';
import type { DropInterruption } from '../fake-drop.ts';

export interface DropUnderTest {
  readonly drop: OutboundDrop;
  /** What a recipient reads: text by file name, the manifest among them; null without a manifest. */
  recipient(run: RunId): Promise<ReadonlyMap<string, string> | null>;
  /** The next publish stops there with `drop-write-failed`. */
  interrupt(at: DropInterruption): void;
  /** Leaves the recipient's mark in the folder of a run. */
  collect(run: RunId): Promise<void>;
  close(): Promise<void>;
}

const failing = (code: string): unknown => expect.objectContaining({ code });

const interruptions: readonly (readonly [DropInterruption, 'nothing' | 'unfinished' | 'published'])[] = [
  ['before-files', 'nothing'],
  ['before-manifest', 'unfinished'],
  ['before-last-flush', 'published'],
];

export function outboundDropContract(name: string, open: () => Promise<DropUnderTest>): void {
  describe(`outbound drop: ${name}`, () => {
    let opened: DropUnderTest;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('publishes one column of ten digits, ascending, and a manifest that names it', async () => {
      const { drop } = opened;
      const numbers = testNumbers(3);
      const published = await drop.publish(singlePlan(numbers));
      const files = await opened.recipient(firstRun);
      const text = ['nhs_number', ...Array.from(numbers, formatNhsNumber), ''].join('\n');
      expect(files?.get('nhs-numbers.csv')).toBe(text);
      expect(published.folder).toBe('2026-11-22/r1');
      expect(published.files).toEqual([
        { name: 'nhs-numbers.csv', rows: 3, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ]);
      expect(JSON.parse(files?.get('manifest.json') ?? '')).toEqual({
        format: 'drop-1',
        businessDate: '2026-11-22',
        revision: 1,
        run: '2026-11-22/r1',
        policy: 'test',
        rules: 'rules-1',
        supersedes: null,
        files: published.files,
        rows: 3,
      });
      expect(await drop.look(firstRun)).toBe('published');
      expect(await drop.published(firstRun)).toEqual(published);
    });

    it('publishes a file for each location, in the order of their names', async () => {
      const { files } = await opened.drop.publish(perLocationPlan());
      expect(files.map((file) => file.name)).toEqual([
        'location-1-101234567.csv',
        'location-1-1012345678.csv',
      ]);
      const manifest: unknown = JSON.parse((await opened.recipient(firstRun))?.get('manifest.json') ?? '');
      expect(manifest).toMatchObject({
        files: [
          { locationId: '1-101234567', rows: 4 },
          { locationId: '1-1012345678', rows: 3 },
        ],
        rows: 7,
      });
    });

    it('publishes an empty list as a file without rows', async () => {
      const { files } = await opened.drop.publish(singlePlan(numberList([])));
      expect(files).toMatchObject([{ rows: 0 }]);
      expect((await opened.recipient(firstRun))?.get('nhs-numbers.csv')).toBe('nhs_number\n');
    });

    it('is collected once it is published and the recipient has said so; the mark changes nothing else', async () => {
      const { drop } = opened;
      const published = await drop.publish(singlePlan(testNumbers(3)));
      expect(await drop.isCollected(firstRun)).toBe(false);
      await opened.collect(firstRun);
      expect(await drop.isCollected(firstRun)).toBe(true);
      expect(await drop.isCollected({ ...firstRun, revision: 2 })).toBe(false);
      expect(await drop.look(firstRun)).toBe('published');
      expect(await drop.published(firstRun)).toEqual(published);
      expect(await drop.publish(singlePlan(testNumbers(3)))).toEqual(published);
      expect(await drop.inventory()).toMatchObject({ drops: [{ run: firstRun }], strangers: [] });
      expect(await drop.remove(firstRun.businessDate)).toEqual(['2026-11-22/r1']);
      expect(await drop.dates()).toEqual([]);
    });

    it('is not collected without a manifest, whatever mark stands there', async () => {
      const { drop } = opened;
      opened.interrupt('before-manifest');
      await expect(drop.publish(singlePlan(testNumbers(3)))).rejects.toEqual(failing('drop-write-failed'));
      await opened.collect(firstRun);
      expect(await drop.isCollected(firstRun)).toBe(false);
      expect(await drop.unlink(firstRun)).toEqual(['nhs-numbers.csv']);
      await drop.publish(singlePlan(testNumbers(3)));
      expect(await drop.isCollected(firstRun)).toBe(true);
    });

    it('publishes the numbers of the plan, whichever they are', async () => {
      let revision = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 999_999 }), { maxLength: 50 }), async (tails) => {
          revision += 1;
          const numbers = numberList(tails.map((tail) => 9_990_000_000 + tail * 10));
          await opened.drop.publish(singlePlan(numbers, { ...firstRun, revision }));
          const files = await opened.recipient({ ...firstRun, revision });
          const [, ...lines] = (files?.get('nhs-numbers.csv') ?? '').trimEnd().split('\n');
          expect(lines).toEqual(Array.from(numbers, formatNhsNumber));
        }),
        { numRuns: 25 },
      );
    });

    it('keeps what stands when the same plan comes again, its fields and files in any order', async () => {
      const plan = perLocationPlan();
      const first = await opened.drop.publish(plan);
      const before = await opened.recipient(firstRun);
      const again = await opened.drop.publish({
        ...plan,
        files: plan.files.toReversed(),
        manifest: Object.fromEntries(Object.entries(plan.manifest).reverse()),
      });
      expect(again).toEqual(first);
      expect(await opened.recipient(firstRun)).toEqual(before);
    });

    it.each<[string, DropPlan]>([
      ['other numbers', singlePlan(testNumbers(4))],
      ['another manifest', { ...singlePlan(testNumbers(3)), manifest: { policy: 'live' } }],
      ['other files', perLocationPlan()],
      ['a file less', { ...singlePlan(testNumbers(3)), files: [] }],
    ])('refuses %s where a drop stands, and leaves it as it is', async (_difference, other) => {
      await opened.drop.publish(singlePlan(testNumbers(3)));
      const before = await opened.recipient(firstRun);
      await expect(opened.drop.publish(other)).rejects.toEqual(failing('drop-exists-different'));
      await expect(opened.drop.rehearse(other)).rejects.toEqual(failing('drop-exists-different'));
      expect(await opened.recipient(firstRun)).toEqual(before);
    });

    it('publishes revisions side by side', async () => {
      await opened.drop.publish(singlePlan(testNumbers(3)));
      const second = { ...firstRun, revision: 2 };
      await opened.drop.publish(singlePlan(testNumbers(2), second));
      expect((await opened.recipient(firstRun))?.size).toBe(2);
      expect((await opened.recipient(second))?.size).toBe(2);
    });

    it.each(interruptions)('stopped %s leaves %s; the same plan again ends the same', async (at, left) => {
      opened.interrupt(at);
      const plan = perLocationPlan();
      await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-write-failed'));
      expect(await opened.drop.look(firstRun)).toBe(left);
      expect((await opened.recipient(firstRun)) === null).toBe(left !== 'published');
      const reading = opened.drop.published(firstRun);
      if (left === 'published') expect(await reading).toEqual(await opened.drop.rehearse(plan));
      else await expect(reading).rejects.toEqual(failing('drop-recheck-failed'));
      const ended = await opened.drop.publish(plan);
      const files = await opened.recipient(firstRun);
      await opened.drop.remove(firstRun.businessDate);
      expect(await opened.drop.publish(plan)).toEqual(ended);
      expect(await opened.recipient(firstRun)).toEqual(files);
    });

    it('unlinks an unfinished drop so that another plan may stand there', async () => {
      opened.interrupt('before-manifest');
      await expect(opened.drop.publish(perLocationPlan())).rejects.toEqual(failing('drop-write-failed'));
      await expect(opened.drop.publish(singlePlan(testNumbers(1)))).rejects.toEqual(
        failing('drop-exists-different'),
      );
      expect(await opened.drop.unlink(firstRun)).toEqual([
        'location-1-101234567.csv',
        'location-1-1012345678.csv',
      ]);
      expect(await opened.drop.look(firstRun)).toBe('nothing');
      expect(await opened.drop.unlink(firstRun)).toEqual([]);
      await opened.drop.publish(singlePlan(testNumbers(1)));
      expect(await opened.drop.look(firstRun)).toBe('published');
    });

    it('refuses to unlink what is published', async () => {
      await opened.drop.publish(singlePlan(testNumbers(3)));
      await expect(opened.drop.unlink(firstRun)).rejects.toEqual(failing('drop-exists-different'));
      expect(await opened.recipient(firstRun)).not.toBeNull();
    });

    it('rehearses to the same result and leaves nothing', async () => {
      const rehearsed = await opened.drop.rehearse(perLocationPlan());
      expect(await opened.drop.look(firstRun)).toBe('nothing');
      expect(await opened.drop.dates()).toEqual([]);
      expect(await opened.drop.publish(perLocationPlan())).toEqual(rehearsed);
    });

    it('rehearses a rehearsal, and never publishes one', async () => {
      const rehearsal = perLocationPlan({ ...firstRun, revision: 0 });
      const { folder, files } = await opened.drop.rehearse(rehearsal);
      expect([folder, files.length]).toEqual(['2026-11-22/rehearsal-1', 2]);
      await expect(opened.drop.publish(rehearsal)).rejects.toEqual(failing('place-unsafe'));
      expect(await opened.drop.dates()).toEqual([]);
    });

    it('says beforehand what publishing would come to, and afterwards what stands, touching nothing', async () => {
      const { drop } = opened;
      expect(await drop.inventory()).toEqual({ drops: [], staging: [], strangers: [] });
      const plan = perLocationPlan();
      const noted = { ...plan, manifest: { ...plan.manifest, checkpoint: { note: 'signed' } } };
      const told = await drop.digests(noted);
      expect((await drop.inventory()).drops).toEqual([]);
      const second = singlePlan(testNumbers(2), { ...firstRun, revision: 2 });
      opened.interrupt('before-manifest');
      await expect(drop.publish(second)).rejects.toEqual(failing('drop-write-failed'));
      expect(await drop.publish(noted)).toEqual(told);
      const digests = (files: readonly { name: string; sha256: string }[]): unknown =>
        files.map(({ name, sha256 }) => ({ name, sha256 }));
      expect((await drop.inventory()).drops).toEqual([
        {
          run: firstRun,
          files: digests(told.files),
          manifest: { sha256: told.manifest, note: 'signed', files: told.files },
        },
        { run: second.run, files: digests((await drop.digests(second)).files), manifest: null },
      ]);
      expect(await drop.look(second.run)).toBe('unfinished');
    });

    it('lists dates newest first, and removes every drop of one', async () => {
      const { drop } = opened;
      const older = { businessDate: '2026-11-20', revision: 1 };
      await drop.publish(singlePlan(testNumbers(1), older));
      await drop.publish(singlePlan(testNumbers(2), { ...older, revision: 2 }));
      await drop.publish(singlePlan(testNumbers(3)));
      opened.interrupt('before-manifest');
      await expect(drop.publish(singlePlan(testNumbers(2), { ...older, revision: 3 }))).rejects.toThrow();
      expect(await drop.dates()).toEqual(['2026-11-22', '2026-11-20']);
      expect(await drop.remove('2026-11-20')).toEqual(['2026-11-20/r1', '2026-11-20/r2', '2026-11-20/r3']);
      expect(await drop.dates()).toEqual(['2026-11-22']);
      expect(await drop.look(older)).toBe('nothing');
      expect(await drop.remove('2026-11-20')).toEqual([]);
      expect(await opened.recipient(firstRun)).not.toBeNull();
    });

    it.each<[string, Partial<DropPlan>]>([
      ['a name that climbs out', { files: [{ name: '../nhs-numbers.csv', numbers: testNumbers(1) }] }],
      ['a name of no layout', { files: [{ name: 'numbers.csv', numbers: testNumbers(1) }] }],
      ['the name of the manifest', { files: [{ name: 'manifest.json', numbers: testNumbers(1) }] }],
      [
        'the name of another location',
        { files: [{ name: 'location-1-101234567.csv', locationId: '1-101234568', numbers: testNumbers(1) }] },
      ],
      [
        'a location that is none',
        { files: [{ name: 'location-2-101234567.csv', locationId: '2-101234567', numbers: testNumbers(1) }] },
      ],
      [
        'one name twice',
        { files: [singlePlan(testNumbers(1)).files[0]!, singlePlan(testNumbers(1)).files[0]!] },
      ],
      ['a date that is none', { run: { businessDate: '2026-02-30', revision: 1 } }],
      ['a date that climbs out', { run: { businessDate: '..', revision: 1 } }],
      ['revision 1.5', { run: { businessDate: '2026-11-22', revision: 1.5 } }],
    ])('refuses %s', async (_what, part) => {
      const plan = { ...singlePlan(testNumbers(1)), ...part };
      await expect(opened.drop.publish(plan)).rejects.toEqual(failing('place-unsafe'));
      await expect(opened.drop.rehearse(plan)).rejects.toEqual(failing('place-unsafe'));
      expect(await opened.drop.dates()).toEqual([]);
    });

    it('refuses the number of a made-up person in any file, and publishes nothing', async () => {
      for (const canary of [testNumbers(1), testNumbers(2, 50).subarray(1)]) {
        const plan = { ...perLocationPlan(), canaries: canary };
        await expect(opened.drop.publish(plan)).rejects.toEqual(failing('canary-survived'));
        await expect(opened.drop.rehearse(plan)).rejects.toEqual(failing('canary-survived'));
      }
      expect(await opened.drop.look(firstRun)).toBe('nothing');
      const others = { ...perLocationPlan(), canaries: testNumbers(2, 5_000) };
      expect((await opened.drop.publish(others)).files).toHaveLength(2);
    });

    it('refuses a list that is not strictly ascending', async () => {
      const [low, high] = testNumbers(2);
      for (const numbers of [Float64Array.of(high!, low!), Float64Array.of(low!, low!)]) {
        await expect(opened.drop.publish(singlePlan(numbers))).rejects.toEqual(
          failing('drop-recheck-failed'),
        );
      }
      expect(await opened.drop.look(firstRun)).toBe('nothing');
    });
  });
}
