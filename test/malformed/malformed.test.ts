/** Every named answer and intake, and some hundreds mutated; and that the campaign finds a gate that reads laxly. Long form: `npm run malformed`. */
import { describe, expect, it } from '@jest/globals';

import { answersCampaign } from './answers-campaign.ts';
import { openDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import { openIntakeDesk } from './intake-desk.ts';
import type { IntakeDesk } from './intake-desk.ts';
import { intakesCampaign } from './intakes-campaign.ts';
import { namedAnswers } from './named-answers.ts';
import { namedDeliveries } from './named-deliveries.ts';
import { namedIntakes } from './named-intakes.ts';
import { readCsv } from './csv-reading.ts';
import { readStrictly } from './strict-reading.ts';

const seed = 1;

it('at least 250 answers and 250 intakes are wrong by name, each under its own', async () => {
  const { asked, localId } = await openDesk();
  const answers = [...namedAnswers(asked), ...namedDeliveries(asked, localId)].map(({ name }) => name);
  for (const names of [answers, namedIntakes.map(({ name }) => name)]) {
    expect(names.length).toBeGreaterThanOrEqual(250);
    expect(new Set(names).size).toBe(names.length);
  }
});

it('no answer is accepted wrongly, and each ends with its code', async () => {
  const tally = await answersCampaign({ seed, mutated: 250, cut: 2 });
  expect(tally.found).toEqual([]);
}, 120_000);

it('no intake is taken wrongly, and each ends with its code', async () => {
  const tally = await intakesCampaign({ seed, mutated: 60 });
  expect(tally.found).toEqual([]);
}, 120_000);

describe('the campaign finds', () => {
  /** A gate that takes the lines it can read and passes over the others. */
  it('a gate that passes over lines it cannot read', async () => {
    const desk = await openDesk();
    const lax: Desk = {
      ...desk,
      take(delivery) {
        const lines =
          Buffer.from(delivery.body)
            .toString('latin1')
            .match(/^[0-9]{10}(?=,?\r?$)/gm) ?? [];
        const cleared = lines.filter((number) => desk.asked.includes(number));
        return Promise.resolve({ code: 'answer', cleared: cleared.length > 0 ? cleared : null });
      },
    };
    const { found } = await answersCampaign({ seed, mutated: 200, cut: 8 }, lax);
    expect(found.filter((each) => each.startsWith('named answers')).length).toBeGreaterThan(100);
    expect(found.filter((each) => each.startsWith('mutated answers')).length).toBeGreaterThan(10);
    expect(found.filter((each) => each.startsWith('answers cut')).length).toBeGreaterThan(10);
  }, 60_000);

  it('a gate that asks about everybody, and one that dies of what it reads', async () => {
    const asking = (outcome: Awaited<ReturnType<IntakeDesk['take']>>): IntakeDesk => {
      const desk = openIntakeDesk();
      return { ...desk, take: () => Promise.resolve(outcome) };
    };
    const everybody = await intakesCampaign(
      { seed, mutated: 50 },
      asking({ code: 'taken', asked: ['9990000026'] }),
    );
    const dying = await intakesCampaign({ seed, mutated: 50 }, asking({ code: 'unexpected', asked: [] }));
    for (const { found } of [everybody, dying])
      expect(found.filter((each) => each.startsWith('mutated')).length).toBeGreaterThan(30);
  }, 60_000);
});

describe('the judge reads', () => {
  it.each<[string, string[] | null]>([
    ['9990000018,\n9990000026,\n', ['9990000018', '9990000026']],
    ['9990000018\r\n', ['9990000018']],
    ['\n', []],
    ['9990000018,\n9990000026\n', null],
    ['9990000018,\n9990000018,\n', null],
    ['9990000018,', null],
    ['99900000180,\n', null],
  ])('the answer %j', (text, numbers) => {
    expect(readStrictly(Buffer.from(text))).toEqual(numbers);
  });

  it.each<[string, string[][] | null]>([
    [
      'a,b\n"c,""d",\r\n',
      [
        ['a', 'b'],
        ['c,"d', ''],
      ],
    ],
    ['\ufeffa', [['a']]],
    ['a"b\n', null],
    ['"a"b\n', null],
    ['"a', null],
  ])('the table %j', (text, rows) => {
    expect(readCsv(Buffer.from(text))).toEqual(rows);
  });
});
