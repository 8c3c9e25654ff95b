/** Holds: what stops a run, who may let it go on, and that exactly what was approved leaves. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hour, minute } from '../../src/domain/calendar.ts';
import { createApprovers } from '../../src/keys/approvers.ts';
import { approvalText, approveHold, rejectHold } from '../../src/pipeline/holds.ts';
import type { Approvers, StoredHold } from '../../src/ports.ts';
import { approve, approversOf, guardian, openHold, reject, signer } from '../support/approvals.ts';
import { createWorld, mailboxId, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import { residents, serviceUserId, testNumbers } from '../support/residents.ts';

worldsEndWell();

/** 160 people none of whom the check removes: held before the release. */
async function heldWorld(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  world.intake({ choices: [], roster: residents(160) });
  expect((await world.run()).run.state).toBe('held');
  return world;
}

const mistyped = choiceCells({ service_user_id: 'SU-9999', requested_at: '2026-11-20T10:00:00Z' });
const attempt = (world: World, approvers: Approvers, { id }: StoredHold, signature: string): Promise<void> =>
  approveHold(world.pipeline, approvers, id, { signature, reason: 'because' });
const refused = { code: 'approval-refused' };

describe('a hold before asking', () => {
  it('stops a run with a recent opt-out that belongs to nobody, and lets it go on once somebody has looked', async () => {
    const world = await createWorld();
    world.intake({ choices: [mistyped], roster: residents(3) });
    const { run } = await world.run();
    expect(run.state).toBe('held');
    expect(world.simulator.sent()).toEqual([]);
    expect(await world.run()).toMatchObject({ run: { state: 'held' }, changed: false });
    const hold = await approve(world);
    expect(hold).toMatchObject({ stage: 'before-asking', reasons: ['opt-out-unmatched'] });
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(3));

    // Who has been looked at once is no longer new.
    world.toNight('2026-11-23');
    world.intake({ choices: [mistyped], roster: residents(3) }, {}, '2026-11-23');
    expect((await world.run('2026-11-23')).run.state).toBe('sealed');
    // Somebody else is.
    world.toNight('2026-11-24');
    const another = { ...mistyped, choice_id: 'CH-2', service_user_id: 'SU-8888' };
    world.intake({ choices: [mistyped, another], roster: residents(3) }, {}, '2026-11-24');
    expect((await world.run('2026-11-24')).run.state).toBe('held');
  });

  it.each([
    ['an opt-out without an id', { service_user_id: '' }],
    ['a choice of nobody that is none', { choice: 'maybe' }],
    ['an opt-out of the future', { requested_at: '2027-01-01T00:00:00Z' }],
  ])('stops %s too', async (_, cells) => {
    const world = await createWorld();
    world.intake({ choices: [{ ...mistyped, ...cells }], roster: residents(3) });
    expect((await world.run()).run.state).toBe('held');
    expect(world.simulator.sent()).toEqual([]);
  });

  it('lets opt-outs pass that are older than 30 days, and those whose person was known', async () => {
    const world = await createWorld();
    world.toNight('2026-11-21');
    const leaver = choiceCells({ service_user_id: serviceUserId(2) });
    world.intake({ choices: [leaver], roster: residents(3) }, {}, '2026-11-21');
    expect((await world.run('2026-11-21')).run.state).toBe('sealed');
    world.toNight(tonight);
    const old = { ...mistyped, requested_at: '2026-10-22T02:00:00Z' };
    world.intake({ choices: [leaver, old], roster: residents(2) });
    expect((await world.run()).run.state).toBe('sealed');
    const gated = (await world.entries()).filter(({ what }) => what === 'run-gated');
    expect(gated.at(-1)).toMatchObject({ unmatchedRecent: 0, unmatchedOlder: 2 });
  });

  it('stops a run whose clock is not that of MESH, once', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    const { mailbox } = world.pipeline;
    world.pipeline = {
      ...world.pipeline,
      mailbox: { ...mailbox, handshake: () => Promise.resolve(-121 * minute) },
    };
    await world.run();
    expect(await approve(world)).toMatchObject({ stage: 'before-asking', reasons: ['clock-skew'] });
    expect((await world.run()).run.state).toBe('sealed');
  });

  it('is not asked for again when MESH refuses a part of what was approved', async () => {
    const world = await createWorld({ settings: { CHECK_MAX_NUMBERS: '2' } });
    world.intake({ choices: [mistyped], roster: residents(5) });
    await world.run();
    await approve(world);
    const { mailbox } = world.pipeline;
    const refusedAfterTheFirst: typeof mailbox.send = (message) => {
      if (world.simulator.sent().length > 0) world.simulator.fault('closed-mailbox');
      return mailbox.send(message);
    };
    world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, send: refusedAfterTheFirst } };
    await expect(world.run()).rejects.toMatchObject({ code: 'interrupted' });
    expect(world.simulator.sent()).toHaveLength(1);
    await world.restart();
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(5));
  });

  it('asks about nobody who objected while it stood', async () => {
    const world = await createWorld();
    world.intake({ choices: [mistyped], roster: residents(4) });
    await world.run();
    world.intake({
      choices: [mistyped, choiceCells({ service_user_id: serviceUserId(2) })],
      roster: residents(4),
    });
    await approve(world);
    // What would be asked is no longer what was approved.
    expect((await world.run()).run.state).toBe('held');
    expect(world.simulator.sent()).toEqual([]);
    await approve(world);
    expect((await world.run()).run.totals?.outcomes).toMatchObject({ released: 3, 'objected-late': 1 });
    expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([3]);
    expect(world.released()).toEqual(testNumbers(4).filter((_, n) => n !== 2));
  });

  it('asks nobody when it is approved after the legal basis has ended', async () => {
    const world = await createWorld({ settings: { LEGAL_BASIS_EXPIRES_ON: tonight } });
    world.pass(20 * hour);
    world.intake({ choices: [mistyped], roster: residents(3) });
    await world.run();
    world.pass(3 * hour);
    await approve(world);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'legal-basis-expired' });
    expect(world.simulator.sent()).toEqual([]);
  });
});

