/**
 * What the log's key signs beside the log: the manifests of auditor packs and of backups. A signature covers the text of a note and not
 * its name, so the text itself says what it is: its first line is `<origin>/<kind>`, which is no origin of a log, and its second is
 * no size. Nobody can pass it off as a checkpoint, nor one kind as the other.
 */
import type { KeyObject } from 'node:crypto';
import type { Digest } from '../domain/digest.ts';
import { Failure } from '../domain/failure.ts';
import type { VouchedKind } from '../ports.ts';
import { openNote, parseVerifierKey, signNote, verifierOf } from './signed-note.ts';

const textOf = (name: string, manifest: Digest): string => `${name}\nmanifest sha256 ${manifest}\n`;

export const vouchedName = (origin: string, kind: VouchedKind): string => `${origin}/${kind}`;

/** The note over a manifest. Ed25519 is deterministic: the same manifest gives the same note. */
export function vouch(origin: string, kind: VouchedKind, manifest: Digest, privateKey: KeyObject): string {
  const name = vouchedName(origin, kind);
  return signNote(textOf(name, manifest), { name, privateKey });
}

/**
 * Throws `audit-invalid` unless one of these keys of the log (`name+id+base64`, as it signs checkpoints) vouched for this manifest as
 * something of this kind.
 */
export function demandVouched(
  note: Uint8Array,
  kind: VouchedKind,
  manifest: Digest,
  verifierKeys: readonly string[],
): void {
  const verifiers = verifierKeys.map((text) => {
    const { name, publicKey } = parseVerifierKey(text);
    return verifierOf(vouchedName(name, kind), publicKey);
  });
  const { text, signedBy } = openNote(note, verifiers);
  if (signedBy.some(({ name }) => text === textOf(name, manifest))) return;
  throw new Failure('audit-invalid', {
    message: 'The signature is over another manifest, or over something else than this.',
    place: `${kind} note`,
    found: text.split('\n')[0] ?? '',
    allowed: verifiers.map(({ name }) => name).join(', '),
    hint: 'Believe nothing in it. Ask for it again, and keep this copy.',
  });
}
