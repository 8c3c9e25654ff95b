/** A witness for tests, its memory in a folder of its own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { cosignerOf } from '../../src/audit/cosignature.ts';
import { keyTypes, verifierKey, verifierOf } from '../../src/audit/signed-note.ts';
import { createWitnessMemory } from '../../src/audit/witness-memory.ts';
import { createWitness } from '../../src/audit/witness.ts';
import type { Cosigner } from '../../src/ports.ts';
import { newLogKey } from './anchored-log.ts';
import type { LogKey } from './anchored-log.ts';

export interface TestWitness {
  readonly cosigner: Cosigner;
  readonly key: LogKey;
  readonly folder: string;
  handle(request: Request): Promise<Response>;
  /** As after a restart: the same key, the same folder, nothing else. */
  restart(): void;
  close(): void;
}

export const witnessTime = Date.UTC(2026, 10, 22, 3);

export function createTestWitness(
  logs: readonly { readonly origin: string; readonly key: LogKey }[],
): TestWitness {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-witness-'));
  const key = newLogKey();
  const name = 'witness.example/w1';
  const cosigner = cosignerOf(verifierKey(name, key.publicKey, keyTypes.cosignature));
  const start = (): ReturnType<typeof createWitness> =>
    createWitness({
      logs: logs.map((log) => verifierOf(log.origin, log.key.publicKey)),
      signer: { name, privateKey: key.privateKey },
      memory: createWitnessMemory(folder, cosigner),
      now: () => witnessTime,
    });
  let handle = start();
  return {
    cosigner,
    key,
    folder,
    handle: (request) => handle(request),
    restart() {
      handle = start();
    },
    close: () => {
      fs.rmSync(folder, { recursive: true });
    },
  };
}
