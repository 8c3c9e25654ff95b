/**
 * The real process dies, by SIGKILL, before and after every step of a run; whoever runs the ordinary command line again ends with the same
 * drop, one message at MESH for each request, and a log that verifies.
 */
import { describe, expect, it } from '@jest/globals';

import { demandDropOrNone, demandWholeNight, endsWhole } from './evidence.ts';
import type { NightOptions } from './night.ts';
import { useNights } from './nights.ts';

const oneNight = useNights();

/** Seven numbers are asked about: in one request, or in two, so that one may be with MESH while the other is not. */
type Requests = 1 | 2;
const asking = (requests: Requests): NightOptions => ({
  settings: { CHECK_MAX_NUMBERS: requests === 1 ? '100' : '4' },
});

/** A point and how often it is passed before the process dies there. */
interface Death {
  readonly point: string;
  readonly n: number;
}

/** Every point that a run passes which nobody kills. */
function deathsThereAre(requests: Requests): Promise<readonly Death[]> {
  return oneNight(async (night) => {
    const { stdout, code } = await night.die('--list');
    expect(code).toBe(0);
    await demandWholeNight(night, requests);
    const passed = Object.entries(JSON.parse(stdout) as Record<string, number>);
    return passed.flatMap(([point, times]) => {
      // How often an empty inbox is looked into is a matter of speed; the first two looks are sure.
      const sure = point.endsWith('waiting') ? 2 : times;
      return Array.from({ length: sure }, (_, index) => ({ point, n: index + 1 }));
    });
  }, asking(requests));
}

/** Works through the list two at a time; what failed, by name. */
async function twoAtATime<T>(
  list: readonly T[],
  name: (one: T) => string,
  work: (one: T) => Promise<void>,
): Promise<Record<string, unknown>> {
  const waiting = [...list];
  const failures: Record<string, unknown> = {};
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const its = name(one);
      await work(one).catch((thrown: unknown) => (failures[its] = thrown));
    }
  };
  await Promise.all([worker(), worker()]);
  return failures;
}

const named = ({ point, n }: Death): string => `${point} ${n}`;

/** Where a run that goes on dies again; some it will have passed before. */
const seconds: readonly Death[] = [
  { point: 'after commit', n: 1 },
  { point: 'before drop link', n: 2 },
  { point: 'before commit', n: 2 },
  { point: 'after checkpoint-file', n: 2 },
  { point: 'before drop flush-folder', n: 4 },
  { point: 'before commit', n: 3 },
  { point: 'before opening', n: 1 },
];

describe('a run that is killed', () => {
  it('ends with the same drop, wherever it died (fault 16)', async () => {
    const deaths = await deathsThereAre(1);
    const points = new Set(deaths.map(({ point }) => point.replace(/^(before|after) /, '')));
    expect([...points].sort()).toEqual(everyPoint);
    const failures = await twoAtATime(deaths, named, (death) =>
      oneNight(async (night) => {
        expect(await night.die(death.point, String(death.n))).toMatchObject({ signal: 'SIGKILL' });
        demandDropOrNone(night);
        await endsWhole(night, 1);
      }, asking(1)),
    );
    expect(failures).toEqual({});
  }, 600_000);

  it('ends with the same drop, killed again while it goes on', async () => {
    const deaths = await deathsThereAre(2);
    const firsts = deaths.filter(({ point }, index) => point.endsWith(' send') || index % 9 === 4);
    const pairs = firsts.map((first, index) => ({ first, second: seconds[index % seconds.length]! }));
    const signals: (string | null)[] = [];
    const failures = await twoAtATime(
      pairs,
      ({ first, second }) => `${named(first)}, then ${named(second)}`,
      ({ first, second }) =>
        oneNight(async (night) => {
          expect(await night.die(first.point, String(first.n))).toMatchObject({ signal: 'SIGKILL' });
          const { signal } = await night.die(second.point, String(second.n));
          signals.push(signal);
          demandDropOrNone(night);
          await endsWhole(night, 2);
        }, asking(2)),
    );
    expect(failures).toEqual({});
    expect(signals.filter((signal) => signal === 'SIGKILL').length).toBeGreaterThan(pairs.length / 2);
  }, 600_000);
});

const everyPoint = ['acknowledge', 'checkpoint-file', 'commit', 'download']
  .concat(['drop check-file', 'drop create-file', 'drop flush-file', 'drop flush-folder', 'drop link'])
  .concat(['drop make-folder', 'drop remove-staging', 'drop write-piece'])
  .concat(['handshake', 'opening', 'send', 'waiting']);
