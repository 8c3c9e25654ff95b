/** The log read through once: each entry moves what it speaks of. */
import { mayMove } from '../../domain/run.ts';
import type { RunState } from '../../domain/run.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import { addMessage, addRequest } from './mail-account.ts';
import type { Told } from './told.ts';

/** Takes in the next entry. Entries of kinds that have no counterpart in ledger or drop change nothing. */
export function addEntry(log: LogAccount, entry: Told): void {
  if (entry.what === 'configuration-in-force') log.configurations.push(entry);
  else if (entry.what === 'key-destroyed') log.destroyedKeys.set(entry.keyId, entry);
  else if (entry.what === 'drop-removed') log.removedDrops.push({ ...entry, what: 'drop-removed' });
  else if (entry.what === 'choice-recorded') log.choices++;
  else {
    addRunStep(log, entry);
    addRequest(log, entry);
    addMessage(log, entry);
  }
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

function addRunStep(log: LogAccount, entry: Told): void {
  if (entry.what === 'run-opened') {
    open(log, entry);
    return;
  }
  const run = log.runs.get(entry.run);
  if (entry.what === 'hold-approved' || entry.what === 'hold-rejected' || entry.what === 'hold-expired')
    log.holdDecisions.set(entry.hold, entry);
  if (run === undefined) {
    if (isRunStep(entry)) log.outOfOrder.push({ about: 'run', entry, stood: 'not opened' });
    return;
  }
  const to = entry.what === 'hold-approved' ? (run.heldFrom ?? 'held') : leadsTo[entry.what];
  if (to === undefined) return;
  if (!mayMove(run.state, to)) log.outOfOrder.push({ about: 'run', entry, stood: run.state });
  note(run, entry);
  run.state = to;
}

const isRunStep = ({ what }: Told): boolean => what.startsWith('run-') && what !== 'run-replayed';

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
