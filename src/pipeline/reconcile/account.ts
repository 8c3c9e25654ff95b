/** The log read through once: each entry moves what it speaks of. */
import { mayMove } from '../../domain/run.ts';
import type { RunState } from '../../domain/run.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import { addMessage, addRequest } from './mail-account.ts';
import type { Told } from './told.ts';

/** Takes in the next entry. One of a kind that this version does not know changes nothing: its bytes were verified before. */
export function addEntry(log: LogAccount, entry: Told): void {
  const add = accounted[entry.what] as ((log: LogAccount, entry: Told) => void) | undefined;
  add?.(log, entry);
}

/** Of what it tells nothing stands in ledger or drops that could differ from it. */
const toldOnly = (): void => undefined;

const addMail = (log: LogAccount, entry: Told): void => {
  addRequest(log, entry);
  addMessage(log, entry);
};

/** What each kind of entry bears on. Total: a new kind that nobody has thought about here does not compile. */
const accounted: { readonly [What in Told['what']]: (log: LogAccount, entry: Told<What>) => void } = {
  'log-opened': atTheBeginning,
  'configuration-in-force': (log, entry) => void log.configurations.push(entry),
  heartbeat: namesARun,
  'log-recomputed': speaksOfThePast,
  // Verifying the log follows its keys.
  'signing-key-changed': toldOnly,
  'checkpoint-anchored': (log, entry) => void log.receipts.push(entry),
  'anchor-unreachable': toldOnly,
  'key-destroyed': (log, entry) => void log.destroyedKeys.set(entry.keyId, entry),
  'choice-recorded': (log) => {
    log.choices++;
  },
  'person-looked-up': toldOnly,
  'person-request-refused': toldOnly,
  'person-erased': (log, entry) => void log.erased.push(...entry.blocks),
  'year-erased': (log, entry) => {
    log.destroyedKeys.set(entry.keyId, entry);
    log.erasedYears.set(entry.year, entry);
  },
  'stop-set': (log, entry) => void log.stops.push(entry),
  'stop-lifted': liftStop,
  'legal-hold-set': (log, entry) => {
    log.legalHold = entry;
  },
  'legal-hold-lifted': (log, entry) => {
    log.legalHold = entry;
  },
  // What was given out or put by lies elsewhere.
  'pack-exported': toldOnly,
  'run-replayed': toldOnly,
  'backup-made': toldOnly,
  'ledger-restored': (log, entry) => {
    log.restoredAt = entry.position;
  },
  // A supplier may write the same date again.
  'intake-removed': toldOnly,
  'drop-collected': toldOnly,
  'intake-refused': toldOnly,
  'gate-distrusted': toldOnly,
  'drop-recognised': (log, entry) => void log.recognisedDrops.set(entry.drop, entry),
  'drop-removed': (log, entry) => void log.removedDrops.push({ ...entry, what: 'drop-removed' }),

  'run-opened': open,
  'run-is-rerun': addRunStep,
  'run-gated': addRunStep,
  'run-asked': addRunStep,
  'run-answered': addRunStep,
  'run-held': addRunStep,
  'hold-approved': addDecision,
  'hold-rejected': addDecision,
  'hold-expired': addDecision,
  'run-decided': addRunStep,
  'run-rehearsed': addRunStep,
  'decision-withdrawn': addRunStep,
  'run-released': addRunStep,
  'run-sealed': addRunStep,
  'run-withheld': addRunStep,
  'run-failed': addRunStep,
  'night-missed': miss,
  'run-attested': attest,

  'request-intended': addRequest,
  'request-sent': addRequest,
  'request-voided': addRequest,
  'request-split': addRequest,
  'request-unanswered': addRequest,
  'number-refused-by-check': addRequest,
  'message-kept': addMail,
  'message-acknowledged': addMail,
  'message-understood': addMail,
  'answer-refused': addMail,
};

function atTheBeginning(log: LogAccount, entry: Told<'log-opened'>): void {
  if (entry.position !== 0) log.outOfOrder.push({ about: 'log', entry, stood: 'a log that had begun' });
}

