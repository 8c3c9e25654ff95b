/** The twenty inputs by which people get hurt: each is refused, held, withheld, or keeps its person back. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatInstant, hour, minute } from '../../src/domain/calendar.ts';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import type { FaultName } from '../../src/simulator/faults.ts';
import { systemChance } from '../../src/wiring.ts';
import { approve, openHold } from '../support/approvals.ts';
import { backUp, restoreFrom } from '../support/backups.ts';
import { createWorld, mailboxId, secrets, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import type { ChoiceCells, RosterCells, Spoiling } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const check = 'X26HC065';
const optOutOf = (n: number, over: Partial<ChoiceCells> = {}): ChoiceCells =>
  choiceCells({ choice_id: `CH-${n}`, service_user_id: serviceUserId(n), ...over });
const choicesFile = 'in-service-choices.csv';
const rosterFile = 'service-users.csv';

/** The run stops before anybody is asked about, and says so in the log. */
async function isRefused(world: World, code: string): Promise<void> {
  await expect(world.run()).rejects.toMatchObject({ code });
  expect(world.simulator.statistics().calls).toEqual({});
  expect(world.released()).toBeNull();
  expect((await world.entries()).at(-1)).toMatchObject({ what: 'intake-refused', code });
}

async function isHeldFor(world: World, reasons: readonly string[]): Promise<void> {
  expect((await world.run()).run.state).toBe('held');
  expect((await openHold(world)).reasons).toEqual(reasons);
  expect(world.released()).toBeNull();
}

async function isWithheld(world: World, reason: string): Promise<void> {
  expect((await world.run()).run).toMatchObject({ state: 'withheld', reason });
  expect(world.released()).toBeNull();
}

const notUnderstood = ['message-not-understood', 'too-few-answered'];

/** Of these rows exactly some are asked about. */
async function areAskedAbout(
  roster: readonly RosterCells[],
  asked: readonly string[],
  choices: readonly ChoiceCells[] = [],
  spoiling?: Spoiling,
): Promise<World> {
  const world = await createWorld();
  world.intake({ choices, roster }, spoiling);
  expect((await world.run()).run.state).toBe(asked.length === 0 ? 'withheld' : 'sealed');
  expect(world.released() ?? []).toEqual(asked);
  expect(world.simulator.sent().map(({ lines }) => lines)).toEqual(asked.length === 0 ? [] : [asked.length]);
  return world;
}

/** Four people, and something the far side does. */
async function answeredWith(fault: FaultName | null, options: WorldOptions = {}): Promise<World> {
  const settings = { CHECK_DEADLINE_HOURS: '2', ...options.settings };
  const world = await createWorld({ optedOut: [testNumber(0)], ...options, settings });
  world.intake({ choices: [], roster: residents(4) });
  if (fault !== null) world.simulator.fault(fault);
  return world;
}

/** Puts a message of the check into our inbox, under the local id of the request that waits. */
function answerComes(world: World, body: string, subject?: string): void {
  const [request] = world.simulator.sent();
  const names = { localId: request?.localId ?? '', subject: subject ?? request?.subject ?? '' };
  const { workflowId } = world.config.check;
  world.simulator.deliver({ from: check, to: mailboxId, workflowId, ...names }, Buffer.from(body));
}

const spoiled =
  (
    name: typeof choicesFile | typeof rosterFile,
    change: (text: string) => string,
  ): Required<Spoiling>['tables'] =>
  (texts) => {
    texts[name] = change(String(texts[name]));
  };
const firstLines = (count: number) => (text: string) => `${text.split('\n').slice(0, count).join('\n')}\n`;

