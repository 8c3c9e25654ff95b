/** `npm run -s tamper:world -- --count 10000 --seed 7`: the campaign of test/pipeline/tampering-world.test.ts, longer than the suite runs it. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' } },
});
for (const value of [values.count, values.seed]) {
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    console.error('usage: npm run -s tamper:world -- [--count N] [--seed N], whole numbers from 1');
    process.exit(2);
  }
}
const env = { ...process.env, TAMPER_COUNT: values.count, TAMPER_SEED: values.seed };
const { status } = spawnSync('npx', ['jest', 'test/pipeline/tampering-world.test.ts'], { env, stdio: 'inherit' });
process.exitCode = status ?? 1;
