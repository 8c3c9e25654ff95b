/** Made-up people walk through a whole night: counted apart, held back, and in no request and no drop, even where the gate has failed. */
import { expect, it } from '@jest/globals';

import { numberList } from '../../src/domain/number-list.ts';
import {
  canariesPaper,
  decodeNumbers,
  encodeNumbers,
  putPaper,
  takePaper,
} from '../../src/pipeline/papers.ts';
import { advanceRun } from '../../src/pipeline/advance.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import { residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const id = { businessDate: tonight, revision: 1 };
const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];

/** As if the gate had let somebody made up through: one of the numbers that it passed is a made-up person's. */
async function makeUp(world: World, number: string): Promise<void> {
  const { ledger, keyring, claim } = world.pipeline;
  await ledger.transact(claim, async (tx) => {
    const run = await tx.run(id);
    const key = await tx.key(run?.keyId ?? '');
    if (key === null) throw new Error('a run without a key');
    const known = decodeNumbers(await takePaper(tx, { keyring, key }, canariesPaper));
    const numbers = numberList([...known, Number(number)]);
    await putPaper(tx, { keyring, key }, canariesPaper, encodeNumbers(numbers));
  });
}

/** Advances until the run stands there, and goes no further. */
async function advanceTo(world: World, state: 'gated' | 'asked'): Promise<void> {
  const reached = new Error('reached');
  const onProgress = (event: { readonly step: string; readonly state?: string }): void => {
    if (event.step === 'state' && event.state === state) throw reached;
  };
  await expect(advanceRun({ ...world.pipeline, onProgress }, tonight, false)).rejects.toBe(reached);
}

it('ten of them at two providers: in the entry of the gate, and in no total', async () => {
  const world = await createWorld();
  world.intake({ providers, choices: [], roster: residents(3) });
  const { run } = await world.run();
  expect(world.released()).toEqual(testNumbers(3));
  expect(run.totals).toMatchObject({ asked: 3, rows: { asked: 3, 'opted-out-in-service': 0 } });
  const told = (await world.entries()).filter(({ what }) => what === 'run-gated');
  expect(told).toMatchObject([{ canaries: 10, asked: 3, carried: 0, unmatchedRecent: 0 }]);
  expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([3]);
});

it('nothing of them is carried into later nights', async () => {
  const world = await createWorld();
  const choices = [choiceCells({ service_user_id: serviceUserId(2) })];
  world.intake({ providers, choices, roster: residents(3) });
  await world.run();
  const carried = await world.ledger.read(async (tx) => {
    const objections: unknown[] = [];
    for await (const objection of tx.carried()) objections.push(objection);
    return objections;
  });
  expect(carried).toHaveLength(1);
});

it('one of them in a request: nothing is asked, and the log says why', async () => {
  const world = await createWorld();
  world.intake({ providers, choices: [], roster: residents(3) });
  await advanceTo(world, 'gated');
  await makeUp(world, testNumber(1));
  await expect(world.run()).rejects.toEqual(failing('canary-survived'));
  expect(world.simulator.sent()).toEqual([]);
  expect((await world.entries()).at(-1)).toMatchObject({ what: 'gate-distrusted', code: 'canary-survived' });
  expect((await world.ledger.read((tx) => tx.run(id)))?.state).toBe('gated');
});

it('one of them in a drop: nothing is published, however often it is tried', async () => {
  const world = await createWorld();
  world.intake({ providers, choices: [], roster: residents(3) });
  await advanceTo(world, 'asked');
  await makeUp(world, testNumber(1));
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(world.run()).rejects.toEqual(failing('canary-survived'));
    expect(world.released()).toBeNull();
    expect((await world.entries()).at(-1)).toMatchObject({
      what: 'gate-distrusted',
      code: 'canary-survived',
    });
  }
});
