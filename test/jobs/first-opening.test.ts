/** Many processes that open a new ledger at the same moment: it is begun once, and none of them is turned away. */
import { expect, it } from '@jest/globals';

import { usePostgres } from '../support/postgres.ts';
import { readLog } from './evidence.ts';
import type { NightOptions } from './night.ts';
import { result, useNights } from './nights.ts';

const postgres = usePostgres();
const oneNight = useNights();

const manyOpen = (options: NightOptions): Promise<void> =>
  oneNight(async (night) => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => night.gate('status', '--json')));
    expect(opened.map(({ stderr }) => stderr)).toEqual(opened.map(() => ''));
    expect(opened.map((ended) => result(ended)['lastNight'])).toEqual(
      opened.map(() => ({ businessDate: night.date, state: 'missing' })),
    );
    const { entries } = await readLog(night);
    expect(entries.map(({ what }) => what)).toEqual(['log-opened']);
  }, options);

it('the embedded one', () => manyOpen({}));

it('one in PostgreSQL', async () =>
  manyOpen({ settings: { DATABASE_URL: (await postgres.database()).url } }));
