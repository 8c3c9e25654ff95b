/** A date run once more: who may come back, who must not, and what stays as it was. */
import fs from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { day, formatInstant, minute } from '../../src/domain/calendar.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import type { Advanced } from '../../src/pipeline/advance.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import { erasePerson } from '../../src/pipeline/person-erasure.ts';
import { replayRun } from '../../src/pipeline/replay/replay.ts';
import { previewRerun, rerun } from '../../src/pipeline/rerun.ts';
import type { RerunPreview } from '../../src/pipeline/rerun.ts';
import { footprint } from '../jobs/evidence.ts';
import { guardian, approversOf, approve, openHold, reject } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import type { ChoiceCells, IntakeCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const said = (n: number, choice: 'opt_in' | 'opt_out', at: string): ChoiceCells =>
  choiceCells({
    ...{ choice_id: `CH-${n}-${at}`, service_user_id: serviceUserId(n), choice },
    ...{ requested_at: at, recorded_at: at },
  });

const preview = (world: World): Promise<RerunPreview> => previewRerun(world.pipeline, tonight);

async function again(world: World): Promise<Advanced> {
  return rerun(world.pipeline, await preview(world), 'the home sent a corrected list');
}

/** A night that was released, the intake then written anew, and the date run again. */
async function releasedThen(
  first: IntakeCells,
  then: IntakeCells,
  options: WorldOptions = {},
): Promise<{ world: World; second: Advanced }> {
  const world = await createWorld(options);
  world.intake({ choices: [], ...first });
  await world.run();
  world.pass(minute);
  world.intake({ choices: [], ...then });
  return { world, second: await again(world) };
}

describe('a rerun', () => {
  it('makes a new revision beside the old one, which names what it supersedes and touches nothing', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(4) });
    await world.run();
    const before = footprint(world.dropFolder());
    world.pass(minute);
    world.intake({ choices: [], roster: [...residents(3, {}, 1), resident(7)] });
    expect(await preview(world)).toMatchObject({
      ...{ isSame: false, asked: 4, added: 1, kept: 3, superseded: { revision: 1 } },
      removed: { 'not-on-roster': 1 },
    });
    const { run, changed } = await again(world);
    expect([run.revision, run.state, changed]).toEqual([2, 'sealed', true]);
    expect(world.released(tonight, 2)).toEqual([...testNumbers(3, 1), testNumber(7)]);
    expect(footprint(world.dropFolder())).toEqual(before);
    const manifest = fs.readFileSync(`${world.dropFolder(tonight, 2)}/manifest.json`, 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ run: '2026-11-22/r2', supersedes: '2026-11-22/r1' });
    expect((await world.entries()).find(({ what }) => what === 'run-is-rerun')).toMatchObject({
      ...{ run: '2026-11-22/r2', by: 'operator:test', supersedes: '2026-11-22/r1' },
      reason: 'the home sent a corrected list',
    });
    // `run` repeats the end of the latest revision, and makes no other.
    expect(await world.run()).toMatchObject({ run: { revision: 2, state: 'sealed' }, changed: false });
  });

  it('of the same intake and the same choices does nothing, before MESH is asked', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(4) });
    await world.run();
    const { length } = await world.entries();
    expect(await preview(world)).toMatchObject({ isSame: true });
    expect(await again(world)).toMatchObject({ run: { revision: 1 }, changed: false });
    expect(world.simulator.sent()).toHaveLength(1);
    expect(await world.entries()).toHaveLength(length);
    const at = formatInstant(world.now());
    await recordChoice(world.pipeline, {
      ...{ serviceUserId: serviceUserId(2), choice: 'opt_out', channel: 'verbal', decidedBy: 'self' },
      ...{ requestedAt: at, recordedAt: at },
    });
    expect(await preview(world)).toMatchObject({ isSame: false, removed: { 'opted-out-in-service': 1 } });
    await again(world);
    expect(world.released(tonight, 2)).toEqual([...testNumbers(2), testNumber(3)]);
    expect(await again(world)).toMatchObject({ run: { revision: 2 }, changed: false });
  });

  it('is refused while the run is not over, and where there is none', async () => {
    const world = await createWorld({ simulator: { answerDelayMs: 30 * day } });
    await expect(preview(world)).rejects.toMatchObject({ code: 'run-not-found' });
    world.intake({ choices: [said(9, 'opt_out', '2026-11-21T10:00:00Z')], roster: residents(4) });
    await world.run();
    expect(await openHold(world)).toMatchObject({ stage: 'before-asking' });
    await expect(preview(world)).rejects.toMatchObject({ code: 'run-unfinished' });
    await reject(world);
    expect(await preview(world)).toMatchObject({ superseded: null, asked: 4, added: 4 });
  });

  it('after an end with nothing sent asks everybody, and supersedes nothing', async () => {
    const world = await createWorld();
    world.intake({ choices: [said(9, 'opt_out', '2026-11-21T10:00:00Z')], roster: residents(4) });
    await world.run();
    await reject(world);
    expect(world.released()).toBeNull();
    const { run } = await again(world);
    expect([run.revision, run.state]).toEqual([2, 'held']);
    approversOf(world, guardian);
    await approve(world);
    expect((await world.run()).run).toMatchObject({ revision: 2, state: 'sealed' });
    const manifest = fs.readFileSync(`${world.dropFolder(tonight, 2)}/manifest.json`, 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ supersedes: null });
  });

  it('days later still takes the intake of its date, and is replayed alike', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: [...residents(4), resident(5, { restricted: 'yes' })] });
    await world.run();
    world.intake({ choices: [], roster: residents(6) });
    world.pass(3 * day);
    expect((await again(world)).run.state).toBe('sealed');
    expect(world.released(tonight, 2)).toEqual(testNumbers(5));
    const reader = createIntakeReader({ intakeDir: world.config.intakeDir });
    expect(await replayRun(world.pipeline, '2026-11-22/r2', [reader])).toMatchObject({ differences: [] });
  });

  it('asks again about those whom the national check did not return', async () => {
    const world = await createWorld({ optedOut: [testNumber(1)] });
    world.intake({ choices: [], roster: residents(4) });
    await world.run();
    expect(world.released()).toEqual([testNumber(0), ...testNumbers(2, 2)]);
    world.optedOut.delete(testNumber(1));
    world.optedOut.add(testNumber(2));
    world.pass(minute);
    world.intake({ choices: [], roster: residents(5) });
    await again(world);
    expect(world.released(tonight, 2)).toEqual([...testNumbers(2), ...testNumbers(2, 3)]);
  });
});

