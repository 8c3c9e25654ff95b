/** The anchors that the configuration names, and the witness that another team may run for us. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createFolderAnchor } from './anchor/folder.ts';
import { createWitnessAnchor } from './anchor/witness.ts';
import { cosignerOf } from './audit/cosignature.ts';
import { keyTypes, parseVerifierKey, verifierKey } from './audit/signed-note.ts';
import { createWitnessMemory } from './audit/witness-memory.ts';
import { createWitness } from './audit/witness.ts';
import type { AnchorsConfig } from './config.ts';
import { Failure } from './domain/failure.ts';
import { initKeys, keyFilesIn, makeFolder, readSigningKey } from './keys/key-files.ts';
import { takeAdvanceLock } from './ledger/advance-lock.ts';
import type { Anchor, Chance, Cosigner } from './ports.ts';

/** In the order in which they are asked. Throws `configuration-invalid` where certificates or key cannot be read. */
export async function createAnchors(
  { folder, timestamp, witness }: AnchorsConfig,
  chance: Chance,
): Promise<readonly Anchor[]> {
  return [
    timestamp === null ? [] : await createStamps(timestamp, chance),
    witness === null
      ? []
      : createWitnessAnchor({ url: witness.url, cosigner: configuredCosigner(witness.verifierKey) }),
    folder === null ? [] : createFolderAnchor({ folder }),
  ].flat();
}

/** What reads certificates is large, and loaded only where there is an authority. */
async function createStamps(
  { caFile, ...address }: NonNullable<AnchorsConfig['timestamp']>,
  chance: Chance,
): Promise<Anchor> {
  const { createTimestampAnchor } = await import('./anchor/timestamp.ts');
  return createTimestampAnchor({ ...address, authorities: readCertificates(caFile), chance });
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid('The certificates of the time-stamp authority cannot be read.', {
      place: `ANCHOR_TSA_CA_FILE, ${file}`,
      allowed: 'a PEM file',
      hint: 'Nothing was read or sent. Get it from the authority and check its digest by another way.',
      cause,
    });
  }
}

function configuredCosigner(verifierKey: string): Cosigner {
  try {
    return cosignerOf(verifierKey);
  } catch (cause) {
    throw invalid('The key of the witness is not one that cosigns checkpoints.', {
      place: 'ANCHOR_WITNESS_KEY',
      allowed: 'name+id+base64, as the witness prints it when it starts',
      hint: 'Nothing was read or sent. Copy the whole line again.',
      cause,
    });
  }
}

/** A witness at work. */
export interface OpenWitness {
  /** Answers one call of the C2SP tlog-witness protocol. */
  readonly handle: (request: Request) => Promise<Response>;
  /** Its own key, by which others check its cosignatures: `ANCHOR_WITNESS_KEY` of a gate. */
  readonly verifierKey: string;
  close(): Promise<void>;
}

/**
 * A witness of these logs, its key (made if there is none) and its memory in this folder, which is its alone: two of them over one memory
 * could cosign two logs. Throws `usage` for a log's key that is none, `configuration-invalid` for an unfit name, `busy`, `place-unsafe`.
 */
export async function openWitness(terms: {
  readonly name: string;
  readonly folder: string;
  readonly logs: readonly string[];
}): Promise<OpenWitness> {
  const { name, folder } = terms;
  const logs = terms.logs.map(parseVerifierKey);
  makeFolder(folder);
  const files = { ...keyFilesIn(folder), signing: path.join(folder, 'keys', 'cosignature-key.pem') };
  initKeys(files, { bytes: (length) => randomBytes(length) }, true);
  const { privateKey, publicKey } = readSigningKey(files.signing);
  const own = verifierKey(name, publicKey, keyTypes.cosignature);
  const lock = await takeAdvanceLock(folder);
  const memory = createWitnessMemory(folder, cosignerOf(own));
  return {
    handle: createWitness({ logs, signer: { name, privateKey }, memory, now: () => Date.now() }),
    verifierKey: own,
    close: () => lock.release(),
  };
}

const invalid = (message: string, detail: Omit<Failure['detail'], 'message'>): Failure =>
  new Failure('configuration-invalid', { message, ...detail });
