/**
 * `npm run malformed -- [--mutated 20000] [--cut 40] [--seed 1]`: answers and intakes that are wrong, by name, cut at every byte and mutated.
 * Prints how each ended; exit 1 if one was accepted wrongly, or ended with another code than its own.
 */
import { parseArgs } from 'node:util';

import { answersCampaign } from './answers-campaign.ts';
import { intakesCampaign } from './intakes-campaign.ts';

const { values } = parseArgs({
  options: {
    mutated: { type: 'string', default: '20000' },
    cut: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
  },
});
const [seed, mutated, cut] = [Number(values.seed), Number(values.mutated), Number(values.cut)];

for (const tally of [
  await answersCampaign({ seed, mutated, cut }),
  await intakesCampaign({ seed, mutated }),
]) {
  process.stdout.write(`${tally.table()}\n`);
  for (const each of tally.found.slice(0, 10)) process.stdout.write(`FOUND ${each}\n`);
  if (tally.found.length > 0) process.exitCode = 1;
}
process.stdout.write(`peak resident memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\n`);
