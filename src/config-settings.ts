/** The settings that are no secret, as the ledger keeps them, and the digests by which an entry names them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rangesOf } from './config-faults.ts';
import { contentOf, isGuarded } from './domain/configuration.ts';
import type { Settings } from './domain/configuration.ts';
import type { NumberPolicy } from './domain/nhs-number.ts';

/** Files whose content is a setting by itself: whoever may write them changes what their names say. */
const judgedByContent = ['APPROVERS_FILE', 'MESH_CA_FILE', 'ANCHOR_TSA_CA_FILE'] as const;

type Named = Readonly<Record<string, string | number | null>> &
  Readonly<Record<(typeof judgedByContent)[number], string | null>>;

/** All but the secrets, by name, as text; an unset one is empty, and the content of a file stands there as its digest. */
export function openSettings(named: Named, secrets: readonly string[]): Settings {
  const values = Object.entries(named)
    .filter(([name]) => !secrets.includes(name))
    .map(([name, value]) => [name, String(value ?? '')] as const);
  const contents = judgedByContent.map(
    (name) => [contentOf(name), contentDigest(named[name], textOf(named[name]))] as const,
  );
  return Object.fromEntries([...values, ...contents]);
}

/** A file that cannot be read is no reason to refuse a person's choice; what needs it says so, and its digest is another. */
export function textOf(file: string | null): string | null {
  try {
    return file === null ? null : readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

export const contentDigest = (file: string | null, text: string | null): string =>
  file === null ? '' : text === null ? 'cannot be read' : createHash('sha256').update(text).digest('hex');

/** SHA-256 over settings, in the order of their names. */
export const digestOfSettings = (settings: Settings): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex');

/** The same over those whose change needs two people. */
export const digestOfGuarded = (settings: Settings): string =>
  digestOfSettings(Object.fromEntries(Object.entries(settings).filter(([name]) => isGuarded(name))));

/** The header of a drop under settings of another time; null for none. */
export const headerIn = ({ DROP_HEADER: header = '' }: Settings): string | null =>
  header === 'none' ? null : header;

/** The number policy that settings of another time said. */
export const numberPolicyIn = (settings: Settings): NumberPolicy => ({
  name: settings['NHS_NUMBER_POLICY'] === 'test' ? 'test' : 'live',
  extraRanges: rangesOf(settings['NHS_NUMBER_EXTRA_RANGES'] ?? null),
});
