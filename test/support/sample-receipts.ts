/** What anchors would have given back for the checkpoints of a sample log. */
import { ask, encodeQuestion } from '../../src/anchor/timestamp-request.ts';
import { cosign } from '../../src/audit/cosignature.ts';
import { keyTypes, verifierKey } from '../../src/audit/signed-note.ts';
import { checkpointName, receiptName } from '../../src/domain/log-format.ts';
import type { Files } from '../../scripts/verify-audit.mjs';
import type { Dice } from './chance.ts';
import { keyOf } from './sample-keys.ts';
import type { SampleLog } from './sample-log.ts';
import { certify, stamp } from './timestamp-authority.ts';
import type { Certified } from './timestamp-authority.ts';

const witnessName = 'witness.example/w1';
const witness = keyOf('a witness');
export const witnessKey = verifierKey(witnessName, witness.publicKey, keyTypes.cosignature);
export const cosignedTime = Date.UTC(2026, 0, 1, 3);

/** The checkpoint of this size with the witness's cosignature. */
export function cosigned({ files }: Pick<SampleLog, 'files'>, size: number): Buffer {
  const note = files.get(checkpointName(size))!.toString();
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  const line = cosign(text, { name: witnessName, privateKey: witness.privateKey }, cosignedTime);
  return Buffer.from(note + line);
}

let authority: Promise<Certified> | undefined;
/** A time stamp over these bytes by an authority that nobody knows. */
export async function stampOver(bytes: Uint8Array): Promise<Buffer> {
  authority ??= certify({});
  const question = encodeQuestion(ask(bytes, new Uint8Array(16), null));
  return Buffer.from(await stamp(question, await authority, []));
}

/** The files of a log, and receipts of some of its checkpoints. */
export async function withReceipts(log: SampleLog, dice: Dice): Promise<Map<string, Buffer>> {
  const files = new Map(log.files);
  const any = (): number => dice.pick(log.sizes);
  const note = (size: number): Buffer => log.files.get(checkpointName(size))!;
  const [seen, stamped, copied] = [any(), any(), any()];
  files.set(receiptName('witness', seen), cosigned(log, seen));
  files.set(receiptName('timestamp', stamped), await stampOver(note(stamped)));
  files.set(receiptName('folder', copied), note(copied));
  return files;
}

/** A receipt with a byte changed, under the name of another checkpoint, or of another log. */
export function spoilReceipt(files: Files, dice: Dice): Map<string, Buffer> {
  const spoilt = new Map(files);
  const name = dice.pick([...files.keys()].filter((each) => each.startsWith('anchors/')));
  const bytes = Buffer.from(files.get(name)!);
  if (dice.below(4) === 0) {
    spoilt.delete(name);
    spoilt.set(name.replace(/\d+$/, String(1 + dice.below(40)).padStart(12, '0')), bytes);
    return spoilt;
  }
  const at = dice.below(bytes.length);
  bytes[at] = bytes[at]! ^ (1 + dice.below(255));
  return spoilt.set(name, bytes);
}
