/** The anchors that the configuration names, and the witness that another team may run for us. */
import { readFileSync } from 'node:fs';
import { createFolderAnchor } from './anchor/folder.ts';
import { createWitnessAnchor } from './anchor/witness.ts';
import { cosignerOf } from './audit/cosignature.ts';
import type { AnchorsConfig } from './config.ts';
import { Failure } from './domain/failure.ts';
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

const invalid = (message: string, detail: Omit<Failure['detail'], 'message'>): Failure =>
  new Failure('configuration-invalid', { message, ...detail });
