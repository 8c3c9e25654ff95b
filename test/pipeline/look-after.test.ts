/** Nights looked after by a process that never waits: it comes back, or another does. */
import { describe, expect, it } from '@jest/globals';

import { hour, minute } from '../../src/domain/calendar.ts';
import { Failure } from '../../src/domain/failure.ts';
import { formatRunId } from '../../src/domain/run.ts';
import { lookAfter, nightsOwed } from '../../src/pipeline/look-after.ts';
import type { NightLook } from '../../src/pipeline/look-after.ts';
import { approve } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import { residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

const leaving = (world: World): void => {
  world.pipeline = { ...world.pipeline, leavesToWait: true };
};

const owed = async (world: World): Promise<string[]> =>
  (await nightsOwed(world.pipeline)).map(
    ({ businessDate, isLate }) => businessDate + (isLate ? ' late' : ''),
  );

/** Looks after the oldest night owed until it ends or stands still, passing time as it was told to; a new process each time. */
async function lookUntilDone(world: World): Promise<{ looks: number; last: NightLook }> {
  for (let looks = 1; looks < 500; looks++) {
    leaving(world);
    const [night] = await nightsOwed(world.pipeline);
    if (night === undefined) throw new Error('no night is owed');
    const last = await lookAfter(world.pipeline, night);
    if (last.now !== 'waits') return { looks, last };
    world.pass(last.again - world.now());
    await world.restart();
  }
  throw new Error('it never ends');
}

describe('a night', () => {
  it('is asked, left, come back to and released by ever new processes, with one message', async () => {
    const world = await createWorld({ optedOut: testNumbers(1, 2) });
    world.intake({ choices: [], roster: residents(5) });
    expect(await owed(world)).toEqual([tonight]);
    const { looks, last } = await lookUntilDone(world);
    expect(last).toMatchObject({ now: 'ended', run: { state: 'sealed' } });
    expect(looks).toBeGreaterThan(3);
    expect(world.simulator.sent()).toHaveLength(1);
    expect(world.released()).toEqual(testNumbers(5).filter((_, at) => at !== 2));
    expect(await owed(world)).toEqual([]);
  });

  it('during which MESH is down after the first request is left and come back to', async () => {
    const world = await createWorld({ settings: { CHECK_MAX_NUMBERS: '2' } });
    world.intake({ choices: [], roster: residents(4) });
    leaving(world);
    const { mailbox } = world.pipeline;
    let isDown = true;
    const send: typeof mailbox.send = (message) => {
      if (isDown && world.simulator.sent().length > 0) world.simulator.fault('closed-mailbox');
      return mailbox.send(message);
    };
    world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, send } };
    const [night] = await nightsOwed(world.pipeline);
    const first = await lookAfter(world.pipeline, night!);
    expect(['waits', 'stopped']).toContain(first.now);
    isDown = false;
    expect((await lookUntilDone(world)).last).toMatchObject({ now: 'ended', run: { state: 'sealed' } });
    expect(world.released()).toEqual(testNumbers(4));
  });

  it('that is held is owed until somebody has decided, then goes on', async () => {
    const world = await createWorld();
    const mistyped = choiceCells({ service_user_id: 'SU-NOBODY', requested_at: '2026-11-21T10:00:00Z' });
    world.intake({ choices: [mistyped], roster: residents(3) });
    expect((await lookUntilDone(world)).last).toMatchObject({ now: 'held' });
    expect(await owed(world)).toEqual([tonight]);
    await approve(world);
    expect((await lookUntilDone(world)).last).toMatchObject({ now: 'ended', run: { state: 'sealed' } });
  });
});

describe('an intake that is not there', () => {
  it('is tried again in five minutes, and the night is released once it is', async () => {
    const world = await createWorld();
    leaving(world);
    const [night] = await nightsOwed(world.pipeline);
    const look = await lookAfter(world.pipeline, night!);
    expect(look).toMatchObject({ now: 'stopped', failure: { code: 'intake-missing' } });
    expect(look.now === 'stopped' && look.again - world.now()).toBe(5 * minute);
    world.intake({ choices: [], roster: residents(3) });
    expect((await lookUntilDone(world)).last).toMatchObject({ now: 'ended', run: { state: 'sealed' } });
  });

  it('until 18:00 London ends the night failed, and the night is owed no more', async () => {
    const world = await createWorld();
    leaving(world);
    const [night] = await nightsOwed(world.pipeline);
    world.pass(15 * hour);
    expect(await lookAfter(world.pipeline, night!)).toMatchObject({ now: 'stopped' });
    world.pass(31 * minute);
    const look = await lookAfter(world.pipeline, night!);
    expect(look).toMatchObject({ now: 'ended', run: { state: 'failed', reason: 'intake-missing' } });
    expect(await owed(world)).toEqual([]);
    const entries = await world.entries();
    expect(entries.filter(({ what }) => what === 'night-missed')).toMatchObject([
      { run: `${tonight}/r1`, code: 'intake-missing' },
    ]);
    expect((await world.run()).run).toMatchObject({ state: 'failed' });
  });

  it('ends no night while MESH says another time, or nothing', async () => {
    const world = await createWorld();
    leaving(world);
    const [night] = await nightsOwed(world.pipeline);
    world.pass(40 * hour);
    const { mailbox } = world.pipeline;
    for (const handshake of [
      () => Promise.resolve(-38 * hour),
      () => Promise.reject(new Failure('mesh-unreachable', { message: 'down', hint: 'none' })),
    ]) {
      world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, handshake } };
      expect(await lookAfter(world.pipeline, night!)).toMatchObject({ now: 'stopped' });
    }
    expect(await world.ledger.read((tx) => tx.runs({ businessDate: tonight }))).toEqual([]);
  });
});

it('nights that were missed are caught up in order, each under its own date', async () => {
  const world = await createWorld();
  world.intake({ choices: [], roster: residents(3) });
  await lookUntilDone(world);
  for (const date of ['2026-11-23', '2026-11-24'])
    world.intake({ choices: [], roster: residents(3) }, {}, date);
  world.toNight('2026-11-24');
  world.intake({ choices: [], roster: residents(3) }, {}, '2026-11-24');
  expect(await owed(world)).toEqual(['2026-11-23 late', '2026-11-24']);
  const ended: string[] = [];
  while ((await owed(world)).length > 0) {
    const { last } = await lookUntilDone(world);
    if (last.now === 'ended') ended.push(`${formatRunId(last.run)} ${last.run.state}`);
    else world.pass(hour);
  }
  expect(ended.map((end) => end.slice(0, 13))).toEqual(['2026-11-23/r1', '2026-11-24/r1']);
  expect(ended[1]).toBe('2026-11-24/r1 sealed');
});
