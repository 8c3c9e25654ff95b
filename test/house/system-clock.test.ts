import { setTimeout } from 'node:timers/promises';

import { expect, it } from '@jest/globals';

import { systemClock } from '../../src/wiring.ts';

it('tells durations in whole milliseconds: ten digits of a fraction once read as the NHS number 9999999999 in a log', async () => {
  const told: number[] = [];
  for (let look = 0; look < 20; look++) {
    told.push(systemClock.monotonic());
    await setTimeout(1);
  }
  expect(told.filter((each) => !Number.isInteger(each))).toEqual([]);
  expect(told).toEqual([...told].sort((left, right) => left - right));
  expect(told.at(-1)! - told[0]!).toBeGreaterThan(15);
});
