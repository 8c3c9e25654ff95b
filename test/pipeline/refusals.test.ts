/** A list that the check refuses because of one number in it: the culprit is found, and nobody else stays behind because of it. */
import { describe, expect, it } from '@jest/globals';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { residents, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

/** A world whose check refuses some numbers although they are well-formed. */
const refusing = (culprits: ReadonlySet<string>, options: WorldOptions = {}): Promise<World> =>
  createWorld({ ...options, simulator: { isRefused: (number) => culprits.has(number) } });

async function night(world: World, date: string, people: number): Promise<string> {
  world.toNight(date);
  world.intake({ choices: [], roster: residents(people) }, {}, date);
  return (await world.run(date)).run.state;
}

const linesSent = (world: World): number[] => world.simulator.sent().map(({ lines }) => lines);
const totalsOf = async (world: World, date: string): Promise<unknown> =>
  (await world.ledger.read((tx) => tx.run({ businessDate: date, revision: 1 })))?.totals?.outcomes;

describe('a refused list', () => {
  it('is split into up to 32 parts, again and again, until the culprit stands alone', async () => {
    const culprit = testNumber(20);
    const world = await refusing(new Set([culprit]), { optedOut: testNumbers(2) });
    expect(await night(world, tonight, 35)).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(33, 2).filter((number) => number !== culprit));
    // 35, then 17 lists of two and one of one, then two of one.
    expect(linesSent(world)).toEqual([35, ...Array<number>(17).fill(2), 1, 1, 1]);
    expect(await totalsOf(world, tonight)).toMatchObject({
      released: 32,
      'not-cleared': 2,
      'refused-by-check': 1,
      'not-answered': 0,
    });
    const told = await world.entries();
    expect(told.filter(({ what }) => what === 'request-split').map(({ parts }) => parts)).toEqual([18, 2]);
    expect(told.filter(({ what }) => what === 'number-refused-by-check')).toHaveLength(1);
  });

  it('may hold several culprits', async () => {
    const culprits = [3, 4, 7].map(testNumber);
    const world = await refusing(new Set(culprits));
    expect(await night(world, tonight, 8)).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(8).filter((number) => !culprits.includes(number)));
    expect(await totalsOf(world, tonight)).toMatchObject({ released: 5, 'refused-by-check': 3 });
  });

  it('of one number is its own culprit: nobody leaves', async () => {
    const world = await refusing(new Set([testNumber(0)]));
    expect(await night(world, tonight, 1)).toBe('withheld');
    expect(linesSent(world)).toEqual([1]);
    expect((await world.run()).run.reason).toBe('nobody-to-release');
    // With nobody else there is nobody to ask about at all.
    expect(await night(world, '2026-11-23', 1)).toBe('withheld');
    expect((await world.run('2026-11-23')).run.reason).toBe('nobody-to-ask');
    expect(linesSent(world)).toEqual([1]);
  });

  it('is not sent again for 30 days with its culprit, and then it is', async () => {
    const culprits = new Set([testNumber(1)]);
    const world = await refusing(culprits);
    expect(await night(world, tonight, 3)).toBe('sealed');
    expect(linesSent(world)).toEqual([3, 1, 1, 1]);
    // The check would take the number again already, but nobody asks.
    culprits.clear();
    for (const date of ['2026-11-23', '2026-12-22']) {
      expect(await night(world, date, 3)).toBe('sealed');
      expect(world.released(date)).toEqual([testNumber(0), testNumber(2)]);
      expect(linesSent(world).at(-1)).toBe(2);
      expect(await totalsOf(world, date)).toMatchObject({ released: 2, 'refused-by-check': 1 });
    }
    expect(await night(world, '2026-12-23', 3)).toBe('sealed');
    expect(world.released('2026-12-23')).toEqual(testNumbers(3));
    expect(
      (await world.entries()).filter(({ what }) => what === 'run-gated').map((e) => e['notAskedAgain']),
    ).toEqual([0, 1, 1, 0]);
  });

  it('goes on being split after a crash', async () => {
    const world = await refusing(new Set([testNumber(5)]));
    world.intake({ choices: [], roster: residents(6) });
    const stop = new AbortController();
    world.pipeline = { ...world.pipeline, signal: stop.signal };
    // By the sixth wait the list was refused and its parts have been sent.
    world.meanwhile(() => {
      stop.abort(new Error('killed'));
    }, 6);
    await expect(world.run()).rejects.toThrow();
    expect(linesSent(world)).toEqual([6, ...Array<number>(6).fill(1)]);
    await world.restart();
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(6).filter((number) => number !== testNumber(5)));
  });
});
