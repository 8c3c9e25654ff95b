/** Audit logs made by the real audit log, with nights, quiet days and changes of key, as the folder that a stranger gets. */
import { createAuditLog } from '../../src/audit/audit-log.ts';
import type { SigningKey } from '../../src/audit/audit-log.ts';
import { logFiles } from '../../src/audit/export-log.ts';
import { addDays } from '../../src/domain/calendar.ts';
import type { Entry, Step } from '../../src/domain/evidence.ts';
import type { AuditLog, LedgerWriter } from '../../src/ports.ts';
import { diceOf } from './chance.ts';
import type { Dice } from './chance.ts';
import { memoryLog } from './memory-log.ts';
import type { MemoryLog } from './memory-log.ts';
import { keyOf, nameOf, origin } from './sample-keys.ts';
import { checkpointBoard } from '../../src/audit/checkpoint-file.ts';

export interface SampleLog {
  readonly memory: MemoryLog;
  readonly files: ReadonlyMap<string, Buffer>;
  /** The first key. */
  readonly key: string;
  /** In the order in which they signed. */
  readonly signingKeys: readonly SigningKey[];
  readonly sizes: readonly number[];
  /** What was told, and after which of it the log was signed: enough to write it all again. */
  readonly script: readonly Told[];
}

export interface Told {
  readonly entry: Entry;
  readonly signed: boolean;
}

/** A log of about this many entries: nights that release, withhold or are silent, heartbeats, recomputings, changes of key. */
export function scriptOf(dice: Dice, entries: number, keys: readonly SigningKey[]): Told[] {
  const script: Told[] = [];
  let date = '2026-01-01';
  let nth = 0;
  const tell = (run: string, step: Step, signed = false): void => {
    const at = `${date}T02:${String(30 + (nth % 30)).padStart(2, '0')}:${String(dice.below(60)).padStart(2, '0')}.000Z`;
    script.push({ entry: { at, run, by: `operator:${nth++}`, ...step }, signed });
  };
  const digest = (): string => dice.bytes(32).toString('hex');
  tell('', { what: 'log-opened', origin, verifierKey: nameOf(keys[0]!) });
  let key = 0;
  while (script.length < entries) {
    const run = `${date}/r1`;
    const kind = dice.below(10);
    if (kind < 4) {
      for (let sent = dice.below(3); sent >= 0; sent -= 1)
        tell(run, {
          what: 'request-sent',
          localId: digest().slice(0, 12),
          messageId: digest().slice(0, 20),
          found: false,
        });
      tell(run, { what: 'run-answered', leftInInbox: null });
      tell(run, decided(digest(), dice.below(5000)), true);
      const drop = {
        drop: run,
        files: [{ name: 'nhs-numbers.csv', rows: 3 }],
        manifest: digest(),
      };
      tell(run, { what: 'run-released', ...drop });
      tell(run, { what: 'run-sealed', totals: totalsOf(3) }, true);
    } else if (kind < 6) {
      tell(run, { what: 'run-withheld', reason: 'nobody-to-ask' });
      tell(run, attested(digest()), true);
    } else if (kind < 7 || (kind > 7 && key + 1 >= keys.length))
      tell('', { what: 'heartbeat', lastRun: run }, true);
    else if (kind === 7) tell('', { what: 'log-recomputed', size: script.length, root: digest() }, true);
    else {
      const names = [nameOf(keys[key]!), nameOf(keys[key + 1]!)] as const;
      key += 1;
      tell('', { what: 'signing-key-changed', previous: names[0], verifierKey: names[1] }, true);
    }
    date = addDays(date, 1 + dice.below(2));
  }
  tell('', { what: 'heartbeat', lastRun: '' }, true);
  return script;
}

/** The log that this script tells, signed by these keys in turn. */
export async function writeLog(
  script: readonly Told[],
  signingKeys: readonly SigningKey[],
): Promise<SampleLog> {
  const memory = memoryLog();
  const { ledger } = memory;
  let at = 0;
  // The same lines for the same script: a fork differs from its log only from where it was forked.
  const chance = diceOf(0);
  const open = (): AuditLog =>
    createAuditLog({
      origin,
      signingKey: signingKeys[at]!,
      nextKey: signingKeys[at + 1] ?? null,
      board: checkpointBoard('/nowhere/checkpoint'),
      chance,
    });
  let audit = open();
  for (const { entry, signed } of script) {
    await audit.append(ledger, entry);
    if (signed) await audit.sign(ledger);
    if (entry.what === 'signing-key-changed') at += 1;
    audit = entry.what === 'signing-key-changed' ? open() : audit;
  }
  const files = await filesOf(ledger, audit);
  const sizes = memory.checkpoints.map(({ size }) => size);
  return { memory, files, key: nameOf(signingKeys[0]!), signingKeys, sizes, script };
}

export async function filesOf(ledger: LedgerWriter, audit: AuditLog): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const { name, bytes } of logFiles(ledger, await audit.keys(ledger))) files.set(name, bytes);
  return files;
}

export const sampleLog = (dice: Dice, entries: number, changes: number): Promise<SampleLog> => {
  const keys = Array.from({ length: changes + 1 }, () => keyOf(dice.bytes(8).toString('hex')));
  return writeLog(scriptOf(dice, entries, keys), keys);
};

const totalsOf = (released: number): Extract<Step, { what: 'run-sealed' }>['totals'] =>
  ({ rows: {}, asked: released, outcomes: { released } }) as never;

const attested = (digest: string): Step => ({
  what: 'run-attested',
  outcome: 'nothing-sent',
  lists: [],
  rules: 'rules-1',
  configuration: digest,
  legalBasis: '',
  recipientAgreement: '',
  purpose: '',
});

const decided = (digest: string, released: number): Step => ({
  what: 'run-decided',
  totals: totalsOf(released),
  newestIntake: digest,
  releasedList: null,
  heldBackLateList: { root: digest, providers: 0, rows: 0 },
  commitment: digest,
  rules: 'rules-1',
});
