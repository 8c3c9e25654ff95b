/**
 * A process that restores, and is killed just before one of the steps that change a folder: `STEP FOLDER REASON SIGNATURE-FILE`, with the
 * configuration in its environment. Past the last step it ends by itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [step = '', folder = '', reason = '', signatureFile = ''] = process.argv.slice(2);
let left = Number(step);

for (const name of ['mkdir', 'copyFile', 'rename', 'rm'] as const) {
  const real = fs[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (left-- === 0) process.kill(process.pid, 'SIGKILL');
      return real(...args);
    },
  });
}
syncBuiltinESMExports();

const { readConfig } = await import('../../src/config.ts');
const { restoreLedger } = await import('../../src/wiring-restore.ts');
const { systemClock } = await import('../../src/wiring.ts');
const signature = existsSync(signatureFile) ? readFileSync(signatureFile, 'utf8') : null;
const desk = { config: readConfig(), clock: systemClock, by: 'operator:drill' };
await restoreLedger(desk, { folder, reason, checkpoints: [] }, signature);
