/** An anchor in memory: it remembers the entries it was shown, as a folder does. */
import { Failure } from '../../src/domain/failure.ts';
import type { Anchor } from '../../src/ports.ts';
import type { AnchorName } from '../../src/domain/anchoring.ts';

export interface FakeAnchor extends Anchor {
  isAway: boolean;
  readonly taken: readonly Uint8Array[];
}

export function createFakeAnchor(name: AnchorName = 'witness', target = 'memory'): FakeAnchor {
  let taken: readonly Uint8Array[] = [];
  return {
    name,
    target,
    remembers: true,
    isAway: false,
    get taken() {
      return taken;
    },
    async take(log, signal) {
      signal.throwIfAborted();
      if (this.isAway) throw new Failure('anchor-unreachable', { message: 'The anchor is away.' });
      const { size, note } = log.checkpoint;
      const lines = await log.lines(0, size);
      const isSame = taken.every((line, at) => Buffer.compare(line, lines[at] ?? Buffer.alloc(0)) === 0);
      if (!isSame) throw new Failure('anchor-refused', { message: 'The anchor holds something else.' });
      taken = lines;
      return Buffer.from(note);
    },
  };
}
