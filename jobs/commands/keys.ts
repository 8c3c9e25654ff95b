import { readConfig } from '../../src/config.ts';
import { exitCodes } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { announceKey } from '../../src/pipeline/custody.ts';
import { prepareNextKey } from '../../src/wiring-keys.ts';
import { initKeys, keyFilesIn, openOffice } from '../../src/wiring.ts';
import { replaceSigningKey, systemChance, takeAdvanceLock } from '../../src/wiring.ts';
import { operator } from '../words/operator.ts';
import { withOffice } from './office.ts';

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

/**
 * `export-gate keys rotate`: makes a new signing key, announces it in the log under the old one, and destroys the old one. May be stopped
 * and started again at any moment. Nobody may be advancing runs meanwhile.
 */
export async function rotate(): Promise<ExitCode> {
  const config = readConfig();
  const files = keyFilesIn(config.dataDir);
  const lock = await takeAdvanceLock(config.dataDir);
  try {
    // Opening ends a change that was cut short; then another one begins.
    await (await openOffice(config)).close();
    prepareNextKey(config);
    const office = await openOffice(config);
    try {
      const next = office.audit.nextVerifierKey ?? '';
      const claim = await office.ledger.claim('custody');
      await announceKey({ ...office, claim, by: operator() }, next);
      replaceSigningKey(files);
      process.stdout.write(
        `verifier key:   ${next}\nThe old key is destroyed. Give the new verifier key to whoever checks this log, copy the key folder again, and make a backup.\n`,
      );
      return exitCodes.done;
    } finally {
      await office.close();
    }
  } finally {
    await lock.release();
  }
}

/** `export-gate keys show`: names and public halves, and from which size of the log each signing key has signed. */
export const show = (): Promise<ExitCode> =>
  withOffice(async (office) => {
    const keys = await office.ledger.read((tx) => office.audit.keys(tx));
    const lines = keys.map(({ from, verifierKey }) => `verifier key:   ${verifierKey}   from size ${from}\n`);
    return `master key id:  ${office.keyring.masterKeyId}\n${lines.join('')}`;
  });