describe('a rerun adds', () => {
  it('who lacked a ground before, and gives it now', async () => {
    const providers = [
      providerCells(),
      providerCells({ provider_id: 'PR-02', participating_to: '2026-11-01' }),
    ];
    const { world } = await releasedThen(
      {
        roster: [...residents(2), resident(2, { informed_on: '' }), resident(3, { provider_id: 'PR-02' })],
        providers,
      },
      { roster: residents(4) },
    );
    expect(world.released(tonight, 2)).toEqual(testNumbers(4));
  });

  it.each<[string, IntakeCells, IntakeCells]>([
    [
      'opted out by the column',
      { roster: [resident(0), resident(1, { in_service_choice: 'opted_out' })] },
      {},
    ],
    ['was restricted', { roster: [resident(0), resident(1, { restricted: 'yes' })] }, {}],
    ['had an unknown value', { roster: [resident(0), resident(1, { restricted: '?' })] }, {}],
    [
      'shared their number',
      { roster: [resident(0), resident(1), resident(2, { nhs_number: testNumber(1) })] },
      {},
    ],
    [
      'opted out by a choice, and opted in since',
      { choices: [said(1, 'opt_out', '2026-11-21T10:00:00Z')] },
      { choices: [said(1, 'opt_in', '2026-11-22T02:45:00Z')] },
    ],
    [
      'opted out and in again, all since the first run',
      {},
      {
        choices: [said(1, 'opt_out', '2026-11-22T02:40:00Z'), said(1, 'opt_in', '2026-11-22T02:50:00Z')],
      },
    ],
  ])('nobody who %s', async (_, first, then) => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(2), ...first });
    await world.run();
    world.pass(30 * minute);
    world.intake({ choices: [], roster: residents(2), ...then });
    await again(world);
    expect(world.released(tonight, 2)).toEqual([testNumber(0)]);
  });

  it('nobody whose column still objected then, under a number that came later, whatever they had said before', async () => {
    const choices = [said(1, 'opt_in', '2026-11-22T02:00:00Z')];
    const { world } = await releasedThen(
      { choices, roster: [resident(0), resident(1, { in_service_choice: 'opted_out', nhs_number: '' })] },
      { choices, roster: residents(2) },
    );
    expect(world.released(tonight, 2)).toEqual([testNumber(0)]);
  });

  it('nobody of whom it cannot be known any more, because somebody was erased from a list', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: [...residents(2), resident(2, { restricted: 'yes' })] });
    await world.run();
    await erasePerson(world.pipeline, Number(testNumber(2)), 'asked for by the person');
    world.pass(minute);
    world.intake({ choices: [], roster: residents(5) });
    expect(await preview(world)).toMatchObject({ asked: 2, added: 0, kept: 2 });
    await again(world);
    expect(world.released(tonight, 2)).toEqual(testNumbers(2));
  });

  it('whoever opted in again before the first run opened', async () => {
    const { world } = await releasedThen(
      {
        choices: [said(1, 'opt_out', '2026-11-20T10:00:00Z'), said(1, 'opt_in', '2026-11-21T10:00:00Z')],
        roster: residents(2),
      },
      {
        choices: [said(1, 'opt_out', '2026-11-20T10:00:00Z'), said(1, 'opt_in', '2026-11-21T10:00:00Z')],
        roster: residents(3),
      },
    );
    expect(world.released(tonight, 2)).toEqual(testNumbers(3));
  });
});

