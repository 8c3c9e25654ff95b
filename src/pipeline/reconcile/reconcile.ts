/** The log recomputed, then everything else held against it (design, section 7; reliability of evidence: the step that was never told). */
import type { Config } from '../../config.ts';
import { asFailure, Failure } from '../../domain/failure.ts';
import type { Digest } from '../../domain/digest.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { AuditLog, Clock, DropInventory, Ledger, LedgerReader, OutboundDrop } from '../../ports.ts';
import { addEntry } from './account.ts';
import { dropFindings } from './drops.ts';
import { holdFindings } from './holds.ts';
import { keyFindings } from './keys.ts';
import { indexFindings, listFindings } from './lists.ts';
import { attestationFindings } from './attestations.ts';
import { memoryFindings, receiptFindings } from './memory.ts';
import { readLedger } from './ledgered.ts';
import type { ReadingDesk } from './ledgered.ts';
import { emptyAccount } from './log-account.ts';
import { messageFindings, requestFindings } from './mail.ts';
import { runFindings } from './runs.ts';
import { toldIn } from './told.ts';
import { totalsFindings } from './totals.ts';

/** What comparing needs. */
export interface ReconcileDesk extends ReadingDesk {
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly config: Config;
  readonly drop: OutboundDrop;
}

export interface Reconciliation {
  readonly size: number;
  readonly root: Digest;
  readonly findings: readonly Finding[];
}

/**
 * Recomputes the log and names every difference between it and ledger and drops. May be called while a run goes on: the ledger is read in
 * one view, and a doubt about a drop is looked at again while nobody can write, for publishing and removing happen within a step. Throws
 * `audit-invalid` where the log itself was altered: against such a log nothing can be held. `busy` where a doubt could not be looked at again.
 */
export async function reconcile(desk: ReconcileDesk): Promise<Reconciliation> {
  const standing = await desk.drop.inventory();
  const first = await desk.ledger.read((tx) => compare(desk, tx, standing));
  if (!first.findings.some(({ code }) => isAboutDrops(code))) return first;
  return await undisturbed(desk);
}

const isAboutDrops = (code: string): boolean => /^(drop|manifest|staging|checkpoint)-/.test(code);

/** Somebody else who verifies at this moment takes the claim too, and whoever comes second begins anew. */
const triesBesideOthers = 10;

async function undisturbed(desk: ReconcileDesk): Promise<Reconciliation> {
  for (let tries = 1; ; tries++) {
    const claim = await desk.ledger.claim('verifying');
    try {
      return await desk.ledger.transact(claim, async (tx) => compare(desk, tx, await desk.drop.inventory()));
    } catch (thrown) {
      const { code } = asFailure(thrown);
      if (code === 'epoch-stale' && tries < triesBesideOthers) continue;
      if (code !== 'ledger-failed' && code !== 'epoch-stale') throw thrown;
      throw new Failure('busy', {
        message: 'Others are writing or verifying, and what stands could not be compared with the log.',
        place: 'ledger',
        hint: 'Nothing was changed. Run the same command again when they have done.',
        cause: thrown,
      });
    }
  }
}

async function compare(
  desk: ReconcileDesk,
  tx: LedgerReader,
  standing: DropInventory,
): Promise<Reconciliation> {
  const { audit, clock, config } = desk;
  const { size, root } = await audit.verify(tx);
  const log = emptyAccount();
  for await (const entry of tx.entries(0, size)) addEntry(log, toldIn(entry));
  const ledger = await readLedger(desk, tx, log.erased);
  const sizes = await checkpointSizes(audit, tx, standing);
  const inForce = ledger.configurations.at(-1)?.settings['DROP_KEEP_DAYS'];
  const terms = { now: clock.now(), keepDays: Number(inForce ?? config.keep.dropDays), sizes };
  const findings = [
    ...runFindings(log, ledger),
    ...totalsFindings(log, ledger),
    ...requestFindings(log, ledger),
    ...messageFindings(log, ledger),
    ...holdFindings(log, ledger),
    ...attestationFindings(log, ledger),
    ...listFindings(log, ledger),
    ...indexFindings(log, ledger),
    ...keyFindings(log, ledger),
    ...memoryFindings(log, ledger),
    ...receiptFindings(log, ledger),
    ...dropFindings(log, ledger, standing, terms),
  ];
  return { size, root, findings };
}

/** Of those notes in manifests that are checkpoints of this log, how many entries each covers. */
async function checkpointSizes(
  audit: AuditLog,
  tx: LedgerReader,
  { drops }: DropInventory,
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const { manifest } of drops) {
    const note = manifest?.note ?? '';
    try {
      sizes.set(note, (await audit.readCheckpoint(tx, note)).size);
    } catch (thrown) {
      if (asFailure(thrown).code !== 'audit-invalid') throw thrown;
    }
  }
  return sizes;
}
