/** Two verifiers that share no line, in two languages, come to one verdict and one first bad position. */
import { expect, it } from '@jest/globals';

import { checkLog } from '../../scripts/verify-audit.mjs';
import { diceOf } from '../support/chance.ts';
import { sampleLog } from '../support/sample-log.ts';
import { askSecond } from '../support/second-verifier/second-verifier.ts';
import type { Question, Verdict } from '../support/second-verifier/second-verifier.ts';
import { tamperings } from '../support/tampering.ts';

const logs = 1_000;

it('both verifiers agree on a thousand random logs, sound and altered', async () => {
  const dice = diceOf(20261126);
  const questions: Question[] = [];
  while (questions.length < logs) {
    const log = await sampleLog(dice, 3 + dice.below(18), dice.below(3));
    questions.push({ files: log.files, key: dice.pick([log.key, null]), held: [] });
    for (let times = 0; times < 3; times += 1) {
      const { files, held } = await dice.pick(Object.values(tamperings))(log, dice);
      questions.push({ files, key: dice.pick([log.key, null]), held });
    }
  }
  const first = questions.map(({ files, key, held }): Verdict => {
    const { sound, fault } = checkLog(files, { key, held });
    return { sound, position: fault?.position ?? null };
  });
  expect(first.filter(({ sound }) => sound).length).toBeGreaterThanOrEqual(logs / 4);
  expect(first.filter(({ sound }) => !sound).length).toBeGreaterThan(logs / 2);
  expect(await askSecond(questions)).toEqual(first);
}, 600_000);
