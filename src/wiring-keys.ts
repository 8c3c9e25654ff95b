/** The keys that sign the log, through their changes: where key files meet signed notes. No ledger is needed for it. */
import { changesTo, signKeyChange } from './audit/key-succession.ts';
import type { KeyChange } from './audit/key-succession.ts';
import { verifierKey } from './audit/signed-note.ts';
import type { Config } from './config.ts';
import { keepKeyChange, makeNextKey, readKeyChanges, readNextKey } from './keys/key-change.ts';
import { keyFilesIn, readSigningKey } from './keys/key-files.ts';

type KeyConfig = Pick<Config, 'auditOrigin' | 'dataDir'>;

const presentKey = ({ auditOrigin, dataDir }: KeyConfig): string =>
  verifierKey(auditOrigin, readSigningKey(keyFilesIn(dataDir).signing).publicKey);

/** The changes of key that led to the one that signs now, oldest first. */
export const ownKeyChanges = (config: KeyConfig): readonly KeyChange[] =>
  changesTo(presentKey(config), readKeyChanges(keyFilesIn(config.dataDir)));

/** The keys by which others check what this installation signs and signed, oldest first. */
export const ownVerifierKeys = (config: KeyConfig): readonly string[] => [
  ...ownKeyChanges(config).map(({ previous }) => previous),
  presentKey(config),
];

/** Makes the next key, and has the present one and it name each other while both are there. */
export function prepareNextKey({ auditOrigin, dataDir }: KeyConfig): void {
  const files = keyFilesIn(dataDir);
  makeNextKey(files);
  const next = readNextKey(files);
  if (next !== null) keepKeyChange(files, signKeyChange(auditOrigin, readSigningKey(files.signing), next));
}
