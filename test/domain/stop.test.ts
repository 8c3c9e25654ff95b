import { describe, expect, it } from '@jest/globals';

import { nameOfStop, standingStops, stopOf } from '../../src/domain/stop.ts';

const move = (position: number, provider: string | null, stands = true) => ({ position, provider, stands });

describe('stops', () => {
  it('stand until they are lifted, each by itself', () => {
    expect(standingStops([])).toEqual({ everything: null, providers: new Map(), heard: 0 });
    const stops = standingStops([move(1, null), move(2, 'PR-01'), move(3, null, false), move(4, 'pr-02')]);
    expect(stops.everything).toBeNull();
    expect([...stops.providers.values()].map(({ position }) => position)).toEqual([2, 4]);
    expect(stops.heard).toBe(4);
    expect(stopOf(stops, 'PR-02')).toMatchObject({ position: 4 });
    expect(stopOf(standingStops([move(4, 'pr-02'), move(5, 'PR-02', false)]), 'pr-02')).toBeNull();
  });

  it('set again stand under the newer word, so that a signature for the older one lifts nothing', () => {
    const again = standingStops([move(1, null), move(2, null)]);
    expect(stopOf(again, null)).toMatchObject({ position: 2 });
    expect(nameOfStop(move(2, null))).toBe('entry 2, everything');
    expect(nameOfStop(move(3, 'everything\n'))).toBe('entry 3, provider "everything\\n"');
  });
});
