import { readSendingConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { createAnchors } from '../../src/wiring-anchors.ts';
import { openMailbox, refuseQueue, systemChance } from '../../src/wiring.ts';

/** `export-gate config check`: everything a run needs is set and fits together; shows what is in force, without secrets. */
export async function check(): Promise<ExitCode> {
  const config = readSendingConfig();
  refuseQueue(config);
  openMailbox(config).close();
  await createAnchors(config.anchors, systemChance);
  const { masterKey, databaseUrl, databaseOwnerUrl, redisUrl, mesh, ...open } = config;
  const { password, sharedKey, ...address } = mesh;
  const secret = (value: string | null): string => (value === null ? 'not set' : 'set');
  const secrets = {
    masterKey: secret(masterKey),
    databaseUrl: secret(databaseUrl),
    databaseOwnerUrl: secret(databaseOwnerUrl),
    redisUrl: secret(redisUrl),
    meshPassword: secret(password),
    meshSharedKey: secret(sharedKey),
  };
  process.stdout.write(`${JSON.stringify({ ...open, mesh: address, secrets }, null, 2)}\n`);
  return exitCodes.done;
}
