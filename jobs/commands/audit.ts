import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../src/config.ts';
import { asFailure, exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { beat } from '../../src/pipeline/custody.ts';
import { reconcile } from '../../src/pipeline/reconcile/reconcile.ts';
import type { Reconciliation } from '../../src/pipeline/reconcile/reconcile.ts';
import {
  dropInForce,
  exportLog,
  openOffice,
  proveConsistency,
  proveEntry,
  proveRun,
} from '../../src/wiring.ts';
import { describeFindings, findingWords, hintOf } from '../words/findings.ts';
import { operator } from '../words/operator.ts';
import { describeStanding } from '../words/standings.ts';
import { hasAnchors, showToAnchors } from './anchor.ts';
import { withOffice } from './office.ts';

/**
 * `export-gate audit verify`: recomputes the tree from the stored bytes, checks every signed checkpoint, and holds ledger and drops
 * against what the log says of them. Drops are looked for where the settings in force put them.
 */
export async function verify({
  json,
  outbound,
}: {
  readonly json: boolean;
  readonly outbound?: string;
}): Promise<ExitCode> {
  const office = await openOffice(readConfig());
  try {
    const reconciliation = await reconcile({ ...office, drop: await dropInForce(office, outbound) });
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
  const told = findings.map(({ code, place, found, told: expected }) => ({
    ...{ code, run: runIn(place), place, found, expected },
    ...{ words: findingWords[code], hint: hintOf(code) },
  }));
  return `${JSON.stringify({ size, root, findings: told }, null, 2)}\n`;
}

/** The run of a place that names one, such as a drop's. */
const runIn = (place: string): string | null =>
  /\b\d{4}-\d{2}-\d{2}\/(r|rehearsal-)\d+/.exec(place)?.[0] ?? null;

function asText({ size, root, findings }: Reconciliation): string {
  const whole = `The log holds ${size} entries, none altered. Root ${root}\n`;
  return findings.length === 0
    ? `${whole}Ledger and drops agree with it.\n`
    : `${whole}Ledger or drops differ from it:\n${describeFindings(findings)}\n`;
}

/** `export-gate audit heartbeat`: signs the log, with one entry a day that says we are here, and shows it to the anchors. */
export async function heartbeat(): Promise<ExitCode> {
  const config = readConfig();
  await withOffice(async (office) => {
    const claim = await office.ledger.claim('custody');
    const fresh = await beat({ ...office, claim, by: operator() });
    return fresh ? 'Today’s sign of life is written and signed.\n' : 'Today’s sign of life stood already.\n';
  });
  if (!hasAnchors(config)) return exitCodes.done;
  try {
    const { exitCode, standings } = await showToAnchors(config, { again: false });
    process.stdout.write(`${standings.map(describeStanding).join('\n')}\n`);
    return exitCode;
  } catch (thrown) {
    if (asFailure(thrown).code !== 'busy') throw thrown;
    process.stdout.write('A run is going on, and shows the log to its anchors when it ends.\n');
    return exitCodes.done;
  }
}

/** `export-gate audit export-log DIR`: the verified log as a folder that anybody can check. */
export const exportTo = (folder: string): Promise<ExitCode> =>
  withOffice(({ ledger, audit }) =>
    ledger.read(async (tx) => {
      await audit.verify(tx);
      const { size, written } = await exportLog(tx, await audit.keys(tx), path.resolve(folder));
      return (
        `${folder} holds the log up to its checkpoint of ${size} entries; ${written.length} files were written.\n` +
        `Check it with  node scripts/verify-audit.mjs ${folder} --key '${(await audit.keys(tx))[0]?.verifierKey ?? ''}'\n`
      );
    }),
  );

interface ProofOptions {
  readonly out?: string;
}

/** `export-gate audit prove entry N`: one C2SP tlog-proof. */
export const entryProof = (position: string, { out }: ProofOptions): Promise<ExitCode> =>
  withOffice(async ({ ledger }) => {
    const { text } = await ledger.read((tx) => proveEntry(tx, wholeNumber(position)));
    return give(text, out);
  });

/** `export-gate audit prove run RUN`: a tlog-proof for each entry of a run, one after another or a file each. */
export const runProof = (run: string, { out }: ProofOptions): Promise<ExitCode> =>
  withOffice(async ({ ledger }) => {
    const proved = await ledger.read((tx) => proveRun(tx, run));
    if (out === undefined) return proved.map(({ text }) => text).join('');
    mkdirSync(out, { recursive: true, mode: 0o700 });
    return proved.map(({ position, text }) => give(text, path.join(out, `${position}.tlog-proof`))).join('');
  });

/** `export-gate audit prove consistency OLD NEW`: that one checkpoint extends another. */
export const consistencyProof = (from: string, to: string, { out }: ProofOptions): Promise<ExitCode> =>
  withOffice(async ({ ledger }) => {
    const text = await ledger.read((tx) => proveConsistency(tx, wholeNumber(from), wholeNumber(to)));
    return give(text, out);
  });

/** The text for stdout: itself, or where it was written. Throws `usage` where a file stands. */
function give(text: string, out: string | undefined): string {
  if (out === undefined) return text;
  try {
    writeFileSync(out, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new Failure('usage', {
      message: 'The proof cannot be written there.',
      place: out,
      hint: 'Name a file that does not exist in a folder that does.',
      cause,
    });
  }
  return `${out}\n`;
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Failure('usage', {
    message: 'A position or size of the log is a whole number.',
    found: JSON.stringify(text),
    allowed: '0, 1, 2, ...',
    hint: 'Entries count from 0.',
  });
}
