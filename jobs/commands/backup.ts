import { readFileSync } from 'node:fs';
import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { makeBackup } from '../../src/wiring-backup.ts';
import { planRestore, restoreLedger } from '../../src/wiring-restore.ts';
import { systemClock } from '../../src/wiring.ts';
import { operator } from '../words/operator.ts';
import { describeRestored } from '../words/restored.ts';
import { withOffice } from './office.ts';

/** `export-gate backup`: a copy that was read back; the keys are not in it. */
export const backup = (folder: string, { json }: { readonly json: boolean }): Promise<ExitCode> =>
  withOffice(async (office) => {
    const claim = await office.ledger.claim('backups');
    const { digest, size, root } = await makeBackup({ ...office, claim, by: operator() }, folder);
    const lines = [
      `The backup lies in ${folder}: a log of ${size} entries, read back from the disk and recomputed.`,
      'It holds no key file, and no paper that must die: keep the key folder apart from it, with two people.',
      `Its name in the log: ${digest}`,
    ];
    return json ? `${JSON.stringify({ folder, size, root, digest })}\n` : `${lines.join('\n')}\n`;
  });

export interface RestoreOptions {
  readonly reason: string;
  readonly signature?: string;
  readonly newestCheckpoint?: string;
  readonly text: boolean;
  readonly json: boolean;
}

/** `export-gate restore`: puts a backup in the place of the ledger, by two people; with `--text` only says what they agree on. */
export async function restore(folder: string, options: RestoreOptions): Promise<ExitCode> {
  const desk = { config: readConfig(), clock: systemClock, by: operator() };
  const { reason, newestCheckpoint } = options;
  const request = { folder, reason, checkpoints: newestCheckpoint === undefined ? [] : [newestCheckpoint] };
  if (options.text) {
    process.stdout.write((await planRestore(desk, request)).text);
    return exitCodes.done;
  }
  const signature = options.signature === undefined ? null : readFileSync(options.signature, 'utf8');
  const restored = await restoreLedger(desk, request, signature);
  process.stdout.write(options.json ? `${JSON.stringify(restored, null, 2)}\n` : describeRestored(restored));
  return exitCodes.done;
}
