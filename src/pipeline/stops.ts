/** Stopping the export, or one provider's part in it: anybody at once, and two people to lift it. */
import { formatInstant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { isUnsafeId } from '../domain/service-user.ts';
import { isSamePerson } from '../domain/same-person.ts';
import type { SignedRequest } from '../domain/signed-request.ts';
import { nameOfStop, standingStops, stopOf } from '../domain/stop.ts';
import type { Stops } from '../domain/stop.ts';
import type { Approver, Approvers, LedgerReader, StoredStop } from '../ports.ts';
import { tell } from './context.ts';
import { commitSigned } from './end.ts';
import { signed, signerOf } from './person-rights.ts';
import type { RightsDesk } from './person-rights.ts';

export const stopsNow = async (tx: LedgerReader): Promise<Stops<StoredStop>> =>
  standingStops(await tx.stops());

/** Throws `export-stopped` while everything is stopped: nobody is asked about, nothing leaves, and what waits goes on waiting. */
export async function demandNotStopped(tx: LedgerReader): Promise<void> {
  const { everything } = await stopsNow(tx);
  if (everything === null) return;
  throw new Failure('export-stopped', {
    message: `The export was stopped on ${formatInstant(everything.at)} by ${everything.by}: ${everything.reason}`,
    allowed: 'an export that nobody has stopped',
    hint: 'Nobody was asked about and nothing was released. The run waits where it stands, until its answers are too old. `export-gate stop list` shows what stands; lifting it needs two people.',
  });
}

/**
 * Stops a provider, or with null everything; anybody may, for it only ever holds back. In force when it resolves. Throws `usage` for an id
 * that no intake can bear, for a stop of it would stop nobody.
 */
export async function setStop(desk: RightsDesk, provider: string | null, reason: string): Promise<void> {
  if (provider !== null && isUnsafeId(provider)) throw unstoppable(provider);
  await commitSigned(desk, async (tx) => {
    const proof = await tell(desk, tx, null, { what: 'stop-set', provider, reason });
    await tx.putStop({ provider, stands: true, at: desk.clock.now(), by: desk.by, reason }, proof);
  });
}

/** What a second person signs to lift a stop; it names the stop, so that no signature serves for another. Throws `usage`. */
export async function liftRequest(
  { ledger }: Pick<RightsDesk, 'ledger'>,
  provider: string | null,
  reason: string,
): Promise<SignedRequest> {
  const stop = await ledger.read(async (tx) => demandStanding(await stopsNow(tx), provider));
  return { what: 'lift-stop', reason, stop: nameOfStop(stop) };
}

/**
 * Lifts a stop by the signature of somebody of `APPROVERS_FILE` who is not the operator. Throws `usage` where no such stop stands,
 * `approval-refused`, `configuration-unapproved` where the list is not the one in force.
 */
export async function liftStop(
  desk: RightsDesk,
  approvers: Approvers,
  { provider, reason, signature }: LiftWords,
): Promise<Approver> {
  const request = await liftRequest(desk, provider, reason);
  const signer = signature === null ? null : await signerOf(desk, approvers, request, signature);
  if (signer === null) throw refused('Nobody else has signed that this stop may be lifted.');
  if (isSamePerson(signer, desk.by))
    throw refused('Whoever runs the command cannot be the second person as well.');
  await commitSigned(desk, async (tx) => {
    const { position, provider: spelled } = demandStanding(await stopsNow(tx), provider);
    const approvedBy = [signed(signer)];
    const proof = await tell(desk, tx, null, {
      ...{ what: 'stop-lifted', provider: spelled, stop: position, reason, approvedBy, signature },
    });
    const by = [desk.by, ...approvedBy].join(', ');
    await tx.putStop({ provider: spelled, stands: false, at: desk.clock.now(), by, reason }, proof);
  });
  return signer;
}

interface LiftWords {
  readonly provider: string | null;
  readonly reason: string;
  readonly signature: string | null;
}

const unstoppable = (provider: string): Failure =>
  new Failure('usage', {
    message: 'No list can name a provider by this id: it has outer white space or an invisible character.',
    place: '--provider',
    found: JSON.stringify(provider),
    allowed: 'provider_id as providers.csv spells it; without --provider everything is meant',
    hint: 'Nothing is stopped. Say it again without them.',
  });

function demandStanding(stops: Stops<StoredStop>, provider: string | null): StoredStop {
  const stop = stopOf(stops, provider);
  if (stop !== null) return stop;
  throw new Failure('usage', {
    message: provider === null ? 'The export is not stopped as a whole.' : 'No stop of this provider stands.',
    place: '--provider',
    hint: 'Nothing was changed. `export-gate stop list` shows what stands.',
  });
}

const refused = (message: string): Failure =>
  new Failure('approval-refused', {
    message,
    allowed: 'a signature, not half an hour old, of another person of APPROVERS_FILE',
    hint: 'The stop stands. Print the text with --text, have somebody of APPROVERS_FILE sign it, and give --signature.',
  });
