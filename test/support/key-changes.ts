/** A change of the signing key of a world, as `keys rotate` makes it. */
import path from 'node:path';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { readNextKey, replaceSigningKey } from '../../src/keys/key-change.ts';
import { keyFilesIn, readSigningKey } from '../../src/keys/key-files.ts';
import { announceKey } from '../../src/pipeline/custody.ts';
import { prepareNextKey } from '../../src/wiring-keys.ts';
import type { World } from './gate-world.ts';
import { checkpointBoard } from '../../src/audit/checkpoint-file.ts';

export async function changeKey(world: World): Promise<void> {
  const { config } = world;
  const files = keyFilesIn(config.dataDir);
  prepareNextKey(config);
  const audit = createAuditLog({
    origin: config.auditOrigin,
    signingKey: readSigningKey(files.signing),
    nextKey: readNextKey(files),
    board: checkpointBoard(path.join(config.dataDir, 'checkpoint')),
  });
  await announceKey({ ...world.pipeline, audit }, audit.nextVerifierKey!);
  replaceSigningKey(files);
  await world.restart();
}

/** Begins the log of a world by naming its key, as opening a ledger for the first time does. */
export async function nameKey({ ledger, pipeline: { audit, claim, by } }: World): Promise<void> {
  const { origin, verifierKey } = audit;
  const opened = { what: 'log-opened', at: '', run: '', by, origin, verifierKey } as const;
  await ledger.transact(claim, (tx) => audit.append(tx, opened));
}