function liftStop(log: LogAccount, entry: Told<'stop-lifted'>): void {
  const set = log.stops.find(({ position }) => position === entry.stop);
  if (set?.what !== 'stop-set' || set.provider !== entry.provider)
    log.outOfOrder.push({ about: 'log', entry, stood: `no such stop by entry ${entry.stop}` });
  log.stops.push(entry);
}

function namesARun(log: LogAccount, entry: Told<'heartbeat'>): void {
  if (entry.lastRun !== '' && !log.runs.has(entry.lastRun))
    log.outOfOrder.push({ about: 'log', entry, stood: `no run ${entry.lastRun}` });
}

function speaksOfThePast(log: LogAccount, entry: Told<'log-recomputed'>): void {
  if (entry.size > entry.position)
    log.outOfOrder.push({ about: 'log', entry, stood: `${entry.position} entries` });
}

/** Where a step leads a run; steps that do not move it are not named. An approved hold leads back to where it began. */
const leadsTo: Partial<Readonly<Record<Told['what'], RunState>>> = {
  'run-gated': 'gated',
  'run-asked': 'asked',
  'run-answered': 'answered',
  'run-held': 'held',
  'run-decided': 'decided',
  'run-rehearsed': 'decided',
  'decision-withdrawn': 'answered',
  'run-released': 'released',
  'run-sealed': 'sealed',
  'run-withheld': 'withheld',
  'run-failed': 'failed',
};

function addDecision(
  log: LogAccount,
  entry: Told<'hold-approved'> | Told<'hold-rejected'> | Told<'hold-expired'>,
): void {
  log.holdDecisions.set(entry.hold, entry);
  addRunStep(log, entry);
}

function addRunStep(log: LogAccount, entry: Told): void {
  const run = log.runs.get(entry.run);
  if (run === undefined) {
    log.outOfOrder.push({ about: 'run', entry, stood: 'not opened' });
    return;
  }
  const to = entry.what === 'hold-approved' ? (run.heldFrom ?? 'held') : leadsTo[entry.what];
  if (to === undefined) return;
  if (!mayMove(run.state, to)) log.outOfOrder.push({ about: 'run', entry, stood: run.state });
  note(run, entry);
  run.state = to;
}

function miss(log: LogAccount, entry: Told<'night-missed'>): void {
  const stood = log.missed.has(entry.run) ? 'missed' : log.runs.get(entry.run)?.state;
  if (stood === undefined) log.missed.set(entry.run, entry);
  else log.outOfOrder.push({ about: 'run', entry, stood });
}

function attest(log: LogAccount, entry: Told<'run-attested'>): void {
  const run = log.runs.get(entry.run);
  if (run === undefined) log.outOfOrder.push({ about: 'run', entry, stood: 'not opened' });
  else if (run.attested !== null)
    log.outOfOrder.push({ about: 'run', entry, stood: `attested by entry ${run.attested.position}` });
  else run.attested = entry;
}

function open(log: LogAccount, entry: Told<'run-opened'>): void {
  const known = log.runs.get(entry.run);
  if (known !== undefined) {
    log.outOfOrder.push({ about: 'run', entry, stood: known.state });
    return;
  }
  log.runs.set(entry.run, {
    opened: entry,
    configuration: log.configurations.at(-1)?.digest ?? null,
    state: 'opened',
    heldFrom: null,
    gated: null,
    decided: null,
    released: null,
    sealed: null,
    attested: null,
    end: null,
    holds: [],
  });
}

function note(run: RunAccount, entry: Told): void {
  if (entry.what === 'run-gated') run.gated = entry;
  else if (entry.what === 'run-decided' || entry.what === 'run-rehearsed') run.decided = entry;
  else if (entry.what === 'run-released') run.released = entry;
  else if (entry.what === 'run-held') {
    run.heldFrom = entry.stage === 'before-asking' ? 'gated' : 'answered';
    run.holds.push({ held: entry, run: entry.run });
  } else if (entry.what === 'hold-approved') run.heldFrom = null;
  if (entry.what === 'run-sealed') run.sealed = entry;
  if (entry.what === 'run-sealed' || entry.what === 'run-withheld' || entry.what === 'run-failed')
    run.end = entry;
}