describe('an approval', () => {
  it('lets exactly what was approved leave', async () => {
    const world = await heldWorld();
    expect(await approve(world)).toMatchObject({ stage: 'before-release', reasons: ['removals-none'] });
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(160));
    const approved = (await world.entries()).find(({ what }) => what === 'hold-approved');
    expect(approved).toMatchObject({ by: 'Grace Hopwood (Caldicott Guardian)', run: `${tonight}/r1` });
  });

  it('counts only if it is signed by somebody else, with a key that may, today, and for this hold as it stands (fault 38)', async () => {
    const world = await heldWorld();
    const hold = await openHold(world);
    const text = approvalText(hold);
    const stranger = signer('Nobody Known');
    const expired = signer('Was Here', { validTo: '2026-11-21' });
    const early = signer('Comes Later', { validFrom: '2026-11-23' });
    const opener = signer('test');
    const openerInFull = signer('operator:test');
    const approvers = approversOf(world, guardian, expired, early, opener, openerInFull);
    const signatures = [
      stranger.sign(text),
      expired.sign(text),
      early.sign(text),
      opener.sign(text),
      openerInFull.sign(text),
      guardian.sign(approvalText({ ...hold, id: hold.id + 1 })),
      guardian.sign(approvalText({ ...hold, digest: '0'.repeat(64) })),
      guardian.sign(approvalText({ ...hold, run: { ...hold.run, revision: 2 } })),
      guardian.sign(approvalText({ ...hold, reasons: [] })),
      guardian.sign(approvalText({ ...hold, stage: 'before-asking' })),
      guardian.sign(text.trim()),
      '',
      'not base64 at all',
    ];
    for (const signature of signatures)
      await expect(attempt(world, approvers, hold, signature)).rejects.toMatchObject(refused);
    await expect(attempt(world, createApprovers(null), hold, guardian.sign(text))).rejects.toMatchObject(
      refused,
    );
    expect((await world.run()).run.state).toBe('held');
    await attempt(world, approvers, hold, guardian.sign(text));
    await expect(attempt(world, approvers, hold, guardian.sign(text))).rejects.toMatchObject({
      code: 'hold-decided',
    });
    await expect(rejectHold(world.pipeline, hold.id, 'too late')).rejects.toMatchObject({
      code: 'hold-decided',
    });
    expect((await world.run()).run.state).toBe('sealed');
  });

  it('is not given by whoever opened it under an account of theirs, whatever their name', async () => {
    const world = await heldWorld();
    const hold = await openHold(world);
    const text = approvalText(hold);
    const operator = signer('Olive Perry', { accounts: ['olive', 'TEST'] });
    const colleague = signer('Carl Egg', { accounts: ['carl'] });
    const approvers = approversOf(world, operator, colleague);
    await expect(attempt(world, approvers, hold, operator.sign(text))).rejects.toMatchObject(refused);
    await attempt(world, approvers, hold, colleague.sign(text));
    expect((await world.run()).run.state).toBe('sealed');
  });

  it('needs a list that can be believed whole: Ed25519 keys, one person each', async () => {
    const world = await heldWorld();
    const hold = await openHold(world);
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const spoilt = [
      signer('No Key', { publicKey: 'none' }),
      signer('Another Curve', { publicKey: ec.export({ type: 'spki', format: 'pem' }).toString() }),
      signer('Same Key', { publicKey: guardian.entry['publicKey'] }),
      signer('No Date', { validTo: 'never' }),
    ];
    for (const entry of spoilt) {
      const given = attempt(
        world,
        approversOf(world, guardian, entry),
        hold,
        guardian.sign(approvalText(hold)),
      );
      await expect(given).rejects.toMatchObject({ code: 'configuration-invalid' });
    }
    const renewed = {
      ...guardian,
      entry: { ...guardian.entry, validFrom: '2027-12-31', validTo: '2029-12-31' },
    };
    await attempt(world, approversOf(world, renewed, guardian), hold, guardian.sign(approvalText(hold)));
    expect((await world.run()).run.state).toBe('sealed');
  });

  it('does not reach what changed since: an opt-out that comes in between holds the run again', async () => {
    const world = await heldWorld();
    const first = await approve(world);
    world.intake({ choices: [choiceCells({ service_user_id: serviceUserId(7) })], roster: residents(160) });
    expect((await world.run()).run.state).toBe('held');
    const second = await openHold(world);
    expect(second.digest).not.toBe(first.digest);
    // The first approval is no approval of the second hold.
    const replayed = attempt(world, approversOf(world, guardian), second, guardian.sign(approvalText(first)));
    await expect(replayed).rejects.toMatchObject(refused);
    // And an objection once seen stays, whatever becomes of its row.
    world.intake({ choices: [], roster: residents(160) });
    await approve(world);
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(160).filter((_, n) => n !== 7));
  });
});

