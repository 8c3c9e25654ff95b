/** Two verifiers that share no line, in two languages, come to one verdict and one first bad position. */
import { expect, it } from '@jest/globals';

import { checkLog, parseKey } from '../../scripts/verify-audit.mjs';
import { diceOf } from '../support/chance.ts';
import { sampleLog } from '../support/sample-log.ts';
import { spoilReceipt, withReceipts, witnessKey } from '../support/sample-receipts.ts';
import { askSecond } from '../support/second-verifier/second-verifier.ts';
import type { Question, Verdict } from '../support/second-verifier/second-verifier.ts';
import { tamperings } from '../support/tampering.ts';

const logs = 1_000;

it('both verifiers agree on a thousand random logs, sound and altered', async () => {
  const dice = diceOf(20261126);
  const questions: Question[] = [];
  while (questions.length < logs) {
    const log = await sampleLog(dice, 3 + dice.below(18), dice.below(3));
    questions.push({ files: log.files, key: dice.pick([log.key, null]), held: [], witnesses: [] });
    const files = await withReceipts(log, dice);
    questions.push({ files, key: null, held: [], witnesses: dice.pick([[], [witnessKey]]) });
    questions.push({ files: spoilReceipt(files, dice), key: null, held: [], witnesses: [witnessKey] });
    for (let times = 0; times < 2; times += 1) {
      const altered = await dice.pick(Object.values(tamperings))(log, dice);
      questions.push({ ...altered, key: dice.pick([log.key, null]), witnesses: [] });
    }
  }
  const first = questions.map(({ files, key, held, witnesses }): Verdict => {
    const known = witnesses.map((text) => parseKey(text, 4)!);
    const { sound, fault, anchored } = checkLog(files, { key, held, witnesses: known });
    return { sound, position: fault?.position ?? null, anchored };
  });
  expect(first.filter(({ sound }) => sound).length).toBeGreaterThanOrEqual(logs / 4);
  expect(first.filter(({ sound }) => !sound).length).toBeGreaterThan(logs / 2);
  expect(await askSecond(questions)).toEqual(first);
}, 600_000);