describe('dangerous inputs', () => {
  it('1: a deny list that is empty because a query failed (fault 1)', async () => {
    const world = await createWorld();
    const cells = { choices: [optOutOf(0)], roster: residents(3) };
    // Emptied before the manifest was written, after it, and to nothing at all.
    world.intake(cells, { tables: spoiled(choicesFile, firstLines(1)) });
    await isRefused(world, 'intake-file-short');
    fs.writeFileSync(path.join(world.intake(cells), choicesFile), '');
    await isRefused(world, 'intake-file-altered');
    fs.rmSync(path.join(world.intake(cells), choicesFile));
    await isRefused(world, 'intake-file-missing');
    // Even where the query's own count is believed, those known from before stay out.
    world.intake(cells);
    await world.run();
    world.toNight('2026-11-23');
    world.intake({ choices: [], roster: residents(3) }, {}, '2026-11-23');
    await world.run('2026-11-23');
    expect(world.released('2026-11-23')).toEqual(testNumbers(2, 1));
  });

  it('2: a deny list whose ids or numbers carry spaces (fault 2)', async () => {
    const world = await createWorld();
    world.intake({ choices: [optOutOf(0, { service_user_id: 'SU-000000 ' })], roster: residents(3) });
    await isRefused(world, 'intake-id-unsafe');
    const [digits] = testNumbers(1);
    const spaced = digits?.replace(/(...)(...)/, '$1 $2 ') ?? '';
    const out = { service_user_id: 'SU-old', nhs_number: spaced, in_service_choice: 'opted_out' };
    await areAskedAbout([resident(0), resident(1), resident(7, out)], [testNumber(1)]);
    // A number that cannot be read links nobody, but its own row never leaves.
    const odd = [`${digits} `, ` ${digits}`, digits?.replace(/(...)(...)/, '$1-$2-') ?? '', '9.99E+09'];
    await areAskedAbout(
      [resident(1), ...odd.map((nhs_number, n) => resident(n + 2, { nhs_number }))],
      [testNumber(1)],
    );
  });

  it("3: yesterday's deny list under today's name", async () => {
    const world = await createWorld();
    world.toNight('2026-11-21');
    world.pass(6 * hour);
    const yesterday = world.intake({ choices: [], roster: residents(3) }, {}, '2026-11-21');
    await world.run('2026-11-21');
    world.toNight(tonight);
    const today = path.join(world.config.intakeDir, tonight);
    fs.cpSync(yesterday, today, { recursive: true });
    const refused = { code: 'manifest-of-another-date' };
    await expect(world.run()).rejects.toMatchObject(refused);
    const manifest = path.join(today, 'manifest.json');
    const rewrite = (from: string, to: string): void => {
      fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace(from, to));
    };
    rewrite('"businessDate":"2026-11-21"', `"businessDate":"${tonight}"`);
    await expect(world.run()).rejects.toMatchObject(refused);
    // The folder it was copied from is gone; the ledger remembers when it was produced.
    fs.rmSync(yesterday, { recursive: true });
    await expect(world.run()).rejects.toMatchObject(refused);
    expect(world.simulator.sent()).toHaveLength(1);
    expect(world.released()).toBeNull();
  });

  it('4: a deny list cut at a line end', async () => {
    const world = await createWorld();
    const cells = { choices: [optOutOf(0), optOutOf(1)], roster: residents(3) };
    world.intake(cells, { tables: spoiled(choicesFile, firstLines(2)) });
    await isRefused(world, 'intake-file-short');
    const file = path.join(world.intake(cells), choicesFile);
    fs.writeFileSync(file, firstLines(2)(fs.readFileSync(file, 'utf8')));
    await isRefused(world, 'intake-file-altered');
  });

  it('5: two header columns of one name', async () => {
    const world = await createWorld();
    for (const column of ['nhs_number', 'in_service_choice']) {
      const doubled = (text: string): string =>
        text.replaceAll(/^(.+)$/gm, '$1,none').replace('none', column);
      world.intake({ choices: [], roster: residents(3) }, { tables: spoiled(rosterFile, doubled) });
      await isRefused(world, 'intake-header');
    }
  });

  it('6: a BOM before the header, so that the key column has another name', async () => {
    const marked = (texts: Record<string, string | Buffer>): void => {
      for (const [name, text] of Object.entries(texts)) texts[name] = `\uFEFF${String(text)}`;
    };
    await areAskedAbout(residents(3), testNumbers(2, 1), [optOutOf(0)], { tables: marked });
  });

  it('7: opt-out flags that are nearly on their list', async () => {
    const flags = ['N/A', 'y', 'TRUE ', '1', '', 'None', ' opted_in', 'opted-in', 'false', 'ｎone'];
    const roster = flags.map((in_service_choice, n) => resident(n, { in_service_choice }));
    await areAskedAbout([...roster, resident(50)], [testNumber(50)]);
    const choices = flags.map((choice, n) => optOutOf(n, { choice }));
    const deciders = flags.map((decided_by, n) => optOutOf(n + 20, { choice: 'opt_in', decided_by }));
    await areAskedAbout(
      [...residents(40), resident(50)],
      [...testNumbers(10, 10), ...testNumbers(10, 30), testNumber(50)],
      [...choices, ...deciders],
    );
  });

  it('8: two rows for one person, the later row clean (fault 4)', async () => {
    const out = { in_service_choice: 'opted_out' };
    const elsewhere = { service_user_id: 'SU-other', provider_id: 'PR-99' };
    await areAskedAbout(
      [
        ...[resident(0, out), resident(0)],
        ...[resident(1, { ...out, ...elsewhere }), resident(1)],
        ...[resident(2, { restricted: 'yes', resident_to: '2026-01-01' }), resident(2)],
        resident(3),
      ],
      [testNumber(3)],
    );
  });

  it('9: an informed date in the wrong order or at the end of time (fault 5)', async () => {
    const dates = [
      '01/02/2026',
      '31/12/9999',
      '9999-12-31',
      '2026-02-30',
      tonight,
      '',
      '2026-1-2',
      ' 2026-01-02',
    ];
    const roster = dates.map((informed_on, n) => resident(n, { informed_on }));
    await areAskedAbout([...roster, resident(50)], [testNumber(50)]);
  });

  it("10: yesterday's cleaned list re-delivered with today's list pending", async () => {
    const world = await createWorld({ settings: { CHECK_DEADLINE_HOURS: '2' } });
    world.toNight('2026-11-21');
    world.intake({ choices: [], roster: residents(4) }, {}, '2026-11-21');
    await world.run('2026-11-21');
    world.toNight(tonight);
    world.optedOut.add(testNumber(2));
    world.intake({ choices: [], roster: residents(4) });
    world.simulator.fault('yesterdays-answer');
    await world.run();
    expect(world.released()).toEqual(testNumbers(4).filter((number) => number !== testNumber(2)));
    expect(world.simulator.statistics().faultsWaiting).toEqual([]);
    // Nor may it end a run that is never answered.
    world.toNight('2026-11-23');
    world.intake({ choices: [], roster: residents(4) }, {}, '2026-11-23');
    world.simulator.fault('silence');
    world.meanwhile(() => {
      answerComes(
        world,
        testNumbers(4)
          .map((number) => `${number},\n`)
          .join(''),
      );
    });
    expect((await world.run('2026-11-23')).run).toMatchObject({
      state: 'withheld',
      reason: 'nothing-answered',
    });
  });

  it('11: a cleaned list with a valid number that was not asked about (fault 8)', async () => {
    await isHeldFor(await answeredWith('foreign-number'), ['answer-not-asked', 'too-few-answered']);
    const inTwo = await answeredWith('foreign-number', { settings: { CHECK_MAX_NUMBERS: '2' } });
    await isHeldFor(inTwo, ['answer-not-asked', 'too-few-answered']);
    // Approved, only the other answer counts.
    await approve(inTwo);
    await inTwo.run();
    expect(inTwo.released()).toEqual(testNumbers(2, 2));
  });

  it('12: the submitted file echoed back whole', async () => {
    const world = await createWorld({ optedOut: testNumbers(7) });
    world.intake({ choices: [], roster: residents(150) });
    world.simulator.fault('echo');
    await isHeldFor(world, ['removals-none']);
  });

  it('12: the submitted files echoed back, each of them shorter than may be judged alone', async () => {
    const world = await createWorld({ optedOut: testNumbers(7), settings: { CHECK_MAX_NUMBERS: '50' } });
    world.intake({ choices: [], roster: residents(150) });
    world.simulator.fault('echo', { times: 3 });
    await isHeldFor(world, ['removals-none']);
  });

  it('13: a notice parsed as a list (fault 9)', async () => {
    const notice = (body: string, subject?: string) => async (): Promise<World> => {
      const world = await answeredWith('silence');
      world.meanwhile(() => {
        answerComes(world, body, subject);
      });
      return world;
    };
    const numbers = testNumbers(4)
      .map((number) => `${number},\n`)
      .join('');
    await isWithheld(await notice(numbers, 'SUCCESS')(), 'nothing-answered');
    await isWithheld(await notice(`{ "job_created": [${testNumber(1)}] }`)(), 'nothing-answered');
    await isHeldFor(await notice(`Job created at 02:31.\n${numbers}`)(), notUnderstood);
    await isWithheld(await answeredWith('receipt-only'), 'nothing-answered');
  });

  it('14: the invalid-number sentence parsed as an empty list', async () => {
    const world = await createWorld({ simulator: { isRefused: () => true } });
    world.intake({ choices: [], roster: residents(2) });
    await isWithheld(world, 'nobody-to-release');
    const [run] = await world.ledger.read((tx) => tx.runs({}));
    expect(run?.released).toBeNull();
    const told = (await world.entries()).map(({ what }) => what);
    expect(told.filter((what) => what === 'number-refused-by-check')).toHaveLength(2);
    // Nearly the sentence is nothing that is understood.
    const nearly = await answeredWith('silence', { settings: { CHECK_MAX_NUMBERS: '3' } });
    nearly.meanwhile(() => {
      answerComes(nearly, 'The file contains no valid NHS Numbers.');
    });
    await isHeldFor(nearly, notUnderstood);
  });

  it('15: a gzip cut mid-way', async () => {
    const world = await answeredWith(null);
    world.meanwhile(() => {
      world.simulator.fault('gzip-cut');
    }, 2);
    await isHeldFor(world, ['answer-malformed', 'too-few-answered']);
  });

  it('16: chunk 2 of another message (fault 11)', async () => {
    const mailboxes = [mailboxId, check].map((id) => ({ id, password: secrets.password }));
    const world = await answeredWith('receipt-only', { simulator: { minimumChunkBytes: 10, mailboxes } });
    world.meanwhile(async () => {
      const { clock } = world.pipeline;
      const far = createMailbox({
        ...{ url: world.meshUrl, mailboxId: check, ...secrets, clock, chance: systemChance },
        chunkBytes: 12,
      });
      const { localId = '', subject = '' } = world.simulator.sent()[0] ?? {};
      const names = { to: mailboxId, workflowId: world.config.check.workflowId, localId, subject };
      const body = Buffer.from(`${testNumber(1)},\n${testNumber(2)},\n`);
      await far.send({ ...names, fileName: `${localId}.dat`, body });
      world.simulator.fault('wrong-chunk');
    });
    await isWithheld(world, 'nothing-answered');
  });

  it('17: an HTML log-in page with status 200 and ten-digit numbers (fault 9)', async () => {
    const page = await answeredWith('html-page', { settings: { CHECK_MAX_NUMBERS: '2' } });
    await isHeldFor(page, notUnderstood);
    const alone = await answeredWith('html-page');
    await isHeldFor(alone, notUnderstood);
    // Approved, there is nobody whom an answer has cleared.
    await approve(alone);
    await isWithheld(alone, 'nobody-to-release');
  });

  it('18: digits of another script that fold to ours', async () => {
    const inScript = (n: number, zero: number): Partial<RosterCells> => ({
      nhs_number: testNumber(n).replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit))),
    });
    const roster = [0xff10, 0x660, 0x966, 0x1d7ce].map((zero, n) => resident(n, inScript(n, zero)));
    await areAskedAbout([...roster, resident(50)], [testNumber(50)]);
  });

  it('19: the superseded number of an opted-out person is asked about as it stands: nobody here can know (fault 40)', async () => {
    const world = await createWorld({ optedOut: [testNumber(0)] });
    const superseded = testNumber(60);
    world.intake({ choices: [], roster: [resident(0, { nhs_number: superseded }), resident(1)] });
    await world.run();
    expect(world.released()).toEqual([testNumber(1), superseded]);
  });

  it('20: cache or state restored from before somebody opted out', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    await world.run();
    const older = path.join(world.folder, 'older');
    await world.ledger.compact();
    fs.cpSync(path.join(world.config.dataDir, 'ledger.sqlite'), older);
    const backup = await backUp(world);
    world.toNight('2026-11-23');
    world.intake({ choices: [optOutOf(0)], roster: residents(3) }, {}, '2026-11-23');
    await world.run('2026-11-23');
    expect(world.released('2026-11-23')).toEqual(testNumbers(2, 1));
    // An older ledger than was signed asks nobody and signs nothing.
    await world.restore(older);
    world.toNight('2026-11-24');
    world.intake({ choices: [optOutOf(0)], roster: residents(3) }, {}, '2026-11-24');
    await expect(world.run('2026-11-24')).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(await world.ledger.read((tx) => tx.runs({ businessDate: '2026-11-24' }))).toEqual([]);
    // Restored on purpose, it goes on: the complete history of choices says it again.
    await restoreFrom(world, backup);
    await world.run('2026-11-24');
    expect(world.released('2026-11-24')).toEqual(testNumbers(2, 1));
    // What left under the ledger that was lost is named by an entry.
    expect((await world.entries()).filter(({ what }) => what === 'drop-recognised')).toMatchObject([
      { drop: '2026-11-23/r1' },
    ]);
    expect(await world.reconcile()).toEqual([]);
    // An intake put back is too old.
    world.toNight('2026-11-25');
    const producedAt = formatInstant(world.now() - 24 * hour - minute);
    world.intake({ producedAt, choices: [], roster: residents(3) }, {}, '2026-11-25');
    await expect(world.run('2026-11-25')).rejects.toMatchObject({ code: 'manifest-stale' });
  });
});
