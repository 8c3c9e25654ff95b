import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { initKeys, keyFilesIn, openOffice, systemChance } from '../../src/wiring.ts';

/** `export-gate keys init`: makes the keys that do not exist yet; an existing key is never replaced. */
export function init(): Promise<ExitCode> {
  const config = readConfig();
  const files = keyFilesIn(config.dataDir);
  const made = initKeys(files, systemChance, config.masterKey !== null);
  const words = {
    master: `master key:         ${files.master}\n                    Keep a copy apart from the ledger and its backups: without it earlier opt-outs are not recognised.`,
    signing: `signing key:        ${files.signing}`,
  };
  process.stdout.write(
    made.length === 0
      ? 'All keys exist already; nothing was changed.\n'
      : `${made.map((name) => words[name]).join('\n')}\n`,
  );
  return Promise.resolve(exitCodes.done);
}

/** `export-gate keys show`: names and public halves. */
export async function show(): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    process.stdout.write(
      `master key id:  ${office.keyring.masterKeyId}\nverifier key:   ${office.audit.verifierKey}\n`,
    );
    return exitCodes.done;
  } finally {
    await office.close();
  }
}
