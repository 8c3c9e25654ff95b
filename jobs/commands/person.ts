import { createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../src/config.ts';
import { exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import type { NhsNumber } from '../../src/domain/nhs-number.ts';
import { demandReason, requestText } from '../../src/domain/signed-request.ts';
import { lookUp } from '../../src/pipeline/person-lookup.ts';
import { provePersonOfRun } from '../../src/pipeline/person-proofs.ts';
import { demandPersonRole, mustProve, signed } from '../../src/pipeline/person-rights.ts';
import type { Approver } from '../../src/ports.ts';
import { claimed, openArchive } from '../../src/wiring.ts';
import type { Archive } from '../../src/wiring.ts';
import { askNumber } from '../input/nhs-number.ts';
import { signatureIn } from '../input/signature.ts';
import { operator } from '../words/operator.ts';
import { answerCsv, answerJson, answerText } from '../words/person.ts';

export interface PersonOptions {
  readonly reason: string;
  readonly text: boolean;
  readonly signature?: string;
  readonly key?: string;
  readonly json: boolean;
  readonly csv: boolean;
  readonly thorough: boolean;
  readonly proof?: string;
  readonly run?: string;
}

/** `export-gate person`: every run in which a person was sent, or held back by this service and why. Right before number, entry before answer. */
export async function person(options: PersonOptions): Promise<ExitCode> {
  const request = { what: 'look-up', reason: demandReason(options.reason) } as const;
  if ((options.proof === undefined) !== (options.run === undefined)) throw proofNeedsRun();
  const archive = await openArchive(readConfig(), operator());
  try {
    const text = requestText(request, archive.audit.origin, archive.clock.now());
    if (options.text) {
      process.stdout.write(text);
      return exitCodes.done;
    }
    const signature =
      options.key === undefined
        ? options.signature === undefined
          ? null
          : signatureIn(options.signature)
        : signWith(options.key, text);
    const asking = signature !== null || (await mustProve(archive));
    const approver = asking ? await demandPersonRole(archive, archive.approvers, request, signature) : null;
    if (approver === null) process.stderr.write(unproven);
    const number = await askNumber();
    await answer(await claimed(archive), approver, { ...options, ...request, number });
    return exitCodes.done;
  } finally {
    await archive.close();
  }
}

const unproven =
  'Nobody’s role was checked: this installation has test numbers and no APPROVERS_FILE. With live numbers a look-up is refused like this.\n';

async function answer(
  archive: Archive,
  approver: Approver | null,
  { number, reason, thorough, ...options }: PersonOptions & { readonly number: NhsNumber },
): Promise<void> {
  const desk = approver === null ? archive : { ...archive, by: signed(approver) };
  const found = await lookUp(desk, { number, reason, thorough });
  const print = options.json ? answerJson : options.csv ? answerCsv : answerText;
  process.stdout.write(print(found));
  if (options.proof === undefined || options.run === undefined) return;
  const proofs = await provePersonOfRun(desk, formatNhsNumber(number), options.run);
  mkdirSync(options.proof, { recursive: true, mode: 0o700 });
  for (const proof of proofs) {
    const name = `${proof.run.replace('/', '-')}-${proof.list}.json`;
    writeFileSync(path.join(options.proof, name), `${JSON.stringify(proof, null, 2)}\n`, { mode: 0o600 });
  }
}

/** Signs with a private key of the caller: Ed25519, PEM, a file that nobody else may read. */
function signWith(file: string, text: string): string {
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Failure('place-unsafe', {
      message: 'A private key can be read by others.',
      place: file,
      allowed: 'mode 600',
      hint: `chmod 600 ${file}, and ask who has read it meanwhile.`,
    });
  }
  return sign(null, Buffer.from(text), createPrivateKey(readFileSync(file))).toString('base64');
}

const proofNeedsRun = (): Failure =>
  new Failure('usage', {
    message: 'A proof is about one run.',
    allowed: '--proof DIR together with --run RUN, such as 2026-11-22/r1',
    hint: 'Look the person up first; the answer names the runs.',
  });
