import { describe, expect, it } from '@jest/globals';
import { answerFaults, intakeFaults, namesOf } from '../../src/simulator/faults.ts';
import type { FaultName } from '../../src/simulator/faults.ts';
import { ask, check, collectAll, dayMs, inboxOf, lines, people } from './caller.ts';
import type { Received } from './caller.ts';
import { answer, faulty, faultTests, request } from './faulty.ts';

/** Who heard what: R for the receipt, else the body. */
const heard = (received: readonly Received[]): readonly string[] =>
  received.map(({ subject, body, type }) =>
    type === 'REPORT' ? 'REPORT' : subject === 'SUCCESS' ? 'R' : body,
  );

const { fault, tested } = faultTests();

const hourMs = 60 * 60 * 1000;

describe('faults of the answer', () => {
  const bodies: readonly (readonly [FaultName, readonly string[]])[] = [
    ['refusal', ['R', 'The file contains one or more invalid NHS Numbers.']],
    ['silence', []],
    ['receipt-only', ['R']],
    ['duplicate', ['R', answer, answer]],
    ['duplicate-different', ['R', answer, answer.slice(0, -12)]],
    ['reordered', [answer, 'R']],
    ['empty', ['R', '\n']],
    ['foreign-number', ['R', `${answer}9990000093,\n`]],
    ['repeated-number', ['R', `${answer}${people[0]},\n`]],
    ['echo', ['R', request]],
    ['truncated', ['R', answer.slice(0, -7)]],
    ['truncated-at-line', ['R', lines(people[0], people[2], people[3])]],
  ];
  for (const [name, expected] of bodies)
    fault(name, async () => {
      const { simulator, us } = faulty(name);
      const id = await ask(us, 'one', request);
      simulator.clock.advance(1500);
      expect(heard(await collectAll(us))).toEqual(expected);
      expect(await (await us('GET', `/outbox/tracking?messageID=${id}`)).json()).toMatchObject({
        status: 'acknowledged',
      });

      await ask(us, 'two', request);
      simulator.clock.advance(dayMs);
      expect(heard(await collectAll(us))).toEqual(['R', answer]);
    });

  fault('late', async () => {
    const { simulator, us } = faulty('late');
    await ask(us, 'one', request);
    simulator.clock.advance(26 * hourMs);
    expect(heard(await collectAll(us))).toEqual(['R']);
    simulator.clock.advance(1500);
    expect(heard(await collectAll(us))).toEqual([answer]);

    simulator.fault('late', { delayMs: 10 });
    await ask(us, 'two', request);
    simulator.clock.advance(1509);
    expect(heard(await collectAll(us))).toEqual(['R']);
    simulator.clock.advance(1);
    expect(heard(await collectAll(us))).toEqual([answer]);
  });

  fault('html-page', async () => {
    const { simulator, us } = faulty('html-page');
    await ask(us, 'one', request);
    simulator.clock.advance(1500);
    const [, page] = await collectAll(us);
    expect(page).toMatchObject({ type: 'DATA', subject: 'one', from: check });
    expect(page?.body).toMatch(/^<!doctype html>[\s\S]*^[0-9]{10}$/m);
  });

  const envelopes: readonly (readonly [FaultName, object])[] = [
    ['wrong-mailbox', { from: 'X26STRANGER', localId: 'one' }],
    ['wrong-workflow', { from: check, localId: 'one', workflowId: 'SPINE_NTT_UPHOLDING_OTHER' }],
    ['wrong-local-id', { from: check, localId: 'one-unknown' }],
  ];
  for (const [name, expected] of envelopes)
    fault(name, async () => {
      const { simulator, us } = faulty(name);
      await ask(us, 'one', request);
      simulator.clock.advance(1500);
      const [receipt, answered, ...rest] = await collectAll(us);
      expect([receipt?.localId, receipt?.from, rest]).toEqual(['one', check, []]);
      expect(answered).toMatchObject({ ...expected, body: answer });
    });

  fault('yesterdays-answer', async () => {
    const { simulator, us } = faulty('yesterdays-answer');
    await ask(us, 'yesterday', lines(people[0]));
    simulator.clock.advance(dayMs);
    expect(heard(await collectAll(us))).toEqual(['R', lines(people[0])]);
    await ask(us, 'today', request);
    simulator.clock.advance(300);
    const received = await collectAll(us);
    expect(received.map(({ localId }) => localId)).toEqual(['yesterday', 'today']);
    expect(heard(received)).toEqual([lines(people[0]), 'R']);
    simulator.clock.advance(1200);
    expect(heard(await collectAll(us))).toEqual([answer]);
  });

  fault('report-instead', async () => {
    const { simulator, us } = faulty('report-instead');
    const id = await ask(us, 'one', request);
    simulator.clock.advance(1499);
    expect(await inboxOf(us)).toEqual([]);
    simulator.clock.advance(1);
    const [report, ...rest] = await collectAll(us);
    expect(report).toMatchObject({ type: 'REPORT', code: '14', linked: id, localId: 'one', body: '' });
    expect(rest).toEqual([]);
    const track = await us('GET', `/outbox/tracking?messageID=${id}`);
    expect(await track.json()).toMatchObject({ status: 'undeliverable' });
  });

  fault('endless-report', async () => {
    const { simulator, us } = faulty('endless-report');
    await ask(us, 'one', request);
    simulator.clock.advance(1500);
    const [, id] = await inboxOf(us);
    for (const part of ['', '/2', '/99']) {
      const { status, headers } = await us('GET', `/inbox/${id!}${part}`);
      expect([status, headers.get('mex-messagetype'), headers.get('mex-total-chunks')]).toEqual([
        206,
        'REPORT',
        '0',
      ]);
    }
    expect(heard(await collectAll(us))).toEqual(['R', 'REPORT']);
  });
});

describe('faults of the intake', () => {
  fault('unique-by-content', async () => {
    const { simulator, us } = faulty('unique-by-content');
    const outcomes: unknown[] = [];
    for (const localId of ['one', 'two', 'three']) {
      await ask(us, localId, request);
      simulator.clock.advance(1500);
      outcomes.push((await collectAll(us)).map(({ subject }) => subject));
    }
    expect(outcomes).toEqual([['SUCCESS', 'one'], ['FAILED'], ['SUCCESS', 'three']]);
  });

  fault('in-order', async () => {
    const { simulator, us } = faulty('in-order');
    const outcomes: unknown[] = [];
    for (const localId of ['M-221126-0002', 'M-221126-0003', 'M-221126-0001', 'M-231126-0001']) {
      await ask(us, localId, request);
      simulator.clock.advance(1500);
      outcomes.push((await collectAll(us)).map(({ subject }) => subject));
    }
    expect(outcomes).toEqual([
      ['SUCCESS', 'M-221126-0002'],
      ['SUCCESS', 'M-221126-0003'],
      ['FAILED'],
      ['SUCCESS', 'M-231126-0001'],
    ]);
  });
});

it('has a test for every fault of the check', () => {
  expect(tested()).toEqual([...namesOf(answerFaults), ...namesOf(intakeFaults)].sort());
});
