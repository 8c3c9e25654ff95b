/** A process that died just after its drop was published, and a run that nobody took up again until its papers had to die. */
import { expect, it } from '@jest/globals';

import { day } from '../../src/domain/calendar.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import { residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

it('is told as released, for the drop stands, and never as failed with nothing having left', async () => {
  const world = await createWorld();
  world.intake({ choices: [], roster: residents(1) });
  const { drop } = world.pipeline;
  world.pipeline = {
    ...world.pipeline,
    drop: {
      ...drop,
      async publish(plan) {
        await drop.publish(plan);
        throw new Error('dead');
      },
    },
  };
  await expect(world.run()).rejects.toThrow('dead');
  expect(world.released()).toEqual(testNumbers(1));

  await world.restart();
  world.pass(3 * day);
  await keepHouse(world.pipeline);
  const { run } = await world.run();
  expect(run).toMatchObject({ state: 'sealed', released: 1 });
  const told = (await world.entries()).map(({ what }) => what);
  expect(told.filter((what) => ['run-released', 'run-sealed', 'run-failed'].includes(what))).toEqual([
    'run-released',
    'run-sealed',
  ]);
  expect(told).toContain('key-destroyed');
});
