import { isFaultName } from './faults.ts';
import { jsonResponse } from './refusals.ts';
import type { Simulator } from './simulator.ts';

/**
 * Levers for demonstrations and tests, beside the mailboxes and behind no token: `POST /simulator/advance?ms=`,
 * `POST /simulator/fault?name=&times=&delayMs=`, `GET /simulator/sent`, `GET /simulator/statistics`. Null when the path is not one of
 * them.
 */
export function control(simulator: Simulator, request: Request): Response | null {
  const { pathname, searchParams } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case 'POST /simulator/advance': {
      const ms = wholeNumber(searchParams.get('ms'));
      if (ms === null) return jsonResponse(400, { allowed: 'ms: a whole number' }, 1);
      simulator.clock.advance(ms);
      return jsonResponse(200, simulator.statistics(), 1);
    }
    case 'POST /simulator/fault': {
      const name = searchParams.get('name') ?? '';
      const times = wholeNumber(searchParams.get('times') ?? '1');
      const delayMs = wholeNumber(searchParams.get('delayMs'));
      if (!isFaultName(name) || times === null)
        return jsonResponse(400, { allowed: 'name: a fault; times: a number' }, 1);
      simulator.fault(name, { times, ...(delayMs === null ? {} : { delayMs }) });
      return jsonResponse(200, simulator.statistics(), 1);
    }
    case 'GET /simulator/sent':
      return jsonResponse(200, simulator.sent(), 1);
    case 'GET /simulator/statistics':
      return jsonResponse(200, simulator.statistics(), 1);
  }
  return null;
}

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^[0-9]{1,12}$/.test(text) ? Number(text) : null;
