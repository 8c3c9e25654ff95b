import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createFaultScript, faultNotes, namesOf, parseFault, scripted } from '../../src/simulator/faults.ts';
import { ask, check, callerOf, collectAll, dayMs, inboxOf, ours, stillSimulator } from './caller.ts';
import { faulty, request } from './faulty.ts';

const hourMs = 60 * 60 * 1000;

describe('the script', () => {
  it('names every fault in kebab case', () => {
    expect(namesOf(faultNotes).filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it('leaves answer faults alone while a request is refused anyway', async () => {
    const { simulator, us } = faulty('echo');
    await ask(us, 'one', '9990000019,\n');
    simulator.clock.advance(dayMs);
    expect(simulator.statistics().faultsWaiting.map(({ name }) => name)).toEqual(['echo']);
  });

  it('takes the first that fits, and one that lasts for ever', () => {
    const script = createFaultScript();
    script.add(scripted('http-503', { times: Infinity }));
    script.add(scripted('echo'));
    expect(script.take(['echo'])?.name).toBe('echo');
    for (let time = 0; time < 100; time += 1)
      expect(script.take(['http-503', 'echo'])?.name).toBe('http-503');
    expect(script.take(['echo'])).toBeNull();
  });

  it.each([
    ['echo', { name: 'echo', times: 1, delayMs: 26 * hourMs }],
    ['late:3', { name: 'late', times: 3, delayMs: 26 * hourMs }],
    ['late:*:5', { name: 'late', times: Infinity, delayMs: 5 }],
    ['toString', null],
    ['late:x', null],
    ['late:1:2:3', null],
    ['', null],
  ])('reads %j', (text, expected) => {
    expect(parseFault(text)).toEqual(expected);
  });
});

describe('the same chance', () => {
  it('gives the same history', async () => {
    const history = async (): Promise<string> => {
      let drawn = 0;
      const chance = (bytes: number) =>
        createHash('sha256')
          .update(String((drawn += 1)))
          .digest()
          .subarray(0, bytes);
      const simulator = stillSimulator({ chance });
      const us = callerOf(simulator, ours);
      await ask(us, 'one', request);
      simulator.clock.advance(dayMs);
      return JSON.stringify([await collectAll(us), simulator.sent()]);
    };
    expect(await history()).toBe(await history());
  });

  it('gives distinct ids even when chance never changes', async () => {
    const simulator = stillSimulator({ chance: (bytes) => new Uint8Array(bytes) });
    for (let count = 0; count < 3000; count += 1)
      simulator.deliver({ from: check, to: ours }, Buffer.from('x'));
    const ids = await inboxOf(callerOf(simulator, ours), '?max_results=5000');
    expect(new Set(ids).size).toBe(3000);
  });
});
