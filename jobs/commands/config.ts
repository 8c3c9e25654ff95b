import { readSendingConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { openMailbox, refuseServers } from '../../src/wiring.ts';

/** `export-gate config check`: everything a run needs is set and fits together; shows what is in force, without secrets. */
export function check(): Promise<ExitCode> {
  const config = readSendingConfig();
  refuseServers(config);
  openMailbox(config).close();
  const { masterKey, databaseUrl, redisUrl, mesh, ...open } = config;
  const { password, sharedKey, ...address } = mesh;
  const secret = (value: string | null): string => (value === null ? 'not set' : 'set');
  const secrets = {
    masterKey: secret(masterKey),
    databaseUrl: secret(databaseUrl),
    redisUrl: secret(redisUrl),
    meshPassword: secret(password),
    meshSharedKey: secret(sharedKey),
  };
  process.stdout.write(`${JSON.stringify({ ...open, mesh: address, secrets }, null, 2)}\n`);
  return Promise.resolve(exitCodes.done);
}
