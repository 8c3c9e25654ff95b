import { formatInstant } from '../../src/domain/calendar.ts';
import type { StoredStop } from '../../src/ports.ts';

/** A word about a stop, on a line. */
export const describeStop = ({ position, provider, stands, at, by, reason }: StoredStop): string =>
  [
    `  ${stands ? 'STOPPED' : 'lifted '}`,
    provider === null ? 'everything' : `provider ${JSON.stringify(provider)}`,
    `since ${formatInstant(at)} by ${by}: ${reason} (entry ${position})`,
  ].join('  ');