type Step = readonly [
  'column' | 'flip' | 'out' | 'in' | 'forget' | 'record-out' | 'record-in' | 'national' | 'night' | 'rerun',
  number,
];

describe('over any history', () => {
  const people = 5;
  const step = fc.tuple(
    fc.constantFrom<Step[0]>(
      ...(['column', 'flip', 'out', 'in', 'forget', 'record-out', 'record-in', 'national'] as const),
      ...(['night', 'rerun', 'rerun', 'rerun'] as const),
    ),
    fc.nat(people - 1),
  );

  it('nobody whom any moment since the first run saw objecting is in a later revision', async () => {
    let later = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 3 }),
        fc.array(step, { minLength: 3, maxLength: 9 }),
        async (before, after) => {
          const world = await createWorld();
          const column = Array.from({ length: people }, () => 'none');
          let rows: ChoiceCells[] = [];
          const recorded: ChoiceCells[] = [];
          /** Who objected at a moment that the gate looked at, or at any by the choices it heard, since the first run opened. */
          const seen = new Set<number>();
          const ever = new Set<number>();
          let opened: string | null = null;
          let nights = 0;

          const look = (): void => {
            for (let n = 0; n < people; n++) {
              const heard = [...rows, ...recorded]
                .filter((row) => row.service_user_id === serviceUserId(n))
                .sort((a, b) => (a.requested_at < b.requested_at ? -1 : 1));
              const objects = column[n] === 'opted_out' || heard.at(-1)?.choice === 'opt_out';
              const since = heard.some(
                (row) => row.choice === 'opt_out' && row.requested_at >= (opened ?? '~'),
              );
              if (objects || since) seen.add(n);
            }
          };
          const write = (date = tonight): void => {
            const roster = residents(people + 1).map((row, n) => ({
              ...row,
              in_service_choice: column[n] ?? 'none',
            }));
            world.intake({ choices: rows, roster }, {}, date);
          };
          const take = async ([what, n]: Step): Promise<void> => {
            world.pass(minute);
            const at = formatInstant(world.now());
            if (what === 'column' || what === 'out' || what === 'record-out') ever.add(n);
            if (what === 'column') column[n] = 'opted_out';
            else if (what === 'flip') column[n] = 'none';
            else if (what === 'out' || what === 'in') rows = [...rows, said(n, `opt_${what}`, at)];
            else if (what === 'forget') rows = rows.filter((row) => row.service_user_id !== serviceUserId(n));
            else if (what === 'record-out' || what === 'record-in') {
              const choice = what === 'record-out' ? 'opt_out' : 'opt_in';
              recorded.push(said(n, choice, at));
              await recordChoice(world.pipeline, {
                ...{ serviceUserId: serviceUserId(n), choice, channel: 'verbal', decidedBy: 'self' },
                ...{ requestedAt: at, recordedAt: at },
              });
            } else if (what === 'national') {
              const number = testNumber(n);
              if (!world.optedOut.delete(number)) world.optedOut.add(number);
            } else if (opened !== null) await (what === 'night' ? night() : once());
          };
          const night = async (): Promise<void> => {
            const date = `2026-11-${23 + nights++}`;
            world.toNight(date);
            write(date);
            look();
            await world.run(date);
          };
          const once = async (): Promise<void> => {
            write();
            look();
            const standing = footprint(world.config.outboundDir).length;
            const drops = footprint(world.dropFolder());
            const { run, changed } = await again(world);
            expect(footprint(world.dropFolder())).toEqual(drops);
            if (!changed) {
              expect(footprint(world.config.outboundDir)).toHaveLength(standing);
              return;
            }
            const released = world.released(tonight, run.revision) ?? [];
            for (let n = 0; n <= people; n++) {
              if (seen.has(n))
                expect({ n, released }).not.toEqual({ n, released: expect.arrayContaining([testNumber(n)]) });
              else if (!ever.has(n) && !world.optedOut.has(testNumber(n)))
                expect(released).toContain(testNumber(n));
            }
            later += released.length > 0 ? 1 : 0;
          };

          for (const one of before) await take(one);
          world.pass(minute);
          write();
          opened = formatInstant(world.now());
          look();
          await world.run();
          for (const one of after) await take(one);
          await once();
        },
      ),
      { numRuns: 25 },
    );
    expect(later).toBeGreaterThan(25);
  }, 300_000);
});
