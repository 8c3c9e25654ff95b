/** A past run as the verified log tells of it, and the moments at which it decided. */
import { readInstant } from '../../domain/calendar.ts';
import type { ErasedBlock } from '../../domain/custody.ts';
import { rulesVersion } from '../../domain/evidence.ts';
import { Failure } from '../../domain/failure.ts';
import { formatRunId } from '../../domain/run.ts';
import type { AuditLog, LedgerReader, StoredConfiguration, StoredRun } from '../../ports.ts';
import { addEntry } from '../reconcile/account.ts';
import { emptyAccount } from '../reconcile/log-account.ts';
import type { RunAccount } from '../reconcile/log-account.ts';
import { toldIn } from '../reconcile/told.ts';
import type { Told } from '../reconcile/told.ts';
import type { Moment } from './then.ts';

export interface PastRun {
  readonly run: StoredRun;
  readonly account: RunAccount;
  readonly gated: Told<'run-gated'>;
  /** Settings that it began with. */
  readonly configuration: StoredConfiguration;
  /** When the key of the run's papers was destroyed, as a position of the log; none is infinitely late. */
  readonly keyDied: number;
  /** Erasures from its lists, oldest first. */
  readonly erased: readonly ErasedBlock[];
  /** Before the gate carried anything, and after. */
  readonly beforeGate: Moment;
  readonly atGate: Moment;
  /** Null where nothing was decided. */
  readonly atDecision: Moment | null;
}

/**
 * Verifies the log and reads the run out of it. Throws `audit-invalid`, `run-not-found`; `not-replayable` for a run that was never gated,
 * one of other rules, or one whose settings are not known.
 */
export async function readPastRun(audit: AuditLog, tx: LedgerReader, name: string): Promise<PastRun> {
  const { size } = await audit.verify(tx);
  const log = emptyAccount();
  const choicesAt: number[] = [];
  for await (const entry of tx.entries(0, size)) {
    const told = toldIn(entry);
    if (told.what === 'choice-recorded') choicesAt.push(told.position);
    addEntry(log, told);
  }
  const account = log.runs.get(name);
  if (account === undefined) throw noSuchRun(name);
  const { opened, gated, decided } = account;
  if (gated === null) throw notReplayable(name, 'nothing was decided: the run ended before its gate');
  const others = [opened.rules, decided?.rules].find(
    (rules) => rules !== undefined && rules !== rulesVersion,
  );
  if (others !== undefined)
    throw notReplayable(name, `it was decided under ${others}, and this version knows ${rulesVersion}`);
  const configuration = (await tx.configurations()).find(({ digest }) => digest === opened.configuration);
  if (configuration === undefined) throw notReplayable(name, 'the settings it began with are not known');
  const run = (await tx.runs({ businessDate: name.slice(0, 10) })).find((one) => formatRunId(one) === name);
  if (run === undefined) throw notReplayable(name, 'the ledger does not hold it');
  const moment = ({ at, position }: Told, entries: number): Moment => ({
    at: readInstant(at) ?? 0,
    entries,
    told: position,
    choices: choicesAt.filter((one) => one < position).length,
  });
  return {
    run,
    account,
    gated,
    configuration,
    keyDied: log.destroyedKeys.get(run.keyId)?.position ?? Infinity,
    erased: log.erased.filter((block) => block.run === name),
    beforeGate: moment(gated, opened.position),
    atGate: moment(gated, gated.position),
    atDecision: decided === null ? null : moment(decided, decided.position),
  };
}

const noSuchRun = (name: string): Failure =>
  new Failure('run-not-found', {
    message: `The log tells of no run ${name}.`,
    found: name,
    allowed: 'a run such as 2026-11-22/r1',
    hint: 'See `export-gate status`.',
  });

export const notReplayable = (name: string, why: string, hint?: string): Failure =>
  new Failure('not-replayable', {
    message: `Run ${name} is not replayable: ${why}.`,
    place: `run ${name}`,
    hint: hint ?? 'Nothing was compared. What its entries and lists say stands as it is.',
  });
