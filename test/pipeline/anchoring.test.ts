/** Every run shows its log to the anchors: what an outage allows and for how long, and what a cut or forked log does not. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { createFolderAnchor } from '../../src/anchor/folder.ts';
import { addDays, hour, minute } from '../../src/domain/calendar.ts';
import { exitCodeOf, exitCodes, Failure } from '../../src/domain/failure.ts';
import type { FailureCode } from '../../src/domain/failure.ts';
import type { RunState } from '../../src/domain/run.ts';
import { anchorStandings } from '../../src/pipeline/anchor-standings.ts';
import { anchorAll } from '../../src/pipeline/anchoring.ts';
import { beat } from '../../src/pipeline/custody.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import type { Anchor } from '../../src/ports.ts';
import { createFakeAnchor } from '../support/fake-anchor.ts';
import type { FakeAnchor } from '../support/fake-anchor.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { Told, World } from '../support/gate-world.ts';
import { residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

const dateOf = (night: number): string => addDays(tonight, night);

/** A night as `export-gate run` lives it: how it ended. */
async function night(world: World, date = tonight): Promise<FailureCode | RunState> {
  world.toNight(date);
  world.intake({ choices: [], roster: residents(3) }, {}, date);
  return take(world, date);
}

async function take(world: World, date = tonight): Promise<FailureCode | RunState> {
  try {
    const { run } = await world.run(date);
    await keepHouse(world.pipeline);
    return run.state;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
}

const told = async (world: World, ...whats: string[]): Promise<Told[]> =>
  (await world.entries()).filter(({ what }) => whats.includes(what));
const signedSize = async (world: World): Promise<number | undefined> =>
  (await world.ledger.read((tx) => tx.checkpoint()))?.size;
const states = async ({ pipeline }: World): Promise<string[]> =>
  (
    await anchorStandings(
      pipeline,
      pipeline.anchors.map(({ name }) => name),
    )
  ).map(({ state }) => state);

const awayAnchor = (): FakeAnchor => Object.assign(createFakeAnchor(), { isAway: true });

describe('a night', () => {
  it('ends with every anchor holding what was signed last, and an entry that tells of it', async () => {
    const anchors = [createFakeAnchor('timestamp'), createFakeAnchor('witness')];
    const world = await createWorld({ anchors });
    expect(await night(world)).toBe('sealed');
    const size = await signedSize(world);
    expect(anchors.map(({ taken }) => taken.length)).toEqual([size, size]);
    const entries = await told(world, 'checkpoint-anchored');
    const last = entries.slice(-2).map(({ anchor, size: anchored }) => [anchor, anchored]);
    expect(last).toEqual([
      ['timestamp', size],
      ['witness', size],
    ]);
  });

  it('that is over is shown to nobody again, and the log does not grow by having been shown', async () => {
    const world = await createWorld({ anchors: [createFakeAnchor()] });
    expect(await night(world)).toBe('sealed');
    await beat(world.pipeline);
    await anchorAll(world.pipeline);
    const before = (await world.entries()).length;
    for (let times = 0; times < 3; times += 1) {
      expect(await take(world)).toBe('sealed');
      await beat(world.pipeline);
      await anchorAll(world.pipeline);
    }
    expect((await world.entries()).length).toBe(before);
  });

  it('is anchored by whoever is there, though another is away', async () => {
    const anchors = [awayAnchor(), createFakeAnchor('folder')];
    const world = await createWorld({ anchors });
    expect(await night(world)).toBe('sealed');
    expect(anchors[1]?.taken.length).toBe(await signedSize(world));
    expect(await told(world, 'anchor-unreachable')).toMatchObject([
      { anchor: 'witness', code: 'anchor-unreachable' },
    ]);
    expect(await states(world)).toEqual(['silent', 'in-time']);
  });

  it('is not stopped by an anchor that breaks, and is by a log that cannot be proved', async () => {
    const broken: Anchor = {
      ...createFakeAnchor(),
      take: () => Promise.reject(new TypeError('of its own')),
    };
    const world = await createWorld({ anchors: [broken] });
    expect(await night(world)).toBe('sealed');
    expect(await states(world)).toEqual(['silent']);
    const asking: Anchor = { ...broken, take: (log) => log.prove(1).then(() => Buffer.of()) };
    const prove = () => Promise.reject(new Failure('audit-invalid', { message: 'altered' }));
    const pipeline = {
      ...world.pipeline,
      anchors: [asking],
      audit: { ...world.pipeline.audit, prove },
    };
    await expect(anchorAll(pipeline)).rejects.toMatchObject({ code: 'audit-invalid' });
  });
});

describe('an anchor that takes nothing', () => {
  it('lets the export go on for its days of grace, alarms, and then stops it before anybody is asked about (fault 33)', async () => {
    const witness = awayAnchor();
    const world = await createWorld({ anchors: [witness], settings: { ANCHOR_GRACE_DAYS: '2' } });
    const ends: string[] = [];
    for (const n of [0, 1, 2, 3]) ends.push(await night(world, dateOf(n)));
    expect(ends).toEqual(['sealed', 'sealed', 'sealed', 'anchor-overdue']);
    const alarms = world.events.flatMap((event) => (event.step === 'anchor-failed' ? [event.daysLeft] : []));
    expect([alarms[0], alarms.at(-1)]).toEqual([2, 0]);
    expect(await states(world)).toEqual(['overdue']);
    const run = `${dateOf(3)}/r1`;
    expect(
      (await told(world, 'request-intended', 'request-sent')).filter((each) => each.run === run),
    ).toEqual([]);
    expect(world.released(dateOf(3))).toBeNull();
    expect(await signedSize(world)).toBe((await world.entries()).length);
    expect(exitCodeOf('anchor-overdue')).toBe(exitCodes.withheld);
  });

  it('is waited for: the same run goes on once it takes the log', async () => {
    const witness = awayAnchor();
    const world = await createWorld({ anchors: [witness], settings: { ANCHOR_GRACE_DAYS: '1' } });
    await beat(world.pipeline);
    await anchorAll(world.pipeline);
    const date = dateOf(2);
    expect(await night(world, date)).toBe('anchor-overdue');
    expect(await take(world, date)).toBe('anchor-overdue');
    witness.isAway = false;
    expect(await take(world, date)).toBe('sealed');
    expect(world.released(date)).toEqual(testNumbers(3));
    expect(await states(world)).toEqual(['in-time']);
  });

  it('stops a release whose numbers were asked about in time', async () => {
    const witness = createFakeAnchor();
    const world = await createWorld({ anchors: [witness], settings: { ANCHOR_GRACE_DAYS: '1' } });
    await beat(world.pipeline);
    await anchorAll(world.pipeline);
    witness.isAway = true;
    world.toNight(dateOf(1));
    // A quarter of an hour before midnight; the answer comes after it.
    world.pass(21 * hour + 15 * minute);
    world.intake({ choices: [], roster: residents(3) }, {}, dateOf(1));
    expect(await take(world, dateOf(1))).toBe('anchor-overdue');
    expect(await told(world, 'request-sent')).toHaveLength(1);
    expect(await told(world, 'run-decided')).toEqual([]);
    expect(world.released(dateOf(1))).toBeNull();
    witness.isAway = false;
    expect(await take(world, dateOf(1))).toBe('sealed');
    expect(world.released(dateOf(1))).toEqual(testNumbers(3));
  });

  it('and is there again after a long silence of everybody is no reason to stop', async () => {
    const world = await createWorld({ anchors: [createFakeAnchor('timestamp'), createFakeAnchor()] });
    expect(await night(world)).toBe('sealed');
    expect(await night(world, dateOf(9))).toBe('sealed');
  });
});

describe('a log that was cut or forked', () => {
  const folder = (world: World): Anchor => {
    const place = path.join(world.folder, 'second');
    fs.mkdirSync(place, { mode: 0o700 });
    return createFolderAnchor({ folder: place });
  };
  it.each([
    ['a second folder', folder],
    ['whoever else remembers', () => createFakeAnchor()],
  ] as const)('is refused by %s, and stops the run at once: nobody is asked about', async (_, anchorIn) => {
    const world = await createWorld();
    const anchors = [anchorIn(world)];
    world.pipeline = { ...world.pipeline, anchors };
    expect(await night(world)).toBe('sealed');
    const backup = path.join(world.folder, 'backup.sqlite');
    await world.ledger.compact();
    fs.copyFileSync(path.join(world.config.dataDir, 'ledger.sqlite'), backup);
    expect(await night(world, dateOf(1))).toBe('sealed');
    const ours = path.join(world.folder, 'ours.sqlite');
    await world.ledger.compact();
    fs.copyFileSync(path.join(world.config.dataDir, 'ledger.sqlite'), ours);

    // Whoever puts an older ledger back takes care of the checkpoint beside it too.
    const checkpoint = path.join(world.config.dataDir, 'checkpoint');
    const shown = fs.readFileSync(checkpoint);
    await world.restore(backup);
    fs.rmSync(checkpoint);
    world.pipeline = { ...world.pipeline, anchors };
    expect(await night(world, dateOf(2))).toBe('anchor-refused');
    expect(exitCodeOf('anchor-refused')).toBe(exitCodes.auditInvalid);
    expect(await states(world)).toEqual(['refused']);
    const run = `${dateOf(2)}/r1`;
    expect((await told(world, 'request-intended')).filter((each) => each.run === run)).toEqual([]);
    // Long enough to have grown past what the anchor holds: it is another log still.
    for (let times = 0; times < 40; times += 1) await take(world, dateOf(2));
    expect((await world.entries()).length).toBeGreaterThan(45);
    expect(await take(world, dateOf(2))).toBe('anchor-refused');
    expect(world.released(dateOf(2))).toBeNull();

    await world.restore(ours);
    fs.writeFileSync(checkpoint, shown);
    world.pipeline = { ...world.pipeline, anchors };
    expect(await take(world, dateOf(2))).toBe('sealed');
    expect(await states(world)).toEqual(['in-time']);
  });

  it('whose second folder was emptied has lost a witness, and is not let go on beyond its grace', async () => {
    const world = await createWorld({ settings: { ANCHOR_GRACE_DAYS: '1' } });
    const anchors = [folder(world)];
    world.pipeline = { ...world.pipeline, anchors };
    expect(await night(world)).toBe('sealed');
    fs.rmSync(path.join(world.folder, 'second'), { recursive: true });
    fs.mkdirSync(path.join(world.folder, 'second'), { mode: 0o700 });
    expect(await night(world, dateOf(1))).toBe('sealed');
    expect(await night(world, dateOf(2))).toBe('anchor-overdue');
  });
});
