/** Two weeks, and a night long ago, with something of everything, for those who compare the log with the world. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { formatInstant, hour } from '../../src/domain/calendar.ts';
import { sha256, tell } from '../../src/pipeline/context.ts';
import { beat } from '../../src/pipeline/custody.ts';
import { commitSigned } from '../../src/pipeline/end.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { erasePerson, eraseYear, setLegalHold } from '../../src/pipeline/person-erasure.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import { approve } from './approvals.ts';
import { setStop } from '../../src/pipeline/stops.ts';
import { createWorld, tonight } from './gate-world.ts';
import type { World } from './gate-world.ts';
import { providerCells } from './intake-folder.ts';
import { resident, residents, serviceUserId, testNumber } from './residents.ts';

/** The dates: a drop removed since; a run that failed on an intent; a split list; a hold; the last night. */
export const dates = {
  removed: '2026-11-10',
  failed: '2026-11-13',
  split: '2026-11-20',
  held: '2026-11-21',
  last: tonight,
  /** A year whose key was destroyed. */
  erasedYear: '2016',
} as const;

/** The world, and a copy of the drop that was removed. */
export async function eventfulWorld(): Promise<{ world: World; removedDrop: string }> {
  const world = await createWorld({
    settings: { CHECK_MAX_NUMBERS: '50' },
    optedOut: [testNumber(3)],
    simulator: { isRefused: (number) => number === testNumber(7) },
  });
  const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
  const people = [
    ...residents(12),
    resident(100, { restricted: 'yes' }),
    resident(101, { provider_id: 'PR-02' }),
  ];
  const begin = (date: string, roster = people): void => {
    world.toNight(date);
    world.intake({ choices: [], roster, providers }, {}, date);
  };
  const longAgo = `${dates.erasedYear}-11-10`;
  begin(longAgo);
  await world.run(longAgo);

  begin(dates.removed);
  await world.run(dates.removed);
  const removedDrop = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-kept-'));
  fs.cpSync(world.dropFolder(dates.removed), removedDrop, { recursive: true });

  begin(dates.failed);
  const { mailbox } = world.pipeline;
  const send = (): Promise<never> => Promise.reject(new Error('dead'));
  world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, send } };
  await world.run(dates.failed).catch(() => undefined);
  await world.reconfigure({ MESH_POLL_SECONDS: '600' });

  begin(
    dates.split,
    people.filter(({ nhs_number }) => nhs_number !== testNumber(5)),
  );
  await world.run(dates.failed);
  await keepHouse(world.pipeline);
  world.simulator.fault('duplicate');
  await world.run(dates.split);
  const told = { serviceUserId: serviceUserId(1), choice: 'opt_out', channel: 'verbal', decidedBy: 'self' };
  const at = formatInstant(world.now());
  await recordChoice(world.pipeline, { ...told, requestedAt: at, recordedAt: at });

  begin(dates.held, [...residents(170), ...residents(2, { provider_id: 'PR-02' }, 300)]);
  world.optedOut.clear();
  await world.run(dates.held);
  await approve(world);
  await world.run(dates.held);

  begin(dates.last);
  world.optedOut.add(testNumber(3));
  await world.run(dates.last, true);
  world.pass(hour);
  await world.run(dates.last);
  await tend(world);
  return { world, removedDrop };
}

/** What happens beside the runs: a year and a person erased, a sign of life, an anchor, a legal hold, a stop. */
async function tend(world: World): Promise<void> {
  await eraseYear(world.pipeline, dates.erasedYear, 'its time is over');
  await erasePerson(world.pipeline, Number(testNumber(2)), 'a court said so');
  await beat(world.pipeline);
  const receipt = Buffer.from('taken');
  await commitSigned(world.pipeline, async (tx) => {
    const size = (await tx.checkpoint())?.size ?? 0;
    const step = { what: 'checkpoint-anchored', anchor: 'folder', size, receipt: sha256(receipt) } as const;
    const proof = await tell(world.pipeline, tx, null, step);
    await tx.putAnchoring({ anchor: 'folder', target: '/elsewhere', size, at: world.now(), receipt }, proof);
  });
  await setLegalHold(world.pipeline, 'a case is open');
  await setStop(world.pipeline, 'PR-09', 'a home asked for it');
}
