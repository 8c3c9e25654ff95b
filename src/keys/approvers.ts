import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { londonDate } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { Approver, Approvers, ApproversIn } from '../ports.ts';

const localDate = z.iso.date();
const ed25519Key = z.string().transform((pem, context) => {
  const key = publicKeyIn(pem);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  context.addIssue('an Ed25519 public key, PEM');
  return z.NEVER;
});
const schema = z
  .array(
    z.strictObject({
      name: z.string().min(1),
      role: z.string().min(1),
      accounts: z.array(z.string().min(1)).default([]),
      publicKey: ed25519Key,
      validFrom: localDate,
      validTo: localDate,
    }),
  )
  .refine(oneNameForEachKey, 'a key of their own for each person');

/** A key that may renew its validity, but never stands for two people: who signed would be anybody's guess. */
function oneNameForEachKey(
  list: readonly { readonly name: string; readonly publicKey: KeyObject }[],
): boolean {
  return list.every(({ name, publicKey }) =>
    list.every((other) => other.name === name || !other.publicKey.equals(publicKey)),
  );
}

const refused = (message: string, hint: string): Failure =>
  new Failure('approval-refused', { message, hint });

/**
 * Who may approve a hold: `APPROVERS_FILE`, a JSON list of name, role, Ed25519 public key (PEM), validity and, if they work on this machine
 * too, their accounts. Read at each approval, so that taking somebody off the list takes effect at once; `judged` is the SHA-256 of the text
 * that was held against the settings in force, and no other text counts: whoever writes the file, or names a pipe, changes nothing alone.
 * Without a file nobody can approve (R51, R80).
 */
export const createApprovers = (file: string | null, judged: string | null = null): Approvers =>
  approversOf(async () => {
    if (file !== null) {
      const text = await readFile(file, 'utf8');
      if (judged === null || createHash('sha256').update(text).digest('hex') === judged) return text;
      throw refused(
        'The list of approvers was changed while this was under way.',
        'Nothing was approved. Run the same command again: it says whether the change needs an approval of its own.',
      );
    }
    throw refused(
      'Nobody may approve a hold: no approvers are configured.',
      'Set APPROVERS_FILE, or reject the hold.',
    );
  });

/** The approvers of a text that the ledger kept. */
export const approversIn: ApproversIn = (text) => approversOf(() => Promise.resolve(text));

function approversOf(read: () => Promise<string>): Approvers {
  return {
    async check(text, signature, now): Promise<Approver> {
      const bytes = Buffer.from(signature.trim(), 'base64');
      const signer = (await readApprovers(read)).find(
        (approver) => isValid(approver, now) && verify(null, Buffer.from(text), approver.publicKey, bytes),
      );
      if (signer === undefined) {
        throw refused(
          'The signature is not one of a person who may approve today.',
          'Sign the approval text exactly as it is printed with --text, with a key listed in APPROVERS_FILE.',
        );
      }
      const { name, role, accounts } = signer;
      return { name, role, accounts };
    },

    async anybody(now): Promise<boolean> {
      try {
        return (await readApprovers(read)).some((approver) => isValid(approver, now));
      } catch (thrown) {
        if (thrown instanceof Failure) return false;
        throw thrown;
      }
    },
  };
}

const isValid = (
  { validFrom, validTo }: { readonly validFrom: LocalDate; readonly validTo: LocalDate },
  now: Instant,
): boolean => validFrom <= londonDate(now) && validTo >= londonDate(now);

async function readApprovers(read: () => Promise<string>): Promise<z.infer<typeof schema>> {
  try {
    return schema.parse(JSON.parse(await read()));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('configuration-invalid', {
      message: 'APPROVERS_FILE cannot be read.',
      place: 'APPROVERS_FILE',
      allowed:
        'a JSON list of { name, role, publicKey (Ed25519, PEM; one person each), validFrom, validTo, and accounts where they work here }',
      hint: 'Correct the file; nothing is approved meanwhile.',
      cause,
    });
  }
}

/** What a library says of a text that is no key helps nobody. */
function publicKeyIn(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
}
