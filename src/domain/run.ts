/**
 * A run is a business date and a revision. It moves through the states below and never back, but for two loops: a person looks
 * (`held`) and lets it go on from where it stood, and a decision is taken anew (from `decided` back to `answered`) while its drop has
 * no manifest. What each state promises after a crash:
 *
 *   opened    the intake is verified and its digest written down; nothing has been decided
 *   gated     every row has its outcome, the numbers to ask about lie encrypted in the ledger; nothing has left
 *   asked     every request has been handed to MESH, or will be found by its local id; nothing has come back that counts
 *   answered  every request is settled: answered, refused down to one number, or given up at the deadline
 *   decided   who leaves is written down, signed over and fixed; the drop may be partly linked but has no manifest; a rehearsal
 *             links nothing and ends withheld from here
 *   released  the drop stands with its manifest and is never touched again
 *   sealed    totals and checkpoint are written; final
 *   held      a person must look; nothing leaves meanwhile
 *   withheld  nothing left and nothing will; final
 *   failed    the run could not be done; nothing left; final
 */
import type { LocalDate } from './calendar.ts';
import { exitCodes } from './failure.ts';
import type { ExitCode } from './failure.ts';

export const runStates = [
  'opened',
  'gated',
  'asked',
  'answered',
  'decided',
  'released',
  'sealed',
  'held',
  'withheld',
  'failed',
] as const;
export type RunState = (typeof runStates)[number];

export const transitions: Readonly<Record<RunState, readonly RunState[]>> = {
  opened: ['gated', 'withheld', 'failed'],
  gated: ['asked', 'held', 'withheld', 'failed'],
  asked: ['answered', 'withheld', 'failed'],
  answered: ['decided', 'held', 'withheld', 'failed'],
  decided: ['released', 'answered', 'withheld', 'failed'],
  released: ['sealed'],
  held: ['gated', 'answered', 'withheld'],
  sealed: [],
  withheld: [],
  failed: [],
};

export const mayMove = (from: RunState, to: RunState): boolean => transitions[from].includes(to);

export const isFinal = (state: RunState): boolean => transitions[state].length === 0;

export interface RunId {
  readonly businessDate: LocalDate;
  readonly revision: number;
}

/** Rehearsals count down from 0, so that they never stand in the way of a revision. */
export const isRehearsal = (run: RunId): boolean => run.revision < 1;

/** `2026-11-22/r1`, or `2026-11-22/rehearsal-1`, in entries, manifests and messages. */
export const formatRunId = (run: RunId): string =>
  `${run.businessDate}/${isRehearsal(run) ? `rehearsal-${1 - run.revision}` : `r${run.revision}`}`;

/** The exit code of a run that can go no further without a person or a new night. */
export function exitCodeOfRun(state: RunState): ExitCode {
  switch (state) {
    case 'sealed':
      return exitCodes.done;
    case 'held':
    case 'withheld':
      return exitCodes.withheld;
    case 'failed':
      return exitCodes.unexpected;
    case 'opened':
    case 'gated':
    case 'asked':
    case 'answered':
    case 'decided':
    case 'released':
      return exitCodes.interrupted;
  }
}

/** The states and their successors as lines of text, for the README. */
export const transitionDiagram = (): string =>
  runStates.map((state) => `${state.padEnd(9)} -> ${transitions[state].join(', ') || '(final)'}`).join('\n');

/** A request moves on its own: intended before the POST, sent when MESH has said its message id, then settled. */
export const requestStates = [
  'planned',
  'intended',
  'sent',
  'answered',
  'answer-refused',
  'split',
  'refused',
  'unanswered',
  'void',
] as const;
export type RequestState = (typeof requestStates)[number];

/** Requests that still wait for something; the others are settled. */
export const isOpenRequest = (state: RequestState): boolean =>
  state === 'planned' || state === 'intended' || state === 'sent';
