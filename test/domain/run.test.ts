/** The states of a run: the table is complete, every state is reached, and what each means at the edges. */
import fs from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import {
  exitCodeOfRun,
  formatRunId,
  isFinal,
  isOpenRequest,
  isRehearsal,
  mayMove,
  requestStates,
  runStates,
  transitionDiagram,
  transitions,
} from '../../src/domain/run.ts';
import type { RunState } from '../../src/domain/run.ts';

/** Every state that can be come to from one, itself included. */
function reachedFrom(start: RunState): Set<RunState> {
  const reached = new Set([start]);
  for (const state of reached) transitions[state].forEach((next) => reached.add(next));
  return reached;
}

describe('transitions', () => {
  it('every state has a line, and every successor is a state', () => {
    expect(Object.keys(transitions).sort()).toEqual([...runStates].sort());
    for (const next of Object.values(transitions).flat()) expect(runStates).toContain(next);
  });

  it('every state has a successor or is final, and three are', () => {
    expect(runStates.filter(isFinal)).toEqual(['sealed', 'withheld', 'failed']);
  });

  it('every state is reached from opened', () => {
    expect([...reachedFrom('opened')].sort()).toEqual([...runStates].sort());
  });

  it('from every state an end is reached', () => {
    for (const state of runStates) expect([...reachedFrom(state)].some(isFinal)).toBe(true);
  });

  it('no state follows itself, none is named twice', () => {
    for (const state of runStates) {
      expect(transitions[state]).not.toContain(state);
      expect(new Set(transitions[state]).size).toBe(transitions[state].length);
    }
  });

  it('nothing is released but what was decided, decided but what was answered, answered but what was asked', () => {
    const before = (to: RunState): RunState[] => runStates.filter((from) => mayMove(from, to));
    expect(before('opened')).toEqual([]);
    expect(before('sealed')).toEqual(['released']);
    expect(before('released')).toEqual(['decided']);
    expect(before('decided')).toEqual(['answered']);
    expect(before('asked')).toEqual(['gated']);
    expect(before('gated')).toEqual(['opened', 'held']);
  });

  it('after the release only the seal can come: what has left is never said to be withheld', () => {
    expect(transitions.released).toEqual(['sealed']);
    expect(mayMove('released', 'failed')).toBe(false);
  });

  it('print as the README shows them', () => {
    const diagram = transitionDiagram();
    expect(diagram.split('\n')).toHaveLength(runStates.length);
    expect(diagram).toContain('released  -> sealed\nsealed    -> (final)\n');
    expect(fs.readFileSync('README.md', 'utf8')).toContain(diagram);
  });
});

describe('the exit code of a run', () => {
  it('0 sealed, 3 held or withheld, 1 failed, 8 while it can go on', () => {
    expect(Object.fromEntries(runStates.map((state) => [state, exitCodeOfRun(state)]))).toEqual({
      opened: 8,
      gated: 8,
      asked: 8,
      answered: 8,
      decided: 8,
      released: 8,
      sealed: 0,
      held: 3,
      withheld: 3,
      failed: 1,
    });
  });
});

describe('the name of a run', () => {
  it('is its date and its revision; rehearsals count down from nought', () => {
    const businessDate = '2026-11-22';
    expect(formatRunId({ businessDate, revision: 1 })).toBe('2026-11-22/r1');
    expect(formatRunId({ businessDate, revision: 12 })).toBe('2026-11-22/r12');
    expect(formatRunId({ businessDate, revision: 0 })).toBe('2026-11-22/rehearsal-1');
    expect(formatRunId({ businessDate, revision: -2 })).toBe('2026-11-22/rehearsal-3');
    expect([2, 1, 0, -1].map((revision) => isRehearsal({ businessDate, revision }))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('requests', () => {
  it('wait while planned, intended or sent', () => {
    expect(requestStates.filter(isOpenRequest)).toEqual(['planned', 'intended', 'sent']);
  });
});
