import { readSendingConfig } from '../../src/config.ts';
import { formatChange } from '../../src/domain/configuration.ts';
import { exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { demandReason } from '../../src/domain/signed-request.ts';
import {
  approveConfiguration,
  configurationStanding,
  configurationText,
} from '../../src/pipeline/configuration.ts';
import { createAnchors } from '../../src/wiring-anchors.ts';
import { openMailbox, systemChance } from '../../src/wiring.ts';
import { signatureIn } from '../input/signature.ts';
import { operator } from '../words/operator.ts';
import { withOffice } from './office.ts';

/** The same settings by their names, and the whole of APPROVERS_FILE. */
const toldElsewhere = ['settings', 'approversText'];

/** `export-gate config check`: everything a run needs is set and fits together; shows what is in force, without secrets. */
export async function check(): Promise<ExitCode> {
  const whole = readSendingConfig();
  openMailbox(whole).close();
  await createAnchors(whole.anchors, systemChance);
  const { masterKey, databaseUrl, databaseOwnerUrl, redisUrl, mesh, ...config } = whole;
  const { password, sharedKey, ...address } = mesh;
  const open = Object.entries(config).filter(([name]) => !toldElsewhere.includes(name));
  const secret = (value: string | null): string => (value === null ? 'not set' : 'set');
  const secrets = {
    masterKey: secret(masterKey),
    databaseUrl: secret(databaseUrl),
    databaseOwnerUrl: secret(databaseOwnerUrl),
    redisUrl: secret(redisUrl),
    meshPassword: secret(password),
    meshSharedKey: secret(sharedKey),
  };
  process.stdout.write(
    `${JSON.stringify({ ...Object.fromEntries(open), mesh: address, secrets }, null, 2)}\n`,
  );
  return exitCodes.done;
}

/** `export-gate config changes`: guarded settings that differ from those in force, and whether somebody must approve them. */
export const changes = ({ json }: { readonly json: boolean }): Promise<ExitCode> =>
  withOffice(async ({ config, ledger }) => {
    const {
      inForce,
      changes: found,
      needsApproval,
    } = await ledger.read((tx) => configurationStanding(config, tx));
    if (json) {
      const since = inForce?.position ?? null;
      return `${JSON.stringify({ inForceSince: since, changes: found, needsApproval }, null, 2)}\n`;
    }
    const lines = [
      inForce === null
        ? 'Nothing is in force yet: the first run takes the settings as they are.'
        : `In force since entry ${inForce.position} of the audit log.`,
      ...found.map((change) => `  ${formatChange(change)}`),
      found.length === 0
        ? 'No guarded setting differs.'
        : needsApproval
          ? 'No run begins before somebody else approves this: export-gate config approve --text'
          : 'These come into force with the next run, by an entry: neither live numbers nor approvers are configured.',
    ];
    return `${lines.join('\n')}\n`;
  });

interface Approval {
  readonly text: boolean;
  readonly signature?: string;
  readonly reason?: string;
}

/** `export-gate config approve`: prints the text to sign, or brings changed guarded settings into force by its signature. */
export const approve = ({ text, signature, reason }: Approval): Promise<ExitCode> =>
  withOffice(async (office) => {
    const { config, ledger } = office;
    if (text) return configurationText(config, await ledger.read((tx) => configurationStanding(config, tx)));
    if (signature === undefined || reason === undefined) throw unsigned();
    const claim = await ledger.claim('configuration');
    const words = { signature: signatureIn(signature), reason: demandReason(reason) };
    const { name } = await approveConfiguration({ ...office, by: operator(), claim }, words);
    return `In force now, approved by ${name}. \`export-gate run\` goes on.\n`;
  });

const unsigned = (): Failure =>
  new Failure('usage', {
    message: 'Settings are approved by a signature and a reason.',
    allowed: '--text, or --signature FILE --reason "..."',
    hint: 'Sign what --text prints with a key of APPROVERS_FILE: openssl pkeyutl -sign -rawin -inkey approver.pem -in approval.txt | base64 -w0 > approval.sig',
  });
