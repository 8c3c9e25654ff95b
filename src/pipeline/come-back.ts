import type { Instant } from '../domain/calendar.ts';

/** Thrown where a run has to wait and its process does not: nothing is lost, and from `at` on the run goes on where it stands. */
export class ComeBack extends Error {
  readonly at: Instant;

  constructor(at: Instant) {
    super('the run waits');
    this.name = 'ComeBack';
    this.at = at;
  }
}
