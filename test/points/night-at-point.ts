/** A night whose run meets a fault at one call to the disk; and what must hold right after, and once somebody has run it again. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { demandDropOrNone, endsWhole } from '../jobs/evidence.ts';
import { createNight } from '../jobs/night.ts';
import type { Night } from '../jobs/night.ts';
import type { Programs, Settings } from '../support/processes.ts';

/** `kill` before the call takes effect, `kill-after` once it has; `short`: half of a write is done; or the number of an error. */
export const faults = {
  kill: 'kill',
  'kill after': 'kill-after',
  'half written': 'short',
  EIO: '5',
  EACCES: '13',
  ENOSPC: '28',
  EROFS: '30',
  'no known error': '122',
} as const;
export type Fault = keyof typeof faults;

export interface Point {
  /** Counted over every call that changes something, from 1. */
  readonly number: number;
  readonly call: string;
  /** Below the folder of the night, what is random or a date in it made alike. */
  readonly place: string;
}

export type Verdict = 'recovered' | 'not reached' | { readonly wrong: string };

const alike = (place: string): string =>
  place
    .replaceAll(/\d{4}-\d{2}-\d{2}/g, 'DATE')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'RANDOM')
    .replaceAll(/[0-9a-f]{16,}/g, 'RANDOM');

function callsIn(log: string): Point[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [number, call = '', ...place] = line.split(' ');
      return { number: Number(number), call, place: alike(place.join(' ')) };
    });
}

const under = (night: Night, library: string, more: Settings): Settings => ({
  LD_PRELOAD: library,
  POINTS_ROOT: `${path.dirname(night.dataDir)}/`,
  POINTS_LOG: logOf(night),
  ...more,
});
const logOf = (night: Night): string => `${path.dirname(night.dataDir)}.calls`;

/** Every call of a run that nothing happens to. */
export async function recordCalls(programs: Programs, library: string): Promise<readonly Point[]> {
  const night = await createNight(programs);
  try {
    const { code } = await night.runUnder(under(night, library, {}));
    if (code !== 0) throw new Error(`a run under the library ends with ${String(code)}`);
    return callsIn(logOf(night));
  } finally {
    await night.close();
  }
}

export async function tryPoint(
  programs: Programs,
  library: string,
  point: Point,
  fault: Fault,
): Promise<Verdict> {
  const night = await createNight(programs);
  try {
    const own = { POINTS_AT: String(point.number), POINTS_FAULT: faults[fault] };
    const { code, signal, stderr } = await night.runUnder(under(night, library, own));
    const isReached = callsIn(logOf(night)).some(({ number }) => number === point.number);
    const shown = checkpointOf(night);
    const isDead = signal === 'SIGKILL';
    const mayDie = fault === 'kill' || fault === 'kill after';
    if (isDead !== (mayDie && isReached)) return { wrong: `ended by ${signal ?? `code ${String(code)}`}` };
    if (!isDead && !(code !== null && code >= 0 && code <= 8)) return { wrong: `code ${String(code)}` };
    if (code === 0 && !existsSync(path.join(night.drop, 'manifest.json')))
      return { wrong: 'code 0 without a drop' };
    if (code === 4 && (await night.farSide.sent()).length > 0)
      return { wrong: 'code 4, though something was sent' };
    if (/^ *code: +unexpected$/m.test(stderr))
      return { wrong: `an end that nobody foresaw: ${stderr.slice(-600)}` };
    demandDropOrNone(night);
    await endsWhole(night, 1);
    const verified = await night.gate('audit', 'verify');
    if (verified.code !== 0)
      return { wrong: `afterwards the log does not verify: ${verified.stderr.slice(-600)}` };
    if (checkpointOf(night) < shown) return { wrong: 'what was shown of the log has shrunk' };
    return isReached ? 'recovered' : 'not reached';
  } catch (thrown) {
    return { wrong: (thrown as Error).message.slice(0, 900) };
  } finally {
    await night.close();
  }
}

/** Entries under the checkpoint that is shown. */
function checkpointOf({ dataDir }: Night): number {
  const file = path.join(dataDir, 'checkpoint');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[1]) : 0;
}
