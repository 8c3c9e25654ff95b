import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure } from '../../../src/domain/failure.ts';
import type { FailureCode } from '../../../src/domain/failure.ts';
import type { Anchor } from '../../../src/ports.ts';
import { createTestLog, newLogKey } from '../anchored-log.ts';
import type { LogKey, TestLog } from '../anchored-log.ts';

/** An anchor and the levers of whatever stands behind it. */
export interface AnchorWorld {
  readonly anchor: Anchor;
  goAway(): Promise<void> | void;
  comeBack(): Promise<void> | void;
  close(): Promise<void> | void;
}

export interface AnchorUnderTest {
  /** Whether it remembers what it took; an authority that only says when it saw a digest does not. */
  readonly remembers: boolean;
  /** Makes one that knows the log of this key. */
  readonly open: (origin: string, key: LogKey) => Promise<AnchorWorld> | AnchorWorld;
}

const unfired = new AbortController().signal;

export async function outcomeOf(promise: Promise<unknown>): Promise<FailureCode | 'taken'> {
  try {
    await promise;
    return 'taken';
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
}

/** What the port promises (src/ports.ts), of whatever keeps it. */
export function anchorContract(name: string, { remembers, open }: AnchorUnderTest): void {
  describe(`the anchor port, kept by ${name}`, () => {
    let world: AnchorWorld;
    let log: TestLog;
    beforeEach(async () => {
      const key = newLogKey();
      log = createTestLog('example.org/log', key);
      world = await open(log.origin, key);
    });
    afterEach(() => world.close());
    const take = (shown: TestLog, anchored = 0): Promise<FailureCode | 'taken'> =>
      outcomeOf(world.anchor.take(shown.view(anchored), unfired));

    it('takes a first checkpoint, the same again, and one of a log that has grown', async () => {
      log.grow(3);
      for (const anchored of [0, 3]) {
        const receipt = await world.anchor.take(log.view(anchored), unfired);
        expect(receipt.length).toBeGreaterThan(0);
      }
      log.grow(1);
      expect(await take(log, 3)).toBe('taken');
      log.grow(1200);
      expect(await take(log, 4)).toBe('taken');
    });

    it('takes it although what it took before was forgotten here', async () => {
      log.grow(3);
      expect(await take(log)).toBe('taken');
      log.grow(5);
      expect(await take(log)).toBe('taken');
    });

    it('is unreachable while it is away, and takes it when it is back', async () => {
      log.grow(3);
      expect(await take(log)).toBe('taken');
      log.grow(2);
      await world.goAway();
      expect(await take(log, 3)).toBe('anchor-unreachable');
      await world.comeBack();
      expect(await take(log, 3)).toBe('taken');
    });

    it('ends with the signal', async () => {
      log.grow(3);
      const stopped = new Error('stopped');
      const taking = world.anchor.take(log.view(), AbortSignal.abort(stopped));
      await expect(taking).rejects.toBe(stopped);
      expect(await take(log)).toBe('taken');
    });

    it(`says that it ${remembers ? 'remembers' : 'does not remember'}`, () => {
      expect(world.anchor.remembers).toBe(remembers);
    });

    if (!remembers) return;

    it('refuses a log that was cut, and goes on with the whole one', async () => {
      log.grow(3);
      const cut = log.fork(3);
      log.grow(4);
      expect(await take(log)).toBe('taken');
      expect(await take(cut)).toBe('anchor-refused');
      expect(await take(cut, 3)).toBe('anchor-refused');
      expect(await take(log, 7)).toBe('taken');
    });

    it.each([
      ['of the same size', 4, 3],
      ['that has grown beyond it', 10, 3],
      ['that differs from the first entry on', 9, 0],
    ])('refuses another log under the same key %s', async (_, more, size) => {
      log.grow(3);
      const other = log.fork(size);
      log.grow(4);
      other.grow(size === 3 ? more : more + 3);
      expect(await take(log)).toBe('taken');
      expect(await take(other, 7)).toBe('anchor-refused');
      expect(await take(other)).toBe('anchor-refused');
      log.grow(1);
      expect(await take(log, 7)).toBe('taken');
    });
  });
}
