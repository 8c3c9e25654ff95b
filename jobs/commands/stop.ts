import { formatInstant } from '../../src/domain/calendar.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { foldId } from '../../src/domain/service-user.ts';
import { demandReason, requestText } from '../../src/domain/signed-request.ts';
import { liftRequest, liftStop, setStop, stopsNow } from '../../src/pipeline/stops.ts';
import type { RightsDesk } from '../../src/pipeline/person-rights.ts';
import type { StoredStop } from '../../src/ports.ts';
import type { Office } from '../../src/wiring.ts';
import { signatureIn } from '../input/signature.ts';
import { operator } from '../words/operator.ts';
import { describeStop } from '../words/stops.ts';
import { withOffice } from './office.ts';

export interface StopOptions {
  readonly provider?: string;
  readonly reason?: string;
}

/** `export-gate stop`: nothing more is asked or released, of everybody or of one provider, from the moment this has ended. */
export async function stop({ provider, reason }: StopOptions): Promise<ExitCode> {
  const [which, words] = [providerOf(provider), demandReason(reason ?? '')];
  return withDesk(async (desk) => {
    await setStop(desk, which, words);
    if (which === null)
      return 'Stopped: nobody is asked about and nothing is released until two people lift it.\n';
    if (!(await isKnown(desk, which)))
      process.stderr.write(
        `No list of people has ever named the provider ${JSON.stringify(which)}. Is the id spelled as in providers.csv? If it is not, this stops nobody.\n`,
      );
    return `Stopped: no row of provider ${JSON.stringify(which)} is asked about or released until two people lift it.\n`;
  });
}

export interface LiftOptions extends StopOptions {
  readonly text: boolean;
  readonly signature?: string;
}

/** `export-gate stop lift`: prints the text to sign, or lifts the stop by somebody else's signature. */
export async function lift({ provider, reason, text, signature }: LiftOptions): Promise<ExitCode> {
  const [which, words] = [providerOf(provider), demandReason(reason ?? '')];
  return withDesk(async (desk) => {
    if (text) return requestText(await liftRequest(desk, which, words), desk.audit.origin, desk.clock.now());
    const signer = await liftStop(desk, desk.approvers, {
      provider: which,
      reason: words,
      signature: signature === undefined ? null : signatureIn(signature),
    });
    return `Lifted, approved by ${signer.name}. \`export-gate run\` goes on; \`export-gate rerun\` makes up for a night that is over.\n`;
  });
}

/** `export-gate stop list`: what stands, and with --all whatever was said before. */
export const list = ({ json, all }: { readonly json: boolean; readonly all: boolean }): Promise<ExitCode> =>
  withDesk(async ({ ledger }) => {
    const { moves, stops } = await ledger.read(async (tx) => ({
      moves: await tx.stops(),
      stops: await stopsNow(tx),
    }));
    const standing = [stops.everything, ...stops.providers.values()].filter((stop) => stop !== null);
    const shown: readonly StoredStop[] = all ? moves : standing;
    if (json)
      return `${JSON.stringify(
        shown.map((stop) => ({ ...stop, at: formatInstant(stop.at) })),
        null,
        2,
      )}\n`;
    return `${shown.map(describeStop).join('\n') || 'Nothing is stopped.'}\n`;
  });

function providerOf(given: string | undefined): string | null {
  if (given !== '') return given ?? null;
  throw new Failure('usage', {
    message: 'The id of the provider is empty.',
    place: '--provider',
    allowed: 'provider_id as the intake spells it; without --provider everything is meant',
    hint: 'Nothing was changed. A shell variable that is not set, perhaps?',
  });
}

/** Whether anybody ever stood in a list under this provider. */
const isKnown = ({ ledger }: Office, provider: string): Promise<boolean> =>
  ledger.read(async (tx) =>
    (await tx.indexSizes()).some(({ providerId }) => foldId(providerId) === foldId(provider)),
  );

const withDesk = (work: (desk: Office & RightsDesk) => Promise<string>): Promise<ExitCode> =>
  withOffice(async (office) =>
    work({ ...office, by: operator(), claim: await office.ledger.claim('stops') }),
  );
