import { readConfig } from '../../src/config.ts';
import { exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { reconcile } from '../../src/pipeline/reconcile/reconcile.ts';
import type { Reconciliation } from '../../src/pipeline/reconcile/reconcile.ts';
import { openOffice } from '../../src/wiring.ts';
import { describeFindings, findingWords, hintOf } from '../words/findings.ts';

/** `export-gate audit verify`: recomputes the tree from the stored bytes, and holds ledger and drops against what the log says. */
export async function verify({ json }: { readonly json: boolean }): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    const reconciliation = await reconcile(office);
    process.stdout.write(json ? asJson(reconciliation) : asText(reconciliation));
    const { findings } = reconciliation;
    if (findings.length === 0) return exitCodes.done;
    throw new Failure('audit-unreconciled', {
      message: `The log is whole, and ledger or drops differ from it in ${findings.length === 1 ? 'one place' : `${findings.length} places`}.`,
      place: findings[0]?.place ?? '',
      hint: 'Each is named on standard output, with what to do.',
    });
  } finally {
    await office.close();
  }
}

function asJson({ size, root, findings }: Reconciliation): string {
  const told = findings.map((one) => ({ ...one, words: findingWords[one.code], hint: hintOf(one.code) }));
  return `${JSON.stringify({ size, root, findings: told }, null, 2)}\n`;
}

function asText({ size, root, findings }: Reconciliation): string {
  const whole = `The log holds ${size} entries, none altered. Root ${root}\n`;
  return findings.length === 0
    ? `${whole}Ledger and drops agree with it.\n`
    : `${whole}Ledger or drops differ from it:\n${describeFindings(findings)}\n`;
}