describe('a hold', () => {
  it('goes on being one when a second answer, and another one, has come meanwhile', async () => {
    const world = await heldWorld();
    const [{ localId, subject } = { localId: '', subject: '' }] = world.simulator.sent();
    const { mailboxId: from, workflowId } = world.config.check;
    const other = testNumbers(159).map((number) => `${number},\n`);
    const names = { from, to: mailboxId, workflowId, localId, subject };
    world.simulator.deliver(names, Buffer.from(other.join('')));
    await approve(world);
    expect((await world.run()).run.state).toBe('held');
    expect((await openHold(world)).reasons).toEqual(['answers-differ', 'removals-none']);
  });

  it('that is rejected ends the run', async () => {
    const world = await heldWorld();
    await reject(world);
    const { run, changed } = await world.run();
    expect(run).toMatchObject({ state: 'withheld', reason: 'hold-rejected' });
    expect(changed).toBe(false);
    expect(world.released()).toBeNull();
  });

  it('that nobody decides ends with the age limit of the answers', async () => {
    const world = await heldWorld();
    world.pass(23 * hour);
    expect((await world.run()).run.state).toBe('held');
    world.pass(hour);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'hold-expired' });
    expect(world.released()).toBeNull();
    const [hold] = await world.ledger.read((tx) => tx.holds());
    expect(hold?.decision).toBe('expired');
  });

  it('before asking ends as long after it was opened', async () => {
    const world = await createWorld();
    world.intake({ choices: [mistyped], roster: residents(3) });
    await world.run();
    world.pass(24 * hour + minute);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'hold-expired' });
    expect(world.simulator.sent()).toEqual([]);
  });

  it('that is approved too late releases nothing', async () => {
    const world = await heldWorld();
    world.pass(23 * hour);
    await approve(world);
    world.pass(hour);
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'answers-too-old' });
    expect(world.released()).toBeNull();
  });
});

