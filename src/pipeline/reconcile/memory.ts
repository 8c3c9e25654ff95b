/** What the ledger must remember: recorded choices, intakes, the legal hold, receipts of anchors, configurations. */
import type { Finding } from '../../domain/reconciliation.ts';
import { configurationFindings } from './configurations.ts';
import type { LogAccount } from './log-account.ts';
import type { Ledgered, LedgeredReceipt } from './ledgered.ts';
import { atEntry, finding, shown } from './told.ts';
import type { Told } from './told.ts';

export function* memoryFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  if (ledger.choices !== log.choices) {
    const [found, told] = [`${ledger.choices} choices`, `${log.choices} choices`];
    yield finding('choices-differ', 'recorded choices', found, told);
  }
  yield* carriedFindings(log, ledger);
  const hold = log.legalHold?.what === 'legal-hold-set' ? log.legalHold.reason : null;
  if (ledger.legalHold !== hold)
    yield finding('legal-hold-differs', 'legal hold', shown(ledger.legalHold), shown(hold));
  yield* stopFindings(log, ledger);
  const known = new Set(ledger.intakes.map(({ digest }) => digest));
  const forgotten = new Map<string, string>();
  for (const { gated, decided } of log.runs.values()) {
    for (const entry of [gated, decided]) {
      for (const digest of entry === null ? [] : intakesIn(entry))
        if (!known.has(digest) && entry !== null) forgotten.set(digest, atEntry(entry));
    }
  }
  for (const [digest, entry] of forgotten)
    yield finding('intake-forgotten', `intake ${digest}`, 'no such intake in the ledger', entry);
  yield* configurationFindings(log, ledger);
}

const intakesIn = (entry: { readonly intake?: string; readonly newestIntake: string }): string[] =>
  entry.intake === undefined ? [entry.newestIntake] : [entry.intake, entry.newestIntake];

/** A stop that is not remembered as it was told would hold nobody back. */
function* stopFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const told = log.stops.map(({ position, provider, what, reason }) =>
    shown({ position, provider, stands: what === 'stop-set', reason }),
  );
  const found = ledger.stops.map(({ position, provider, stands, reason }) =>
    shown({ position, provider, stands, reason }),
  );
  for (let at = 0; at < Math.max(told.length, found.length); at++)
    if (told[at] !== found[at])
      yield finding('stop-differs', `stop ${at + 1}`, found[at] ?? 'nothing', told[at] ?? 'nothing of it');
}

/** Nothing is ever taken from the opt-outs carried: there are never fewer than objected on a night before. Told once, of the newest. */
function* carriedFindings(log: LogAccount, { carriedFrom }: Ledgered): Generator<Finding> {
  const knownAt = ({ position }: Told): number =>
    carriedFrom.findLastIndex((entries) => entries <= position) + 1;
  const short = [...log.runs.values()]
    .flatMap(({ gated }) => gated ?? [])
    .findLast((gated) => knownAt(gated) < gated.carried);
  if (short === undefined) return;
  const [found, told] = [`${knownAt(short)} carried since before`, `${short.carried} that objected`];
  yield finding('carried-forgotten', `run ${short.run}, ${atEntry(short)}, carried`, found, told);
}

/** What anchors gave back, each as its entry says; which of several equal ones is missing makes no difference. */
export function* receiptFindings(log: LogAccount, { receipts }: Ledgered): Generator<Finding> {
  const stored = receipts.map(nameOf);
  for (const entry of log.receipts) {
    const at = stored.indexOf(nameOf(entry));
    if (at >= 0) stored.splice(at, 1);
    else yield finding('receipt-missing', atEntry(entry), 'no such receipt in the ledger', nameOf(entry));
  }
  for (const name of stored)
    yield finding('receipt-without-entry', `receipt ${name}`, 'a receipt', 'nothing of it');
}

const nameOf = ({ anchor, size, receipt }: LedgeredReceipt): string =>
  `of ${anchor} for ${size} entries, SHA-256 ${receipt}`;
