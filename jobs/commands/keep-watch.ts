/** What the programs that nobody watches share: a logger, a way to be told to stop, and plain words where they cannot begin. */
import os from 'node:os';
import { readSendingConfig } from '../../src/config.ts';
import { asFailure, exitCodeOf } from '../../src/domain/failure.ts';
import { createLogger } from '../../src/logger.ts';
import type { NightWatch } from '../../src/wiring-nights.ts';
import { interrupted } from '../../src/wiring.ts';
import { describeFailure } from '../words/failures.ts';

/** Runs until SIGTERM or SIGINT, exit 0; exits with the code of what keeps it from beginning. `begin` gives back how it is ended. */
export async function keepWatch(
  role: string,
  begin: (watch: NightWatch) => Promise<() => Promise<void>>,
): Promise<void> {
  process.umask(0o077);
  const stop = new AbortController();
  const told = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        stop.abort(interrupted());
        resolve();
      });
  });
  try {
    const config = readSendingConfig();
    const logger = createLogger(process.stdout);
    const by = `${role}:${os.hostname()}`;
    const end = await begin({ config, logger, by, signal: stop.signal });
    logger.info({ by }, 'keeping watch');
    await told;
    await end();
    logger.info({ by }, 'the watch has ended');
  } catch (thrown) {
    process.stderr.write(describeFailure(asFailure(thrown)));
    process.exitCode = exitCodeOf(asFailure(thrown).code);
  }
}
