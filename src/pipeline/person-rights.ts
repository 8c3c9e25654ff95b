/** Who may ask about a person, or have evidence of people erased: named roles only, and never by a word alone. */
import { Failure } from '../domain/failure.ts';
import { isSamePerson } from '../domain/same-person.ts';
import { isPersonRole, personRoles, validTexts } from '../domain/signed-request.ts';
import type { SignedRequest } from '../domain/signed-request.ts';
import type { Approver, Approvers } from '../ports.ts';
import { configurationInForce, demandApproversInForce, needsTwoPeople } from './configuration.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';

export type RightsDesk = Pick<Pipeline, 'ledger' | 'claim' | 'audit' | 'clock' | 'config' | 'by'>;

/**
 * Whether a role must be proved: always but for an installation of test numbers without approvers, where nobody could; what is in force
 * counts beside what this process was told.
 */
export const mustProve = ({ config, ledger }: Pick<RightsDesk, 'config' | 'ledger'>): Promise<boolean> =>
  ledger.read(async (tx) => needsTwoPeople(config, await configurationInForce(tx)));

/**
 * The person of `APPROVERS_FILE` whose signature stands under a text for this request that still holds. Throws `lookup-refused` where there
 * is none, or where their role is not one that answers people about their data; the latter is an entry. `configuration-unapproved` where the
 * list is not the one in force.
 */
export async function demandPersonRole(
  desk: RightsDesk,
  approvers: Approvers,
  request: SignedRequest,
  signature: string | null,
): Promise<Approver> {
  const signer = signature === null ? null : await signerOf(desk, approvers, request, signature);
  if (signer === null) {
    throw refused(
      'Nobody has proved that they may ask for this.',
      signature === null ? 'no signature' : 'a signature that is not one of APPROVERS_FILE, or too old',
    );
  }
  if (isPersonRole(signer.role)) return signer;
  const { what, reason } = request;
  await commitSigned(desk, async (tx) => {
    await tell({ ...desk, by: signed(signer) }, tx, null, {
      what: 'person-request-refused',
      asked: what,
      reason,
    });
  });
  throw refused('This is not for your role.', signer.role);
}

/** A request about people that changes what is kept needs two: whoever runs it, and another who signs. Throws `lookup-refused`. */
export async function demandSecondPerson(
  desk: RightsDesk,
  approvers: Approvers,
  request: SignedRequest,
  signature: string | null,
): Promise<Approver> {
  const signer = await demandPersonRole(desk, approvers, request, signature);
  if (!isSamePerson(signer, desk.by)) return signer;
  throw refused('Whoever runs the command cannot be the second person as well.', signer.name);
}

/** As entries name who signed. */
export const signed = ({ name, role }: Approver): string => `${name} (${role})`;

/** Null where no text that still holds bears the signature of somebody on the list; a list that cannot be read throws. */
export async function signerOf(
  { clock, audit, config, ledger }: RightsDesk,
  approvers: Approvers,
  request: SignedRequest,
  signature: string,
): Promise<Approver | null> {
  await ledger.read((tx) => demandApproversInForce(config, tx));
  const now = clock.now();
  for (const text of validTexts(request, audit.origin, now)) {
    try {
      return await approvers.check(text, signature, now);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== 'approval-refused') throw thrown;
    }
  }
  return null;
}

const refused = (message: string, found: string): Failure =>
  new Failure('lookup-refused', {
    message,
    found,
    allowed: `a signature, not half an hour old, of somebody of APPROVERS_FILE in the role ${personRoles.join(' or ')}`,
    hint: 'Nothing was looked up or changed. Print the text with --text, have it signed with the key listed in APPROVERS_FILE, and give --signature.',
  });