describe('a run is held', () => {
  it('when its roster or its drop jumps, once seven runs were released (fault 39)', async () => {
    const world = await createWorld();
    const night = async (day: number, rows: number, opted_out = 0): Promise<string> => {
      const date = `2026-11-${day}`;
      world.toNight(date);
      const out = residents(opted_out, { in_service_choice: 'opted_out' });
      world.intake(
        { choices: [], roster: [...out, ...residents(rows - opted_out, {}, opted_out)] },
        {},
        date,
      );
      await world.run(date);
      return date;
    };
    const stateOf = async (date: string): Promise<string> => (await world.run(date)).run.state;
    for (let day = 10; day < 17; day++)
      expect(await stateOf(await night(day, day === 10 ? 80 : 40))).toBe('sealed');
    const jumped = await night(17, 57);
    expect(await approve(world)).toMatchObject({ stage: 'before-asking', reasons: ['roster-jump'] });
    expect(await stateOf(jumped)).toBe('held');
    expect(await approve(world)).toMatchObject({ stage: 'before-release', reasons: ['drop-jump'] });
    expect(await stateOf(jumped)).toBe('sealed');
    expect(world.released(jumped)).toHaveLength(57);
    expect(await stateOf(await night(18, 40, 16))).toBe('sealed');
    const shrunk = await night(19, 40, 17);
    expect(await openHold(world)).toMatchObject({ stage: 'before-release', reasons: ['drop-jump'] });
    await reject(world);
    expect(world.released(shrunk)).toBeNull();
  });

  it.each([
    [150, 0, ['removals-none']],
    [149, 0, null],
    [150, 1, null],
    [150, 35, null],
    [150, 36, ['removals-outside-band']],
    [400, 0, ['removals-none']],
  ])('when of %i people asked about %i are removed: %j', async (asked, removed, reasons) => {
    const world = await createWorld({ optedOut: testNumbers(removed) });
    world.intake({ choices: [], roster: residents(asked) });
    const { run } = await world.run();
    expect(run.state).toBe(reasons === null ? 'sealed' : 'held');
    if (reasons !== null) expect((await openHold(world)).reasons).toEqual(reasons);
    else expect(world.released()).toEqual(testNumbers(asked - removed, removed));
  });

  it('when less than nine tenths are answered by the deadline, and ends withheld when nothing is (fault 14)', async () => {
    const settings = { CHECK_MAX_NUMBERS: '2', CHECK_DEADLINE_HOURS: '2', MESH_POLL_SECONDS: '3600' };
    const world = await createWorld({ settings });
    const silent = async (date: string, times: number): Promise<string> => {
      world.toNight(date);
      world.simulator.fault('receipt-only', { times });
      world.intake({ choices: [], roster: residents(20) }, {}, date);
      return (await world.run(date)).run.state;
    };
    expect(await silent('2026-11-22', 1)).toBe('sealed');
    expect(world.released('2026-11-22')).toEqual(testNumbers(18, 2));
    expect(await silent('2026-11-24', 2)).toBe('held');
    expect((await openHold(world)).reasons).toEqual(['too-few-answered']);
    await approve(world);
    expect((await world.run('2026-11-24')).run.state).toBe('sealed');
    expect(world.released('2026-11-24')).toEqual(testNumbers(16, 4));
    expect(await silent('2026-11-26', 10)).toBe('withheld');
    expect((await world.run('2026-11-26')).run.reason).toBe('nothing-answered');
    expect(world.released('2026-11-26')).toBeNull();
  });

  it('when two answers to one request differ; approved, the first one counts (fault 7)', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(4) });
    world.simulator.fault('duplicate-different');
    await world.run();
    expect((await openHold(world)).reasons).toEqual(['answers-differ']);
    await approve(world);
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(4));
  });
});
